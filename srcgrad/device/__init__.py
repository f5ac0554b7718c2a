"""Loops as kernels of a GPU (`device.outline`), and threads that wait for one another as loops (`device.phases`)."""

from srcgrad.device.outline import on_device as on_device
from srcgrad.device.phases import in_phases as in_phases
