"""Memory of a GPU, kept for the next array of about the same size.

In: sizes in bytes. Out: buffers, which come back when the array that owns them is forgotten. Because everything on the
device happens in order, a buffer may be used again while what used it last has yet to run.
"""

from __future__ import annotations

import weakref
from importlib import import_module
from typing import Any

_MOST_KEPT = 1 << 33  # bytes that are not in use


class Buffer:
    """Memory at an address."""

    __slots__ = ("__weakref__", "address", "memory")

    def __init__(self, memory: Any, address: int) -> None:
        self.memory = memory
        self.address = address


class Pool:
    """The buffers that are not in use, by size."""

    def __init__(self) -> None:
        self._free: dict[int, list[Any]] = {}
        self._kept = 0

    def take(self, cuda: Any, size: int) -> Buffer:
        """A buffer of at least `size` bytes. Raises `MemoryError` where the device has none."""
        size = _rounded(size)
        free = self._free.get(size)
        if free:
            memory = free.pop()
            self._kept -= size
        else:
            memory = self._allocate(cuda, size)
        buffer = Buffer(memory, memory.__cuda_array_interface__["data"][0])
        weakref.finalize(buffer, self._back, memory, size)
        return buffer

    def _allocate(self, cuda: Any, size: int) -> Any:
        for last in (False, True):
            try:
                return cuda.device_array(size, "u1")
            except Exception as error:  # the driver's own kind of error
                if last or "OUT_OF_MEMORY" not in str(error).upper():
                    raise MemoryError(f"the GPU has no {size} bytes left: {error}") from error
                self._free.clear()
                self._kept = 0
        raise AssertionError

    def _back(self, memory: Any, size: int) -> None:
        if self._kept + size <= _MOST_KEPT:
            self._free.setdefault(size, []).append(memory)
            self._kept += size

    def clear(self, buffer: Buffer, size: int) -> None:
        """Set bytes to zero."""
        import_module("numba.cuda.cudadrv.driver").device_memset(buffer.memory, 0, size)

    def copy(self, target: Any, source: Any) -> None:
        """Copy contiguous arrays of one size."""
        target.copy_to_device(source)

    def native(self, cuda: Any, array: Any) -> Any:
        """numba-cuda's array of this memory."""
        if not isinstance(array.owner, Buffer):
            return cuda.from_cuda_array_interface(array.__cuda_array_interface__, owner=array.owner, sync=False)
        kind = import_module("numba.cuda.cudadrv.devicearray").DeviceNDArray
        memory = array.owner.memory.gpu_data
        offset = array.address - array.owner.address
        data = memory if not offset else memory.view(offset)
        return kind(array.shape, array.strides, array.dtype, gpu_data=data)


def _rounded(size: int) -> int:
    """Up to a multiple of 512 bytes, or of an eighth of the size."""
    step = max(512, 1 << max(size.bit_length() - 4, 0))
    return -(-size // step) * step
