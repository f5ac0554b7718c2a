"""Subscripts as affine forms: `2*i + j - 1` is {i: 2, j: 1} and the constant -1.

In: integer atoms and the region tree. Out: forms, and proofs that a form is never negative (a negative subscript
wraps around, so two different numbers may then name one element).
"""

from __future__ import annotations

from dataclasses import dataclass

from srcgrad.analysis.regions import Regions, index_of
from srcgrad.ir.nodes import Atom, Const, Dim, For, Let, Sym, While


@dataclass(frozen=True)
class Affine:
    """`constant + sum(coefficient * symbol)`; no coefficient is zero."""

    constant: int
    terms: tuple[tuple[Sym, int], ...] = ()

    def coefficient(self, symbol: Sym) -> int:
        return dict(self.terms).get(symbol, 0)

    @property
    def symbols(self) -> frozenset[Sym]:
        return frozenset(symbol for symbol, _ in self.terms)

    def plus(self, other: Affine, factor: int = 1) -> Affine:
        total = dict(self.terms)
        for symbol, coefficient in other.terms:
            total[symbol] = total.get(symbol, 0) + factor * coefficient
        terms = tuple((symbol, c) for symbol, c in total.items() if c != 0)
        return Affine(self.constant + factor * other.constant, terms)

    def without(self, symbol: Sym) -> Affine:
        return Affine(self.constant, tuple(term for term in self.terms if term[0] is not symbol))


ZERO = Affine(0)


class AffineForms:
    """Forms of the integer atoms of one function, computed on demand."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions
        self._known: dict[Sym, Affine] = {}
        self._dimensions: dict[tuple[Sym, int], Sym] = {}

    def of(self, atom: Atom) -> Affine:
        """The form of an atom; a symbol that is no affine expression stands for itself."""
        if isinstance(atom, Const):
            return Affine(int(atom.value))
        if atom not in self._known:
            self._known[atom] = self._expand(atom)
        return self._known[atom]

    def _expand(self, symbol: Sym) -> Affine:
        itself = Affine(0, ((symbol, 1),))
        statement = self._regions.definition.get(symbol)
        if isinstance(statement, Dim):  # one symbol per dimension of an array, however often it is asked
            return Affine(0, ((self._dimension(statement), 1),))
        if not isinstance(statement, Let) or not symbol.type.is_int:  # type: ignore[union-attr]
            return itself
        match statement.op.name, statement.arguments:
            case "add", (a, b):
                return self.of(a).plus(self.of(b))
            case "sub", (a, b):
                return self.of(a).plus(self.of(b), -1)
            case "neg", (a,):
                return ZERO.plus(self.of(a), -1)
            case "mul", (a, b):
                left, right = self.of(a), self.of(b)
                if not left.terms:
                    left, right = right, left
                return ZERO.plus(left, right.constant) if not right.terms else itself
            case _:
                return itself

    def _dimension(self, statement: Dim) -> Sym:
        key = (statement.array, statement.axis)
        return self._dimensions.setdefault(key, statement.result)

    def never_negative(self, form: Affine) -> bool:
        """Is the form >= 0 whenever the loops around it run? `False` means "not proven"."""
        for _ in range(16):
            index = next((s for s, _ in form.terms if self._regions.is_index(s)), None)
            if index is None:
                break
            bound = self._bound(index, form.coefficient(index))
            if bound is None:
                return False
            form = form.without(index).plus(bound, form.coefficient(index))
        return form.constant >= 0 and all(c > 0 and self._is_size(s) for s, c in form.terms)

    def _bound(self, index: Sym, coefficient: int) -> Affine | None:
        """The value of a loop index that makes `coefficient * index` least."""
        loop = self._regions.loop_of[index]
        if isinstance(loop, While):
            return ZERO if coefficient > 0 and index is index_of(loop) else None
        if not isinstance(loop, For) or not isinstance(loop.step, Const):
            return None
        start, stop, step = self.of(loop.start), self.of(loop.stop), int(loop.step.value)
        if step > 0:
            return start if coefficient > 0 else stop.plus(Affine(1), -1)
        return stop.plus(Affine(1)) if coefficient > 0 else start

    def _is_size(self, symbol: Sym) -> bool:
        made = self._regions.definition.get(symbol)
        if isinstance(made, Let) and made.op.name == "maximum":
            return any(isinstance(atom, Const) and atom.value >= 0 for atom in made.arguments)
        return isinstance(made, Dim)
