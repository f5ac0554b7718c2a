"""Loop fusion: what one loop writes and the next one reads, both at the loop's own index, becomes one loop.

In, out: a `Function`. Array expressions arrive here as one nest per statement; fused, the elements pass from one to the
next in registers (`forward_store`), and an array that nobody else reads disappears (`dce`).

    for i in range(0, n, 1):          for i in range(0, n, 1):
        store t[i] = u                    store t[i] = u
    for j in range(0, n, 1):    =>        v = load t[i]
        v = load t[j]                     store y[i] = v
        store y[j] = v

Two loops over the same range are fused when all memory that both touch, and one of them writes, is touched by either
at its own index, plus the same constant, in one and the same dimension: then an iteration of the second needs no other
iteration of the first. What stands between the two moves in front of them, or behind, as its own needs allow. A loop
that carries values (a reduction) takes part like any other. Loops that do not touch what the other writes are left
alone.

Or, asked for by `reading`, loops are fused only where they stand inside of another, have none inside, and read the same
memory: what both compute of it is computed once then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from srcgrad.analysis.identity import Identities
from srcgrad.analysis.regions import find_regions
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.nodes import Atom, Block, Const, For, Function, Let, Statement, While
from srcgrad.ir.visit import map_atoms, substitute, walk
from srcgrad.opt.footprint import Footprints, Place, independent
from srcgrad.opt.rewrite import never_negative, same_range, with_helpers

_MOST_TRIED = 6  # loops in front of one that are tried, the nearest first


def fuse(function: Function, reading: bool = False) -> Function:
    """The function with loops fused; the same object where there are none to fuse. With `reading`, those are that read
    the same memory, inside of other loops; without, those of which one reads what the other writes."""
    return with_helpers(function, lambda f: _Fuser(f, reading).block(f.body))


class _Fuser:
    def __init__(self, function: Function, reading: bool) -> None:
        self._function = function
        self._reading = reading
        self._inside = False  # of a loop
        self._footprints = Footprints(alias_classes(function))

    @cached_property
    def _identities(self) -> Identities:
        return Identities(find_regions(self._function))

    def block(self, block: Block) -> Block:
        """The loops of a block fused, then those inside each of its statements."""
        out: list[Statement] = []
        for statement in block.statements:
            if not isinstance(statement, For) or not self._fused_into(out, statement):
                out.append(statement)
        inner = [self._within(statement) for statement in out]
        if len(inner) == len(block.statements) and all(a is b for a, b in zip(inner, block.statements)):
            return block
        return Block(tuple(inner), block.results)

    def _within(self, statement: Statement) -> Statement:
        outer = self._inside
        self._inside = outer or isinstance(statement, For)
        made = map_atoms(statement, lambda atom: atom, self.block)
        self._inside = outer
        return made

    def _fused_into(self, out: list[Statement], second: For) -> bool:
        """Fuse the loop with one that stands in `out`, if there is one that it fits."""
        for position in self._candidates(out, second):
            first = out[position]
            assert isinstance(first, For)
            if not self._may_fuse(first, second):
                continue
            parted = self._parted(first, out[position + 1 :], second)
            if parted is not None:
                before, after = parted
                out[position:] = [*before, _fused(first, second), *after]
                return True
        return False

    def _candidates(self, out: list[Statement], second: For) -> Iterator[int]:
        wanted = self._footprints.of(second)
        tried = 0
        for position in range(len(out) - 1, -1, -1):
            statement = out[position]
            if tried == _MOST_TRIED:
                return
            if isinstance(statement, For):
                tried += 1
                found = self._footprints.of(statement)
                if self._reading:
                    fit = self._inside and found.reads & wanted.reads and _are_innermost(statement, second)
                else:
                    fit = found.writes & (wanted.reads | wanted.writes)
                if fit and in_step(statement, second):
                    yield position

    def _may_fuse(self, first: For, second: For) -> bool:
        a, b = self._footprints.of(first), self._footprints.of(second)
        if a.definitions & b.uses or (a.visible and b.visible):
            return False
        shared = (a.writes & (b.reads | b.writes)) | (a.reads & b.writes)
        if any(memory in a.opaque or memory in b.opaque for memory in shared):
            return False
        own = {**distances(first), **distances(second)}
        return all(self._in_step(a.places[memory], b.places[memory], own) for memory in shared)

    def _in_step(self, first: list[Place], second: list[Place], own: dict[Atom, int]) -> bool:
        """Whether loops touch some memory at their own index only, array by array, where these are different ones."""
        if aligned(first + second, own):
            return True
        groups = {place.array for place in first}, {place.array for place in second}
        if not all(x is y or self._identities.distinct(x, y) for x in groups[0] for y in groups[1]):
            return False
        shared = groups[0] & groups[1]
        return all(aligned([p for p in first + second if p.array is array], own) for array in shared)

    def _parted(
        self, first: For, between: list[Statement], second: For
    ) -> tuple[list[Statement], list[Statement]] | None:
        """What goes in front of the fused loop, and what behind it; None where something can do neither."""
        before: list[Statement] = []
        after: list[Statement] = []
        of = self._footprints.of
        for statement in between:
            if independent(of(first), of(statement)) and all(independent(of(s), of(statement)) for s in after):
                before.append(statement)
            elif independent(of(statement), of(second)):
                after.append(statement)
            else:
                return None
        return before, after


def _are_innermost(*loops: For) -> bool:
    return not any(isinstance(s, (For, While)) for loop in loops for s in walk(loop.body))


def in_step(a: For, b: For) -> bool:
    """Whether two loops run over the same indices in the same order, none of them negative."""
    return not a.reverse and not b.reverse and same_range(a, b) and never_negative(a)


def distances(loop: For) -> dict[Atom, int]:
    """The index of a loop and what is a constant more: how much more."""
    found: dict[Atom, int] = {loop.index: 0}
    for statement in walk(loop.body):
        if isinstance(statement, Let) and statement.op.name == "add":
            for one, other in (statement.arguments, statement.arguments[::-1]):
                if one in found and isinstance(other, Const):
                    found[statement.result] = found[one] + int(other.value)
    return found


def aligned(places: list[Place], distances: dict[Atom, int]) -> bool:
    """Whether loops touch some memory at their own index only, in one dimension of one array."""
    array = places[0].array
    if any(place.array is not array for place in places):
        return False
    for own in zip(*(place.index for place in places), strict=True):
        least = {distances.get(atom, -1) for atom in own}  # below zero, a subscript might wrap around
        if len(least) == 1 and least.pop() >= 0:
            return True
    return False


def _fused(first: For, second: For) -> For:
    body = substitute(second.body, {second.index: first.index})
    return replace(
        first,
        results=first.results + second.results,
        parameters=first.parameters + second.parameters,
        initial=first.initial + second.initial,
        body=Block(first.body.statements + body.statements, first.body.results + body.results),
        parallel=first.parallel and second.parallel,
    )
