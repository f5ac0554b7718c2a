"""What threads that wait for one another decide alike.

In: the nest of loops over the threads, one barrier or more inside. Out: a `Control`: which statements give what the
loops and branches around the barriers depend on, and which of the values that these carry are the same for all threads.
Raises `Unsupported` where a thread might not come to a barrier that another one waits at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.ir.alias import AliasClasses
from srcgrad.ir.nodes import (
    Atom,
    Barrier,
    Block,
    Dim,
    For,
    If,
    Let,
    Load,
    Reshape,
    Statement,
    Sym,
    View,
    While,
    blocks,
    definitions,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.visit import defined_symbols, free_symbols, map_atoms, walk

_PURE = (Let, Dim, Load, View, Reshape, If, For, While)


def waits(statement: Statement) -> bool:
    """Is there a barrier in it?"""
    return isinstance(statement, Barrier) or any(waits(s) for block in blocks(statement) for s in block.statements)


def around_barriers(block: Block) -> Iterator[tuple[Block, Statement]]:
    """The statements of a block, and of the blocks inside that have barriers."""
    for s in block.statements:
        yield block, s
        if waits(s):
            for inner in blocks(s):
                yield from around_barriers(inner)


def with_flags_apart(block: Block) -> Block:
    """The block with branches taken apart that also say what happens next, as `if ...: out[i] = v; return` does: what
    they hand on that is known in front of them comes from a branch that does nothing else."""
    made: list[Statement] = []
    for s in block.statements:
        s = map_atoms(s, lambda atom: atom, with_flags_apart)
        if isinstance(s, If) and not waits(s) and not all(isinstance(t, _PURE) for t in walk(Block((s,)))):
            made += _apart(s)
        else:
            made.append(s)
    return Block(tuple(made), block.results)


def _apart(s: If) -> list[Statement]:
    inside = {*defined_symbols(s.then), *defined_symbols(s.orelse)}
    known = [k for k in range(len(s.results)) if not inside & {s.then.results[k], s.orelse.results[k]}]
    rest = [k for k in range(len(s.results)) if k not in known]
    if not known:
        return [s]

    def part(places: list[int], with_statements: bool) -> If:
        then, orelse = (
            Block(block.statements if with_statements else (), tuple(block.results[k] for k in places))
            for block in (s.then, s.orelse)
        )
        return replace(s, results=tuple(s.results[k] for k in places), then=then, orelse=orelse)

    return [part(known, with_statements=False), part(rest, with_statements=True)]


@dataclass
class Control:
    """`lifted`: computed once for all threads; `common`: parameters and results, of what has barriers inside, that are
    the same for all threads."""

    body: Block
    threads: frozenset[Sym]
    aliases: AliasClasses
    lifted: set[Statement] = field(default_factory=set)
    common: set[Sym] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._inside = {*self.threads, *defined_symbols(self.body)}
        self._homes: dict[Sym, tuple[Block, Statement]] = {}
        self._carried: dict[Sym, tuple[For | While | If, int]] = {}
        found = list(around_barriers(self.body))
        for home, s in found:
            if not waits(s):
                self._homes.update(dict.fromkeys(definitions(s), (home, s)))
                continue
            self._note(s)
        self._written = {self.aliases.root(a) for s in walk(self.body) for a in written_arrays(s)}
        for _, s in found:
            if waits(s):
                self._demand_control(s)

    def is_read_only(self, array: Sym) -> bool:
        """Does no thread write into it?"""
        return self.aliases.root(array) not in self._written

    def _note(self, s: Statement) -> None:
        match s:
            case For() | While():
                for k, (parameter, result) in enumerate(zip(s.parameters, s.results)):
                    self._carried[parameter] = self._carried[result] = (s, k)
                self.common.update({s.index} if isinstance(s, For) else {s.counter, s.trips})
            case If():
                self._carried.update({result: (s, k) for k, result in enumerate(s.results)})

    # -- demands ----------------------------------------------------------------------------------------------------

    def _demand_control(self, s: Statement) -> None:
        match s:
            case For():
                self._demand(s, s.start, s.stop, s.step)
            case While():
                for parameter in s.parameters:
                    if parameter in free_symbols(s.condition):
                        self._demand(s, parameter)
                self._demand(s, *s.condition.results)
            case If():
                self._demand(s, s.condition)

    def _demand(self, why: Statement, *atoms: Atom) -> None:
        pending = list(atoms)
        while pending:
            atom = pending.pop()
            if not isinstance(atom, Sym) or atom not in self._inside or atom in self.common:
                continue
            if atom in self._carried:
                pending += self._carry(*self._carried[atom])
                continue
            home, s = self._homes.get(atom, (self.body, why))
            if atom in self.threads or not self._can_be_lifted(home, s):
                raise _refusal(why)
            if s not in self.lifted:
                self.lifted.add(s)
                pending += free_symbols(Block((s,)))

    def _carry(self, s: For | While | If, k: int) -> list[Atom]:
        """What a common value comes from."""
        self.common.add(s.results[k])
        if isinstance(s, If):
            return [s.then.results[k], s.orelse.results[k]]
        self.common.add(s.parameters[k])
        return [s.initial[k], s.body.results[k]]

    def _can_be_lifted(self, home: Block, s: Statement) -> bool:
        if isinstance(s, Load) and not self.is_read_only(s.array):
            return self._is_settled(home, s)
        inner = list(walk(Block((s,))))
        reads = (t.array for t in inner if isinstance(t, Load))
        return all(isinstance(t, _PURE) for t in inner) and all(map(self.is_read_only, reads))

    def _is_settled(self, home: Block, load: Load) -> bool:
        """Has nobody written into that memory since the last barrier? (Who does so after, races with the load.)"""
        loops = [s for _, s in around_barriers(self.body) if isinstance(s, While) and s.condition is home]
        before = home.statements[: home.statements.index(load)]
        root = self.aliases.root(load.array)
        ends = [before]
        for loop in loops:  # its condition follows what stands in front of it, and its body
            outside = next(block for block, s in around_barriers(self.body) if s is loop).statements
            ends = [(*outside[: outside.index(loop)], *before), (*loop.body.statements, *before)]
        return all(self._ends_settled(statements, root) for statements in ends)

    def _ends_settled(self, statements: tuple[Statement, ...], root: Sym) -> bool:
        for s in reversed(statements):
            if isinstance(s, Barrier):
                return True
            written = (a for t in walk(Block((s,))) for a in written_arrays(t))
            if waits(s) or any(self.aliases.root(a) is root for a in written):
                return False
        return False


def _refusal(s: Statement) -> Unsupported:
    what = "branch" if isinstance(s, If) else "loop"
    return Unsupported(
        Diagnostic(
            "not all threads may come to the barrier in here",
            s.span,
            f"this {what} depends on the thread",
            "at cuda.syncthreads() every thread of a block waits for all others, and for the adjoint srcgrad must know "
            "that they come",
            f"let the {what} depend on numbers, shapes and blockDim only, and move what depends on the thread inside, "
            "between the barriers",
        )
    )
