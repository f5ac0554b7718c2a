"""Additions to one element of memory become a sum that the loop carries.

    for j: t = f(j)                     s = for j carrying s = 0.0: t = f(j)
           a_bar[i] += t          =>                                yield s + t
                                        if s != 0.0: a_bar[i] += s

Memory costs a load, an addition and a store each time, and an address; a carried sum stays in a register, and loads
of other arrays can leave a loop that no longer writes.

In, out: a `Function` (after differentiation, after `distribute`: a loop that carries a value is not split). A sum
takes the place of additions whose array and subscripts do not change in the loop. In the loop, all that happens to
memory that may be the same must be additions: these commute, so it does not matter when the sum is added. Only the
rounding changes: what is in memory before the loop is added last. The outermost loop that allows it carries the sum,
through all loops and branches inside it.

The subscripts may be out of range when no addition runs (no iteration, or a branch that is never taken). Then the
sum is zero, and adding it changes nothing; so where the subscripts are not provably in range, it is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from srcgrad.analysis.ranges import Ranges
from srcgrad.analysis.regions import Loop, find_regions
from srcgrad.ir.alias import AliasClasses, alias_classes, is_reference
from srcgrad.ir.build import Builder, const_like
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Const,
    Dim,
    For,
    Function,
    If,
    Let,
    Statement,
    Store,
    Sym,
    While,
    blocks,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Array, Scalar
from srcgrad.ir.visit import defined_symbols, inner_symbols, map_atoms, walk
from srcgrad.ops.registry import by_name
from srcgrad.opt.rewrite import atom_key, with_helpers

_MOST_CARRIED = 8  # numbers in one loop: about half the registers; sums that are spilled cost more than memory does

Target = tuple[Sym, tuple[object, ...]]
"""An element of memory: the array and the keys of the subscripts."""


def promote(function: Function) -> Function:
    """The function with sums carried by loops; the same object when there are none."""
    return with_helpers(function, lambda each: _Promoter(each).block(each.body))


def _target(store: Store) -> Target:
    return store.array, tuple(map(atom_key, store.index))


class _Promoter:
    def __init__(self, function: Function) -> None:
        regions = find_regions(function)
        self._aliases = alias_classes(function)
        self._ranges = Ranges(regions)

    def block(self, block: Block) -> Block:
        """The block with sums carried by the loops in it, outer loops first."""
        statements: list[Statement] = []
        for statement in block.statements:
            if isinstance(statement, (For, While)):
                statements.extend(self._loop(statement))
            else:
                statements.append(map_atoms(statement, lambda atom: atom, self.block))
        same = len(statements) == len(block.statements)
        if same and all(a is b for a, b in zip(statements, block.statements, strict=True)):
            return block
        return Block(tuple(statements), block.results)

    def _loop(self, loop: Loop) -> list[Statement]:
        """What stands for a loop: the loop with its sums, then their additions to memory."""
        stores = self._chosen(loop)
        builder = Builder()
        builder.span = loop.span
        zeros: dict[Target, Atom] = {t: const_like(0.0, _element(store)) for t, store in stores.items()}
        threaded = _thread_loop(loop, zeros, {t: _sum_name(s) for t, s in stores.items()}) if stores else loop
        builder.emit(map_atoms(threaded, lambda atom: atom, self.block))
        for target, store in stores.items():
            self._add(builder, store, zeros[target])
        return list(builder.finish().statements)

    def _add(self, builder: Builder, store: Store, total: Atom) -> None:
        """Add a sum to memory, unless it is zero and its subscripts mean nothing."""
        if self._ranges.in_range(store.array, store.index):
            builder.store(store.array, store.index, total, accumulate=True)
            return
        assert isinstance(total.type, Scalar)
        some = builder.op("ne", total, const_like(0.0, total.type))
        with builder.block() as then:
            builder.store(store.array, store.index, total, accumulate=True)
        builder.if_(some, Block(tuple(then)), Block(()), ())

    def _chosen(self, loop: Loop) -> dict[Target, Store]:
        """The elements that the loop gets a sum for, each with one of its additions."""
        changing = set(defined_symbols(loop.body)) | set(inner_symbols(loop))
        blocked = _otherwise_used(loop, self._aliases)
        fixed: dict[Target, tuple[int, Store]] = {}
        for depth, store in _additions(loop.body):
            if changing.isdisjoint((store.array, *store.index)) and self._aliases.root(store.array) not in blocked:
                target = _target(store)
                fixed[target] = max(fixed.get(target, (-1, store)), (depth, store), key=lambda found: found[0])
        room = max(_MOST_CARRIED - _carried(loop), 0)
        deepest = sorted(fixed, key=lambda target: -fixed[target][0])[:room]  # those that run most often
        return {target: fixed[target][1] for target in deepest}


def _additions(block: Block, depth: int = 0) -> Iterable[tuple[int, Store]]:
    """The additions of floats to memory in a block, each with the number of loops around it inside the block."""
    for statement in block.statements:
        if isinstance(statement, Store) and statement.accumulate and _element(statement).is_float:
            yield depth, statement
        inner = (statement.body,) if isinstance(statement, While) else blocks(statement)
        for nested in inner:
            yield from _additions(nested, depth + isinstance(statement, (For, While)))


def _carried(loop: Loop) -> int:
    """How many numbers a loop, or one inside it, carries at most."""
    loops = (s for s in (loop, *walk(loop.body)) if isinstance(s, (For, While)))
    return max(sum(isinstance(p.type, Scalar) and p.type.is_float for p in each.parameters) for each in loops)


def _otherwise_used(loop: Loop, aliases: AliasClasses) -> set[Sym]:
    """The alias classes to which something else happens in a loop than additions that a sum can stand for."""
    found: set[Sym] = set()
    for statement in (s for block in blocks(loop) for s in walk(block)):
        adds = isinstance(statement, Store) and statement.accumulate
        if adds or isinstance(statement, (Dim, If, For, While)):  # these only pass references around
            continue
        found.update(aliases.root(a) for a in operands(statement) if isinstance(a, Sym) and is_reference(a))
    conditions = [s.condition for s in (loop, *walk(loop.body)) if isinstance(s, While)]
    found.update(aliases.root(s.array) for block in conditions for s in walk(block) if isinstance(s, Store))
    return found


def _element(store: Store) -> Scalar:
    assert isinstance(store.array.type, Array)
    return store.array.type.element


def _sum_name(store: Store) -> str:
    """`p_bar[0]` is summed in `p_bar_0`."""
    parts = [str(abs(int(a.value))) if isinstance(a, Const) else a.hint for a in store.index]
    return "_".join([store.array.hint, *parts])


# -- sums through blocks -----------------------------------------------------------------------------------------


def _thread_block(block: Block, sums: dict[Target, Atom], names: dict[Target, str]) -> Block:
    """The block with additions to `sums` in place of those to memory; `sums` holds the new values afterwards."""
    statements: list[Statement] = []
    for statement in block.statements:
        touched = {t: name for t, name in names.items() if t in _targets(statement)} if names else {}
        match statement:
            case Store() if touched:
                statement = _add_to_sum(statement, sums, names)
            case If() if touched:
                statement = _thread_if(statement, sums, touched)
            case For() | While() if touched:
                statement = _thread_loop(statement, sums, touched)
        statements.append(statement)
    return Block(tuple(statements), block.results)


def _targets(statement: Statement) -> set[Target]:
    """The elements that a statement, or one nested in it, adds to."""
    inside = walk(Block((statement,)))
    return {_target(s) for s in inside if isinstance(s, Store) and s.accumulate}


def _add_to_sum(store: Store, sums: dict[Target, Atom], names: dict[Target, str]) -> Let:
    target = _target(store)
    result = Sym(names[target], _element(store))
    new = Let(result, by_name("add"), (sums[target], store.value), store.span)
    sums[target] = result
    return new


def _thread_if(statement: If, sums: dict[Target, Atom], names: dict[Target, str]) -> If:
    branches: list[Block] = []
    for block in (statement.then, statement.orelse):
        own = dict(sums)
        inside = _thread_block(block, own, names)
        branches.append(Block(inside.statements, (*inside.results, *(own[t] for t in names))))
    results = _symbols(sums, names)
    sums.update(zip(names, results, strict=True))
    then, orelse = branches
    return replace(statement, results=(*statement.results, *results), then=then, orelse=orelse)


def _thread_loop(loop: Loop, sums: dict[Target, Atom], names: dict[Target, str]) -> Loop:
    parameters, results = _symbols(sums, names), _symbols(sums, names)
    own: dict[Target, Atom] = dict(zip(names, parameters, strict=True))
    body = _thread_block(loop.body, own, names)
    body = Block(body.statements, (*body.results, *(own[t] for t in names)))
    new = replace(
        loop, results=(*loop.results, *results), parameters=(*loop.parameters, *parameters),
        initial=(*loop.initial, *(sums[t] for t in names)), body=body,
    )  # fmt: skip
    sums.update(zip(names, results, strict=True))
    return new


def _symbols(sums: dict[Target, Atom], names: dict[Target, str]) -> list[Sym]:
    return [Sym(name, sums[target].type) for target, name in names.items()]
