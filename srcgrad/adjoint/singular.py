"""Partials that can be infinite, where a zero cotangent would make NaN of them.

In: an operation of the function, and a formula of its partials. Out: whether a zero cotangent needs a test of its own.
"""

from __future__ import annotations

from srcgrad.analysis.regions import Regions
from srcgrad.ir.nodes import Const, Let, Sym
from srcgrad.ops.formula import Formula, names_in


def may_be_infinite(statement: Let) -> bool:
    """Whether a partial of the operation can be infinite, or NaN, for finite arguments."""
    last = statement.arguments[-1]
    return statement.op.singular and not (isinstance(last, Const) and last.value >= statement.op.finite_from)


def varies(regions: Regions, statement: Let, formula: Formula) -> bool:
    """Whether what a partial depends on changes in the innermost loop: one that does not is infinite in all of its
    iterations or in none, and no choice among them spares it."""
    names = names_in(formula)
    named = [a for name, a in zip(statement.op.arguments, statement.arguments, strict=True) if name in names]
    depth = _depth(regions, statement.result)
    return any(isinstance(a, Sym) and _depth(regions, a) == depth for a in named or statement.arguments)


def _depth(regions: Regions, symbol: Sym) -> int:
    """How many loops are around the place where a symbol gets its value."""
    loop = regions.loop_of.get(symbol)
    return regions.of_symbol[symbol].depth if loop is None else regions.of_statement[loop].depth + 1
