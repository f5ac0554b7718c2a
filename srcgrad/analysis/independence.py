"""Which loops have iterations that need nothing of one another.

In: a function. Out: for a loop, what stands against running its iterations in any order, or at once (`Dependence`). A
dependence is *certain* where two iterations do meet, and else only not excluded. Sums into memory that the loop does
not read otherwise may be made in any order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.folds import fold_of
from srcgrad.analysis.identity import Identities
from srcgrad.analysis.privacy import Privacy
from srcgrad.analysis.regions import Region, Regions, find_regions
from srcgrad.analysis.wrapped import Wrapped
from srcgrad.ir.alias import AliasClasses, alias_classes, is_reference
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Call,
    Const,
    Copy,
    Dim,
    For,
    Function,
    If,
    Let,
    Load,
    NewStack,
    Pop,
    Print,
    Push,
    Raise,
    Reshape,
    Statement,
    Store,
    Sym,
    View,
    While,
    blocks,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.visit import inner_symbols, uses, walk
from srcgrad.span import Span

Access = Load | Store

_FEW = 4  # iterations that any loop is taken to have
_READING = (Copy, View, Reshape, For, While, If)


@dataclass(frozen=True)
class Dependence:
    """Two iterations may touch one element of `name` (or carry a value of that name), one of them to write it. It is in
    `memory`, or in what is seen from outside. Where all iterations write the same elements (`alike`), they do meet, but
    for what they fill before they read it."""

    name: str
    span: Span
    certain: bool
    memory: bool = True
    alike: bool = False


class Independence:
    """Answers about the loops of one function."""

    def __init__(self, function: Function) -> None:
        self._regions: Regions = find_regions(function)
        self._forms = AffineForms(self._regions)
        self._identities = Identities(self._regions, given_whole=function.callee is None)
        self._aliases: AliasClasses = alias_classes(function)
        self._wrapped = Wrapped(self._regions, self._forms, self._is_fixed_symbol)
        self._privacy = Privacy(self._regions, self._forms)
        self._work_arrays: dict[For, tuple[Alloc, ...]] = {}
        self._work_stacks: dict[For, tuple[NewStack, ...]] = {}
        self._stack_uses: Counter[Sym] | None = None

    def work_arrays(self, loop: For) -> tuple[Alloc, ...]:
        """The arrays made in front of the loop of which each iteration may have its own, and has to."""
        if loop not in self._work_arrays:
            found = self._privacy.work_arrays(loop)
            self._work_arrays[loop] = tuple(made for made in found if self._is_shared(loop, made.result))
        return self._work_arrays[loop]

    def work_stacks(self, loop: For) -> tuple[NewStack, ...]:
        """The stacks made in front of the loop that nothing else uses: an iteration pops what it pushes, so that each
        may have its own."""
        if loop not in self._work_stacks:
            uses = [s for s in walk(loop.body) if isinstance(s, (Push, Pop))]
            stacks = dict.fromkeys(s.stack for s in uses)
            made = [self._regions.definition.get(stack) for stack in stacks if self._is_used_up(stack, uses)]
            self._work_stacks[loop] = tuple(
                s for s in made if isinstance(s, NewStack) and not self._inside(loop, self._regions.of_statement[s])
            )
        return self._work_stacks[loop]

    def _is_used_up(self, stack: Sym, inside: list[Push | Pop]) -> bool:
        """Are these all its uses, and is it popped as well as pushed onto?"""
        own = [s for s in inside if s.stack is stack]
        if self._stack_uses is None:
            self._stack_uses = Counter(s.stack for s in self._regions.of_statement if isinstance(s, (Push, Pop)))
        return len(own) == self._stack_uses[stack] and {type(s) for s in own} == {Push, Pop}

    def _is_shared(self, loop: For, array: Sym) -> bool:
        """Do several iterations use one element of an array that nothing else names?"""
        found = [s for s in walk(loop.body) if isinstance(s, (Load, Store)) and s.array is array]
        return any(not self._apart(loop, a, b) for a in found if isinstance(a, Store) for b in found)

    def dependences(self, loop: For) -> Iterator[Dependence]:
        """What stands against running the iterations of a loop in any order."""
        for parameter, result in zip(loop.parameters, loop.body.results):
            if uses(loop.body, parameter) and fold_of(loop.body, parameter, result) is None:
                yield Dependence(parameter.hint, loop.span, certain=True)
        accesses, others = self._touched(loop)
        for memory, found in accesses.items():
            written = [a for a in found if isinstance(a, Store)]
            if not written:
                continue
            name = written[0].array.hint
            if memory in others:
                yield Dependence(name, written[0].span, certain=False)
            elif not all(isinstance(a, Store) and a.accumulate for a in found):
                yield from self._conflicts(loop, name, written, found)
        for statements in others.values():
            for s in statements:
                if not isinstance(s, _READING):
                    yield Dependence("memory", s.span, certain=False)
        for s in walk(loop.body):
            if isinstance(s, (Raise, Print, Call)):
                yield Dependence("the order of what is seen", s.span, certain=False, memory=False)

    def sums(self, loop: For) -> list[Store]:
        """The additions that several iterations may make to one element, into memory that the loop only adds to."""
        return self._meeting(loop, also_used=False)

    def meeting(self, loop: For) -> list[Store]:
        """The additions that several iterations may make to one element; into memory that is used otherwise, too, where
        the user promises that one iteration does not add to what another one uses."""
        return self._meeting(loop, also_used=loop.parallel)

    def _meeting(self, loop: For, also_used: bool) -> list[Store]:
        accesses, _ = self._touched(loop)
        found: list[Store] = []
        for each in accesses.values():
            stores = [a for a in each if isinstance(a, Store) and a.accumulate]
            if len(stores) == len(each) or also_used:
                found += stores if any(not self._apart(loop, a, b) for a in stores for b in stores) else []
        return found

    def are_apart(self, arrays: tuple[Sym, ...]) -> bool:
        """Do these names certainly stand for different memory?"""
        return len({self._aliases.root(array) for array in arrays}) == len(arrays)

    def two_names(self, loop: For) -> tuple[Sym, Sym] | None:
        """Two names in a loop that may stand for one array, which it writes. Iterations may need nothing of one another
        even so; but who takes the names for different arrays may turn accesses around."""
        accesses, _ = self._touched(loop)
        for found in accesses.values():
            written = dict.fromkeys(a.array for a in found if isinstance(a, Store))
            for one in written:
                for other in dict.fromkeys(a.array for a in found):
                    if one is not other and not self._identities.distinct(one, other):
                        return one, other
        return None

    # -- memory -------------------------------------------------------------------------------------------------------

    def _touched(self, loop: For) -> tuple[dict[Sym, list[Access]], dict[Sym, list[Statement]]]:
        """The elements that are read and written, by memory, and what else is done with which memory; without what
        each iteration allocates for itself."""
        private = {s.result for s in self.work_arrays(loop)} | {s.result for s in self.work_stacks(loop)}
        accesses: dict[Sym, list[Access]] = {}
        others: dict[Sym, list[Statement]] = {}
        for s in walk(loop.body):
            if isinstance(s, (Load, Store)):
                if not self._is_own(loop, s.array, private):
                    accesses.setdefault(self._aliases.root(s.array), []).append(s)
            elif not isinstance(s, (Let, Dim, Alloc)):
                yielded = [a for block in blocks(s) for a in block.results]
                for atom in (*operands(s), *definitions(s), *inner_symbols(s), *yielded):
                    if isinstance(atom, Sym) and is_reference(atom) and not self._is_own(loop, atom, private):
                        others.setdefault(self._aliases.root(atom), []).append(s)
        return accesses, others

    def _is_own(self, loop: For, array: Sym, private: set[Sym]) -> bool:
        """Does each iteration have this memory for itself, or make it?"""
        if array in private:
            return True
        made = self._identities.allocation(array)
        if made is None and isinstance(stack := self._regions.definition.get(array), NewStack):
            made = stack
        return made is not None and self._inside(loop, self._regions.of_statement[made])

    def _inside(self, loop: For, region: Region) -> bool:
        return any(each.owner is loop for each in region.ancestors())

    def _conflicts(self, loop: For, name: str, written: list[Store], found: list[Access]) -> Iterator[Dependence]:
        pairs = [(a, b) for a in written for b in found if not self._apart(loop, a, b)]
        if not pairs:
            return
        for a, b in pairs:
            if self._meet(loop, a, b):
                yield Dependence(name, a.span, certain=True)
                return
        alike = [a for a, _ in pairs if not a.accumulate and self._is_alike(loop, a)]
        yield Dependence(name, (alike or [pairs[0][0]])[0].span, certain=False, alike=bool(alike))

    def _is_alike(self, loop: For, store: Store) -> bool:
        """Does every iteration write into the same elements?"""
        region: Region | None = self._regions.of_statement[store]
        while region is not None and region.owner is not loop:
            if not isinstance(region.owner, For):
                return False
            region = region.parent
        return not any(self._varies(loop, atom) for atom in store.index)

    def _varies(self, loop: For, atom: Atom) -> bool:
        """May it be another one in another iteration?"""
        if not isinstance(atom, Sym) or not self._is_inside(loop, atom):
            return False
        inner = self._regions.loop_of.get(atom)
        if isinstance(inner, For) and inner is not loop and atom is inner.index:
            return any(self._varies(loop, a) for a in (inner.start, inner.stop, inner.step))
        made = self._regions.definition.get(atom)
        return not isinstance(made, Let) or any(self._varies(loop, a) for a in made.arguments)

    def _is_inside(self, loop: For, symbol: Sym) -> bool:
        region = self._regions.of_symbol.get(symbol)
        return region is not None and self._inside(loop, region)

    def _apart(self, loop: For, a: Access, b: Access) -> bool:
        """Do two accesses, each in an iteration of its own, never touch one element?"""
        if a.array is not b.array:
            if self._identities.distinct(a.array, b.array):
                return True
            if not (self._identities.whole(a.array) and self._identities.whole(b.array)):
                return False
            if len(a.index) != len(b.index):
                return False
        if any(self._differ(loop, x, y) for x, y in zip(a.index, b.index, strict=True)):
            return True
        return self._wrapped.apart(loop, a.index, b.index)

    def _differ(self, loop: For, x: Atom, y: Atom) -> bool:
        stride = self._stride(loop, x)
        if stride is not None and stride == self._stride(loop, y):
            return True
        distance = self._distance(loop, x, y)
        if not all(self._forms.never_negative(self._forms.of(atom)) for atom in (x, y)):
            return False
        if distance is None:
            return self._in_strips(loop, x, y)
        coefficient, constant = distance
        step = loop.step.value if isinstance(loop.step, Const) else 1
        return coefficient != 0 and (constant == 0 or constant % (coefficient * step) != 0)

    def _distance(self, loop: For, x: Atom, y: Atom) -> tuple[int, int] | None:
        """By how much a subscript moves with each iteration, and by how much the two differ in one iteration, where
        both are the same in all other respects."""
        first, second = self._forms.of(x), self._forms.of(y)
        coefficient = first.coefficient(loop.index)
        rest = first.plus(second, -1)
        if second.coefficient(loop.index) != coefficient or rest.terms or not self._is_fixed(loop, first):
            return None
        return coefficient, rest.constant

    def _stride(self, loop: For, atom: Atom) -> Affine | None:
        """How far a subscript is from the loop's index, for an inner loop that begins there and steps over as many as
        there are iterations, as `for j in range(k, m, n)` in `for k in range(0, n)`; `None` where it is none such."""
        form = self._forms.of(atom)
        symbol, factor = form.terms[0] if len(form.terms) == 1 else (None, 0)
        inner = self._regions.loop_of.get(symbol) if symbol is not None else None
        if factor != 1 or not isinstance(inner, For) or symbol is not inner.index or inner.step is not loop.stop:
            return None
        numbered = isinstance(loop.start, Const) and loop.start.value == 0
        first = self._forms.of(inner.start).plus(Affine(form.constant))
        if not numbered or first.coefficient(loop.index) != 1 or not self._is_fixed(loop, first):
            return None
        return first.without(loop.index) if self._forms.never_negative(first) else None

    def _in_strips(self, loop: For, x: Atom, y: Atom) -> bool:
        """Does each iteration stay in a strip of its own, as 32 * i + k does for k < 32?"""
        first, second = self._forms.of(x), self._forms.of(y)
        coefficient = first.coefficient(loop.index)
        if second.coefficient(loop.index) != coefficient or coefficient == 0:
            return False
        inside: list[tuple[int, int]] = []
        rests = [Affine(0), Affine(0)]
        for number, form in enumerate((first, second)):
            for symbol, factor in form.without(loop.index).terms:
                if self._is_fixed(loop, Affine(0, ((symbol, factor),))):
                    rests[number] = rests[number].plus(Affine(0, ((symbol, factor),)))
                    continue
                bounds = self._bounds(symbol)
                if bounds is None:
                    return False
                sign = factor if number == 0 else -factor
                inside.append((min(sign * b for b in bounds), max(sign * b for b in bounds)))
        if rests[0] != rests[1]:
            return False
        constant = first.constant - second.constant
        least, most = constant + sum(a for a, _ in inside), constant + sum(b for _, b in inside)
        step = abs(int(loop.step.value)) if isinstance(loop.step, Const) else 1
        return max(abs(least), abs(most)) < abs(coefficient) * step

    def _bounds(self, symbol: Sym) -> tuple[int, int] | None:
        """The least and the greatest value of the index of a loop, where both are known."""
        loop = self._regions.loop_of.get(symbol)
        if not isinstance(loop, For) or symbol is not loop.index or not isinstance(loop.start, Const):
            return None
        if not isinstance(loop.step, Const) or loop.step.value < 1:
            return None
        stop = self._regions.definition.get(loop.stop) if isinstance(loop.stop, Sym) else None
        ends = [loop.stop]
        if isinstance(stop, Let) and stop.op.name == "minimum":
            ends = list(stop.arguments)
        known = [int(end.value) for end in ends if isinstance(end, Const)]
        return (int(loop.start.value), max(min(known) - 1, int(loop.start.value))) if known else None

    def _is_fixed(self, loop: For, form: Affine) -> bool:
        """Do all its symbols but the index have one value while the loop runs?"""
        return all(self._is_fixed_symbol(loop, s) for s in form.symbols - {loop.index})

    def _is_fixed_symbol(self, loop: For, symbol: Sym) -> bool:
        return symbol not in self._regions.of_symbol or not self._inside(loop, self._regions.of_symbol[symbol])

    def _meet(self, loop: For, a: Access, b: Access) -> bool:
        """Do both touch one element for certain, in iterations that are not far apart?"""
        if a.array is not b.array or not (self._in_each(loop, a) and self._in_each(loop, b)):
            return False
        found = [self._distance(loop, x, y) for x, y in zip(a.index, b.index, strict=True)]
        far: set[int] = set()
        for distance in found:
            if distance is None:
                return False
            coefficient, constant = distance
            if coefficient == 0:
                if constant:
                    return False
            elif constant % coefficient:
                return False
            else:
                far.add(constant // coefficient)
        step = loop.step.value if isinstance(loop.step, Const) else 1
        return len(far) < 2 and all(d != 0 and d % step == 0 and self._reaches(loop, abs(d // step)) for d in far)

    def _reaches(self, loop: For, distance: int) -> bool:
        """Are there iterations so far apart? (Few as they may be, there are some.)"""
        if isinstance(loop.start, Const) and isinstance(loop.stop, Const) and isinstance(loop.step, Const):
            return len(range(loop.start.value, loop.stop.value, loop.step.value)) > distance
        return distance < _FEW

    def _in_each(self, loop: For, access: Access) -> bool:
        """Is the statement reached in every iteration?"""
        return self._regions.of_statement[access].owner is loop
