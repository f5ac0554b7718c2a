"""Kernels, compiled for the types that they meet, and launched.

In: what a thread does, extents and arguments. Out: what the threads fold. numba-cuda compiles; the launch itself goes
to `cuda.core`, with what a kernel is given of each array at hand (`DeviceArray.fields`): numba-cuda's own way to a
launch looks at the type of every argument each time, which takes longer than most kernels do.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from srcgrad.backend.device import wrappers
from srcgrad.backend.device.arrays import DeviceArray

_MOST_BLOCKS = 1056  # of a kernel that folds: eight for each multiprocessor of an H100
_MOST_ROWS = 32768  # of a grid, along y
_MOST_CONFIGURED = 1000
_WORD = 8  # bytes that a folded value has to itself


class Launcher:
    """One kernel of a device."""

    def __init__(self, device: Any, body: Callable, indices: int, slots: bool, folds: tuple[str, ...]) -> None:
        self._device = device
        self._body = device.compile(body)
        self._like = (indices, slots, folds)
        self._kernels: dict[Any, tuple[Compiled, Compiled | None]] = {}

    def __call__(self, counts: tuple[int, ...], *rest: Any) -> Any:
        indices, slots, folds = self._like
        shape = wrappers.Shape(indices, slots, folds, len(rest) - len(folds) - slots)
        extents = [max(int(n), 0) for n in counts]
        total = math.prod(extents)
        before, values, arguments = rest[:slots], rest[slots : slots + len(folds)], rest[slots + len(folds) :]
        values = tuple(value if isinstance(value, np.generic) else np.asarray(value)[()] for value in values)
        if not total:
            return values if len(values) > 1 else values[0] if values else None
        key = (len(rest), *(v.dtype.char for v in values), *map(_kind, arguments))
        found = self._kernels.get(key)
        if found is None:
            found = self._kernels[key] = self._functions(shape, values)
        kernel, finish = found
        if not shape.strides:
            kernel.launch(*_grid(extents), [*extents, *arguments])
            return None
        grid, block = _striding_grid(shape, extents, int(before[0]) if slots else total)
        blocks = math.prod(grid)
        starts = [_start(fold, value) for fold, value in zip(folds, values)]
        partial = [self._device.empty((blocks,), value.dtype) for value in values]
        kernel.launch(grid, block, [*extents, *map(int, before), *starts, *partial, *arguments])
        if not folds:
            return None
        if finish is not None:
            out = self._device.empty((len(values) * _WORD,), np.uint8)
            results = [_view(out, k, value.dtype) for k, value in enumerate(values)]
            finish.launch(1, wrappers.BLOCK, [blocks, *starts, *values, *partial, *results])
            words = self._device.read(out.address, len(values) * _WORD)
            found_values = [words[_WORD * k :][: v.dtype.itemsize].view(v.dtype)[0] for k, v in enumerate(values)]
        else:
            found_values = [self._device.item(p, 0) for p in partial]
        return tuple(found_values) if len(found_values) > 1 else found_values[0]

    def _functions(self, shape: wrappers.Shape, values: tuple) -> tuple[Compiled, Compiled | None]:
        cuda = self._device.cuda
        integer, dtypes = self._device.modules["integer"], [value.dtype for value in values]
        space = wrappers.namespace(self._body, cuda, integer, dtypes)
        exec(wrappers.kernel(shape), space)
        kernel = Compiled(self._device, cuda.jit(fastmath=self._device.fastmath)(space["kernel"]))
        if not shape.folds or shape.alone:
            return kernel, None
        exec(wrappers.finish(shape), space)
        return kernel, Compiled(self._device, cuda.jit(space["finish"]))


class Compiled:
    """A kernel of numba-cuda's, for arguments of one kind; compiled at the first launch."""

    def __init__(self, device: Any, dispatcher: Any) -> None:
        self._device = device
        self._dispatcher = dispatcher
        self._compiled: Any = None
        self._function: Any = None
        self._launches: dict[Any, Any] = {}
        core = import_module("cuda.core")
        self._launch, self._configuration = core.launch, core.LaunchConfig

    def launch(self, grid: Any, block: Any, arguments: list[Any]) -> None:
        """Run it for these arguments: numbers and arrays on the device."""
        if self._function is None:
            natives = [self._device.native(a) if isinstance(a, DeviceArray) else a for a in arguments]
            typeof = self._dispatcher.typeof_pyval
            self._compiled = self._dispatcher.compile(tuple(map(typeof, natives)))
            self._function = self._compiled._codelibrary.get_cufunc().kernel
        configuration = self._launches.get((grid, block))
        if configuration is None:
            if len(self._launches) > _MOST_CONFIGURED:
                self._launches.clear()
            configuration = self._launches[grid, block] = self._configuration(grid=grid, block=block)
        self._launch(self._device.stream, configuration, self._function, *_given(arguments))


def _given(arguments: list[Any]) -> list[Any]:
    """What a kernel is given, field by field."""
    given: list[Any] = []
    for value in arguments:
        if type(value) is DeviceArray:
            given += value.fields[1]
        elif isinstance(value, (float, np.floating)):
            single = isinstance(value, np.float32)
            given.append(ctypes.c_float(float(value)) if single else ctypes.c_double(float(value)))
        elif isinstance(value, (bool, np.bool_)):
            given.append(bool(value))
        elif isinstance(value, np.integer):
            given.append(getattr(ctypes, f"c_{value.dtype.name}")(int(value)))
        else:
            given.append(ctypes.c_int64(value))
    return given


def _kind(value: Any) -> Any:
    return value.fields[0] if type(value) is DeviceArray else type(value)


def _view(words: DeviceArray, k: int, dtype: np.dtype) -> DeviceArray:
    """One number of a dtype in word k."""
    part = words.shadow[_WORD * k : _WORD * k + dtype.itemsize].view(dtype)
    return DeviceArray(part, words.owner, None)


def _start(fold: str, value: Any) -> Any:
    neutral = {"sum": 0, "product": 1}.get(fold)
    return value if neutral is None else value.dtype.type(neutral)


def _grid(extents: list[int]) -> tuple[Any, Any]:
    """The blocks of a grid, and the threads of a block, with the last index along x."""
    if len(extents) == 1:
        return math.ceil(extents[0] / wrappers.BLOCK), wrappers.BLOCK
    block = _block(extents)
    rows = math.ceil(math.prod(extents[:-1]) / block[1])
    y = min(rows, _MOST_ROWS)
    return (math.ceil(extents[-1] / block[0]), y, math.ceil(rows / y)), block


def _striding_grid(shape: wrappers.Shape, extents: list[int], threads: int) -> tuple[tuple[int, ...], Any]:
    """The same for a kernel whose threads have several iterations each."""
    if shape.alone:
        return (1,), wrappers.BLOCK
    if not shape.tiles:
        blocks = max(1, math.ceil(threads / wrappers.BLOCK))
        return (blocks if shape.slots else min(blocks, _MOST_BLOCKS),), wrappers.BLOCK
    block = _block(extents)
    x = min(math.ceil(extents[-1] / block[0]), _MOST_BLOCKS)
    rows = math.ceil(math.prod(extents[:-1]) / block[1])
    return (x, min(rows, max(1, _MOST_BLOCKS // x))), block


def _block(extents: list[int]) -> tuple[int, int]:
    """The threads of a block along x, as many as there are iterations if they are fewer, and along y."""
    along = 1
    while along < wrappers.BLOCK and along < extents[-1]:
        along *= 2
    return along, wrappers.BLOCK // along
