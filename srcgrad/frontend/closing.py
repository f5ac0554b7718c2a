"""What makes a lowered function safe to call: it writes into no memory of its caller, and returns memory of its own.

In: a function whose helpers are attached. Out: the function with copies where they are needed; a copy that Python would
not have made, and whose original changes afterwards, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.frontend.context import Context
from srcgrad.frontend.ownership import change_of, may_be_memory_of
from srcgrad.ir.nodes import Atom, Block, Copy, Function, Statement, Sym
from srcgrad.ir.types import Array, Layout
from srcgrad.ir.visit import defined_symbols, substitute
from srcgrad.span import Span


def check_snapshots(ctx: Context, draft: Function) -> None:
    """Raise `Unsupported` where what was copied changes, or what it was copied from."""
    homes = {symbol: function for function in (*draft.helpers, draft) for symbol in defined_symbols(function.body)}
    for shot in ctx.snapshots:
        home = homes.get(shot.made)
        place = None if home is None else change_of(home, shot.original, shot.made, shot.span)
        if place is not None:
            raise Unsupported(
                Diagnostic(shot.title, place, "changed here", shot.why, shot.advice)
            )


def _copy_of(symbol: Sym) -> Sym:
    assert isinstance(symbol.type, Array)
    return Sym(symbol.hint, Array(symbol.type.dtype, symbol.type.ndim, Layout.C))


def with_copies(block: Block, written: Sequence[Sym], span: Span) -> Block:
    """The body working on copies of the parameters that are written."""
    if not written:
        return block
    copies = {symbol: _copy_of(symbol) for symbol in written}
    changed = substitute(block, copies)
    return Block((*(Copy(new, old, span) for old, new in copies.items()), *changed.statements), changed.results)


def own_results(function: Function, span: Span) -> Function:
    """Results that may be the caller's memory, or part of another array, are copied."""
    shared = may_be_memory_of(function)
    copies: dict[Atom, Sym] = {}
    statements: list[Statement] = []
    for result in function.body.results:
        if isinstance(result, Sym) and isinstance(result.type, Array) and result in shared and result not in copies:
            copies[result] = _copy_of(result)
            statements.append(Copy(copies[result], result, span))
    if not copies:
        return function
    results = tuple(copies.get(a, a) for a in function.body.results)
    return replace(function, body=Block((*function.body.statements, *statements), results))
