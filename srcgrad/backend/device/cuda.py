"""An NVIDIA GPU, through numba-cuda.

In: what a thread does, arrays, launches. Out: arrays on the device. All use of CUDA is behind this class: memory,
copies, launches. Everything happens in the order in which it is asked for, on the default stream; reading an element,
and folding values, wait for the device.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from srcgrad.backend.device.arrays import DeviceArray, OnDevice
from srcgrad.backend.device.emulation import module_of
from srcgrad.backend.device.launching import Launcher
from srcgrad.backend.device.memory import Pool
from srcgrad.backend.device.products import add_product
from srcgrad.runtime import device_math

_LIBDEVICE = {"gamma": "tgamma"}


class Cuda:
    """The GPU that is current in this thread."""

    def __init__(self, fastmath: bool = False) -> None:
        self.name = "cuda-fast" if fastmath else "cuda"
        self.cuda = import_module("numba.cuda")
        self.fastmath = fastmath
        self._pool = Pool()
        libdevice = import_module("numba.cuda.libdevice")

        def native(suffix: str) -> dict[str, Any]:
            return {name: getattr(libdevice, _LIBDEVICE.get(name, name) + suffix) for name in device_math.NATIVE}

        self._stream: Any = None
        self._kernels: dict[tuple[str, int], Launcher] = {}
        cuda = self.cuda

        def add(array, index, value):
            cuda.atomic.add(array, index, value)

        self.modules = {
            "f64": module_of("f64", device_math.functions(np.float64, self.compile, native(""))),
            "f32": module_of("f32", device_math.functions(np.float32, self.compile, native("f"))),
            "integer": module_of("integer", device_math.integer_functions(self.compile)),
            "atomic": module_of("atomic", {"add": self.compile(add)}),
        }

    def compile(self, function: Callable) -> Any:
        """A function that threads call."""
        return self.cuda.jit(device=True, fastmath=self.fastmath)(function)

    @property
    def stream(self) -> Any:
        """The default stream, as `cuda.core` knows it."""
        if self._stream is None:
            self._stream = import_module("numba.cuda.cudadrv.driver")._to_core_stream(0)
        return self._stream

    def enter(self) -> None:
        """Make the device current in this thread."""
        self.cuda.current_context()

    def finish(self) -> None:
        """Wait until everything is done."""
        self.cuda.synchronize()

    # -- arrays ---------------------------------------------------------------------------------------------------

    def adopt(self, shadow: np.ndarray, owner: Any) -> DeviceArray:
        """An array that is on the device already."""
        return DeviceArray(shadow, owner, self.download)

    def upload(self, array: np.ndarray) -> DeviceArray:
        """A copy on the device, row by row."""
        array = np.require(array, requirements="C")
        result = self.empty(array.shape, array.dtype)
        if array.size:
            self._pool.write(result.address, array)
        return result

    def download(self, array: DeviceArray) -> np.ndarray:
        if not array.size:
            return np.empty(array.shape, array.dtype)
        whole = array if array.is_contiguous else self.copy(array)
        size = whole.size * whole.dtype.itemsize
        return self.read(whole.address, size).view(whole.dtype).reshape(whole.shape)

    def empty(self, shape: Any, dtype: Any) -> DeviceArray:
        lengths = tuple(int(n) for n in shape) if isinstance(shape, tuple) else (int(shape),)
        if any(n < 0 for n in lengths):
            raise ValueError("negative dimensions are not allowed")
        dtype = np.dtype(dtype)
        owner = self._pool.take(self.cuda, max(math.prod(lengths) * dtype.itemsize, 1))
        return DeviceArray(np.asarray(OnDevice(owner, owner.address, lengths, dtype)), owner, self.download)

    def full(self, shape: Any, value: Any, dtype: Any) -> DeviceArray:
        result = self.empty(shape, dtype)
        scalar = result.dtype.type(value)
        if not result.size:
            return result
        if not any(scalar.tobytes()):
            self._pool.clear(result.owner, result.size * result.dtype.itemsize)
        else:
            self._fill(result.reshape((result.size,)), scalar)
        return result

    def copy(self, array: DeviceArray) -> DeviceArray:
        result = self.empty(array.shape, array.dtype)
        if array.size:
            self._copy(result, array)
        return result

    def assign(self, target: DeviceArray, value: DeviceArray) -> None:
        if target.size:
            self._copy(target, value)

    def item(self, array: DeviceArray, *index: int) -> Any:
        address = self._element(array, index).address
        return self.read(address, array.dtype.itemsize).view(array.dtype)[0]

    def read(self, address: int, size: int) -> np.ndarray:
        """Bytes of the device."""
        return self._pool.read(address, size)

    def put(self, array: DeviceArray, index: tuple[int, ...], value: Any) -> None:
        self._pool.write(self._element(array, index).address, np.array([value], array.dtype))

    def increase(self, array: DeviceArray, index: tuple[int, ...], value: Any) -> None:
        self.put(array, index, self.item(array, *index) + value)

    def add_product(self, c: DeviceArray, a: DeviceArray, b: DeviceArray) -> None:
        add_product(self, c, a, b)

    def product(self, c: DeviceArray, a: DeviceArray, b: DeviceArray) -> None:
        add_product(self, c, a, b, fresh=True)

    def as_complex(self, array: DeviceArray) -> DeviceArray:
        return array.as_complex()

    def as_parts(self, array: DeviceArray) -> DeviceArray:
        return array.as_parts()

    def conj(self, array: DeviceArray) -> DeviceArray:
        """The complex conjugate, as a new array."""
        result = self.copy(array)
        parts = result.as_parts()

        self._own("conj", 2, _conjugate)(parts.shape[:2], parts)
        return result

    def on_host(self, procedure: Callable[..., None], *arrays: DeviceArray) -> None:
        """Run a procedure of LAPACK where that is, and bring what it wrote to the device."""
        copies = [self.download(array) for array in arrays]
        procedure(*copies)
        for array, new in zip(arrays, copies):
            if array.size:
                self._copy(array, self.upload(new))

    def native(self, array: DeviceArray) -> Any:
        """The array as numba-cuda takes it."""
        if array.native is None:
            array.native = self._pool.native(self.cuda, array)
        return array.native

    def _element(self, array: DeviceArray, index: tuple[int, ...]) -> DeviceArray:
        places = [int(i) % n for i, n in zip(index, array.shape, strict=True)]
        return array[tuple(slice(i, i + 1) for i in places)].reshape((1,))

    # -- kernels --------------------------------------------------------------------------------------------------

    def kernel(self, body: Callable, indices: int, slots: bool, folds: tuple[str, ...]) -> Launcher:
        """What the host function calls: `(counts, [slots,] values..., arguments...)`."""
        return Launcher(self, body, indices, slots, folds)

    def _copy(self, target: DeviceArray, source: DeviceArray) -> None:
        if target.is_contiguous and source.is_contiguous:
            self._pool.copy(target.address, source.address, target.size * target.dtype.itemsize)
            return
        if target.ndim > _MOST_INDICES:
            for k in range(target.shape[0]):
                self._copy(target[k], source[k])
            return
        self._own("copy", target.ndim, _COPIES[target.ndim])(target.shape, target, source)

    def _fill(self, target: DeviceArray, value: Any) -> None:
        self._own("fill", 1, _set)(target.shape, target, value)

    def _own(self, name: str, indices: int, body: Callable) -> Launcher:
        """A kernel that is not the user's, made once."""
        key = name, indices
        if key not in self._kernels:
            self._kernels[key] = self.kernel(body, indices, False, ())
        return self._kernels[key]


def _conjugate(i, j, pairs):
    pairs[i, j, 1] = -pairs[i, j, 1]


def _set(i, array, value):
    array[i] = value


def _copy_1(i, target, source):
    target[i] = source[i]


def _copy_2(i, j, target, source):
    target[i, j] = source[i, j]


def _copy_3(i, j, k, target, source):
    target[i, j, k] = source[i, j, k]


_COPIES: dict[int, Callable[..., Any]] = {1: _copy_1, 2: _copy_2, 3: _copy_3}
_MOST_INDICES = max(_COPIES)
