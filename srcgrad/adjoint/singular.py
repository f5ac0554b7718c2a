"""Partials that can be infinite, where a zero cotangent would make NaN of them.

In: an operation of the function, and a formula of its partials. Out: whether a zero cotangent needs a test of its own.
"""

from __future__ import annotations

from srcgrad.adjoint.partials import CHOOSING
from srcgrad.analysis.regions import Regions
from srcgrad.ir.nodes import Atom, Const, Let, Sym
from srcgrad.ops.formula import Formula, names_in


class Unchosen:
    """The values whose cotangent is zero where another value was chosen: by `max` or `np.where`, in a branch, or by
    writing another into the same element. Behind them a zero cotangent times an infinite partial is zero; with
    `strong_zero`, it is everywhere."""

    def __init__(self, regions: Regions, strong_zero: bool) -> None:
        self._regions = regions
        self._strong_zero = strong_zero
        self._masked: set[Atom] = set()
        self._written: set[Atom] = set()

    def add(self, atom: Atom) -> None:
        """Another value may stand in the place of this one."""
        self._written.add(atom)

    def follow(self, statement: Let, argument: Atom) -> None:
        """What a value is computed from is chosen with it."""
        if statement.op.name in CHOOSING or statement.result in self._masked:
            self._masked.add(argument)
        if statement.result in self._written:
            self._written.add(argument)

    def spares(self, statement: Let, formula: Formula) -> bool:
        """Whether a zero cotangent stays zero however large the partial is."""
        if statement.result in self._masked or self._strong_zero:
            return statement.op.singular
        written = statement.result in self._written
        return written and may_be_infinite(statement) and varies(self._regions, statement, formula)


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
