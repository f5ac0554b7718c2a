"""Gradients on a GPU, against the bandwidth of a copy, and against PyTorch and JAX on the same arrays."""
