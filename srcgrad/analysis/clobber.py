"""Which stores may overwrite what a load has read, after it was read.

This is the question on which correct reversal of in-place code rests. `Clobbers.of(load)` names the stores that may
execute after the load and may hit the same element; everything not proven apart is assumed to meet.

Two accesses are proven apart when they are to different alias classes, to memory that is fresh in every iteration,
or when in some dimension both subscripts are never negative and their affine forms differ for every order of
execution in which the store comes after the load (the test is made once for "same iteration of all common loops"
and once per common loop for "a later iteration of this loop, same iteration of those outside").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.identity import Identities
from srcgrad.analysis.regions import Loop, Region, Regions, index_of
from srcgrad.ir.alias import AliasClasses
from srcgrad.ir.nodes import (
    Alloc,
    Call,
    Callee,
    Const,
    Copy,
    Dim,
    External,
    For,
    Function,
    Let,
    Load,
    Print,
    Product,
    Push,
    Raise,
    Reshape,
    Statement,
    Store,
    Sym,
    View,
    definitions,
    operands,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import Array
from srcgrad.ir.visit import walk


@dataclass(frozen=True, eq=False)
class Clobber:
    """One way in which `store` may overwrite what a load read: `in_block` when both run in one execution of the
    load's own block (the store after the load), else in a later execution of some block around it."""

    store: Statement
    in_block: bool


@dataclass(frozen=True, eq=False)
class WholeRead:
    """`statement` reads any elements of `array`."""

    statement: Statement
    array: Sym


Reading = Load | WholeRead
"""What may be clobbered: one element, or all of an array."""


def _reader(reading: Reading) -> Statement:
    return reading if isinstance(reading, Load) else reading.statement


class Clobbers:
    """The relation between what one function reads and what it writes."""

    def __init__(
        self, function: Function, regions: Regions, aliases: AliasClasses, writing: Writing | None = None
    ) -> None:
        self._regions = regions
        self._aliases = aliases
        self._forms = AffineForms(regions)
        self._identities = Identities(regions)
        self._stores: dict[Sym, list[Statement]] = {}
        self._known: dict[tuple[Load, Region], tuple[Clobber, ...]] = {}
        for statement in walk(function.body):
            for array in arrays_written(statement, writing or {}):
                self._stores.setdefault(aliases.root(array), []).append(statement)
        self._fresh = fresh_allocations(function, aliases)

    def of(self, load: Load, base: Region) -> tuple[Clobber, ...]:
        """Every store that may overwrite, after `load` and before the block `base` around it ends, the element that
        was read. (The reverse sweep of a block that is reversed on the spot runs before anything after it does.)"""
        if (load, base) not in self._known:
            stores = self._stores.get(self._aliases.root(load.array), [])
            self._known[load, base] = tuple(c for store in stores for c in self._relate(load, store, base))
        return self._known[load, base]

    def of_array(self, statement: Statement, array: Sym, base: Region) -> bool:
        """Whether anything may overwrite what `statement` reads of `array` before the block `base` ends."""
        stores = self._stores.get(self._aliases.root(array), [])
        reading = WholeRead(statement, array)
        return any(True for store in stores for _ in self._relate(reading, store, base))

    def _relate(self, load: Reading, store: Statement, base: Region) -> Iterator[Clobber]:
        common, load_at, store_at = self._meet(_reader(load), store)
        if not base.encloses(common):
            return
        here = self._regions.of_statement[_reader(load)]
        if load_at < store_at and self._may_meet(load, store, None, common):
            yield Clobber(store, in_block=common is here)
        if any(self._may_meet(load, store, loop, common) for loop in common.loops[base.depth :]):
            yield Clobber(store, in_block=False)

    def _meet(self, load: Statement, store: Statement) -> tuple[Region, int, int]:
        """The innermost region around both, and the positions in it of the statements that contain them.

        The two branches of an `If` never run together: then the positions are equal."""
        load_path = self._path(load)
        store_path = dict(self._path(store))
        for region, position in load_path:
            if region in store_path:
                return region, position, store_path[region]
        raise AssertionError("two statements of one function share its root region")

    def _path(self, statement: Statement) -> list[tuple[Region, int]]:
        path = []
        region: Region | None = self._regions.of_statement[statement]
        current = statement
        while region is not None:
            path.append((region, self._regions.position[current]))
            current = region.owner  # type: ignore[assignment]
            region = region.parent
        return path

    def _may_meet(self, load: Reading, store: Statement, later: Loop | None, common: Region) -> bool:
        """May the store hit the loaded element, in the same iteration of the loops around `common` (`later` is
        None) or in a later iteration of one of them?"""
        other = store if isinstance(store, (Store, Product)) and store.array is not load.array else None
        if other is not None and self._elsewhere(load, other, later):
            return False
        if isinstance(load, WholeRead) or not isinstance(store, Store) or store.array is not load.array:
            return not self._fresh_between(load.array, later)
        if later is not None and not self._fixed_during(load.array, later):
            return not self._fresh_between(load.array, later)
        outside = self._equal_symbols(later, common)
        pairs = zip(store.index, load.index, strict=True)
        return not any(self._apart(self._forms.of(s), self._forms.of(i), later, outside) for s, i in pairs)

    def _elsewhere(self, load: Reading, store: Store | Product, later: Loop | None) -> bool:
        """Do two symbols name different memory at these two moments?"""
        allocation = self._identities.allocation(store.array)
        if allocation is not None:  # memory that is allocated after the load was made is not what it read
            if later is not None and later in self._regions.of_statement[allocation].loops:
                return True
            _, load_at, allocated_at = self._meet(_reader(load), allocation)
            if later is None and load_at < allocated_at:
                return True
        steady = later is None or all(self._fixed_during(a, later) for a in (load.array, store.array))
        return steady and self._identities.distinct(load.array, store.array)

    def _fixed_during(self, array: Sym, loop: Loop) -> bool:
        """Is the array symbol defined outside the loop, so that it names one array in all its iterations?"""
        return loop not in self._regions.of_symbol[array].loops

    def _fresh_between(self, array: Sym, later: Loop | None) -> bool:
        """Is the memory allocated anew in every iteration of `later`, under no other name?"""
        origin = self._fresh.get(self._aliases.root(array))
        return origin is not None and later is not None and later in self._regions.of_symbol[origin].loops

    def _equal_symbols(self, later: Loop | None, common: Region) -> tuple[Loop, ...]:
        """The loops whose indices have one value at the load and at the store."""
        loops = common.loops
        return loops if later is None else loops[: loops.index(later)]

    def _apart(self, store: Affine, load: Affine, later: Loop | None, outside: tuple[Loop, ...]) -> bool:
        """Do the two subscripts of one dimension differ in every such pair of iterations?"""
        if not (self._forms.never_negative(store) and self._forms.never_negative(load)):
            return False
        moving = None if later is None else index_of(later)
        for symbol in (store.symbols | load.symbols) - {moving}:
            if not self._steady(symbol, outside, later):
                return False
        difference = store.plus(load, -1)
        if later is None:
            return not difference.terms and difference.constant != 0
        return self._never_zero(store, load, later)

    def _steady(self, symbol: Sym, outside: tuple[Loop, ...], later: Loop | None) -> bool:
        """Has the symbol one value at both accesses? True when all loops around its definition are `outside`; in
        the same iteration (`later` None) that is the region common to both."""
        return all(loop in outside for loop in self._regions.of_symbol[symbol].loops)

    def _never_zero(self, store: Affine, load: Affine, later: Loop) -> bool:
        """With i' = i + m*step, m >= 1, is store(i') - load(i) nonzero?"""
        index = index_of(later)
        coefficient = store.coefficient(index)
        rest = store.without(index).plus(load.without(index), -1)
        if coefficient != load.coefficient(index) or rest.terms:
            return False
        if isinstance(later, For):
            if not isinstance(later.step, Const):
                return False
            stride = coefficient * int(later.step.value) * (-1 if later.reverse else 1)
        else:
            stride = coefficient
        if stride == 0:
            return rest.constant != 0
        return stride + rest.constant > 0 if stride > 0 else stride + rest.constant < 0


