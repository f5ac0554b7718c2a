"""One loop per offset: the adjoint of a stencil as loops that vectorise.

The adjoint of `v[i] = f(u[i-1], u[i], u[i+1])` adds to three elements of `u_bar` in each iteration; because iterations
overlap, no compiler turns that into vector code. Additions into memory that the loop does not read commute, so the
loop may be split:

    for i: t = v_bar[i]; v_bar[i] = 0             for i: u_bar[i - 1] += a * v_bar[i]
           u_bar[i - 1] += a * t            =>    for i: u_bar[i + 1] += b * v_bar[i]
           u_bar[i + 1] += b * t                  for i: v_bar[i] = 0

In, out: a `Function` (after differentiation). A loop is split when two of its additions go to different elements of
one array and move along a row of it (down a column nothing would be vectorised), when what it reads is provably other
memory (or exactly the element that the same iteration overwrites last), and when what has to be computed again in each
part is cheap.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.adjoint.nest import slice_of, stores_alone, without_stores
from srcgrad.analysis.affine import AffineForms
from srcgrad.analysis.identity import Identities
from srcgrad.analysis.regions import find_regions
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.nodes import Block, Dim, For, Function, Let, Load, Statement, Store, Sym
from srcgrad.ir.visit import clone_block, map_atoms, rebuild

_MOST_REPEATED_COST = 12
_MOST_COST_OF_ONE = 4


def distribute(function: Function) -> Function:
    """The function with overlapping additions in separate loops."""
    return rebuild(function, _Distributor(function).block(function.body))


class _Distributor:
    def __init__(self, function: Function) -> None:
        regions = find_regions(function)
        self._aliases = alias_classes(function)
        self._identities = Identities(regions)
        self._forms = AffineForms(regions)

    def block(self, block: Block) -> Block:
        statements: list[Statement] = []
        for statement in block.statements:
            parts = self._split(statement) if isinstance(statement, For) else None
            statements.extend(parts or [map_atoms(statement, lambda atom: atom, self.block)])
        same = len(statements) == len(block.statements)
        if same and all(a is b for a, b in zip(statements, block.statements, strict=True)):
            return block
        return Block(tuple(statements), block.results)

    def _split(self, loop: For) -> list[Statement] | None:
        """The loops that stand for `loop`, or `None` where it stays."""
        body = loop.body.statements
        if not all(isinstance(s, (Let, Dim, Load, Store)) for s in body) or not stores_alone((loop,), body):
            return None
        stores = [s for s in body if isinstance(s, Store)]
        adding = [s for s in stores if s.accumulate]
        setting = [s for s in stores if not s.accumulate]
        groups = _by_target(adding)
        if not self._overlap(loop, groups) or not self._independent(loop, adding, setting):
            return None
        slices = [slice_of(body, group) for group in groups] + ([slice_of(body, setting)] if setting else [])
        if not _cheap(body, slices):
            return None
        parts: list[Statement] = [_loop_over(loop, part) for part in slices]
        if loop.results:  # what it carries is computed from what is there before anything is overwritten
            parts.insert(len(groups), without_stores(loop))
        return parts

    def _overlap(self, loop: For, groups: list[list[Store]]) -> bool:
        """Do two additions hit one array at elements that move along a row with the loop?"""
        moving = [g[0] for g in groups if self._moves(g[0], loop)]
        arrays = [s.array for s in moving]
        return len(set(arrays)) < len(arrays)

    def _moves(self, store: Store, loop: For) -> bool:
        if not store.index:
            return False
        subscript = store.index[store.array.type.fastest]  # type: ignore[union-attr]
        return bool(self._forms.of(subscript).coefficient(loop.index))

    def _independent(self, loop: For, adding: list[Store], setting: list[Store]) -> bool:
        loads = [s for s in loop.body.statements if isinstance(s, Load)]
        touched = {s.array for s in loads} | {s.array for s in setting}
        if not all(self._apart(store.array, array) for store in adding for array in touched):
            return False
        return all(self._set_last(loop, store, loads, setting) for store in setting)

    def _apart(self, a: Sym, b: Sym) -> bool:
        return not self._aliases.same(a, b) or self._identities.distinct(a, b)

    def _set_last(self, loop: For, store: Store, loads: list[Load], setting: list[Store]) -> bool:
        """Is each element that is set read only by its own iteration, before that?"""
        statements = loop.body.statements
        place = statements.index(store)
        for load in loads:
            same = load.array is store.array and load.index == store.index and statements.index(load) < place
            if not same and not self._apart(load.array, store.array):
                return False
        if any(other is not store and not self._apart(other.array, store.array) for other in setting):
            return False
        own = any(self._forms.of(atom).coefficient(loop.index) for atom in store.index)
        return own and all(self._forms.never_negative(self._forms.of(atom)) for atom in store.index)


def _by_target(stores: list[Store]) -> list[list[Store]]:
    """The additions that go to one element together."""
    groups: dict[tuple, list[Store]] = {}
    for store in stores:
        groups.setdefault((store.array, store.index), []).append(store)
    return list(groups.values())


def _cheap(body: tuple[Statement, ...], slices: list[list[Statement]]) -> bool:
    """Is the work that more than one part does small?"""
    costs = [s.op.cost for part in slices for s in part if isinstance(s, Let)]
    repeated = sum(costs) - sum(s.op.cost for s in body if isinstance(s, Let))
    shared = [s for s in body if isinstance(s, Let) and sum(s in part for part in slices) > 1]
    return repeated <= _MOST_REPEATED_COST and all(s.op.cost <= _MOST_COST_OF_ONE for s in shared)


def _loop_over(loop: For, statements: list[Statement]) -> For:
    index = Sym(loop.index.hint, loop.index.type)
    body = clone_block(Block(tuple(statements)), {loop.index: index})
    return replace(loop, results=(), parameters=(), initial=(), index=index, body=body)
