"""Which loops become kernels, and what happens to the others.

In: a function that is otherwise done. Out: a `Nest` for each loop that becomes a kernel: up to six loops, one inside
the other, whose iterations are the threads. Their iterations need nothing of one another but for values that they fold,
and sums into shared elements, which are made atomic. A loop whose iterations must follow one another, and which has no
kernels inside, is run by one thread (`alone`), so that its arrays need not leave the device. The rest stays in the host
function.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcgrad.analysis.folds import fold_of
from srcgrad.analysis.independence import Independence
from srcgrad.device.operations import exists
from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.fold import Fold
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Call,
    Const,
    Copy,
    Dim,
    External,
    For,
    Function,
    If,
    Let,
    Load,
    NewStack,
    Pop,
    Print,
    Product,
    Push,
    Raise,
    Reinterpret,
    Reshape,
    Slice,
    Statement,
    Store,
    Sym,
    View,
    While,
    blocks,
    operands,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import defined_symbols, inner_symbols, loops_of, uses, walk

_FEW = 8  # iterations of an inner loop that are not worth threads of their own
_HOST_ONLY = (Product, External, NewStack, Push, Pop, Call, Print, Raise, Reinterpret, Reshape)
_MOST_INDICES = 6


@dataclass(frozen=True)
class Nest:
    """`loops` from the outside in, each but the last with nothing else in it but `prefixes`, what is computed in front
    of the next. `work_arrays` are made outside, and each thread has its own; so it is with `own`, made inside. `folds`
    says how to fold what is carried, `atomic` which sums meet. One thread runs a nest that is `alone`."""

    loops: tuple[For, ...]
    prefixes: tuple[tuple[Statement, ...], ...]
    folds: tuple[Fold | None, ...]
    work_arrays: tuple[Alloc, ...]
    own: tuple[Alloc | Copy, ...]
    atomic: frozenset[Store]
    alone: bool = False


@dataclass(frozen=True)
class Verdict:
    """What becomes of a loop: a kernel, or (`obstacle` says why not) a loop of the host or of one thread."""

    loop: For
    nest: Nest | None
    obstacle: str = ""


def choose(function: Function) -> list[Verdict]:
    """The verdicts about the loops of a function, from the outside in, down to those that become kernels."""
    return list(Chooser(function).verdicts(function.body))


class Chooser:
    """Answers about the loops of one function."""

    def __init__(self, function: Function) -> None:
        self.independence = Independence(function)
        self.aliases: AliasClasses = alias_classes(function)

    def verdicts(self, block: Block) -> Iterator[Verdict]:
        for s in block.statements:
            if isinstance(s, For):
                yield from self._verdicts_of(s)
            elif isinstance(s, (While, If)):
                for inner in blocks(s):
                    yield from self.verdicts(inner)

    def _verdicts_of(self, loop: For) -> Iterator[Verdict]:
        obstacle = self.obstacle(loop)
        if not obstacle:
            yield Verdict(loop, self._nest(loop))
            return
        inner = list(self.verdicts(loop.body))
        if not any(v.nest and not v.nest.alone and not _is_short(v.loop) for v in inner) and not self._stays(loop):
            own = tuple(_allocations(loop))
            folds = tuple(None for _ in loop.parameters)
            yield Verdict(loop, Nest((loop,), (), folds, (), own, frozenset(), alone=True), obstacle)
            return
        yield Verdict(loop, None, obstacle)
        yield from inner

    def obstacle(self, loop: For) -> str:
        """Why the iterations cannot be threads; empty where they can."""
        if not isinstance(loop.step, Const):
            return "the step is not a constant"
        for found in self.independence.dependences(loop):
            if loop.parallel and found.memory and not found.certain and not found.alike:
                continue  # the user's promise, in the adjoint as in the primal
            return f"iterations {'' if found.certain else 'may '}meet in {found.name!r}"
        folds = [fold_of(loop.body, p, r) for p, r in zip(loop.parameters, loop.body.results)]
        if not all(uses(loop.body, p) and isinstance(p.type, Scalar) for p in loop.parameters) or None in folds:
            return "what the last iteration gives is used"
        return self._stays(loop)

    def _stays(self, loop: For) -> str:
        """Why a loop cannot leave the host at all; empty where it can."""
        for s in walk(loop.body):
            if isinstance(s, _HOST_ONLY):
                return f"a {type(s).__name__.lower()} is for the host"
            if isinstance(s, Let) and not exists(s):
                return f"no thread can do {s.op.name!r}"
            if isinstance(s, View) and not any(isinstance(e, Slice) for e in s.entries):
                return "a view of one element is for the host"
        if not all(isinstance(p.type, Scalar) for p in loop.parameters):
            return "it carries arrays"
        if not isinstance(loop.step, Const):
            return "the step is not a constant"
        for made in _allocations(loop):
            if not self._may_be_made_outside(loop, made):
                return f"the size of {made.result.hint!r} is known inside only, or it is handed on"
        return ""

    def _may_be_made_outside(self, loop: For, made: Alloc | Copy) -> bool:
        """Is the shape known in front of the loop, and the array only used element by element, or in parts?"""
        inside = {*defined_symbols(loop.body), *inner_symbols(loop)}
        if isinstance(made, Alloc):
            if any(n in inside for n in made.shape):
                return False
        elif made.array in inside:
            return False
        return not any(hands_on(s, made.result) for s in walk(loop.body))

    # -- nests ------------------------------------------------------------------------------------------------------

    def _nest(self, loop: For) -> Nest:
        loops, prefixes = [loop], []
        while len(loops) < _MOST_INDICES and (found := self.inner(loops[-1], loop)) is not None:
            prefix, inner = found
            loops.append(inner)
            prefixes.append(prefix)
        sums = {store for each in loops for store in self.independence.meeting(each)}
        memory = {self.aliases.root(store.array) for store in sums}
        atomic = {
            s for s in walk(loop.body)
            if isinstance(s, Store) and s.accumulate and self.aliases.root(s.array) in memory
        }  # fmt: skip
        folds = tuple(fold_of(loop.body, p, r) for p, r in zip(loop.parameters, loop.body.results))
        work_arrays = self.independence.work_arrays(loops[-1])
        own = tuple(_allocations(loops[-1]))
        return Nest(tuple(loops), tuple(prefixes), folds, work_arrays, own, frozenset(atomic))

    def inner(self, outer: For, outermost: For) -> tuple[tuple[Statement, ...], For] | None:
        """The loop that is all there is to an iteration, but for what can be computed once for each of its own."""
        *prefix, inner = outer.body.statements or (None,)
        if not isinstance(inner, For) or _is_few(inner) or inner.initial != outer.parameters:
            return None
        if inner.results != outer.body.results or self.obstacle(inner):
            return None
        inside = {outermost.index, *defined_symbols(outermost.body)}
        if inside & {inner.start, inner.stop, inner.step} or not self.repeatable(prefix, outermost):
            return None
        if not set(self.independence.work_arrays(outer)) <= set(self.independence.work_arrays(inner)):
            return None
        return tuple(prefix), inner

    def repeatable(self, statements: list[Statement], loop: For) -> bool:
        """May each of the iterations inside compute these for itself?"""
        written = {self.aliases.root(a) for s in walk(loop.body) for a in written_arrays(s)}
        return all(
            isinstance(s, (Let, Dim)) or (isinstance(s, Load) and self.aliases.root(s.array) not in written)
            for s in statements
        )


def _allocations(loop: For) -> Iterator[Alloc | Copy]:
    for s in walk(loop.body):
        if isinstance(s, (Alloc, Copy)):
            yield s


def hands_on(s: Statement, array: Sym) -> bool:
    """Is the array used in any other way than element by element?"""
    if any(array in block.results for block in blocks(s)):
        return True
    if array not in operands(s):
        return False
    return not isinstance(s, (Load, Store, Dim)) or (isinstance(s, Store) and s.value is array)


def _length(loop: For) -> int | None:
    ends: tuple[Atom, ...] = (loop.start, loop.stop)
    return abs(int(loop.stop.value) - int(loop.start.value)) if all(isinstance(a, Const) for a in ends) else None  # type: ignore[union-attr]


def _is_few(loop: For) -> bool:
    length = _length(loop)
    return length is not None and length <= _FEW


def _is_short(loop: For) -> bool:
    """Are all its iterations, and those of the loops inside, few and known?"""
    total = 1
    for each in loops_of(loop):
        length = _length(each)
        if length is None:
            return False
        total *= max(length, 1)
    return total <= _FEW


