"""What Numba adds to Python for code that runs in parallel: `prange`, and the barrier of CUDA.

In: evaluated arguments. Out: a range whose iterations may run at the same time; a `Barrier` in the IR.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.frontend.context import Arguments, Context, function
from srcgrad.frontend.python_calls import unpack
from srcgrad.frontend.python_sequences import range_
from srcgrad.frontend.values import NONE, Range, Value
from srcgrad.ir.nodes import Barrier


class ParallelRange:
    """Stands for `prange`."""


class Synchronise:
    """Stands for `cuda.syncthreads`."""


NUMBAS: dict[str, type] = {"prange": ParallelRange, "syncthreads": Synchronise}
"""What stands for a function of Numba's, by its name, wherever it was imported from."""


@function(ParallelRange)
def prange(ctx: Context, arguments: Arguments) -> Value:
    found = range_(ctx, arguments)
    assert isinstance(found, Range)
    return replace(found, parallel=True)


@function(Synchronise)
def syncthreads(ctx: Context, arguments: Arguments) -> Value:
    unpack(ctx, arguments, "syncthreads")
    ctx.builder.emit(Barrier(ctx.span))
    return NONE
