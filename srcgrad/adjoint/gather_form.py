"""The code of a gathered nest: its core and its frame.

In: a `Nest` and a `Scatter`, additions of that nest to elements at constant distances (*offsets*) from its indices.
Out: statements that make the same additions, element by element.

To the element at y, the iteration at y - offset adds, for each offset, if there is such an iteration. With indices in
[low, high) and offsets from `least` to `most`, the elements in question lie in the box [low + least, high + most). In
the *core*, [low + most, high + least), all these iterations exist: there one line adds all terms. The *frame* is the
box without the core; there each term has a guard. So every element is visited once and every addition made once,
whatever the sizes are: where the core is empty, the frame is all of the box. Where the box is all of an array of zeros,
the core and the frame assign.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from srcgrad.adjoint.nest import Nest, slice_of
from srcgrad.ir.build import Builder, const_like, int_const
from srcgrad.ir.nodes import Atom, Block, Const, If, Statement, Store, Sym
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import clone_statement
from srcgrad.span import NOWHERE

Offset = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Scatter:
    """Additions to one array. `moves[p]` is the number of the loop whose index is in subscript p, if any;
    `offsets` maps the constants that are added to the indices (0 for one in no subscript) to the stores. `lengths` has
    for each loop the length of the array along it, where the elements in question are all that there are. A `fresh`
    array need not be set to zero before: all that there is of it is assigned."""

    moves: tuple[int | None, ...]
    offsets: dict[Offset, list[Store]]
    lengths: tuple[Atom | None, ...] = ()
    fresh: bool = False

    @property
    def array(self) -> Sym:
        return next(iter(self.offsets.values()))[0].array

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
    writer = _Writer(nest, scatter)
    writer.core()
    writer.frame()
    return list(writer.b.finish().statements)


def guarded_box(nest: Nest, scatter: Scatter) -> list[Statement]:
    """The additions of `scatter` in gather form, each with its guard everywhere: for threads, of which each has one
    element, and to which it makes no difference that the terms of most are all there."""
    writer = _Writer(nest, scatter)
    writer.box()
    return list(writer.b.finish().statements)


class _Writer:
    """Writes the two nests. What only steers loops gets no span: the user has no line for it."""

    def __init__(self, nest: Nest, scatter: Scatter) -> None:
        self.b = Builder()
        self._nest, self._scatter = nest, scatter
        self._last = len(nest.loops) - 1
        self._terms = sorted(scatter.offsets.items(), reverse=True)  # memory is read in ascending order

    # -- one element --------------------------------------------------------------------------------------------

    def _values(self, stores: list[Store], offset: Offset, target: list[Sym]) -> tuple[list[Atom], tuple[Atom, ...]]:
        """What the iteration at target - offset adds (the code for it is written), and the subscripts of target."""
        mapping: dict[Sym, Atom] = {}
        for index, here, distance in zip(self._nest.indices, target, offset, strict=True):
            mapping[index] = self.b.moved(here, -distance)
        for statement in slice_of(self._nest.body, stores):
            if statement not in stores:
                self.b.emit(clone_statement(statement, mapping))
        fixed = [_renamed(atom, mapping) for atom in stores[0].index]
        place = tuple(a if k is None else target[k] for k, a in zip(self._scatter.moves, fixed, strict=True))
        return [_renamed(store.value, mapping) for store in stores], place

    def _add(self, store: Store, place: tuple[Atom, ...], values: list[Atom], accumulate: bool = True) -> None:
        self.b.span = store.span
        total = reduce(lambda first, second: self.b.op("add", first, second), values)
        self.b.store(store.array, place, total, accumulate)
        self.b.span = NOWHERE

    # -- the core -----------------------------------------------------------------------------------------------

    def core(self) -> None:
        ranges = [self._core_range(k) for k in range(self._last + 1)]
        target = [Sym(index.hint, index.type) for index in self._nest.indices]
        with self.b.block() as statements:
            values: list[Atom] = []
            for offset, stores in self._terms:
                more, place = self._values(stores, offset, target)
                values += more
            self._add(stores[0], place, values, not self._scatter.fresh)
        self.b.emit(self._nest.around(Block(tuple(statements)), target, ranges))

    def _core_range(self, k: int) -> tuple[Atom, Atom]:
        loop = self._nest.loops[k]
        return self.b.moved(loop.start, self._scatter.most[k]), self.b.moved(loop.stop, self._scatter.least[k])

    # -- the box ------------------------------------------------------------------------------------------------

    def box(self) -> None:
        """One nest over all elements in question, or over all of the array where these are all of it."""
        ranges = [self._box_range(k) for k in range(self._last + 1)]
        target = [Sym(index.hint, index.type) for index in self._nest.indices]
        with self.b.block() as statements:
            place = self._place(target)
            total = reduce(lambda first, second: self.b.op("add", first, second), self._terms_that_exist(target))
            store = self._terms[0][1][0]
            self.b.span = store.span
            self.b.store(store.array, place, total, accumulate=not self._scatter.fresh)
            self.b.span = NOWHERE
        self.b.emit(self._nest.around(Block(tuple(statements)), target, ranges))

    def _box_range(self, k: int) -> tuple[Atom, Atom]:
        """Empty where the loop is: the elements that it would reach need not exist."""
        length = self._scatter.lengths[k]
        if length is not None:
            return int_const(0), length
        loop = self._nest.loops[k]
        start, stop = self.b.moved(loop.start, self._scatter.least[k]), self.b.moved(loop.stop, self._scatter.most[k])
        if self._scatter.spread[k]:
            runs = self.b.op("gt", loop.stop, loop.start)
            stop = self.b.op("select", runs, stop, start, hint="stop")
        return start, stop

    def _place(self, target: list[Sym]) -> tuple[Atom, ...]:
        index = self._terms[0][1][0].index
        return tuple(a if k is None else target[k] for k, a in zip(self._scatter.moves, index, strict=True))

    def _terms_that_exist(self, target: list[Sym]) -> list[Atom]:
        """Each term, or zero where its iteration does not exist."""
        terms: list[Atom] = []
        for offset, stores in self._terms:
            tests = [
                test for k, distance in enumerate(offset)
                for test in self._exists(k, target[k], distance, self._scatter.lengths[k] is not None)
            ]  # fmt: skip
            with self.b.block() as statements:
                values, _ = self._values(stores, offset, target)
                value = reduce(lambda first, second: self.b.op("add", first, second), values)
            then = Block(tuple(statements), (value,))
            if not tests:
                self.b.extend(statements)
                terms.append(value)
                continue
            condition = reduce(lambda first, second: self.b.op("and_", first, second), tests)
            assert isinstance(value.type, Scalar)
            nothing = const_like(0.0, value.type)
            terms += self.b.if_(condition, then, Block((), (nothing,)), ("term",))
        return terms

    # -- the frame ----------------------------------------------------------------------------------------------

    def frame(self) -> None:
        """Outside the core in some outer dimension all of a row is frame; of any other row the stretches at its
        ends, and the innermost loop leaves out the `gap` between them."""
        b = self.b
        start, stop = self._core_range(self._last)
        length = b.op("sub", stop, start)
        gap = b.op("select", b.op("gt", length, int_const(0)), length, int_const(0), hint="gap")
        self._level([], [], gap)

    def _level(self, target: list[Sym], outside: list[Atom], gap: Atom) -> None:
        """The loops from the one after those that `target` has an index of; `outside` are tests of that index."""
        b, k = self.b, len(target)
        start, stop = self._frame_range(k)
        hint = self._nest.loops[k].index.hint
        if k < self._last:
            with b.loop(start, stop, hint) as index:
                self._level([*target, index], outside + self._outside(k, index), gap)
            return
        if outside:
            near = reduce(lambda first, second: b.op("or_", first, second), outside)
            gap = b.op("select", near, int_const(0), gap, hint="gap")
        moved = bool(self._scatter.spread[k])
        with b.loop(start, b.op("sub", stop, gap), "k" if moved else hint) as index:
            if moved:
                before = b.op("lt", index, self._core_range(k)[0])
                index = b.op("select", before, index, b.op("add", index, gap), hint=hint)
            self._guarded([*target, index])

    def _frame_range(self, k: int) -> tuple[Atom, Atom]:
        loop, length = self._nest.loops[k], self._scatter.lengths[k]
        if self._scatter.fresh and length is not None:
            return int_const(0), length
        return self.b.moved(loop.start, self._scatter.least[k]), self.b.moved(loop.stop, self._scatter.most[k])

    def _outside(self, k: int, index: Sym) -> list[Atom]:
        """Is the index outside the core's range in dimension k?"""
        if not self._scatter.spread[k]:
            return []
        start, stop = self._core_range(k)
        return [self.b.op("lt", index, start), self.b.op("ge", index, stop)]

    def _guarded(self, target: list[Sym]) -> None:
        """Each term where its iteration exists."""
        fresh = self._scatter.fresh
        if fresh:
            array = self._scatter.array
            self.b.store(array, self._place(target), const_like(0.0, array.type.element))  # type: ignore[union-attr, arg-type]
        for offset, stores in reversed(self._terms):
            tests = [test for k, distance in enumerate(offset) for test in self._exists(k, target[k], distance, fresh)]
            with self.b.block() as statements:
                values, place = self._values(stores, offset, target)
                self._add(stores[0], place, values)
            condition = reduce(lambda first, second: self.b.op("and_", first, second), tests)
            self.b.emit(If((), condition, Block(tuple(statements)), Block(()), stores[0].span))

    def _exists(self, k: int, index: Sym, distance: int, anywhere: bool = False) -> list[Atom]:
        """Is index - distance in the range of loop k? Tests that hold in all of the box are left out, unless the index
        may be `anywhere` from 0 on."""
        loop = self._nest.loops[k]
        tests: list[Atom] = []
        first = self.b.moved(loop.start, distance)
        if isinstance(first, Const) and anywhere:
            below = first.value > 0
        else:
            below = anywhere or distance > self._scatter.least[k]
        if below:
            tests.append(self.b.op("ge", index, first))
        if anywhere or distance < self._scatter.most[k]:
            tests.append(self.b.op("lt", index, self.b.moved(loop.stop, distance)))
        return tests


def _renamed(atom: Atom, mapping: dict[Sym, Atom]) -> Atom:
    return mapping.get(atom, atom) if isinstance(atom, Sym) else atom
