"""Code for a GPU: arrays on the device, kernels around what a thread does, and the calls from Python."""
