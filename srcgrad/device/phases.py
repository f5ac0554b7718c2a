"""Threads that wait for one another, taken apart at the barriers.

    for b in blocks, t in threads:            for b in blocks, t in threads:
        v = load x[b, t]                          store v_of[b, t] = load x[b, t]
        store s[b, t] = v                         store s[b, t] = load v_of[b, t]
        barrier                        =>     for b in blocks, t in threads:
        w = load s[b, t + 1]                      store out[b, t] = load v_of[b, t] + load s[b, t + 1]
        store out[b, t] = v + w

In: a function as the frontend makes it. Out: one without barriers. What stands between two of them is a loop over all
threads of all blocks; loops and branches with barriers inside are outside of these. That is more waiting than a barrier
asks for (it is for one block), and means the same. A value that a thread needs later is kept in an array of all
threads, unless it is as easily computed again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from srcgrad.device.control import Control, around_barriers, waits, with_flags_apart
from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Barrier,
    Block,
    Const,
    Dim,
    For,
    Function,
    If,
    Let,
    Load,
    Reshape,
    Statement,
    Store,
    Sym,
    View,
    While,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Array, Scalar
from srcgrad.ir.visit import (
    clone_block,
    defined_symbols,
    free_symbols,
    inner_symbols,
    map_atoms,
    rebuild,
    used_symbols,
)
from srcgrad.span import NOWHERE

_CHEAP = 4  # the cost of an operation on floats that is done again, rather than kept


def in_phases(function: Function) -> Function:
    """The function without barriers; the same object where there are none."""
    for helper in function.helpers:
        for s in helper.body.statements:
            if waits(s):
                raise _misplaced(s)
    if not any(map(waits, function.body.statements)):
        return function
    return rebuild(function, _Outside(function).block(function.body))


class _Outside:
    """Looks for the loops over blocks and threads."""

    def __init__(self, function: Function) -> None:
        self._aliases = alias_classes(function)

    def block(self, block: Block) -> Block:
        builder = Builder()
        for s in block.statements:
            builder.span = s.span
            if not waits(s):
                builder.emit(s)
            elif isinstance(s, For) and s.parallel:
                self._grid(builder, s)
            elif isinstance(s, Barrier):
                raise _misplaced(s)
            else:
                builder.emit(map_atoms(s, lambda atom: atom, self.block))
        return builder.finish(block.results)

    def _grid(self, builder: Builder, loop: For) -> None:
        """All threads of all blocks wait at each barrier; or, where blocks decide otherwise than others, those of one
        block."""
        loops, prefixes = _nest(loop)
        body = with_flags_apart(loops[-1].body)
        first_thread = len(loops) // 2
        if len(loops) % 2 or any(each.results for each in loops):
            raise _misplaced(loop)
        try:
            builder.extend(self._phases(loops, prefixes, body).statements)
        except Unsupported:
            inner = self._phases(loops[first_thread:], prefixes[first_thread:], body)
            for each, prefix in reversed(list(zip(loops[:first_thread], prefixes[:first_thread]))):
                inner = Block((*prefix, replace(each, body=inner)))
            builder.extend(inner.statements)

    def _phases(self, loops: list[For], prefixes: list[list[Statement]], body: Block) -> Block:
        threads = frozenset(each.index for each in loops)
        before = Block(tuple(s for prefix in prefixes for s in prefix))
        if threads.intersection(free_symbols(before)):
            raise _misplaced(loops[0])
        phases = _Phases(tuple(loops), Control(body, threads, self._aliases)).run()
        return Block((*before.statements, *phases.statements))


def _nest(loop: For) -> tuple[list[For], list[list[Statement]]]:
    """Parallel loops one inside the other, and what stands in front of each in the one around it."""
    loops, prefixes = [loop], [[]]  # type: ignore[var-annotated]
    while True:
        *prefix, inner = loops[-1].body.statements
        pure = all(isinstance(s, (Let, Dim, View)) for s in prefix)
        if not (isinstance(inner, For) and inner.parallel and pure):
            return loops, prefixes
        loops.append(inner)
        prefixes.append(prefix)


@dataclass
class _Phases:
    """The loops of one nest in place of its body. `kept` has, for a value of each thread, the array of them all."""

    loops: tuple[For, ...]
    control: Control
    kept: dict[Sym, Sym] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._head = Builder()
        self._inside = {*self.control.threads, *defined_symbols(self.control.body)}
        self._repeated: list[Statement] = []
        self._again: set[Sym] = set(self.control.threads)
        self._uses = Counter(used_symbols(self.control.body))
        self._outside: dict[Sym, Sym] = {}  # of an array of each thread: the array of them all

    def run(self) -> Block:
        builder = Builder()
        self._block(builder, self.control.body, [])
        return Block((*self._head.finish().statements, *builder.finish().statements))

    # -- what happens to statements ---------------------------------------------------------------------------------

    def _block(self, builder: Builder, block: Block, handed_on: list[tuple[Sym, Atom]]) -> None:
        """The phases of a block, at whose end values are stored for each thread."""
        pending: list[Statement] = []
        for s in block.statements:
            if waits(s):
                self._flush(builder, pending, [])
                pending = []
                self._control(builder, s)
            elif s in self.control.lifted:
                builder.emit(s)
            elif self._is_repeated(s):
                self._repeated.append(s)
                self._again.update(definitions(s))
            else:
                pending.append(s)
        self._flush(builder, pending, handed_on)

    def _is_repeated(self, s: Statement) -> bool:
        """May and should each phase compute it for itself?"""
        if not all(self._is_anywhere(a) for a in operands(s)):
            return False
        if isinstance(s, Load):
            return self.control.is_read_only(s.array)
        if isinstance(s, Let):
            assert isinstance(s.result.type, Scalar)
            return not s.result.type.is_inexact or s.op.cost <= _CHEAP
        return isinstance(s, (Dim, View, Reshape))

    def _is_anywhere(self, atom: Atom) -> bool:
        """Is it there in every phase?"""
        if not isinstance(atom, Sym) or atom not in self._inside or atom in self._again:
            return True
        return atom in self.control.common or any(atom in definitions(s) for s in self.control.lifted)

    def _control(self, builder: Builder, s: Statement) -> None:
        builder.span = s.span
        match s:
            case If():
                self._branch(builder, s)
            case For() | While():
                self._loop(builder, s)

    def _branch(self, builder: Builder, s: If) -> None:
        alike = [k for k, r in enumerate(s.results) if r in self.control.common]
        apart = [k for k, r in enumerate(s.results) if r not in self.control.common and self._uses[r]]
        self.kept.update({s.results[k]: self._array_for(s.results[k]) for k in apart})
        made = []
        for block in (s.then, s.orelse):
            inner = Builder()
            self._block(inner, block, [(self.kept[s.results[k]], block.results[k]) for k in apart])
            made.append(inner.finish(tuple(block.results[k] for k in alike)))
        builder.emit(replace(s, results=tuple(s.results[k] for k in alike), then=made[0], orelse=made[1]))

    def _loop(self, builder: Builder, s: For | While) -> None:
        alike = [k for k, p in enumerate(s.parameters) if p in self.control.common]
        apart = [k for k in range(len(s.parameters)) if k not in alike]
        arrays = {k: self._array_for(s.parameters[k]) for k in apart}
        self._flush(builder, [], [(arrays[k], s.initial[k]) for k in apart])
        for k in apart:
            self.kept[s.parameters[k]] = self.kept[s.results[k]] = arrays[k]
        inner = Builder()
        self._block(inner, s.body, [(arrays[k], s.body.results[k]) for k in apart])
        changes = {
            name: tuple(getattr(s, name)[k] for k in alike) for name in ("results", "parameters", "initial")
        }  # fmt: skip
        changed = replace(s, body=inner.finish(tuple(s.body.results[k] for k in alike)), **changes)  # type: ignore[arg-type]
        if isinstance(changed, While):
            needed = tuple(t for t in changed.condition.statements if t in self.control.lifted)
            changed = replace(changed, condition=replace(changed.condition, statements=needed))
        builder.emit(changed)

    # -- phases -----------------------------------------------------------------------------------------------------

    def _flush(self, builder: Builder, pending: list[Statement], handed_on: list[tuple[Sym, Atom]]) -> None:
        """One phase: a nest of loops over all threads."""
        pending = self._with_arrays_outside(pending)
        own = {symbol for s in pending for symbol in definitions(s)}
        inside = [a for s in pending for a in free_symbols(Block((s,)))] + [a for s in pending for a in definitions(s)]
        within = Counter(used_symbols(Block(tuple(pending), tuple(atom for _, atom in handed_on))))
        for symbol in own:
            if self._uses[symbol] > within[symbol]:
                self.kept[symbol] = self._array_for(symbol)
        if not pending and not handed_on:
            return
        needed = {*inside, *(atom for _, atom in handed_on if isinstance(atom, Sym))}
        again = self._needed(needed)
        loads = [Load(a, self.kept[a], self._place) for a in dict.fromkeys(needed) if a in self.kept and a not in own]
        stores = [Store(self.kept[a], self._place, a) for s in pending for a in definitions(s) if a in self.kept]
        stores += [Store(array, self._place, atom) for array, atom in handed_on]
        builder.extend((self._over_threads(Block((*again, *loads, *pending, *stores))),))

    def _needed(self, needed: set[Sym]) -> list[Statement]:
        """What is computed again, because it is needed (which adds what that needs)."""
        found: list[Statement] = []
        for s in reversed(self._repeated):
            if needed.intersection(definitions(s)):
                found.insert(0, s)
                needed.update(a for a in operands(s) if isinstance(a, Sym))
        return found

    @property
    def _place(self) -> tuple[Sym, ...]:
        return tuple(each.index for each in self.loops)

    def _over_threads(self, body: Block) -> Statement:
        made: Block = body
        for each in reversed(self.loops):
            made = Block((replace(each, body=made),))
        return clone_block(made, {}).statements[0]

    # -- arrays -----------------------------------------------------------------------------------------------------

    @property
    def _extents(self) -> tuple[Atom, ...]:
        return tuple(each.stop for each in self.loops)

    def _array_for(self, symbol: Sym) -> Sym:
        """Fresh memory for a value of each thread."""
        if not isinstance(symbol.type, Scalar):
            found = [s for _, s in around_barriers(self.control.body)]
            where = next((s.span for s in found if symbol in (*definitions(s), *inner_symbols(s))), NOWHERE)
            raise Unsupported(
                Diagnostic(
                    "which array this is cannot be told on the other side of a barrier",
                    where,
                    why="what a thread keeps across cuda.syncthreads() are numbers, and arrays it makes",
                    advice="subscript the arrays themselves on both sides",
                )
            )
        return self._head.alloc(self._extents, symbol.type.dtype, None, symbol.hint)

    def _with_arrays_outside(self, pending: list[Statement]) -> list[Statement]:
        """The arrays that a thread makes and needs later are parts of arrays of all threads."""
        within = Counter(used_symbols(Block(tuple(pending))))
        for s in pending:
            if isinstance(s, Alloc) and self._uses[s.result] > within[s.result]:
                assert s.fill is None and all(isinstance(n, Const) for n in s.shape), "an array local to a thread"
                assert isinstance(s.result.type, Array)
                shape = (*self._extents, *s.shape)
                self._outside[s.result] = self._head.alloc(shape, s.result.type.dtype, None, s.result.hint)
                self._again.add(s.result)
        return [self._as_parts(s) for s in pending if not (isinstance(s, Alloc) and s.result in self._outside)]

    def _as_parts(self, s: Statement) -> Statement:
        match s:
            case Load(array=array, index=index) | Store(array=array, index=index) if array in self._outside:
                return replace(s, array=self._outside[array], index=(*self._place, *index))
            case View(array=array, entries=entries) if array in self._outside:
                return replace(s, array=self._outside[array], entries=(*self._place, *entries))
            case Dim(array=array, axis=axis) if array in self._outside:
                return replace(s, array=self._outside[array], axis=axis + len(self.loops))
        return map_atoms(s, lambda a: a, lambda b: replace(b, statements=tuple(map(self._as_parts, b.statements))))


def _misplaced(s: Statement) -> Unsupported:
    return Unsupported(
        Diagnostic(
            "a barrier stands in a kernel only",
            s.span,
            why="it is for the threads of a block",
            advice="decorate the function with srcgrad.cuda.kernel, and launch it",
        )
    )