Writing = Mapping[Callee, frozenset[np.dtype]]
"""The dtypes of the arrays that calls may write into; callees that write into none are left out."""


def arrays_written(statement: Statement, writing: Writing) -> tuple[Sym, ...]:
    """The arrays a statement writes into; a call may write into any array it is given of the dtypes in `writing`."""
    arrays = tuple(a for a in written_arrays(statement) if isinstance(a.type, Array))
    if not isinstance(statement, Call):
        return arrays
    dtypes = writing.get(statement.callee, frozenset())
    return tuple(a for a in arrays if a.type.dtype in dtypes)  # type: ignore[union-attr]


def fresh_allocations(function: Function, aliases: AliasClasses) -> dict[Sym, Sym]:
    """The alias classes that consist of one allocation and views of it, mapped to the allocated symbol: there every
    execution of the allocation gives memory that no other name reaches."""
    origins: dict[Sym, list[Sym]] = {}
    merged = {aliases.root(p) for p in function.params if isinstance(p.type, Array)}
    for statement in walk(function.body):
        match statement:
            case Alloc(result=result) | Copy(result=result):
                origins.setdefault(aliases.root(result), []).append(result)
            case View() | Reshape() | Load() | Let() | Dim() | Store() | Product() | External() | Raise() | Print():
                pass
            case Push(value=Sym(type=Array()) as value):
                merged.add(aliases.root(value))
            case _:
                merged |= {aliases.root(s) for s in definitions(statement) if isinstance(s.type, Array)}
                merged |= {aliases.root(a) for a in operands(statement) if isinstance(a, Sym) and _is_array(a)}
    return {root: found[0] for root, found in origins.items() if len(found) == 1 and root not in merged}


def _is_array(symbol: Sym) -> bool:
    return isinstance(symbol.type, Array)
