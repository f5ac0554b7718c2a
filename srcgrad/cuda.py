"""Kernels of the user's own, with adjoints.

In: a function as `numba.cuda.jit` takes it. Out: a `Kernel`, launched as there, `k[blocks, threads](x, y, out)`, whose
launches have `vjp`. A launch is read as what it is, a loop over threads that need nothing of one another between
two barriers: `backend.device.threads` writes that loop, and the rest of srcgrad does what it does with any. The threads
of the adjoint are those of the kernel, where no sum has to be turned around.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

from srcgrad.api import differentiable, vjp
from srcgrad.backend.device.modules import assign
from srcgrad.backend.device.threads import as_loops
from srcgrad.backend.parameters import python_function
from srcgrad.errors import ArgumentError, Diagnostic

__all__ = ["Kernel", "Launch", "kernel"]


def kernel(function: Callable[..., None]) -> Kernel:
    """A kernel with an adjoint, from a function as `numba.cuda.jit` takes it (or what that made of it).

    The function may use `cuda.grid`, `cuda.gridsize`, `threadIdx`, `blockIdx`, `blockDim`, `gridDim`,
    `cuda.local.array`, `cuda.shared.array`, `cuda.syncthreads`, `cuda.atomic.add` and `sub` whose results are not used,
    and functions of its own. `Unsupported` is raised for the rest (shuffles, other atomics), and where not all threads
    may come to a barrier. Each part between two barriers runs as a kernel, and shared memory lies in that of the
    device: code that shares memory for its speed gets the right adjoint, but not that speed."""
    found = python_function(function)
    if not isinstance(found, FunctionType):
        raise ArgumentError(
            Diagnostic("a kernel is a function", advice="write def kernel(...): at the top of a module")
        )
    return Kernel(found)


class Kernel:
    """`kernel[blocks, threads]` is a `Launch`; both are ints or tuples of up to three, x first, as in CUDA. A stream
    (of no consequence here) and the number of bytes of shared memory may follow, as there."""

    def __init__(self, function: FunctionType) -> None:
        self._function = function
        functools.update_wrapper(self, function, updated=())
        self._launched: dict[int, Callable[..., None]] = {}

    def __getitem__(self, configuration: tuple[Any, ...]) -> Launch:
        if not isinstance(configuration, tuple) or not 2 <= len(configuration) <= 4:
            raise ArgumentError(
                Diagnostic("a kernel is launched with blocks and threads", advice="write kernel[blocks, threads](...)")
            )
        blocks, threads = (tuple(c) if isinstance(c, (tuple, list)) else (c,) for c in configuration[:2])
        shared = int(configuration[3]) if len(configuration) == 4 else 0
        rank = max(len(blocks), len(threads))
        if rank > 3 or any(int(n) != n or n < 1 for n in (*blocks, *threads)):
            why = f"{blocks} blocks of {threads} threads"
            raise ArgumentError(Diagnostic("blocks and threads are one to three positive integers each", why=why))
        extents = [(*map(int, c), *(1,) * (rank - len(c))) for c in (blocks, threads)]
        if rank not in self._launched:
            self._launched[rank] = as_loops(self._function, rank)
        return Launch(self._launched[rank], (*extents[0], *extents[1], shared))

    def __call__(self, *arguments: Any) -> None:
        raise ArgumentError(
            Diagnostic(f"{self.__name__} is a kernel", advice=f"write {self.__name__}[blocks, threads](...)")  # type: ignore[attr-defined]
        )


class Launch:
    """A kernel with its blocks and threads. Calling it runs the kernel, which writes into its arguments."""

    def __init__(self, launched: Callable[..., None], extents: tuple[int, ...]) -> None:
        self._launched, self._extents = launched, extents

    def __call__(self, *arguments: Any) -> None:
        """Run it. The arrays that the kernel writes are written: NumPy's, or arrays on the GPU."""
        compiled = differentiable(self._launched, target="cuda")
        results = compiled(*self._extents, *arguments)
        written = compiled.last_built().written
        new = results if isinstance(results, tuple) else (results,)
        for position, value in zip(written, new, strict=True):
            assign(arguments[position - len(self._extents)], value)

    def vjp(self, *arguments: Any) -> tuple[Any, Callable[[Any], tuple]]:
        """`(out, pullback)`: what the arrays that the kernel writes would hold after it (a tuple where there are
        several; the arguments stay as they are), and the function from cotangents of these to one gradient per
        argument, None for those that have none."""
        out, pullback = vjp(self._launched, *self._extents, *arguments, target="cuda")
        count = len(self._extents)

        def of_arguments(cotangents: Any) -> tuple:
            return pullback(cotangents)[count:]

        return out, of_arguments

    def source(self, *arguments: Any) -> str:
        """The generated Python of the adjoint."""
        return vjp(self._launched, *self._extents, *arguments, target="cuda")[1].source  # type: ignore[attr-defined]
