"""Which array symbols certainly name different memory, although an alias class holds both.

In: the region tree. Out: `Identities.distinct(a, b)`, for two symbols in one iteration of all loops around both.
Fresh memory differs from everything that had a name before it was allocated; two allocations differ; buffers that a
loop only passes around differ when they differed at its start.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from srcgrad.analysis.regions import Loop, Region, Regions, rotation
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Copy,
    For,
    If,
    NewStack,
    Pop,
    Push,
    Reshape,
    Statement,
    Sym,
    View,
    While,
    operands,
)  # fmt: skip


class Identities:
    """Answers about the memory that array symbols name."""

    def __init__(self, regions: Regions, given_whole: bool = False) -> None:
        self._regions = regions
        self._given_whole = given_whole
        self._stacks: dict[Sym, _Stack] | None = None

    def base(self, array: Sym) -> Sym:
        """The array that a view is taken of, through any number of views."""
        while isinstance(view := self._regions.definition.get(array), (View, Reshape)):
            array = view.array
        return array

    def allocation(self, array: Sym) -> Statement | None:
        """The statement that allocates the memory of `array`, where that is seen directly."""
        definition = self._regions.definition.get(self.base(array))
        return definition if isinstance(definition, (Alloc, Copy)) else None

    def distinct(self, a: Sym, b: Sym) -> bool:
        """Do the two never share memory? `False` means "not proven"."""
        a, b = self.base(a), self.base(b)
        if a is b:
            return False
        first, second = self.allocation(a), self.allocation(b)
        if first is not None and second is not None:
            return True
        if (pushed := self._pushed_together(a, b)) is not None:
            return self.distinct(*pushed)
        if second is not None:
            return self._bound_before(a, second)
        if first is not None:
            return self._bound_before(b, first)
        return self._rotated_apart(a, b)

    def _bound_before(self, array: Sym, allocation: Statement) -> bool:
        """Did `array` have its meaning when the allocation was made (in the same iteration)?"""
        region = self._regions.of_symbol[array]
        definition = self._regions.definition.get(array)
        here: Region | None = self._regions.of_statement[allocation]
        current = allocation
        while here is not None:
            if here is region:
                return definition is None or self._regions.position[definition] < self._regions.position[current]
            assert here.owner is not None or here.parent is None
            if here.owner is None:
                return False
            current, here = here.owner, here.parent
        return False

    def _rotated_apart(self, a: Sym, b: Sym) -> bool:
        """Are the two values, or both results, of a loop that only passes distinct buffers around?"""
        loop, slot = self._slot(a)
        other, other_slot = self._slot(b)
        if loop is None or loop is not other or (a in loop.results) != (b in loop.results):
            return False
        cycles = [rotation(loop, slot), rotation(loop, other_slot)]
        if not all(cycles):
            return False
        start: list[Atom] = [loop.initial[k] for k in sorted({*cycles[0], *cycles[1]})]
        return all(
            isinstance(x, Sym) and isinstance(y, Sym) and self.distinct(x, y)
            for k, x in enumerate(start)
            for y in start[k + 1 :]
        )

    def _slot(self, array: Sym) -> tuple[Loop | None, int]:
        """The loop that carries an array, and its place among what the loop carries."""
        loop = self._regions.loop_of.get(array)
        if loop is not None:
            return loop, loop.parameters.index(array)
        definition = self._regions.definition.get(array)
        if isinstance(definition, (For, While)) and array in definition.results:
            return definition, definition.results.index(array)
        return None, -1

    # -- all or nothing -------------------------------------------------------------------------------------------

    def whole(self, array: Sym) -> bool:
        """Is it all of what was allocated at once, row by row? Two such arrays are the same one, or share nothing.

        `given_whole` says that the arrays given to the function count as such (what is never written may)."""
        return self._whole(array, set())

    def _whole(self, array: Atom, assumed: set[Atom]) -> bool:
        """`assumed` are those asked about already: it is so unless something says otherwise."""
        if array in assumed:
            return True
        assumed.add(array)
        if not isinstance(array, Sym):
            return False
        if self._regions.is_given(array):
            return self._given_whole
        loop, slot = self._slot(array)
        if loop is not None and slot >= 0:
            return all(self._whole(a, assumed) for a in (loop.initial[slot], loop.body.results[slot]))
        match self._regions.definition.get(array):
            case Alloc() | Copy():
                return True
            case If(results=results, then=then, orelse=orelse):
                k = results.index(array)
                return all(self._whole(block.results[k], assumed) for block in (then, orelse))
            case Pop(stack=stack):
                seen = self._stack(stack)
                return seen is not None and all(self._whole(push.value, assumed) for push in seen.pushes)
        return False

    # -- stacks -----------------------------------------------------------------------------------------------------

    def _pushed_together(self, a: Sym, b: Sym) -> tuple[Sym, Sym] | None:
        """What two references were that come off two stacks together, and went onto them together: each in one place,
        in the same two blocks, so that what is popped in one iteration was pushed in one iteration."""
        pops = [self._regions.definition.get(each) for each in (a, b)]
        if not all(isinstance(pop, Pop) for pop in pops):
            return None
        stacks = [self._stack(pop.stack) for pop in pops]  # type: ignore[union-attr]
        if any(s is None or len(s.pushes) != 1 or len(s.pops) != 1 for s in stacks):
            return None
        pushes = [s.pushes[0] for s in stacks]  # type: ignore[union-attr]
        home = self._regions.of_statement
        if home[pops[0]] is not home[pops[1]] or home[pushes[0]] is not home[pushes[1]]:  # type: ignore[index]
            return None
        x, y = pushes[0].value, pushes[1].value
        return (x, y) if isinstance(x, Sym) and isinstance(y, Sym) else None

    def _stack(self, stack: Sym) -> _Stack | None:
        """All that happens to a stack; None where that is not seen."""
        if self._stacks is None:
            self._stacks = self._find_stacks()
        return self._stacks.get(stack)

    def _find_stacks(self) -> dict[Sym, _Stack]:
        found: dict[Sym, _Stack] = {}
        handed = {a for region in self._regions.of_block.values() for a in region.block.results}
        handed.update(self._regions.root.block.results)
        for s in self._regions.of_statement:
            match s:
                case NewStack(result=result):
                    found.setdefault(result, _Stack()).made = True
                case Push(stack=stack):
                    found.setdefault(stack, _Stack()).pushes.append(s)
                case Pop(stack=stack):
                    found.setdefault(stack, _Stack()).pops.append(s)
                case _:
                    handed.update(operands(s))
        return {stack: seen for stack, seen in found.items() if seen.made and stack not in handed}


@dataclass
class _Stack:
    """The statements that make, fill and empty a stack."""

    made: bool = False
    pushes: list[Push] = field(default_factory=list)
    pops: list[Pop] = field(default_factory=list)
