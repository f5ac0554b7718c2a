"""Loads of what a loop does not change move in front of it.

    for j in range(i):                          x = 0.0
        s += (p[i, 0] - p[j, 0]) ** 2   =>      if 0 < i: x = p[i, 0]
        q[j] = s                                for j in range(i):
                                                    s += (x - p[j, 0]) ** 2
                                                    q[j] = s

LLVM must assume that the store into `q` may change `p`; here it is known that it does not.

In, out: a `Function` (after differentiation). A load moves when its array and subscripts are the same in all
iterations and nothing in the loop writes memory that may be the same. Where the subscripts are provably in range it
moves out of all such loops at once, from branches too; otherwise only from the body of a loop that certainly begins
with it, and under the condition that there is an iteration: an element that does not exist is never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from srcgrad.analysis.identity import Identities
from srcgrad.analysis.ranges import Ranges
from srcgrad.analysis.regions import Loop, find_regions
from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.build import Builder, const_like
from srcgrad.ir.nodes import (
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Load,
    Pop,
    Push,
    Raise,
    Statement,
    Sym,
    While,
    blocks,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import defined_symbols, inner_symbols, map_atoms, walk
from srcgrad.opt.rewrite import same_range, with_helpers


def hoist_loads(function: Function) -> Function:
    """The function with invariant loads in front of the loops; the same object when nothing moved."""
    return with_helpers(function, lambda each: _Hoister(each).block(each.body))


class _Hoister:
    def __init__(self, function: Function) -> None:
        self._regions = regions = find_regions(function)
        self._aliases: AliasClasses = alias_classes(function)
        self._identities = Identities(regions)
        self._ranges = Ranges(regions)
        self._moved: set[Load] = set()

    def block(self, block: Block) -> Block:
        """The block with loads moved in front of the loops in it, outer loops first."""
        statements: list[Statement] = []
        for statement in block.statements:
            if statement in self._moved:
                continue
            if isinstance(statement, (For, While)):
                statements.extend(self._before(statement))
            statements.append(map_atoms(statement, lambda atom: atom, self.block))
        same = len(statements) == len(block.statements)
        if same and all(a is b for a, b in zip(statements, block.statements, strict=True)):
            return block
        return Block(tuple(statements), block.results)

    def _before(self, loop: Loop) -> list[Statement]:
        """What the loads that move out of a loop become."""
        changing = {*defined_symbols(loop.body), *inner_symbols(loop)}
        if isinstance(loop, While):
            changing.update(defined_symbols(loop.condition))
        writes = tuple(_writes(loop))
        first = set(_certainly_first(loop))
        moved: list[Statement] = []
        guarded: list[Load] = []
        for statement in walk(loop.body):
            if not isinstance(statement, Load) or statement in self._moved:
                continue
            if not changing.isdisjoint((statement.array, *statement.index)) or self._may_change(statement, writes):
                continue
            in_range = self._ranges.in_range(statement.array, statement.index)
            if not in_range and statement not in first:
                continue
            self._moved.add(statement)
            if in_range or self._runs(loop):
                changing.discard(statement.result)
                moved.append(statement)
            else:
                guarded.append(statement)
        return [*moved, *_guarded(loop, guarded)]

    def _runs(self, loop: Loop) -> bool:
        """Whether the loop certainly has an iteration, because it stands in another one over the same range."""
        around = self._regions.of_statement[loop].loops
        return any(isinstance(outer, For) and isinstance(loop, For) and same_range(outer, loop) for outer in around)

    def _may_change(self, load: Load, writes: tuple[Sym, ...]) -> bool:
        return any(self._aliases.same(load.array, a) and not self._identities.distinct(load.array, a) for a in writes)


def _writes(loop: Loop) -> Iterator[Sym]:
    """The arrays that a loop may write into."""
    for statement in (s for block in blocks(loop) for s in walk(block)):
        yield from written_arrays(statement)
        match statement:
            case Call(results=results):
                yield from (r for r in results if not isinstance(r.type, Scalar))
            case Push(stack=stack) | Pop(stack=stack):
                yield stack


def _certainly_first(loop: Loop) -> Iterator[Load]:
    """The loads that the first iteration runs, if there is one."""
    if isinstance(loop, For) and isinstance(loop.step, Const):
        for statement in loop.body.statements:
            if isinstance(statement, (Raise, Call, While)) or any(map(_may_raise, blocks(statement))):
                return
            if isinstance(statement, Load):
                yield statement


def _may_raise(block: Block) -> bool:
    return any(isinstance(s, (Raise, Call, While)) for s in walk(block))


def _guarded(loop: Loop, loads: list[Load]) -> list[Statement]:
    """The loads, if the loop has an iteration."""
    if not loads:
        return []
    assert isinstance(loop, For) and isinstance(loop.step, Const)
    builder = Builder()
    builder.span = loop.span
    runs = builder.op("lt" if loop.step.value > 0 else "gt", loop.start, loop.stop)
    inner = [Sym(load.result.hint, load.result.type) for load in loads]
    then = Block(tuple(replace(load, result=s) for load, s in zip(loads, inner, strict=True)), tuple(inner))
    zeros = tuple(const_like(0, load.result.type) for load in loads)  # type: ignore[arg-type]
    results = tuple(load.result for load in loads)
    builder.emit(If(results, runs, then, Block((), zeros), loop.span))
    return list(builder.finish().statements)
