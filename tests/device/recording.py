"""Kernels that a program launches, and their PTX, without a GPU.

In: a function and its arguments. Out: what each kernel was launched with (`launches`), and the text that the compiler
makes of it for a Hopper GPU (`ptx`).
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numba
import numpy as np
import pytest

from srcgrad.backend.device import wrappers
from srcgrad.backend.device.cuda import Cuda
from srcgrad.backend.device.emulation import Emulation
from srcgrad.backend.device.modules import host_function
from srcgrad.pipeline import Built


@dataclass(frozen=True)
class Launch:
    """`rest` are the arguments after the extents."""

    body: Callable
    indices: int
    slots: bool
    folds: tuple[str, ...]
    rest: tuple

    @property
    def shape(self) -> wrappers.Shape:
        return wrappers.Shape(self.indices, self.slots, self.folds, len(self.rest) - len(self.folds) - self.slots)


class Recording(Emulation):
    """Runs kernels in plain Python, and keeps what they were launched with."""

    def __init__(self) -> None:
        super().__init__(compiled=False)
        self.name = "recording"
        self.seen: list[Launch] = []

    def kernel(self, body: Callable, indices: int, slots: bool, folds: tuple[str, ...]) -> Callable[..., Any]:
        inner = super().kernel(body, indices, slots, folds)

        def launch(counts: tuple[int, ...], *rest: Any) -> Any:
            self.seen.append(Launch(body, indices, slots, folds, rest))
            return inner(counts, *rest)

        return launch


def launches(built: Built, *arguments: Any) -> list[Launch]:
    """The first launch of each kernel."""
    device = Recording()
    entry = host_function(built.entry, built.source, device)
    for name, value in vars(import_module(entry.__module__)).items():
        if name == "dev":  # the module may have been loaded by an earlier test
            device = value
    device.seen.clear()
    entry(*(a if isinstance(a, np.ndarray) else np.asarray(a)[()] for a in arguments))
    return list({launch.body.__name__: launch for launch in reversed(device.seen)}.values())[::-1]


class _Hopper:
    compute_capability = (9, 0)


def ptx(launch: Launch) -> str:
    """The kernel as the compiler hands it to the driver. Skips where numba-cuda or its compiler are not installed."""
    cuda = pytest.importorskip("numba.cuda")
    if "numba_cuda" not in (cuda.__file__ or ""):
        pytest.skip("numba-cuda is not installed")
    pytest.importorskip("cuda.bindings.nvvm", reason="the compiler for GPUs is not installed")
    device = Cuda()
    body = types.FunctionType(launch.body.__code__, {**launch.body.__globals__, **device.modules})
    shape = launch.shape
    slots, values = launch.rest[: launch.slots], launch.rest[launch.slots : launch.slots + len(launch.folds)]
    values = tuple(np.asarray(v)[()] for v in values)
    space = wrappers.namespace(device.compile(body), cuda, device.modules["integer"], [v.dtype for v in values])
    exec(wrappers.kernel(shape), space)
    partial = [numba.types.Array(numba.from_dtype(v.dtype), 1, "C") for v in values]
    arguments = launch.rest[launch.slots + len(launch.folds) :]
    signature = [numba.int64] * (launch.indices + len(slots)) + [*map(numba.typeof, values), *partial]
    signature += [_type(a) for a in arguments]
    with pytest.MonkeyPatch.context() as patch:
        for module in ("dispatcher", "compiler", "api"):
            patch.setattr(f"numba.cuda.{module}.get_current_device", _Hopper, raising=False)
        try:
            return cuda.compile_ptx(space["kernel"], numba.void(*signature), cc=(9, 0))[0]
        except (OSError, RuntimeError) as error:  # a library of the toolkit is missing
            pytest.skip(f"the compiler for GPUs does not run here: {error}")


def _type(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return numba.types.Array(numba.from_dtype(value.dtype), value.ndim, "C" if value.flags.c_contiguous else "A")
    return numba.typeof(value)
