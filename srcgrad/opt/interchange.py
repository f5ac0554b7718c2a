"""Loop interchange: the loop that moves along rows of memory goes inside.

In, out: a `Function`. A recurrence along the last dimension, written with whole slices of the others, strides through
all of memory in each of its steps:

    for k in range(1, n, 1):                      for i in range(0, m, 1):
        for i in range(0, m, 1):                      for k in range(1, n, 1):
            for j in range(0, l, 1):        =>            for j in range(0, l, 1):
                a[i, j, k] = a[i, j, k - 1] ...               a[i, j, k] = a[i, j, k - 1] ...

Turned around, the outer loop works on one slab after the other, which stays in the cache, and loops that follow can
join it (`fuse`). All loops in the body of the outer one must run over the same indices, and all memory that is written
there be touched at their own index only, in one dimension: then no iteration of theirs needs another one. The innermost
loop stays where it is, because it is the one that is vectorised, unless the other one can be as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.nodes import Atom, Block, Dim, For, Function, Let, Load, Statement, Store, Sym
from srcgrad.ir.types import Array
from srcgrad.ir.visit import loops_of, map_atoms, substitute, walk
from srcgrad.opt.footprint import Footprints
from srcgrad.opt.fuse import aligned, distances, in_step
from srcgrad.opt.rewrite import with_helpers

_MOST_REPEATED_COST = 8  # of what the outer loop computes for all iterations of the inner ones


def interchange(function: Function) -> Function:
    """The function with loops turned around; the same object where there are none that gain by it."""
    return with_helpers(function, lambda f: _Interchanger(alias_classes(f)).block(f.body))


class _Interchanger:
    def __init__(self, classes: AliasClasses) -> None:
        self._footprints = Footprints(classes)

    def block(self, block: Block) -> Block:
        turned = [self._turned(s) if isinstance(s, For) else s for s in block.statements]
        out = [map_atoms(s, lambda atom: atom, self.block) for s in turned]
        return block if all(a is b for a, b in zip(out, block.statements)) else Block(tuple(out), block.results)

    def _turned(self, outer: For) -> For:
        """The nest of loops turned around, where that is right and pays; else the same loop."""
        inner = [s for s in outer.body.statements if isinstance(s, For)]
        rest = [s for s in outer.body.statements if not isinstance(s, For)]
        if not inner or not self._may_turn(outer, inner, rest) or not self._pays(outer, inner):
            return outer
        first = inner[0]
        bodies = [substitute(loop.body, {loop.index: first.index}).statements for loop in inner]
        stepping = replace(outer, body=Block((*rest, *(s for body in bodies for s in body))))
        return replace(first, body=Block((stepping,)))

    def _may_turn(self, outer: For, inner: list[For], rest: Sequence[Statement]) -> bool:
        if any(loop.results for loop in (outer, *inner)) or not all(in_step(inner[0], loop) for loop in inner):
            return False
        touched = self._footprints.of(outer)
        if touched.visible or not all(self._is_repeatable(s, touched.writes) for s in rest):
            return False
        if sum(s.op.cost for s in rest if isinstance(s, Let)) > _MOST_REPEATED_COST:
            return False
        inside = {outer.index, *(s.result for s in rest)}  # type: ignore[union-attr]
        if inside & {inner[0].start, inner[0].stop, inner[0].step}:
            return False
        if touched.writes & touched.opaque or not touched.writes <= touched.places.keys():
            return False
        own = {atom: distance for loop in inner for atom, distance in distances(loop).items()}
        return all(aligned(touched.places[memory], own) for memory in touched.writes)

    def _is_repeatable(self, statement: Statement, written: set[Sym]) -> bool:
        """May it run again in every iteration of the inner loops?"""
        if isinstance(statement, Load):
            return self._footprints.of(statement).reads.isdisjoint(written)
        return isinstance(statement, (Let, Dim))

    def _pays(self, outer: For, inner: list[For]) -> bool:
        """Do more accesses move along rows with the outer loop than with the inner ones?"""
        along = distances(outer)
        across = {atom for loop in inner for each in loops_of(loop) for atom in distances(each)}
        fastest = [atom for loop in inner for atom in _fastest_subscripts(loop)]
        gained, lost = (sum(atom in moved for atom in fastest) for moved in (along, across))
        if all(len(loops_of(loop)) > 1 for loop in inner):
            return gained > lost
        touched = self._footprints.of(outer)
        return gained > 0 and not lost and all(aligned(touched.places[memory], along) for memory in touched.writes)


def _fastest_subscripts(loop: For) -> list[Atom]:
    """The subscripts along rows of memory."""
    found: list[Atom] = []
    for s in walk(loop.body):
        if isinstance(s, (Load, Store)) and s.index:
            assert isinstance(s.array.type, Array)
            found.append(s.index[s.array.type.fastest])
    return found
