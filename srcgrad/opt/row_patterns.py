"""Loops that multiply one vector after another with a matrix, or with a part of it: where they are.

In: a function. Out: for a loop, the products in it (`Rows`) that could be taken together:
`p[j] += a[k, i] * b[k, i + j]` in two loops that fill an array of the iteration's own, which the rest of the iteration
only reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.regions import Regions, find_regions
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Const,
    Dim,
    For,
    Function,
    Let,
    Load,
    Slice,
    Store,
    Sym,
    blocks,
    operands,
)  # fmt: skip
from srcgrad.ir.visit import mentions, walk
from srcgrad.opt.footprint import Footprints
from srcgrad.opt.rewrite import never_negative

_FEW = 16  # iterations that are not worth it


@dataclass(frozen=True)
class Factor:
    """A matrix inside an array: the subscript in each dimension (None for the two of the matrix), and which dimension
    is the one that is summed over."""

    array: Sym
    index: tuple[Atom | None, ...]
    summed: int
    other: int

    @property
    def summed_first(self) -> bool:
        return self.summed < self.other

    def at(self, summed: Atom, other: Atom) -> tuple[Atom, ...]:
        """The subscripts of an element."""
        places: dict[int, Atom] = {self.summed: summed, self.other: other}
        return tuple(atom or places[d] for d, atom in enumerate(self.index))

    def part(self, summed: Slice, other: Slice) -> tuple[Atom | Slice, ...]:
        """The entries of a view."""
        places = {self.summed: summed, self.other: other}
        return tuple(atom or places[d] for d, atom in enumerate(self.index))


@dataclass(frozen=True)
class Rows:
    """`product[j] = sum(vector[k, i] * matrix[k, start + j])` in a loop over i, for k < `depth` and start + j < `stop`.

    `moves` says that `start` grows with i."""

    product: Alloc
    nest: For
    vector: Factor
    matrix: Factor
    depth: Atom
    start: Affine
    stop: Affine
    moves: bool


class RowProducts:
    """Answers about the loops of one function."""

    def __init__(self, function: Function) -> None:
        classes = alias_classes(function)
        self._root = classes.root
        self._footprints = Footprints(classes)
        self._regions: Regions = find_regions(function)
        self._forms = AffineForms(self._regions)

    def never_negative(self, atom: Atom) -> bool:
        """Is a subscript certainly not negative?"""
        return self._forms.never_negative(self._forms.of(atom))

    def of(self, loop: For) -> Iterator[Rows]:
        """The products in a loop that can be taken together."""
        if loop.reverse or loop.parallel or not never_negative(loop) or not _is(loop.step, 1):
            return
        if _is_short(loop):
            return
        for alloc in loop.body.statements:
            if isinstance(alloc, Alloc) and len(alloc.shape) == 1 and alloc.fill and alloc.fill.value == 0:
                nest = self._only_written_by(loop, alloc)
                if nest is not None and (found := self._matched(loop, alloc, nest)) is not None:
                    yield found

    def _only_written_by(self, loop: For, alloc: Alloc) -> For | None:
        """The loop directly in the body that fills the array, where all the rest only loads from it."""
        touching = [s for s in loop.body.statements if mentions(s, alloc.result)]
        if not touching or alloc.result in loop.body.results or not isinstance(touching[0], For):
            return None
        for s in touching[1:]:
            for t in walk(Block((s,))):
                if alloc.result in operands(t) and not isinstance(t, (Load, Dim)):
                    return None
                if any(alloc.result in inner.results for inner in blocks(t)):
                    return None
        return touching[0]

    def _matched(self, loop: For, alloc: Alloc, nest: For) -> Rows | None:
        inner = _filling(alloc, nest)
        if inner is None:
            return None
        store = inner.body.statements[-1]
        assert isinstance(store, Store)
        factors = self._factors(store.value, inner)
        if factors is None or not self._is_outside(loop, nest.stop):
            return None
        for one, other in (factors, factors[::-1]):
            vector = self._factor(loop, one, nest.index, Affine(0, ((loop.index, 1),)))
            start = self._start(other, inner.index)
            matrix = None if start is None else self._factor(loop, other, nest.index, start.plus(_of(inner.index)))
            if vector is None or matrix is None or start is None or not self._may_move(loop, vector, matrix):
                continue
            coefficient, stop = start.coefficient(loop.index), start.plus(self._length(alloc.shape[0]))
            if coefficient in (0, 1) and self._is_known(loop, stop) and self._is_known(loop, start.without(loop.index)):
                return Rows(alloc, nest, vector, matrix, nest.stop, start, stop, coefficient == 1)
        return None

    def _factors(self, value: Atom, inner: For) -> tuple[Load, Load] | None:
        """The two elements that are multiplied."""
        product = self._regions.definition.get(value) if isinstance(value, Sym) else None
        if not isinstance(product, Let) or product.op.name != "mul":
            return None
        loads = [self._regions.definition.get(a) if isinstance(a, Sym) else None for a in product.arguments]
        match loads:
            case [Load() as one, Load() as other]:
                return one, other
        return None

    def _factor(self, loop: For, load: Load, summed: Sym, other: Affine) -> Factor | None:
        """The matrix that a load takes its element from, at `summed` in one dimension and `other` in another one."""
        forms = [self._forms.of(atom) for atom in load.index]
        places = [[d for d, form in enumerate(forms) if form == wanted] for wanted in (_of(summed), other)]
        if any(len(found) != 1 for found in places):
            return None
        rest = [None if [d] in places else atom for d, atom in enumerate(load.index)]
        if not all(atom is None or self._is_outside(loop, atom) for atom in (load.array, *rest)):
            return None
        return Factor(load.array, tuple(rest), places[0][0], places[1][0])

    def _start(self, load: Load, j: Sym) -> Affine | None:
        """Where in the matrix the first element is: the rest of the one subscript that `j` is part of."""
        forms = [form for atom in load.index if (form := self._forms.of(atom)).coefficient(j) == 1]
        return forms[0].without(j) if len(forms) == 1 else None

    def _length(self, atom: Atom) -> Affine:
        """A length, not cut off below at zero."""
        made = self._regions.definition.get(atom) if isinstance(atom, Sym) else None
        if isinstance(made, Let) and made.op.name == "maximum":
            a, b = made.arguments
            for x, least in ((a, b), (b, a)):
                if _is(least, 0):
                    return self._forms.of(x)
        return self._forms.of(atom)

    def _may_move(self, loop: For, vector: Factor, matrix: Factor) -> bool:
        written = self._footprints.of(loop).writes
        return not {self._root(vector.array), self._root(matrix.array)} & written

    def _is_known(self, loop: For, form: Affine) -> bool:
        return all(self._is_outside(loop, symbol) for symbol in form.symbols)

    def _is_outside(self, loop: For, atom: Atom) -> bool:
        """Is it defined in front of the loop?"""
        if isinstance(atom, Const) or self._regions.is_given(atom):
            return True
        around = self._regions.of_statement[loop]
        return atom is not loop.index and self._regions.of_symbol[atom].encloses(around)


def _of(symbol: Sym) -> Affine:
    return Affine(0, ((symbol, 1),))


def _is_short(loop: For) -> bool:
    ends = loop.start, loop.stop
    return all(isinstance(end, Const) for end in ends) and loop.stop.value - loop.start.value < _FEW  # type: ignore[union-attr]


def _filling(alloc: Alloc, nest: For) -> For | None:
    """The inner one of two loops that do nothing but add to all elements of the array."""
    if not _counts(nest) or nest.results or not nest.body.statements:
        return None
    *before, inner = nest.body.statements
    if not isinstance(inner, For) or not _counts(inner) or inner.results or inner.stop is not alloc.shape[0]:
        return None
    *within, store = inner.body.statements
    if not all(isinstance(s, (Let, Load, Dim)) for s in (*before, *within)):
        return None
    if not isinstance(store, Store) or store.array is not alloc.result or not store.accumulate:
        return None
    return inner if store.index == (inner.index,) else None


def _counts(loop: For) -> bool:
    """0, 1, 2, ...?"""
    return not loop.reverse and not loop.parallel and _is(loop.start, 0) and _is(loop.step, 1)


def _is(atom: Atom, value: int) -> bool:
    return isinstance(atom, Const) and atom.value == value
