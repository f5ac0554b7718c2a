"""Pushes and pops as stores and loads at a position that is carried along.

In: a block, and the position at which each of its stacks is. Out: the block without stacks, and the positions after it;
or, to know how much memory it takes, the same without memory: how often it pushes.

The elements of one stack are `LANES` apart: those of as many iterations lie side by side, as the threads of a warp
touch them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from srcgrad.ir.alias import AliasClasses
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Copy,
    For,
    Function,
    If,
    Load,
    NewStack,
    Pop,
    Push,
    Statement,
    Sym,
    While,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import INT64
from srcgrad.ir.visit import clone_block, free_symbols, walk
from srcgrad.opt.dce import dce
from srcgrad.opt.rewrite import Effect, exchanged
from srcgrad.opt.simplify import simplify

Positions = dict[Sym, Atom]
LANES = 32


def stacks_used(s: Statement, popped: bool = True) -> list[Sym]:
    """The stacks that a statement, or one inside it, pushes onto (or pops)."""
    found = (t.stack for t in walk(Block((s,))) if isinstance(t, Push) or (popped and isinstance(t, Pop)))
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Arena:
    """The memory of each stack; none, to count."""

    memory: dict[Sym, Sym] | None

    def block(self, block: Block, positions: Positions, results: tuple[Sym, ...] | None = None) -> Block:
        """The block, which hands on also the positions of the stacks `results`, or of all of them."""
        builder = Builder()
        now = dict(positions)
        for s in block.statements:
            builder.span = s.span
            self._statement(builder, s, now)
        after = now if results is None else {stack: now[stack] for stack in results}
        return builder.finish((*block.results, *after.values()))

    def _statement(self, builder: Builder, s: Statement, now: Positions) -> None:
        used = tuple(stack for stack in stacks_used(s, popped=self.memory is not None) if stack in now)
        match s:
            case NewStack(result=result) if result in now:
                pass
            case Push(stack=stack, value=value) if used:
                if self.memory is not None:
                    builder.store(self.memory[stack], (now[stack],), value)
                step = int_const(1 if self.memory is None else LANES)
                now[stack] = builder.op("add", now[stack], step, hint="at")
            case Pop(stack=stack, result=result) if used and self.memory is not None:
                now[stack] = builder.op("sub", now[stack], int_const(LANES), hint="at")
                builder.emit(Load(result, self.memory[stack], (now[stack],), s.span))
            case If() if used:
                made = [self.block(block, now, used) for block in (s.then, s.orelse)]
                after = tuple(Sym("at", INT64) for _ in used)
                builder.emit(replace(s, results=(*s.results, *after), then=made[0], orelse=made[1]))
                now.update(zip(used, after))
            case For() | While() if used:
                inside = {stack: Sym("at", INT64) for stack in used}
                after = tuple(Sym("at", INT64) for _ in used)
                initial = (*s.initial, *(now[stack] for stack in used))
                body = self.block(s.body, {**now, **inside}, used)
                parameters, results = (*s.parameters, *inside.values()), (*s.results, *after)
                builder.emit(replace(s, results=results, parameters=parameters, initial=initial, body=body))
                now.update(zip(used, after))
            case _:
                builder.emit(s)


def pushes_in(loop: For, stacks: tuple[Sym, ...], aliases: AliasClasses) -> tuple[Sym, Block] | None:
    """The index of an iteration, and what gives how often it pushes onto each stack; None where that takes more than
    reading what the loop does not write."""
    index = Sym(loop.index.hint, loop.index.type)
    counted = Arena(None).block(loop.body, dict.fromkeys(stacks, int_const(0)))
    counted = clone_block(replace(counted, results=counted.results[-len(stacks) :]), {loop.index: index})
    counted = exchanged(counted, {s: None for s in walk(counted) if isinstance(s, Effect)})
    popped = {s.result for s in walk(loop.body) if isinstance(s, Pop)}
    function = Function("count", free_symbols(counted), counted)
    needed = dce(simplify(dce(function))).body
    written = {aliases.root(a) for s in walk(loop.body) for a in written_arrays(s)}
    makes = any(isinstance(s, (Alloc, Copy)) for s in walk(needed))
    if makes or {*loop.parameters, *popped}.intersection(free_symbols(needed)):
        return None
    if any(isinstance(s, Load) and aliases.root(s.array) in written for s in walk(needed)):
        return None
    return index, needed
