"""The code of a gathered nest: its core and its frame.

In: a `Nest` and a `Scatter`, additions of that nest to elements at constant distances (*offsets*) from its indices.
Out: statements that make the same additions.

An element is in the *core* when the iterations that are to add to it, one per offset, all exist. With indices in
[low, high) and offsets between `least` and `most` that is the box [low + most, high + least). The core is computed
element by element, all additions to one of them at once. The *frame* makes the remaining additions as the nest did,
each guarded by "this element is not in the core". It visits only iterations that are less than `spread` = most -
least from an edge of the nest: the others add to the core only. Neither needs the ranges to be of any size: where the
core is empty, every iteration is near an edge and no guard holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from srcgrad.adjoint.nest import Nest, slice_of
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import Atom, Block, If, Let, Statement, Store, Sym
from srcgrad.ir.visit import clone_statement
from srcgrad.ops.registry import by_name
from srcgrad.span import Span

Offset = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Scatter:
    """Additions to one array. `moves[p]` is the number of the loop whose index is in subscript p, if any;
    `offsets` maps the constants that are added to the indices (0 for one in no subscript) to the stores."""

    moves: tuple[int | None, ...]
    offsets: dict[Offset, list[Store]]

    @property
    def least(self) -> Offset:
        return tuple(map(min, zip(*self.offsets, strict=True)))

    @property
    def most(self) -> Offset:
        return tuple(map(max, zip(*self.offsets, strict=True)))

    @property
    def spread(self) -> Offset:
        return tuple(m - n for m, n in zip(self.most, self.least, strict=True))


def core_and_frame(nest: Nest, scatter: Scatter) -> list[Statement]:
    """The additions of `scatter` in gather form."""
    b = Builder()  # what only steers the loops has no span: the user has no line for it
    b.emit(_core(nest, scatter, b))
    _Frame(nest, scatter, b).write()
    return list(b.finish().statements)


def _plus(b: Builder, atom: Atom, constant: int) -> Atom:
    return b.op("add", atom, int_const(constant)) if constant else atom


# -- the core ------------------------------------------------------------------------------------------------------


def _core(nest: Nest, scatter: Scatter, b: Builder) -> Statement:
    ranges = [
        (_plus(b, loop.start, most), _plus(b, loop.stop, least))
        for loop, most, least in zip(nest.loops, scatter.most, scatter.least, strict=True)
    ]
    targets = [Sym(index.hint, index.type) for index in nest.indices]
    with b.block() as statements:
        _gather(nest, scatter, targets, b)
    return nest.around(Block(tuple(statements)), targets, ranges)


def _gather(nest: Nest, scatter: Scatter, targets: list[Sym], b: Builder) -> None:
    """All additions to one element: for each offset, what the iteration that lies so far behind would add."""
    terms: list[Atom] = []
    for offset, stores in sorted(scatter.offsets.items(), reverse=True):  # memory is read in ascending order
        mapping: dict[Sym, Atom] = {}
        for index, target, distance in zip(nest.indices, targets, offset, strict=True):
            mapping[index] = _plus(b, target, -distance)
        for statement in slice_of(nest.body, stores):
            if statement not in stores:
                b.emit(clone_statement(statement, mapping))
        terms += [_renamed(store.value, mapping) for store in stores]
    last = stores[-1]
    fixed = [_renamed(atom, mapping) for atom in last.index]
    place = tuple(targets[k] if k is not None else atom for k, atom in zip(scatter.moves, fixed, strict=True))
    total = reduce(lambda first, second: _sum(b, first, second, last.span), terms)
    b.emit(Store(last.array, place, total, accumulate=True, span=last.span))


def _sum(b: Builder, first: Atom, second: Atom, span: Span) -> Atom:
    result = Sym("t", first.type)
    b.emit(Let(result, by_name("add"), (first, second), span))
    return result


def _renamed(atom: Atom, mapping: dict[Sym, Atom]) -> Atom:
    return mapping.get(atom, atom) if isinstance(atom, Sym) else atom


# -- the frame -----------------------------------------------------------------------------------------------------


class _Frame:
    """Writes the nest again, over the iterations near an edge. The innermost loop runs over all of a row near an
    edge of the loops around it; over any other row in a stretch at either end, without the `gap` between them."""

    def __init__(self, nest: Nest, scatter: Scatter, b: Builder) -> None:
        self._nest, self._scatter, self._b = nest, scatter, b
        self._indices = [Sym(index.hint, index.type) for index in nest.indices]
        self._starts = [loop.start for loop in nest.loops]
        self._stops = [loop.stop for loop in nest.loops]

    def write(self) -> None:
        last = len(self._nest.loops) - 1
        self._level(0, self._gap(last), last)

    def _gap(self, last: int) -> Atom:
        """How many iterations of the innermost loop are not near one of its ends."""
        b = self._b
        length = b.op("sub", self._stops[last], self._starts[last])
        inner = _plus(b, length, -2 * self._scatter.spread[last])
        return self._b.op("select", b.op("gt", inner, int_const(0)), inner, int_const(0), hint="gap")

    def _level(self, k: int, gap: Atom, last: int) -> None:
        b, loop = self._b, self._nest.loops[k]
        if k < last:
            with b.loop(self._starts[k], self._stops[k], loop.index.hint) as self._indices[k]:
                self._level(k + 1, gap, last)
            return
        near = [test for outer in range(last) for test in self._near(outer)]
        if near:
            gap = b.op("select", self._any(near), int_const(0), gap, hint="gap")
        spread = self._scatter.spread[k]
        with b.loop(self._starts[k], b.op("sub", self._stops[k], gap), "k" if spread else loop.index.hint) as position:
            self._indices[k] = position
            if spread:
                first = b.op("lt", position, _plus(b, self._starts[k], spread))
                self._indices[k] = b.op("select", first, position, b.op("add", position, gap), hint=loop.index.hint)
            self._additions()

    def _near(self, k: int) -> list[Atom]:
        """Is the index of loop k less than `spread` from an end of its range?"""
        spread = self._scatter.spread[k]
        return self._outside(k, spread, -spread) if spread else []

    def _outside(self, k: int, above: int, below: int) -> list[Atom]:
        """Is the index less than start + above, or not less than stop + below? (Never true for 0: left out.)"""
        b, index = self._b, self._indices[k]
        tests: list[Atom] = []
        if above:
            tests.append(b.op("lt", index, _plus(b, self._starts[k], above)))
        if below:
            tests.append(b.op("ge", index, _plus(b, self._stops[k], below)))
        return tests

    def _any(self, tests: list[Atom]) -> Atom:
        return reduce(lambda a, b: self._b.op("or_", a, b), tests)

    def _additions(self) -> None:
        b, scatter = self._b, self._scatter
        stores = [store for group in scatter.offsets.values() for store in group]
        mapping: dict[Sym, Atom] = dict(zip(self._nest.indices, self._indices, strict=True))
        for statement in slice_of(self._nest.body, stores):
            if statement not in stores:
                b.emit(clone_statement(statement, mapping))
        for offset, group in sorted(scatter.offsets.items()):
            outside: list[Atom] = []
            for k, distance in enumerate(offset):
                outside += self._outside(k, scatter.most[k] - distance, scatter.least[k] - distance)
            with b.block() as statements:
                b.extend(clone_statement(store, mapping) for store in group)
            b.emit(If((), self._any(outside), Block(tuple(statements)), Block(()), group[0].span))


