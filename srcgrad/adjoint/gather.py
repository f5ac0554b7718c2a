"""Scatter into gather: the adjoint of a stencil as a stencil.

The adjoint of `v[i, j] = f(u[i - 1, j], u[i + 1, j], ...)` adds to several elements of `u_bar` in each iteration. No
compiler vectorises that, because iterations overlap. Asked the other way round, which iterations add to one element,
it is a stencil again:

    for i in range(1, n - 1):                         for i in range(2, n - 2):
        t = v_bar[i]; v_bar[i] = 0.0                      u_bar[i] += v_bar[i + 1] * a + v_bar[i - 1] * b
        u_bar[i - 1] += t * a                =>       for the few i near the ends:
        u_bar[i + 1] += t * b                             the additions that the first loop has not made
                                                      for i in range(1, n - 1):
                                                          v_bar[i] = 0.0

In, out: a `Function` (after differentiation). A nest is rewritten when the additions to an array hit the indices of
its loops plus constants, at two places or more, and none of what it reads is what it adds to. Every addition is made
exactly once, in another order; what is overwritten is overwritten last, and sums that the nest carries are computed in
a nest of their own before that. See `gather_form` for the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from srcgrad.adjoint.coverage import Coverage
from srcgrad.adjoint.gather_form import Scatter, core_and_frame, guarded_box
from srcgrad.adjoint.nest import Nest, perfect_nest, slice_of, without_stores
from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.identity import Identities
from srcgrad.analysis.regions import find_regions
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.nodes import Alloc, Atom, Block, Dim, For, Function, Let, Load, Statement, Store, Sym
from srcgrad.ir.visit import map_atoms, mentions
from srcgrad.opt.rewrite import is_zero, with_helpers

_MOST_OFFSETS = 9  # each is a term in the core and a guarded one in the frame: nine are still read with ease
_MOST_SPREAD = 8  # the frame is this wide: beyond, it would be much of a small array
_MOST_COST_OF_ONE = 4  # a division is vectorised, a square root or a call costs more than the scatter did
_MOST_COST_REPEATED = 6  # for each offset: what a scattered addition costs more than a vectorised one


def gather(function: Function, guarded: bool = False) -> Function:
    """The function with overlapping additions in gather form; `guarded` everywhere, for threads, where it is so."""
    return with_helpers(function, lambda f: _Gatherer(f, guarded_box if guarded else core_and_frame).block(f.body))


@dataclass(frozen=True)
class _Parts:
    """What stands for a nest, and the allocations of zeros of which it assigns all that there is."""

    statements: list[Statement]
    assigned: list[Alloc]


class _Gatherer:
    def __init__(self, function: Function, form: Callable[[Nest, Scatter], list[Statement]]) -> None:
        self._form = form
        regions = find_regions(function)
        self._aliases = alias_classes(function)
        self._identities = Identities(regions)
        self._forms = AffineForms(regions)
        self._coverage = Coverage(regions, self._forms)

    def block(self, block: Block) -> Block:
        statements: list[Statement] = []
        for statement in block.statements:
            parts = self._gathered(statement, statements) if isinstance(statement, For) else None
            if parts is None:
                statements.append(map_atoms(statement, lambda atom: atom, self.block))
                continue
            for made in parts.assigned:
                statements[statements.index(made)] = replace(made, fill=None)
            statements += parts.statements
        same = len(statements) == len(block.statements)
        if same and all(a is b for a, b in zip(statements, block.statements, strict=True)):
            return block
        return Block(tuple(statements), block.results)

    def _gathered(self, loop: For, before: list[Statement]) -> _Parts | None:
        """What stands for the nest that starts with `loop`, or `None` where it stays."""
        nest = perfect_nest(loop, carrying=True)
        if nest is None:
            return None
        stores = [s for s in nest.body if isinstance(s, Store)]
        adding = [s for s in stores if s.accumulate]
        setting = [s for s in stores if not s.accumulate]
        if len(adding) < 2 or not self._independent(nest, adding, setting):
            return None
        scatters = [s for s in self._scatters(nest, adding) if self._pays(nest, s)]
        gathered = {store for s in scatters for stores in s.offsets.values() for store in stores}
        if not scatters:
            return None
        parts: list[Statement] = []
        zeros, assigned = _untouched(before), []
        for scatter in scatters:
            lengths, array = tuple(self._lengths(nest, scatter)), scatter.array
            fresh = array in zeros and None not in (*lengths, *scatter.moves)
            parts += self._form(nest, replace(scatter, lengths=lengths, fresh=fresh))
            assigned += [zeros.pop(array)] if fresh else []
        rest = [store for store in adding if store not in gathered]
        left = [nest.over(slice_of(nest.body, group)) if group else None for group in (rest, setting)]
        sums = without_stores(loop) if nest.carrying else None
        return _Parts([s for s in (*parts, left[0], sums, left[1]) if s is not None], assigned)

    # -- what is scattered ----------------------------------------------------------------------------------------

    def _scatters(self, nest: Nest, adding: list[Store]) -> Iterable[Scatter]:
        """The additions at constant distances from the indices, by array and by which index moves which subscript."""
        found: dict[object, Scatter] = {}
        for store in adding:
            place = self._place(nest, store)
            if place is None:
                continue
            moves, fixed = place
            scatter = found.setdefault((store.array, moves, fixed), Scatter(moves, {}))
            forms = [self._forms.of(atom) for atom in store.index]
            offset = tuple(forms[moves.index(k)].constant if k in moves else 0 for k in range(len(nest.loops)))
            scatter.offsets.setdefault(offset, []).append(store)
        return found.values()

    def _lengths(self, nest: Nest, scatter: Scatter) -> Iterable[Atom | None]:
        """For each loop, the length of the array that is added to, where it is covered along that loop."""
        for k, (loop, least, most) in enumerate(zip(nest.loops, scatter.least, scatter.most)):
            axis = scatter.moves.index(k) if k in scatter.moves else None
            yield None if axis is None else self._coverage.length(loop, least, most, scatter.array, axis)

    def _place(self, nest: Nest, store: Store) -> tuple[tuple[int | None, ...], tuple] | None:
        """Which loop moves each subscript (by 1, plus a constant), and the forms of those that none moves."""
        moves: list[int | None] = []
        fixed = []
        for atom in store.index:
            form = self._forms.of(atom)
            if not self._forms.never_negative(form):
                return None
            if not form.symbols & nest.inside:
                moves.append(None)
                fixed.append((form.constant, frozenset(form.terms)))
                continue
            index = next((k for k, x in enumerate(nest.indices) if form.terms == ((x, 1),)), None)
            if index is None or index in moves:
                return None
            moves.append(index)
        return tuple(moves), tuple(fixed)

    def _pays(self, nest: Nest, scatter: Scatter) -> bool:
        """Do additions overlap along a row, and is what has to be computed again for each of them cheap?"""
        if not 2 <= len(scatter.offsets) <= _MOST_OFFSETS or max(scatter.spread) > _MOST_SPREAD:
            return False
        if not self._along_rows(nest, scatter):
            return False
        slices = [slice_of(nest.body, stores) for stores in scatter.offsets.values()]
        if not all(self._follows(nest, s) for part in slices for s in part if isinstance(s, Load)):
            return False
        shared = slice_of(nest.body, [store for stores in scatter.offsets.values() for store in stores])
        again = [s for s in shared if isinstance(s, Let) and sum(s in part for part in slices) > 1]
        repeated = sum(map(_cost, (s for part in slices for s in part))) - sum(map(_cost, shared))
        cheap = all(s.op.cost <= _MOST_COST_OF_ONE for s in again)
        return cheap and repeated <= _MOST_COST_REPEATED * len(scatter.offsets)

    def _along_rows(self, nest: Nest, scatter: Scatter) -> bool:
        """Are neighbours in the innermost loop neighbours in memory? Where not, nothing would be vectorised."""
        return scatter.moves[scatter.array.type.fastest] == len(nest.loops) - 1  # type: ignore[union-attr]

    def _follows(self, nest: Nest, load: Load) -> bool:
        """Are the subscripts affine in the indices? A table of subscripts gains nothing."""
        forms = map(self._forms.of, load.index)
        return all(form.symbols & nest.inside <= set(nest.indices) for form in forms)

    # -- what may be reordered ------------------------------------------------------------------------------------

    def _independent(self, nest: Nest, adding: list[Store], setting: list[Store]) -> bool:
        """Are additions never read in the nest, and is what is overwritten read before by its own iteration only?"""
        if any(store.array in nest.inside for store in (*adding, *setting)):
            return False
        loads = [s for s in nest.body if isinstance(s, Load)]
        touched = {s.array for s in loads} | {s.array for s in setting}
        if not all(self._apart(store.array, array) for store in adding for array in touched):
            return False
        return all(self._set_last(nest, store, loads, setting) for store in setting)

    def _apart(self, a: Sym, b: Sym) -> bool:
        return not self._aliases.same(a, b) or self._identities.distinct(a, b)

    def _set_last(self, nest: Nest, store: Store, loads: list[Load], setting: list[Store]) -> bool:
        """Is each element that is set read only by its own iteration, before that, and set by no other?"""
        if any(other is not store and not self._apart(other.array, store.array) for other in setting):
            return False
        place = self._place(nest, store)
        if place is None or not set(range(len(nest.loops))) <= set(place[0]):
            return False
        for load in loads:
            before = nest.body.index(load) < nest.body.index(store)
            same = load.array is store.array and all(map(self._equal, load.index, store.index))
            if not (same and before) and not self._apart(load.array, store.array):
                return False
        return True

    def _equal(self, a: Atom, b: Atom) -> bool:
        return self._forms.of(a).plus(self._forms.of(b), -1) == Affine(0)


def _untouched(statements: list[Statement]) -> dict[Sym, Alloc]:
    """The arrays of zeros that nothing has to do with so far."""
    found: dict[Sym, Alloc] = {}
    for k, s in enumerate(statements):
        if isinstance(s, Alloc) and s.fill is not None and is_zero(s.fill):
            used = any(mentions(t, s.result) for t in statements[k + 1 :] if not isinstance(t, Dim))
            found.update({} if used else {s.result: s})
    return found


def _cost(statement: Statement) -> int:
    if isinstance(statement, Let):
        return statement.op.cost
    return 1 if isinstance(statement, Load) else 0
