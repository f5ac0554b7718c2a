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

from srcgrad.backend.device import wrappers
from srcgrad.backend.device.arrays import DeviceArray, OnDevice
from srcgrad.backend.device.emulation import module_of
from srcgrad.backend.device.memory import Pool
from srcgrad.backend.device.products import add_product
from srcgrad.runtime import device_math

_MOST_BLOCKS = 1056  # of a kernel that folds: eight for each multiprocessor of an H100
_MOST_ROWS = 32768  # of a grid, along y
_MOST_CONFIGURED = 1000
_LIBDEVICE = {"gamma": "tgamma"}


class Cuda:
    """The GPU that is current in this thread."""

    def __init__(self, fastmath: bool = False) -> None:
        self.name = "cuda-fast" if fastmath else "cuda"
        self.cuda = import_module("numba.cuda")
        self.fastmath = fastmath
        self._pool = Pool()
        self._config: Any = import_module("numba.cuda.core.config")
        self._configured: dict[Any, Any] = {}
        libdevice = import_module("numba.cuda.libdevice")

        def native(suffix: str) -> dict[str, Any]:
            return {name: getattr(libdevice, _LIBDEVICE.get(name, name) + suffix) for name in device_math.NATIVE}

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
            self.native(result).copy_to_device(array)
        return result

    def download(self, array: DeviceArray) -> np.ndarray:
        if not array.size:
            return np.empty(array.shape, array.dtype)
        whole = array if array.is_contiguous else self.copy(array)
        return self.native(whole).copy_to_host()

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

    def item(self, array: DeviceArray, *index: int) -> Any:
        return self.native(self._element(array, index)).copy_to_host()[0]

    def put(self, array: DeviceArray, index: tuple[int, ...], value: Any) -> None:
        self.native(self._element(array, index)).copy_to_device(np.array([value], array.dtype))

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

        def body(i, j, a):
            a[i, j, 1] = -a[i, j, 1]

        self._own.setdefault(("conj",), self.kernel(body, 2, False, ()))(parts.shape[:2], parts)
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

    def configured(self, kernel: Any, grid: Any, block: Any) -> Any:
        """A kernel for a grid; without numba-cuda's warning of small ones, for which nobody can do anything."""
        key = (kernel, grid, block)
        found = self._configured.get(key)
        if found is None:
            before, self._config.CUDA_LOW_OCCUPANCY_WARNINGS = self._config.CUDA_LOW_OCCUPANCY_WARNINGS, 0
            try:
                found = kernel[grid, block]
            finally:
                self._config.CUDA_LOW_OCCUPANCY_WARNINGS = before
            if len(self._configured) > _MOST_CONFIGURED:
                self._configured.clear()
            self._configured[key] = found
        return found

    def _copy(self, target: DeviceArray, source: DeviceArray) -> None:
        if target.is_contiguous and source.is_contiguous:
            self._pool.copy(self.native(target), self.native(source))
            return
        index = ", ".join(f"i{k}" for k in range(target.ndim)) or "()"
        space: dict[str, Any] = {}
        names = ", ".join([*(f"i{k}" for k in range(target.ndim)), "a", "b"])
        exec(f"def body({names}):\n    a[{index}] = b[{index}]\n", space)
        self._one_for_each(space["body"], target, source)

    def _one_for_each(self, body: Callable, target: DeviceArray, *others: Any) -> None:
        """Launch over the elements of an array of at most three dimensions; the others one by one."""
        if target.ndim > 3:
            for k in range(target.shape[0]):
                self._copy(target[k], others[0][k])
            return
        key = ("copy", target.ndim)
        launcher = self._own.setdefault(key, self.kernel(body, target.ndim, False, ()))
        launcher(target.shape, target, *others)

    def _fill(self, target: DeviceArray, value: Any) -> None:
        def body(i, a, value):
            a[i] = value

        self._own.setdefault(("fill",), self.kernel(body, 1, False, ()))(target.shape, target, value)

    @property
    def _own(self) -> dict[tuple, Launcher]:
        return self.__dict__.setdefault("_own_kernels", {})


class Launcher:
    """One kernel, compiled for the types that it meets."""

    def __init__(self, device: Cuda, body: Callable, indices: int, slots: bool, folds: tuple[str, ...]) -> None:
        self._device = device
        self._body = device.compile(body)
        self._like = (indices, slots, folds)
        self._made: dict[Any, tuple[Any, Any]] = {}

    def __call__(self, counts: tuple[int, ...], *rest: Any) -> Any:
        indices, slots, folds = self._like
        shape = wrappers.Shape(indices, slots, folds, len(rest) - len(folds) - slots)
        extents = [max(int(n), 0) for n in counts]
        total = math.prod(extents)
        before, values, arguments = rest[:slots], rest[slots : slots + len(folds)], rest[slots + len(folds) :]
        values = tuple(value if isinstance(value, np.generic) else np.asarray(value)[()] for value in values)
        if not total:
            return values if len(values) > 1 else values[0] if values else None
        kernel, finish = self._functions(shape, values)
        ready = [self._device.native(a) if isinstance(a, DeviceArray) else a for a in arguments]
        if not shape.strides:
            self._device.configured(kernel, *_grid(extents))(*extents, *ready)
            return None
        threads = 1 if shape.alone else int(before[0]) if slots else total
        blocks = max(1, math.ceil(threads / wrappers.BLOCK))
        blocks = min(blocks, _MOST_BLOCKS) if folds and not slots else blocks
        starts = [_start(fold, value) for fold, value in zip(folds, values)]
        partial = [self._device.empty((blocks,), value.dtype) for value in values]
        parts = [self._device.native(p) for p in partial]
        self._device.configured(kernel, blocks, wrappers.BLOCK)(*extents, *map(int, before), *starts, *parts, *ready)
        if not folds:
            return None
        if not shape.alone:
            results = [self._device.empty((1,), value.dtype) for value in values]
            ready = [*parts, *map(self._device.native, results)]
            self._device.configured(finish, 1, wrappers.BLOCK)(blocks, *starts, *values, *ready)
            partial = results
        found = [self._device.item(p, 0) for p in partial]
        return tuple(found) if len(found) > 1 else found[0]

    def _functions(self, shape: wrappers.Shape, values: tuple) -> tuple[Any, Any]:
        key = (shape, tuple(value.dtype for value in values))
        if key not in self._made:
            cuda = self._device.cuda
            types: dict[str, Any] = {f"dtype{k}": value.dtype for k, value in enumerate(values)}
            space = {"body": self._body, "cuda": cuda, **types}
            exec(wrappers.kernel(shape), space)
            kernel = cuda.jit(fastmath=self._device.fastmath)(space["kernel"])
            finish = None
            if shape.folds and not shape.alone:
                exec(wrappers.finish(shape), space)
                finish = cuda.jit(space["finish"])
            self._made[key] = kernel, finish
        return self._made[key]


def _start(fold: str, value: Any) -> Any:
    neutral = {"sum": 0, "product": 1}.get(fold)
    return value if neutral is None else value.dtype.type(neutral)


def _grid(extents: list[int]) -> tuple[Any, Any]:
    """The blocks of a grid, and the threads of a block, with the last index along x."""
    if len(extents) == 1:
        return math.ceil(extents[0] / wrappers.BLOCK), wrappers.BLOCK
    along = 32
    while along < wrappers.BLOCK and along < extents[-1]:
        along *= 2
    across = wrappers.BLOCK // along
    rows = math.ceil(math.prod(extents[:-1]) / across)
    y = min(rows, _MOST_ROWS)
    return (math.ceil(extents[-1] / along), y, math.ceil(rows / y)), (along, across)
