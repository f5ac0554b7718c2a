"""Memory of a GPU, kept for the next array of about the same size.

In: sizes in bytes. Out: buffers, which come back when the array that owns them is forgotten. Because everything on the
device happens in order, a buffer may be used again while what used it last has yet to run.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

_MOST_KEPT = 1 << 33  # bytes that are not in use


class Buffer:
    """Memory at an address, which goes back to the pool with the last array that has it."""

    __slots__ = ("address", "memory", "pool", "size")

    def __init__(self, memory: Any, size: int, pool: Pool) -> None:
        self.memory = memory
        self.address: int = memory.__cuda_array_interface__["data"][0]
        self.size = size
        self.pool = pool

    def __del__(self) -> None:
        self.pool.back(self.memory, self.size)


class Pool:
    """The buffers that are not in use, by size."""

    def __init__(self) -> None:
        self._free: dict[int, list[Any]] = {}  # the sizes used last come last
        self._kept = 0
        self._driver = import_module("cuda.bindings.driver")

    def take(self, cuda: Any, size: int) -> Buffer:
        """A buffer of at least `size` bytes. Raises `MemoryError` where the device has none."""
        size = _rounded(size)
        free = self._free.pop(size, None)
        if free:
            memory = free.pop()
            self._kept -= size
            if free:
                self._free[size] = free
        else:
            memory = self._allocate(cuda, size)
        return Buffer(memory, size, self)

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

    def back(self, memory: Any, size: int) -> None:
        """Keep a buffer for later; where that is too much, those of the sizes go that were not used for longest."""
        if size > _MOST_KEPT:
            return
        self._free[size] = [*self._free.pop(size, ()), memory]
        self._kept += size
        while self._kept > _MOST_KEPT and self._free:
            oldest, buffers = next(iter(self._free.items()))
            if buffers:
                self._kept -= oldest
                buffers.pop()
            if not buffers:
                self._free.pop(oldest, None)

    def clear(self, buffer: Buffer, size: int) -> None:
        """Set bytes to zero."""
        self._check(self._driver.cuMemsetD8Async(buffer.address, 0, size, 0))

    def read(self, address: int, size: int) -> np.ndarray:
        """Bytes of the device, once all before is done."""
        host = np.empty(size, np.uint8)
        self._check(self._driver.cuMemcpyDtoH(host.ctypes.data, address, size))
        return host

    def write(self, address: int, value: np.ndarray) -> None:
        """Write a contiguous array to the device."""
        self._check(self._driver.cuMemcpyHtoD(address, value.ctypes.data, value.nbytes))

    def _check(self, answer: tuple) -> None:
        if int(answer[0]) != 0:
            raise RuntimeError(f"the GPU's driver says {answer[0]}")

    def copy(self, target: int, source: int, size: int) -> None:
        """Copy bytes on the device."""
        self._check(self._driver.cuMemcpyDtoDAsync(target, source, size, 0))

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
