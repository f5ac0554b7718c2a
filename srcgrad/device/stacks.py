"""Stacks of loops whose iterations could be threads, as parts of one array.

    s = new_stack                             for i in range(0, n, 1):
    for i in range(0, n, 1):                      store pushes[i] = (how often iteration i pushes)
        while ...:                            first = (the sums of 32 times the most in each group of 32)
            push s, v                  =>     memory = alloc (first[last])
    for i in range(n - 1, -1, -1):            for i in range(0, n, 1):
        for k in ...:                             while ... carrying at = first[i // 32] + i % 32:
            v = pop s                                 store memory[at] = v; at + 32
                                              for i in range(n - 1, -1, -1):
                                                  for k in ... carrying at = ... + 32 * pushes[i]:
                                                      v = load memory[at - 32]; at - 32

In, out: a function that is otherwise done. What a loop pushes is not known before it has run, and threads cannot ask
for memory: so the part of it that decides how often is run once more, in front (nothing but that, and nothing that
writes). A stack is pushed by one loop and popped by that loop or by the one that takes its iterations backwards, each
of which pops what it pushed. Where the number depends on what the loop writes, the loop stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from srcgrad.device.arena import LANES, Arena, Positions, pushes_in, stacks_used
from srcgrad.device.choice import Chooser
from srcgrad.device.scan import sums_before
from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.build import Builder, folded, int_const
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Const,
    For,
    Function,
    Let,
    NewStack,
    Pop,
    Push,
    Statement,
    Sym,
    blocks,
)  # fmt: skip
from srcgrad.ir.types import INT64, Scalar, Stack
from srcgrad.ir.visit import map_atoms, rebuild, walk
from srcgrad.ops.registry import by_name
from srcgrad.opt.rewrite import exchanged
from srcgrad.parallel.iterations import is_numbered


@dataclass(frozen=True, eq=False)
class _Pair:
    """`first` pushes onto the stacks; `second`, if there is one, pops what `first` left."""

    first: For
    second: For | None
    stacks: tuple[Sym, ...]


def in_arrays(function: Function) -> Function:
    """The function with such stacks as arrays; the same object where there are none."""
    pairs = list(_pairs(function.body))
    if not pairs:
        return function
    plain = _without_stacks(function)
    chooser = Chooser(plain)
    loops = {s.index: s for s in walk(plain.body) if isinstance(s, For)}
    kept = [
        pair for pair in pairs
        if not any(chooser.obstacle(loops[each.index]) for each in (pair.first, pair.second) if each is not None)
    ]  # fmt: skip
    return rebuild(function, _Rewriter(kept, alias_classes(function)).block(function.body)) if kept else function


# -- which stacks -----------------------------------------------------------------------------------------------------


def _pairs(block: Block) -> Iterator[_Pair]:
    """The loops of a block that share stacks with each other and with nothing else; and those further inside."""
    users: dict[Sym, list[Statement]] = {}
    for s in block.statements:
        for stack in stacks_used(s):
            users.setdefault(stack, []).append(s)
    made = {s.result for s in block.statements if isinstance(s, NewStack)}
    taken: set[Statement] = set()
    for found in dict.fromkeys(map(tuple, users.values())):
        stacks = tuple(stack for stack, each in users.items() if set(each) & set(found))
        groups = {tuple(users[stack]) for stack in stacks}
        longest = max(groups, key=len)
        if taken.isdisjoint(longest) and all(set(g) <= set(longest) for g in groups):
            pair = _pair(longest, stacks, made)
            if pair is not None:
                taken.update(longest)
                yield pair
    for s in block.statements:
        if s not in taken:
            for inner in blocks(s):
                yield from _pairs(inner)


def _pair(statements: tuple[Statement, ...], stacks: tuple[Sym, ...], made: set[Sym]) -> _Pair | None:
    loops = [s for s in statements if isinstance(s, For) and isinstance(s.step, Const) and is_numbered(s)]
    if len(loops) != len(statements) or len(loops) > 2:
        return None
    if not all(isinstance(stack.type, Stack) and isinstance(stack.type.element, Scalar) for stack in stacks):
        return None
    inside = {t.result for t in walk(loops[0].body) if isinstance(t, NewStack)}
    if not set(stacks) <= made | inside:
        return None
    if len(loops) == 1:
        return _Pair(loops[0], None, stacks)
    first, second = loops
    pops = any(isinstance(t, Pop) for t in walk(first.body))
    pushes = any(isinstance(t, Push) for t in walk(second.body))
    backwards = second.reverse != first.reverse and first.stop == second.stop
    return None if pops or pushes or not backwards else _Pair(first, second, stacks)


def _without_stacks(function: Function) -> Function:
    """The same loops, as if pushing did nothing and popping gave a constant: to ask what else they do."""
    changes: dict[Statement, Statement | None] = {}
    for s in walk(function.body):
        if isinstance(s, (NewStack, Push)):
            changes[s] = None
        elif isinstance(s, Pop) and isinstance(s.result.type, Scalar):
            nothing = Const(s.result.type.dtype.type(0).item(), s.result.type)
            changes[s] = Let(s.result, by_name("stop_gradient"), (nothing,), s.span)
    return rebuild(function, exchanged(function.body, changes))


# -- rewriting --------------------------------------------------------------------------------------------------------


@dataclass
class _Rewriter:
    pairs: list[_Pair]
    aliases: AliasClasses

    def __post_init__(self) -> None:
        self._counts: dict[Sym, Sym] = {}  # of a stack: how often each iteration pushes
        self._first: dict[Sym, Sym] = {}  # where each group of iterations begins
        self._memory: dict[Sym, Sym] = {}
        self._of = {loop: pair for pair in self.pairs for loop in (pair.first, pair.second) if loop is not None}
        self._counted = {pair: pushes_in(pair.first, pair.stacks, self.aliases) for pair in self.pairs}
        self._gone = {stack for pair, counted in self._counted.items() if counted for stack in pair.stacks}

    def block(self, block: Block) -> Block:
        builder = Builder()
        for s in block.statements:
            builder.span = s.span
            if isinstance(s, NewStack) and s.result in self._gone:
                continue
            pair = self._of.get(s) if isinstance(s, For) else None
            if pair is None or not set(pair.stacks) <= self._gone:
                builder.emit(map_atoms(s, lambda atom: atom, self.block))
                continue
            assert isinstance(s, For)
            if s is pair.first:
                self._reserve(builder, pair)
            self._loop(builder, pair, s)
        return builder.finish(block.results)

    def _reserve(self, builder: Builder, pair: _Pair) -> None:
        """Count, and make memory for what is counted."""
        counted, length = self._counted[pair], pair.first.stop
        assert counted is not None
        index, numbers = counted
        counts = [builder.alloc((length,), INT64.dtype, None, "pushes") for _ in pair.stacks]
        with builder.block() as statements:
            builder.extend(numbers.statements)
            for count, number in zip(counts, numbers.results):
                builder.store(count, (index,), number)
        body = Block(tuple(statements))
        builder.emit(replace(pair.first, results=(), index=index, parameters=(), initial=(), body=body, parallel=True))
        for stack, count in zip(pair.stacks, counts):
            assert isinstance(stack.type, Stack)
            self._counts[stack] = count
            rooms, groups = _rooms(builder, count, length)
            self._first[stack], total = sums_before(builder, rooms, groups)
            self._memory[stack] = builder.alloc((total,), stack.type.element.dtype, None, stack.hint)

    def _loop(self, builder: Builder, pair: _Pair, loop: For) -> None:
        """A loop with the parts of its iterations: the second one begins where the first one ended."""
        inner = Builder()
        inner.span = loop.span
        group = inner.op("rshift", loop.index, int_const(LANES.bit_length() - 1), hint="group")
        lane = inner.op("band", loop.index, int_const(LANES - 1), hint="lane")
        positions: Positions = {}
        for stack in pair.stacks:
            at: Atom = inner.op("add", inner.load(self._first[stack], (group,)), lane, hint="at")
            if loop is pair.second:
                pushed = inner.load(self._counts[stack], (loop.index,))
                at = inner.op("add", at, inner.op("mul", pushed, int_const(LANES)), hint="at")
            positions[stack] = at
        body = Arena(self._memory).block(loop.body, positions)
        inner.extend(body.statements)
        builder.emit(replace(loop, body=inner.finish(body.results[: len(loop.results)]), parallel=True))


def _rooms(builder: Builder, counts: Sym, length: Atom) -> tuple[Sym, Atom]:
    """The memory that each group of iterations needs, as much for each as for the one that pushes most; and how many
    groups there are."""
    up = builder.op("add", length, int_const(LANES - 1))
    groups = builder.op("floordiv", up, int_const(LANES), hint="groups")
    rooms = builder.alloc((groups,), INT64.dtype, None, "room")
    with builder.loop(int_const(0), groups, "group", parallel=True) as group:
        begin = builder.op("mul", group, int_const(LANES), hint="begin")
        size = builder.op("minimum", int_const(LANES), builder.op("sub", length, begin))

        def most(inner: Builder, index: tuple[Sym, ...], so_far: Atom) -> Atom:
            return inner.op("maximum", so_far, inner.load(counts, (inner.op("add", begin, index[0]),)))

        found = folded(builder, (size,), int_const(0), most, "most")
        builder.store(rooms, (group,), builder.op("mul", found, int_const(LANES)))
    return rooms, groups
