"""Fused loops: forward and reverse sweep of one iteration at once, with nothing kept in between.

A reduction such as `for i: e += f(x, i)` whose result's cotangent is known beforehand needs no second loop: right
after the forward part of iteration i, its reverse part runs while all its values are in scope. (Tapenade asks the
user to say so, with its II-LOOP directive: Hascoet, Fidanova, Held, "Adjoining independent computations", 2001.)

In: what the trial run of the reverse sweep saw of a loop. Out: a `Fusion`, or `None` when it is not proven right:

- the cotangent of every active value the loop carries stays the same from iteration to iteration (the loop only adds
  to it), and can be computed before the loop;
- no iteration reads active memory that another iteration, or anything between, wrote: the loop's active stores go to
  memory of one iteration (allocated in it, or a work array that each iteration fills before it reads it and that
  nothing reads after the loop);
- nothing after the loop, in the block it stands in, stores into the active memory the loop reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from srcgrad.analysis.activity import Activity
from srcgrad.analysis.affine import ZERO, Affine, AffineForms
from srcgrad.analysis.clobber import fresh_allocations
from srcgrad.analysis.regions import Loop, Region, Regions
from srcgrad.ir.alias import AliasClasses
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Call,
    Const,
    Copy,
    External,
    For,
    Function,
    If,
    Let,
    Load,
    Pop,
    Product,
    Push,
    Reshape,
    Statement,
    Store,
    Sym,
    View,
    While,
    operands,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import Array
from srcgrad.ir.visit import walk

_READING = (Load, Copy, View, Reshape, Product, External)  # what may read arrays


@dataclass(frozen=True, eq=False)
class Fusion:
    """The cotangents of the loop's active carried values, one per active slot, and the statements that compute
    them before the loop."""

    cotangents: tuple[Atom, ...]
    prelude: tuple[Let, ...]


class Scopes:
    """Which blocks are reversed while their forward values are in scope: the outermost one and the bodies of fused
    loops. The *base* of a region is the innermost such block around it. In a `detached` function (a recursive one,
    whose reverse is a function of its own) no block is, and the outermost one is the base of all."""

    def __init__(self, regions: Regions, fused: Iterable[Loop] = (), detached: bool = False) -> None:
        self._root = regions.root
        bodies = {regions.of_block[loop.body] for loop in fused}
        self._in_scope = set() if detached else {regions.root, *bodies}

    def in_scope(self, region: Region) -> bool:
        return region in self._in_scope

    def base(self, region: Region) -> Region:
        return next((r for r in region.ancestors() if r in self._in_scope), self._root)

    def loops(self, region: Region) -> tuple[Loop, ...]:
        """The loops around a region that are run forward and backward separately."""
        return region.loops[self.base(region).depth :]


class FusionAnalysis:
    """Decides for the loops of one function."""

    def __init__(self, function: Function, regions: Regions, aliases: AliasClasses, activity: Activity) -> None:
        self._results = function.body.results
        self._regions = regions
        self._aliases = aliases
        self._activity = activity
        self._forms = AffineForms(regions)
        self._fresh = fresh_allocations(function, aliases)

    def decide(
        self, loop: For, cotangents: tuple[Atom, ...], written: dict[Sym, Statement], visible: Callable[[Sym], bool]
    ) -> Fusion | None:
        """The fusion of `loop`, whose active slots have these cotangents in the reverse sweep. `written` are the
        statements the reverse sweep has written so far, by result; `visible` tells the symbols of the forward sweep
        that are in scope before the loop."""
        if any(isinstance(p.type, Array) for p in loop.parameters) or not self._memory_allows(loop):
            return None
        prelude: dict[Let, None] = {}
        if not all(self._computable(atom, written, visible, prelude) for atom in cotangents):
            return None
        return Fusion(cotangents, tuple(prelude))

    def _computable(
        self, atom: Atom, written: dict[Sym, Statement], visible: Callable[[Sym], bool], prelude: dict[Let, None]
    ) -> bool:
        """Can the atom be had before the loop? The statements that takes are added to `prelude`, in order."""
        if isinstance(atom, Const) or visible(atom):
            return True
        statement = written.get(atom)
        if not isinstance(statement, Let):
            return False
        if not all(self._computable(a, written, visible, prelude) for a in statement.arguments):
            return False
        prelude[statement] = None
        return True

    def owns(self, loop: Loop, array: Sym) -> bool:
        """Is the memory of `array` one iteration's own, so that no iteration sees what another left in it?"""
        root = self._aliases.root(array)
        stores = [s for s in walk(loop.body) if isinstance(s, Store) and self._aliases.root(s.array) is root]
        return self._own_memory(loop, root, stores)

    # -- memory -----------------------------------------------------------------------------------------------

    def _memory_allows(self, loop: For) -> bool:
        read, stored = self._touched(loop)
        if read is None:
            return False
        region = self._regions.of_statement[loop]
        later = region.block.statements[self._regions.position[loop] + 1 :]
        for root in read - stored.keys():
            if any(self._stores_into(s, root) for statement in later for s in _with_inner(statement)):
                return False
        return all(self._own_memory(loop, root, stores) for root, stores in stored.items())

    def _touched(self, loop: For) -> tuple[set[Sym] | None, dict[Sym, list[Store]]]:
        """The alias classes of active memory that the loop reads, and its active stores by class. No class at all
        (`None`) where the loop does more with references than load and store."""
        read: set[Sym] = set()
        stored: dict[Sym, list[Store]] = {}
        for statement in walk(loop.body):
            match statement:
                case Load(array=array) | Copy(array=array) if self._activity(array):
                    read.add(self._aliases.root(array))
                case Store(array=array) if self._activity(array):
                    stored.setdefault(self._aliases.root(array), []).append(statement)
                case Product(array=array, left=left, right=right) if self._activity(array):
                    read.update(self._aliases.root(a) for a in (left, right) if self._activity(a))
                    stored.setdefault(self._aliases.root(array), [])
                case External(outputs=outputs, inputs=inputs) if any(map(self._activity, outputs)):
                    read.add(self._aliases.root(inputs[-1]))
                    stored.update((self._aliases.root(array), []) for array in outputs)
                case Call() | Push() | Pop():
                    return None, {}
                case If(results=results) | For(results=results) | While(results=results):
                    if any(isinstance(r.type, Array) for r in results):
                        return None, {}
        return read, stored

    def _stores_into(self, statement: Statement, root: Sym) -> bool:
        return any(self._aliases.root(a) is root for a in written_arrays(statement))

    def _own_memory(self, loop: Loop, root: Sym, stores: list[Store]) -> bool:
        """Is this class of memory one iteration's own?"""
        origin = self._fresh.get(root)
        if origin is None:
            return False
        if loop in self._regions.of_symbol[origin].loops:
            return True
        return self._dead_after(loop, root) and self._filled_first(loop, root, stores)

    def _dead_after(self, loop: Loop, root: Sym) -> bool:
        """Does nothing read the class after the loop (in this or a further execution of the block around it)?"""
        if any(isinstance(r, Sym) and self._aliases.root(r) is root for r in self._results):
            return False
        inside = set(walk(loop.body))
        return not any(
            isinstance(s, _READING) and root in self._operands(s) and s not in inside
            for s in self._regions.of_statement
        )

    def _operands(self, statement: Statement) -> set[Sym]:
        """The alias classes of the arrays among the operands of a statement."""
        arrays = (a for a in operands(statement) if isinstance(a, Sym) and isinstance(a.type, Array))
        return set(map(self._aliases.root, arrays))

    def _filled_first(self, loop: Loop, root: Sym, stores: list[Store]) -> bool:
        """Does every iteration store what it loads before it loads it?"""
        filling = [s for s in stores if not s.accumulate and self._unconditional(s, loop)]
        for statement in walk(loop.body):
            match statement:
                case Load(array=array) if self._aliases.root(array) is root:
                    if not any(self._covers(store, statement, loop) for store in filling):
                        return False
                case Copy() | View() | Reshape() | Product() | External() if root in self._operands(statement):
                    return False
                case Store(array=array, accumulate=True) if self._aliases.root(array) is root:
                    if not any(self._covers(store, statement, loop) for store in filling):
                        return False
        return True

    def _unconditional(self, store: Store, loop: Loop) -> bool:
        """Is the store reached in every iteration, through nothing but loops?"""
        for region in self._regions.of_statement[store].ancestors():
            if region.owner is loop:
                return True
            if not isinstance(region.owner, For):
                return False
        return False

    def _covers(self, store: Store, access: Load | Store, loop: Loop) -> bool:
        """Has `store` written the element before `access` reads it, in the same iteration of `loop`?"""
        if store.array is not access.array or not self._precedes(store, access, loop):
            return False
        there, here = self._regions.of_statement[store], self._regions.of_statement[access]
        around = [r.owner for r in there.ancestors() if not r.encloses(here)]
        if not all(isinstance(owner, For) and store.index.count(owner.index) == 1 for owner in around):
            return False  # a loop that no subscript follows may not run at all; one that two follow fills a diagonal
        fillers = {owner.index: owner for owner in around if isinstance(owner, For)}
        for axis, (stored, read) in enumerate(zip(store.index, access.index, strict=True)):
            filler = fillers.get(stored) if isinstance(stored, Sym) else None
            if filler is None and not self._one_value(stored, read, (there, here)):
                return False
            if filler is not None and not self._spans(filler, store.array, axis, read, loop):
                return False
        return True

    def _one_value(self, stored: Atom, read: Atom, places: tuple[Region, Region]) -> bool:
        """Are two subscripts, at two places in one execution of the block around both, one number?"""
        form = self._forms.of(stored)
        homes = [self._regions.of_symbol[symbol] for symbol in form.symbols]
        return form == self._forms.of(read) and all(home.encloses(place) for home in homes for place in places)

    def _precedes(self, store: Store, access: Load | Store, loop: Loop) -> bool:
        """Is the store complete before the access: at an earlier statement of a block around both?"""
        positions = self._positions(access)
        for region, position in self._positions(store).items():
            if region in positions:
                return position < positions[region]
        return False

    def _positions(self, statement: Statement) -> dict[Region, int]:
        found: dict[Region, int] = {}
        for region in self._regions.of_statement[statement].ancestors():
            found[region] = self._regions.position[statement]
            if region.owner is not None:
                statement = region.owner
        return found

    def _spans(self, filler: For, array: Sym, axis: int, read: Atom, loop: Loop) -> bool:
        """Does the index of `filler`, a loop that is over by then, take every value that the read subscript takes?"""
        start, stop = self._forms.of(filler.start), self._forms.of(filler.stop)
        if self._forms.of(filler.step) != Affine(1):
            return False
        # the bounds must be one number at both moments: nothing that changes inside the fused loop
        if any(self._changes(symbol, loop) for symbol in start.symbols | stop.symbols):
            return False
        if start == ZERO and stop == self._extent(array, axis):
            return True
        other, last = self._forms.of(read), stop.plus(Affine(1), -1)
        return self._forms.never_negative(other.plus(start, -1)) and self._forms.never_negative(last.plus(other, -1))

    def _changes(self, symbol: Sym, loop: Loop) -> bool:
        """Is the symbol defined inside a loop that runs within an iteration of `loop`?"""
        return self._regions.of_symbol[symbol].depth > self._regions.of_block[loop.body].depth

    def _extent(self, array: Sym, axis: int) -> Affine | None:
        """The length of an array's dimension: filling all of it covers every subscript there is."""
        definition = self._regions.definition.get(array)
        return self._forms.of(definition.shape[axis]) if isinstance(definition, Alloc) else None


def _with_inner(statement: Statement) -> Iterable[Statement]:
    yield statement
    match statement:
        case If(then=then, orelse=orelse):
            yield from walk(then)
            yield from walk(orelse)
        case For(body=body):
            yield from walk(body)
        case While(condition=condition, body=body):
            yield from walk(condition)
            yield from walk(body)
