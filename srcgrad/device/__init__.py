"""Loops as kernels of a GPU; see `device.outline`."""

from srcgrad.device.outline import on_device as on_device
