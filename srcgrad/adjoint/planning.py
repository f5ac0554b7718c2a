"""Making the plan: from the primal values that the reverse sweep was seen to use to how it gets each of them.

In: a function, its regions and clobbers, the values used. Out: a `Plan`. Needs are followed to what they need, on trial
with every store undone; then the cheaper of keeping what is read and keeping what is overwritten is chosen for each
memory, and values that are dearer to compute again than to keep are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from srcgrad.adjoint.extents import most_iterations
from srcgrad.adjoint.fusion import FusionAnalysis, Scopes
from srcgrad.adjoint.plan import Container, Counted, Kept, Plan, Reason
from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.clobber import Clobber, Clobbers
from srcgrad.analysis.regions import Loop, Region, Regions, rotation
from srcgrad.ir.alias import AliasClasses
from srcgrad.ir.nodes import (
    Atom,
    Call,
    Const,
    Dim,
    For,
    If,
    Let,
    Load,
    Reshape,
    Statement,
    Store,
    Sym,
    View,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Array, Scalar, Stack
from srcgrad.ir.visit import free_symbols, walk


def make_plan(
    needs: Iterable[Sym],
    regions: Regions,
    clobbers: Clobbers,
    aliases: AliasClasses,
    before: Plan,
    analysis: FusionAnalysis,
    volatile: frozenset[Sym] = frozenset(),
) -> Plan:
    """The plan for a reverse sweep that uses `needs`, undoes the stores and fuses the loops of `before` (from an
    earlier round). When the result undoes more stores, the sweep must be written again. `volatile` are alias classes
    that code out of sight may overwrite at any time."""
    needs = tuple(needs)
    undone = before.undone
    scopes = Scopes(regions, before.fused, before.detached)
    trial = _Closure(regions, clobbers, aliases, scopes, analysis, volatile, before.detached, None)
    trial.need_all(needs)
    chosen = _choose_undo(trial, aliases) | {aliases.root(store.array) for store in undone}
    closure = _Closure(regions, clobbers, aliases, scopes, analysis, volatile, before.detached, chosen)
    closure.need_all(needs)
    while better := closure.worth_keeping(needs):
        closure = closure.again(better)
        closure.need_all(needs)
    all_undone = dict(undone)
    for store in closure.stores:
        if store not in all_undone:
            all_undone[store] = closure.overwritten_value(store)
    for store, old in undone.items():
        closure.keep_old(store, old)
    return replace(
        before, kept=closure.kept_by_region(), recomputed=closure.recomputed_by_region(), undone=all_undone,
        rotated=closure.rotated, counted=closure.counted_by_region(),
    )  # fmt: skip


def _choose_undo(trial: _Closure, aliases: AliasClasses) -> set[Sym]:
    """The alias classes where keeping what stores overwrite costs less than keeping what loads read."""
    chosen = set()
    for root, (loads, stores) in trial.undoable.items():
        # what is kept in any case, because a load needs it, costs nothing more
        paid = [s for s in stores if not trial.keeps(trial.overwritten_value(s))]
        if sum(map(trial.weight, paid)) < sum(map(trial.weight, loads)):
            chosen.add(root)
    return chosen


def bounds_of(loop: Loop) -> tuple[Atom, ...]:
    """What the number of an iteration is computed from, besides the index."""
    return (loop.start, loop.step) if isinstance(loop, For) else ()


_EXPENSIVE = 15  # in units of an addition: exp, log, sin and the like


def _bytes(scalar: Sym) -> int:
    assert isinstance(scalar.type, Scalar)
    return scalar.type.dtype.itemsize


def _used(statement: Statement) -> tuple[Sym, ...]:
    """The symbols that computing a statement again uses, inside its branches too."""
    found = [a for a in operands(statement) if isinstance(a, Sym)]
    if isinstance(statement, If):
        found += [s for block in (statement.then, statement.orelse) for s in free_symbols(block)]
    return tuple(dict.fromkeys(found))


class _Closure:
    """Follows needs to what they need, until all are in scope, recomputed, kept or rotated.

    `undo_classes` are the alias classes whose clobbering stores are undone; `None` tries all and notes the cost."""

    def __init__(
        self, regions: Regions, clobbers: Clobbers, aliases: AliasClasses, scopes: Scopes,
        analysis: FusionAnalysis, volatile: frozenset[Sym], detached: bool, undo_classes: set[Sym] | None,
        preferred: frozenset[Sym] = frozenset(),
    ) -> None:  # fmt: skip
        self._again = (regions, clobbers, aliases, scopes, analysis, volatile, detached, undo_classes)
        self._preferred = preferred
        self._scopes = scopes
        self._analysis = analysis
        self._volatile = volatile
        self._detached = detached
        self._regions = regions
        self._clobbers = clobbers
        self._aliases = aliases
        self._undo_classes = undo_classes
        self._seen: set[Sym] = set()
        self._kept: dict[Sym, Kept] = {}
        self._recomputed: dict[Statement, Region] = {}
        self._counted: dict[Sym, Counted] = {}
        self._forms = AffineForms(regions)
        self.rotated: dict[Loop, tuple[int, ...]] = {}
        self.stores: dict[Store, None] = {}
        self.undoable: dict[Sym, tuple[dict[Load, None], dict[Store, None]]] = {}

    def again(self, better: frozenset[Sym]) -> _Closure:
        """The same closure, to be run once more, keeping also the values `better`."""
        return _Closure(*self._again, self._preferred | better)

    def worth_keeping(self, needs: tuple[Sym, ...]) -> frozenset[Sym]:
        """Values that are recomputed, but cost less when they are kept themselves:

        - those that are the only use of wider values which are kept for their sake (a comparison takes one byte, its
          operands eight each);
        - results of expensive operations, where the tape is as large as an array that the loop walks over, or as
          another that the block needs in any case."""
        wanted = set(needs)
        users: dict[Sym, set[Statement]] = {}
        for statement in self._recomputed:
            for symbol in _used(statement):
                users.setdefault(symbol, set()).add(statement)
        found = set()
        for statement, region in self._recomputed.items():
            if not isinstance(statement, Let) or statement.result in self._preferred:
                continue
            only_for_it = [
                kept
                for symbol in _used(statement)
                if (kept := self._kept.get(symbol)) and symbol not in wanted and users[symbol] == {statement}
                if kept.region is region and isinstance(kept.symbol.type, Scalar)
            ]
            saved = sum(_bytes(kept.symbol) for kept in only_for_it)
            if _bytes(statement.result) < saved or (statement.result in wanted and self._expensive(statement, region)):
                found.add(statement.result)
        return frozenset(found)

    def _expensive(self, statement: Let, region: Region) -> bool:
        """Is computing the value again dearer than a tape, and does the tape change no order of memory: is it no
        larger than an array in use, or than what the same block keeps anyway? (Of a subscript that is read from a tape
        nothing would be known.)"""
        if statement.result.type.is_int:  # type: ignore[union-attr]
            return False
        if statement.op.cost < _EXPENSIVE or self._container(statement.result, region) is not Container.DENSE:
            return False
        if any(k.region is region and k.container is Container.DENSE for k in self._kept.values()):
            return True
        indices = {loop.index for loop in self._scopes.loops(region) if isinstance(loop, For)}
        accesses = (s for s in region.block.statements if isinstance(s, (Load, Store)))
        return any(indices <= set(access.index) for access in accesses)

    def weight(self, statement: Statement) -> int:
        """A guess at how often a statement runs."""
        return 16 ** self._regions.of_statement[statement].depth

    def need_all(self, symbols: Iterable[Atom]) -> None:
        for symbol in symbols:
            if isinstance(symbol, Sym):
                self.need(symbol)

    def need(self, symbol: Sym) -> None:
        if symbol in self._seen or isinstance(symbol.type, Stack):
            return
        self._seen.add(symbol)
        region = self._regions.of_symbol[symbol]
        if self._scopes.in_scope(region) or self._regions.is_index(symbol) or self._regions.is_given(symbol):
            return
        if symbol in self._regions.loop_of:
            self._need_parameter(symbol)
        else:
            self._need_definition(symbol, self._regions.definition[symbol])

    def _need_parameter(self, symbol: Sym) -> None:
        loop = self._regions.loop_of[symbol]
        slot = loop.parameters.index(symbol)
        cycle = rotation(loop, slot)
        if isinstance(symbol.type, Array) and cycle:
            self.rotated[loop] = tuple(sorted({*self.rotated.get(loop, ()), *cycle}))
            self.need_all(loop.results[k] for k in cycle)
        elif isinstance(symbol.type, Array):
            self._keep(symbol, Reason.REFERENCE)
        elif symbol.type.is_int and (increment := self._increment(loop, slot)):  # type: ignore[union-attr]
            self._counted[symbol] = Counted(symbol, loop, loop.initial[slot], increment)
            self.need_all(bounds_of(loop))
            self.need_all((loop.initial[slot],))
        else:
            self._keep(symbol, Reason.CARRIED)

    def _increment(self, loop: Loop, slot: int) -> int:
        """By how much every iteration changes a carried integer; 0 where that is not one constant."""
        if isinstance(loop, For) and loop.reverse:
            return 0
        parameter = loop.parameters[slot]
        itself = Affine(0, ((parameter, 1),))
        change = self._forms.of(loop.body.results[slot]).plus(itself, -1)
        return 0 if change.terms else change.constant

    def _need_definition(self, symbol: Sym, statement: Statement) -> None:
        if symbol in self._preferred:
            self._keep(symbol, Reason.DEAR)
            return
        match statement:
            case Let() | Dim() | View() | Reshape():
                self._recompute(statement)
            case Load():
                self._need_load(statement)
            case If() if symbol.type and self._repeatable(statement):
                self._recompute(statement)
            case If():
                self._keep(symbol, Reason.REFERENCE if isinstance(symbol.type, Array) else Reason.BRANCH_RESULT)
            case Call():
                self._keep(symbol, Reason.CALL_RESULT)
            case _:
                self._keep(symbol, Reason.REFERENCE if isinstance(symbol.type, Array) else Reason.LOOP_RESULT)

    def _need_load(self, load: Load) -> None:
        if self._readable_again(load):
            self._recompute(load)
        else:
            self._keep(load.result, Reason.OVERWRITTEN)

    def _readable_again(self, load: Load) -> bool:
        """Will memory hold the loaded element when the reverse sweep enters the load's block? Where that takes
        undoing stores, they are noted."""
        if self._aliases.root(load.array) in self._volatile:
            return False
        clobbers = self._of(load)
        stores = {c.store: None for c in clobbers if isinstance(c.store, Store)}
        if any(c.in_block for c in clobbers) or len(stores) < len({c.store for c in clobbers}):
            return False
        if not all(map(self._undoable_here, stores)):
            return False
        if not stores:
            return True
        root = self._aliases.root(load.array)
        if self._undo_classes is None:
            loads, all_stores = self.undoable.setdefault(root, ({}, {}))
            loads[load] = None
            all_stores.update(stores)
            return True
        if root not in self._undo_classes:
            return False
        self.stores.update(stores)
        return True

    def _undoable_here(self, store: Store) -> bool:
        """May the store be undone where its reverse runs? In a fused loop later iterations have yet to run: none may
        read what this one leaves."""
        loop = self._scopes.base(self._regions.of_statement[store]).owner
        return loop is None or self._analysis.owns(loop, store.array)  # type: ignore[arg-type]

    def _of(self, load: Load) -> tuple[Clobber, ...]:
        return self._clobbers.of(load, self._scopes.base(self._regions.of_statement[load]))

    def _repeatable(self, statement: If) -> bool:
        """Can the whole branch be run again (nothing but scalar work and loads that still read the same)?"""
        inside = [s for block in (statement.then, statement.orelse) for s in walk(block)]
        if not all(isinstance(s, (Let, Dim, Load, If)) for s in inside):
            return False
        if any(isinstance(r.type, Array) for r in statement.results):
            return False
        # a load inside must survive to the end of the *outer* block: stores after the If, in it, count as later
        here = self._regions.of_statement[statement]
        return all(self._survives(s, here) for s in inside if isinstance(s, Load))

    def _survives(self, load: Load, outer: Region) -> bool:
        clobbers = self._of(load)
        if any(c.in_block or outer.encloses(self._regions.of_statement[c.store]) for c in clobbers):
            return False
        return self._readable_again(load)

    def _recompute(self, statement: Statement) -> None:
        self._recomputed[statement] = self._regions.of_statement[statement]
        self.need_all(operands(statement))
        if isinstance(statement, If):
            for block in (statement.then, statement.orelse):
                self.need_all(free_symbols(block))

    def _keep(self, symbol: Sym, reason: Reason) -> None:
        region = self._regions.of_symbol[symbol]
        statement = self._regions.definition.get(symbol)
        container = self._container(symbol, region)
        self._kept[symbol] = Kept(symbol, region, self._scopes.loops(region), reason, container, statement)

    def _container(self, symbol: Sym, region: Region) -> Container:
        loops = self._scopes.loops(region)
        if self._detached:
            return Container.STACK
        dense = not isinstance(symbol.type, Array) and loops and all(self._bounded(loop, loops) for loop in loops)
        return Container.DENSE if dense else Container.STACK

    def _bounded(self, loop: Loop, around: tuple[Loop, ...]) -> bool:
        """Is the number of iterations known, or one that it does not exceed, before the outermost loop that is run
        backward separately?"""
        if isinstance(loop, For) and self._known_before((loop.start, loop.stop, loop.step)):
            return True
        count = most_iterations(self._forms, loop, around)
        return count is not None and self._known_before(count.symbols)

    def _known_before(self, atoms: Iterable[Atom]) -> bool:
        return all(isinstance(a, Const) or self._scopes.in_scope(self._regions.of_symbol[a]) for a in atoms)

    def keeps(self, symbol: Sym) -> bool:
        return symbol in self._kept

    def overwritten_value(self, store: Store) -> Sym:
        """What a store overwrites: the symbol of an earlier load of the same element in the same block, where there
        is one, else a new symbol for the forward sweep to load."""
        statements = self._regions.of_statement[store].block.statements
        for statement in reversed(statements[: self._regions.position[store]]):
            if isinstance(statement, Load) and (statement.array, statement.index) == (store.array, store.index):
                return statement.result
            if not isinstance(statement, (Let, Dim, Load)):
                break
        assert isinstance(store.array.type, Array)
        return Sym(f"{store.array.hint}_old", store.array.type.element)

    def keep_old(self, store: Store, old: Sym) -> None:
        """Keep what an undone store overwrites."""
        region = self._regions.of_statement[store]
        if not self._scopes.in_scope(region):
            container = self._container(old, region)
            self._kept[old] = Kept(old, region, self._scopes.loops(region), Reason.UNDO, container, store)

    def kept_by_region(self) -> dict[Region, tuple[Kept, ...]]:
        groups: dict[Region, list[Kept]] = {}
        for kept in self._kept.values():
            groups.setdefault(kept.region, []).append(kept)
        return {region: tuple(group) for region, group in groups.items()}

    def counted_by_region(self) -> dict[Region, tuple[Counted, ...]]:
        groups: dict[Region, list[Counted]] = {}
        for counted in self._counted.values():
            groups.setdefault(self._regions.of_symbol[counted.symbol], []).append(counted)
        return {region: tuple(group) for region, group in groups.items()}

    def recomputed_by_region(self) -> dict[Region, tuple[Statement, ...]]:
        groups: dict[Region, list[Statement]] = {}
        for statement, region in self._recomputed.items():
            groups.setdefault(region, []).append(statement)
        position = self._regions.position
        return {region: tuple(sorted(group, key=position.__getitem__)) for region, group in groups.items()}

