"""Minima, maxima and comparisons of integers that the bounds of loops decide.

    for k in range(1, n, 1):                for k in range(1, n, 1):
        m = minimum k, n           =>           t = ...             (m is k)
        t = ...

Slices are cut to the length of what is sliced: `y[:k]` has min(k, n) elements, which in a loop up to n are k.

In, out: a `Function`.
"""

from __future__ import annotations

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.regions import find_regions
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom, Block, Function, Let, Statement
from srcgrad.ir.types import BOOL
from srcgrad.ir.visit import walk
from srcgrad.opt.rewrite import Rewriter, dtype_kind, with_helpers

_DECIDED = frozenset(("minimum", "maximum", "lt", "le", "gt", "ge", "eq", "ne"))


def decide(function: Function) -> Function:
    """The function without what the bounds of its loops decide; the same object when that is nothing."""
    return with_helpers(function, _decided)


def _decided(function: Function) -> Block:
    if not any(_is_candidate(s) for s in walk(function.body)):
        return function.body
    return _Decider(function).block(function.body)


def _is_candidate(statement: Statement) -> bool:
    return (
        isinstance(statement, Let)
        and statement.op.name in _DECIDED
        and all(dtype_kind(a) == "i" for a in statement.arguments)
    )


class _Decider(Rewriter):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self._forms = AffineForms(find_regions(function))

    def statement(self, s: Statement, out: list[Statement]) -> None:
        if isinstance(s, Let) and _is_candidate(s):
            known = self._known(s.op.name, *s.arguments)
            if known is not None:
                self.mapping[s.result] = self.atom(known)
                return
        out.append(self.renamed(s))

    def _known(self, name: str, a: Atom, b: Atom) -> Atom | None:
        """What the operation on two integers gives, if that is certain."""
        match name:
            case "minimum" | "maximum":
                for low, high in ((a, b), (b, a)):
                    if self._at_least(high, low):
                        return low if name == "minimum" else high
                return None
            case "lt":
                truth = self._order(b, a)
            case "gt":
                truth = self._order(a, b)
            case "ge":
                truth = _opposite(self._order(b, a))
            case "le":
                truth = _opposite(self._order(a, b))
            case _:
                apart = self._order(a, b) or self._order(b, a)
                truth = (name == "ne") if apart else None
        return None if truth is None else const_like(truth, BOOL)

    def _at_least(self, high: Atom, low: Atom, by: int = 0) -> bool:
        """Is `high - low >= by` whenever the loops around it run?"""
        difference = self._forms.of(high).plus(self._forms.of(low), -1).plus(Affine(by), -1)
        return self._forms.never_negative(difference)

    def _order(self, high: Atom, low: Atom) -> bool | None:
        """Whether `high > low`, if that is certain."""
        if self._at_least(high, low, 1):
            return True
        return False if self._at_least(low, high) else None


def _opposite(truth: bool | None) -> bool | None:
    return None if truth is None else not truth
