"""Calls of procedures, as the library makes them: `lapack.qr(a, q, r)` fills q and r from a."""

from __future__ import annotations

from srcgrad.frontend.arrays import materialise
from srcgrad.frontend.context import Arguments, Context
from srcgrad.frontend.elementwise import array_of
from srcgrad.frontend.values import NONE, Value
from srcgrad.ops.procedures import Procedure


def call_procedure(ctx: Context, procedure: Procedure, arguments: Arguments) -> Value:
    """An `External` statement."""
    arrays = [array_of(ctx, value) for value in arguments.positional]
    symbols = tuple(materialise(ctx, array) for array in arrays)
    count = len(symbols) - procedure.outputs
    # outside of the library it is generated code that is read, where no formula for a derivative stands beside it
    derived = not ctx.in_library
    with ctx.at_users_call():
        ctx.builder.external(procedure, symbols[count:], symbols[:count], derived)
    for output in arrays[count:]:
        ctx.wrote(output.base)
    return NONE
