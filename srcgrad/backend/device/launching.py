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
from srcgrad.backend.device.pending import Folded, Pending, known

_MOST_BLOCKS = 1056  # of a kernel that folds: eight for each multiprocessor of an H100
_MOST_ROWS = 32768  # of a grid, along y
_MOST_CONFIGURED = 1000
_LARGE = 1 << 31  # iterations
_NEUTRAL = {"sum": 0, "product": 1}


class Launcher:
    """One kernel of a device."""

    def __init__(self, device: Any, body: Callable, indices: int, slots: bool, folds: tuple[str, ...]) -> None:
        self._device = device
        self._body = device.compile(body)
        self._like = (indices, slots, folds)
        self._kernels: dict[Any, Compiled] = {}
        self._finishes: dict[Any, Compiled] = {}

    def __call__(self, counts: tuple[int, ...], *rest: Any) -> Any:
        indices, slots, folds = self._like
        shape = wrappers.Shape(indices, slots, folds, len(rest) - len(folds) - slots)
        extents = [max(int(n), 0) for n in counts]
        total = math.prod(extents)
        before, given, arguments = rest[:slots], rest[slots : slots + len(folds)], rest[slots + len(folds) :]
        values = tuple(map(_initial, folds, given))
        if not total:
            return values if len(values) > 1 else values[0] if values else None
        arguments = tuple(map(known, arguments))
        large = total >= _LARGE
        key = (len(rest), large, *(v.dtype.char for v in values), *map(_kind, arguments))
        kernel = self._kernels.get(key)
        if kernel is None:
            kernel = self._kernels[key] = self._kernel(shape, values, large)
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
        if shape.alone:
            found: tuple[Any, ...] = tuple(self._device.item(p, 0) for p in partial)
        else:
            found = self._finished(shape, key, blocks, starts, values, partial)
        return found if len(found) > 1 else found[0]

    def _finished(
        self, shape: wrappers.Shape, key: Any, blocks: int, starts: list[Any], values: tuple, partial: list[DeviceArray]
    ) -> tuple[Pending, ...]:
        """What all blocks found, folded with the initial values, which may be on the device, too."""
        folded = Folded(self._device, tuple(value.dtype for value in values))
        there = tuple(type(value) is Pending for value in values)
        finish = self._finishes.get((key, there))
        if finish is None:
            finish = self._finishes[key, there] = self._finish(shape, values, there)
        initial = [value.place if type(value) is Pending else value for value in values]
        results = [folded.place(k) for k in range(len(values))]
        finish.launch(1, wrappers.BLOCK, [blocks, *starts, *initial, *partial, *results])
        return folded.numbers()

    def _kernel(self, shape: wrappers.Shape, values: tuple, large: bool) -> Compiled:
        space = self._space(values)
        exec(wrappers.kernel(shape, large), space)
        return Compiled(self._device, self._device.cuda.jit(fastmath=self._device.fastmath)(space["kernel"]))

    def _finish(self, shape: wrappers.Shape, values: tuple, there: tuple[bool, ...]) -> Compiled:
        space = self._space(values)
        exec(wrappers.finish(shape, there), space)
        return Compiled(self._device, self._device.cuda.jit(space["finish"]))

    def _space(self, values: tuple) -> dict[str, Any]:
        integer, dtypes = self._device.modules["integer"], [value.dtype for value in values]
        return wrappers.namespace(self._body, self._device.cuda, integer, dtypes)


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


def _initial(fold: str, value: Any) -> Any:
    """What a fold starts from; it stays on the device where no thread needs it."""
    if type(value) is Pending and fold in _NEUTRAL:
        return value
    value = known(value)
    return value if isinstance(value, np.generic) else np.asarray(value)[()]


def _start(fold: str, value: Any) -> Any:
    neutral = _NEUTRAL.get(fold)
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
    return (x, min(math.ceil(extents[0] / block[1]), max(1, _MOST_BLOCKS // x))), block


def _block(extents: list[int]) -> tuple[int, int]:
    """The threads of a block along x, as many as there are iterations if they are fewer, and along y."""
    along = 1
    while along < wrappers.BLOCK and along < extents[-1]:
        along *= 2
    return along, wrappers.BLOCK // along
