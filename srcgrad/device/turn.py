"""Sums that the threads of a loop would share, each with the elements of an inner loop: one thread for each element.

    for i in range(0, n, 1):                      for i in range(0, n, 1):
        for j in range(0, m, 1):                      for j in range(0, m, 1):
            s = f(x[i], x[j])             =>              ... what else there is
            store y[j] += s                       for j in range(0, m, 1):
            ... what else there is                    for i in range(0, n, 1) carrying t = 0:
                                                          yield t + f(x[i], x[j])
                                                      store y[j] += t

In, out: a function that is otherwise done. All threads of a warp come to one j at a time: their atomic additions would
wait for one another. Turned around, what the sums need is computed a second time, and nothing waits. It needs many
elements, to keep all threads busy: where their number is not known, the host decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from srcgrad.adjoint.nest import slice_of
from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.regions import find_regions
from srcgrad.device.passing import Passing
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.build import Builder, const_like, int_const
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
    definitions,
    operands,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import INT64, Scalar
from srcgrad.ir.visit import clone_block, defined_symbols, rebuild, walk
from srcgrad.opt.rewrite import exchanged
from srcgrad.parallel.iterations import count

LEAST = 256  # elements: fewer threads than that wait for one another less than they lack (see also `spread`)


def turn(function: Function) -> Function:
    """The function with such sums in loops of their own; the same object where there are none."""
    return rebuild(function, _Turner(function).block(function.body))


@dataclass(frozen=True)
class _Sums:
    """Stores of one inner loop, which add to elements at its own index."""

    outer: For
    inner: For
    stores: tuple[Store, ...]
    before: tuple[Statement, ...]  # of the outer loop's body: what the stores need
    moving: dict[Store, int]  # the dimension that the inner index moves along
    distances: dict[Store, int]  # what is added to it there


class _Turner(Passing):
    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self._root = alias_classes(function).root
        self._forms = AffineForms(find_regions(function))

    def loop(self, builder: Builder, loop: For) -> None:
        found = self._sums(loop)
        if not found:
            builder.emit(loop)
            return
        rest = exchanged(Block((loop,), loop.results), {s: None for sums in found for s in sums.stores})
        turned = Block((*rest.statements, *(_turned(sums) for sums in found)), rest.results)
        tests: list[Atom] = []
        for sums in found:
            trips = count(builder, sums.inner)
            if not isinstance(trips, Const):
                tests.append(builder.op("ge", trips, int_const(LEAST)))
        if not tests:
            builder.extend(turned.statements)
            return
        test = tests[0]
        for other in tests[1:]:
            test = builder.op("and_", test, other)
        then, orelse = (clone_block(each, {}) for each in (turned, Block((loop,), loop.results)))
        builder.emit(If(loop.results, test, then, orelse, loop.span))

    # -- which sums -----------------------------------------------------------------------------------------------

    def _sums(self, outer: For) -> list[_Sums]:
        shared = set(self.chooser.independence.sums(outer))
        if not shared or self.chooser.independence.work_arrays(outer):
            return []
        if self.chooser.inner(outer, outer) is not None:  # all threads of a warp have elements of their own
            return []
        found = []
        for inner in outer.body.statements:
            if isinstance(inner, For) and self._has_fixed_range(outer, inner):
                stores = [s for s in inner.body.statements if isinstance(s, Store) and s in shared]
                moving = {s: k for s in stores if (k := self._moving(outer, inner, s)) is not None}
                before = self._needs(outer, inner, list(moving)) if moving else None
                if before is not None:
                    distances = {s: self._forms.of(s.index[k]).constant for s, k in moving.items()}
                    found.append(_Sums(outer, inner, tuple(moving), tuple(before), moving, distances))
        return found

    def _has_fixed_range(self, outer: For, inner: For) -> bool:
        inside = self._inside(outer)
        known = not any(a in inside for a in (inner.start, inner.stop)) and isinstance(inner.step, Const)
        if isinstance(inner.start, Const) and isinstance(inner.stop, Const):
            return known and abs(inner.stop.value - inner.start.value) >= LEAST
        return known

    def _inside(self, loop: For) -> set[Atom]:
        return {loop.index, *loop.parameters, *defined_symbols(loop.body)}

    def _moving(self, outer: For, inner: For, store: Store) -> int | None:
        """The dimension of the array in which the inner index, and nothing else of the loops, says where."""
        inside = self._inside(outer)
        places = [k for k, atom in enumerate(store.index) if atom in inside]
        if len(places) != 1:
            return None
        form = self._forms.of(store.index[places[0]])
        moves = form == Affine(form.constant, ((inner.index, 1),)) and self._forms.never_negative(form)
        return places[0] if moves else None

    def _needs(self, outer: For, inner: For, stores: list[Store]) -> list[Statement] | None:
        """What the stores need of the outer loop's body, if all that they need can be computed in any order."""
        own = slice_of(inner.body.statements, stores)
        before = outer.body.statements[: outer.body.statements.index(inner)]
        written = {self._root(a) for s in walk(outer.body) for a in written_arrays(s)}
        needed = {atom for s in own for atom in operands(s)}
        kept: list[Statement] = []
        for s in reversed(before):
            if any(symbol in needed for symbol in definitions(s)):
                kept.insert(0, s)
                needed.update(operands(s))
        pure = [s for s in (*own, *kept) if s not in stores]
        if not all(isinstance(s, (Let, Dim, Load)) for s in pure):
            return None
        if any(isinstance(s, Load) and self._root(s.array) in written for s in pure):
            return None
        carried = {*outer.parameters, *inner.parameters}
        return None if carried & needed else kept


def _turned(sums: _Sums) -> For:
    """One iteration of the inner loop outside, all of the outer loop inside."""
    outer, inner = sums.outer, sums.inner
    i, j = Sym(outer.index.hint, INT64), Sym(inner.index.hint, INT64)
    needed = (*sums.before, *(s for s in slice_of(inner.body.statements, sums.stores) if s not in sums.stores))
    values = tuple(s.value for s in sums.stores)
    each = clone_block(Block(needed, values), {outer.index: i, inner.index: j})
    totals = tuple(Sym(f"{s.array.hint}_j", s.value.type) for s in sums.stores)
    builder = Builder()
    builder.extend(each.statements)
    after = tuple(builder.op("plus", total, value) for total, value in zip(totals, each.results))
    results = tuple(Sym(t.hint, t.type) for t in totals)
    zeros = tuple(const_like(0.0, t.type) for t in totals if isinstance(t.type, Scalar))
    summing = replace(
        outer, index=i, results=results, parameters=totals, initial=zeros, body=builder.finish(after), parallel=False
    )
    builder = Builder()
    builder.emit(summing)
    for s, result in zip(sums.stores, results):
        builder.span = s.span
        own = j if not sums.distances[s] else builder.op("add", j, int_const(sums.distances[s]))
        place = tuple(own if k == sums.moving[s] else atom for k, atom in enumerate(s.index))
        builder.store(s.array, place, result, accumulate=True)
    return replace(inner, index=j, results=(), parameters=(), initial=(), body=builder.finish())

