"""What is set to zero, and then added: only the rest is added.

    for i in range(0, n - 2): x_bar[i + 1] = 0.0          for i in range(0, min(1, n)): y_bar[i] += x_bar[i]
    for i in range(0, n): y_bar[i] += x_bar[i]      =>    for i in range(max(n - 2, 0) + 1, n): y_bar[i] += x_bar[i]
                                                          for i in range(0, n - 2): x_bar[i + 1] = 0.0

This is the adjoint of a copy of which the inside is overwritten: `new = u.copy(); new[1:-1] = f(u)`. In most such
programs nothing reads the zeros afterwards, and `dead_stores` takes them out.

For threads, which have an element each, there is one nest with a test.

In, out: a `Function` (after differentiation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from srcgrad.adjoint.nest import Nest, perfect_nest
from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.identity import Identities
from srcgrad.analysis.regions import find_regions
from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Const,
    Dim,
    For,
    Function,
    If,
    Let,
    Load,
    Statement,
    Store,
    Sym,
)  # fmt: skip
from srcgrad.ir.visit import clone_block, map_atoms
from srcgrad.opt.rewrite import is_zero, with_helpers


def uncovered(function: Function, guarded: bool = False) -> Function:
    """The function without such additions of zeros; the same object where there are none. `guarded` is for threads."""
    form = _guarded if guarded else _around
    return with_helpers(function, lambda each: _Finder(each, form).block(each.body))


@dataclass(frozen=True)
class _Zeros:
    """A nest that sets the elements to zero whose subscript p is the index of loop `moves[p]` plus `distances[p]`."""

    nest: Nest
    array: Sym
    moves: tuple[int, ...]
    distances: tuple[int, ...]

    def range(self, builder: Builder, axis: int) -> tuple[Atom, Atom]:
        """The subscripts of these elements along an axis."""
        loop = self.nest.loops[self.moves[axis]]
        distance = self.distances[axis]
        return builder.moved(loop.start, distance), builder.moved(loop.stop, distance)


@dataclass(frozen=True)
class _Sums:
    """A nest of which each iteration adds the element at its indices, `axes[k]` along the k-th loop, to another."""

    nest: Nest
    load: Load
    axes: tuple[int, ...]


class _Finder:
    def __init__(self, function: Function, form: Callable[[_Zeros, _Sums], list[Statement]]) -> None:
        self._form = form
        regions = find_regions(function)
        self._forms = AffineForms(regions)
        self._identities = Identities(regions)
        self._aliases: AliasClasses = alias_classes(function)

    def block(self, block: Block) -> Block:
        statements = [map_atoms(s, lambda atom: atom, self.block) for s in block.statements]
        for zeros in [found for s in statements if (found := self._zeros(s)) is not None]:
            self._leave_out(statements, zeros)
        if len(statements) == len(block.statements) and all(a is b for a, b in zip(statements, block.statements)):
            return block
        return Block(tuple(statements), block.results)

    def _leave_out(self, statements: list[Statement], zeros: _Zeros) -> None:
        """Rewrite the sums that come next, if they are such; the zeros go behind them."""
        position = statements.index(zeros.nest.loops[0])
        for k, s in enumerate(statements[position + 1 :], position + 1):
            if isinstance(s, Dim) or not self._aliases.touches(s, zeros.array):
                continue
            sums = self._sums(s, zeros.array)
            if sums is not None:
                parts = [*self._form(zeros, sums), zeros.nest.loops[0]]
                statements[position : k + 1] = [*statements[position + 1 : k], *parts]
            return

    def _zeros(self, s: Statement) -> _Zeros | None:
        nest = perfect_nest(s) if isinstance(s, For) else None
        if nest is None:
            return None
        *before, store = nest.body
        if not isinstance(store, Store) or store.accumulate or not is_zero(store.value) or store.array in nest.inside:
            return None
        forms = [self._forms.of(atom) for atom in store.index]
        moves = [next((k for k, i in enumerate(nest.indices) if form.terms == ((i, 1),)), None) for form in forms]
        if None in moves or sorted(moves) != list(range(len(nest.loops))):  # type: ignore[type-var]
            return None
        if not all(isinstance(t, (Let, Dim)) for t in before) or not all(map(self._forms.never_negative, forms)):
            return None
        return _Zeros(nest, store.array, tuple(k for k in moves if k is not None), tuple(f.constant for f in forms))

    def _sums(self, s: Statement, array: Sym) -> _Sums | None:
        nest = perfect_nest(s) if isinstance(s, For) else None
        if nest is None or len(nest.body) != 2:
            return None
        load, store = nest.body
        if not isinstance(load, Load) or not isinstance(store, Store):
            return None
        apart = not self._aliases.same(store.array, array) or self._identities.distinct(store.array, array)
        if not store.accumulate or store.value is not load.result or not apart:
            return None
        if load.array is not array or {load.array, store.array} & nest.inside:
            return None
        forms = [self._forms.of(atom) for atom in load.index]
        axes = [next((p for p, form in enumerate(forms) if form == Affine(0, ((i, 1),))), None) for i in nest.indices]
        if len(forms) != len(axes) or None in axes:
            return None
        if not all(isinstance(loop.start, Const) and loop.start.value >= 0 for loop in nest.loops):
            return None
        return _Sums(nest, load, tuple(p for p in axes if p is not None))


def _around(zeros: _Zeros, sums: _Sums) -> list[Statement]:
    """The sums over all elements but those that are zero."""
    builder = Builder()
    builder.span = sums.nest.loops[0].span
    whole = [(loop.start, loop.stop) for loop in sums.nest.loops]

    def level(ranges: list[tuple[Atom, Atom]]) -> None:
        """The parts before and behind the zeros along the next loop, and beside them along those inside it."""
        k = len(ranges)
        if k == len(whole):
            return
        start, stop = whole[k]
        low, high = zeros.range(builder, sums.axes[k])
        first = builder.op("minimum", builder.op("maximum", low, start), stop)
        last = builder.op("maximum", builder.op("minimum", high, stop), first)
        for part in ((start, first), (last, stop)):
            builder.emit(sums.nest.over(sums.nest.body, [*ranges, part, *whole[k + 1 :]]))
        level([*ranges, (first, last)])

    level([])
    return list(builder.finish().statements)


def _guarded(zeros: _Zeros, sums: _Sums) -> list[Statement]:
    """The sums over all elements, but nothing is done for those that are zero."""
    before, builder = Builder(), Builder()
    builder.span = sums.nest.loops[0].span
    indices = [Sym(index.hint, index.type) for index in sums.nest.indices]
    inside: list[Atom] = []
    for index, axis in zip(indices, sums.axes):
        low, high = zeros.range(before, axis)
        inside += [builder.op("ge", index, low), builder.op("lt", index, high)]
    adding = clone_block(Block(sums.nest.body), dict(zip(sums.nest.indices, indices)))
    builder.emit(If((), reduce(lambda a, b: builder.op("and_", a, b), inside), Block(()), adding, builder.span))
    ranges = [(loop.start, loop.stop) for loop in sums.nest.loops]
    return [*before.finish().statements, sums.nest.around(builder.finish(), indices, ranges)]
