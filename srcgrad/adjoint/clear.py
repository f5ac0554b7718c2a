"""Shadows are not cleared where they are assigned next anyway.

The adjoint of a time loop over two buffers takes a step's cotangents from one shadow, adds them to the other and clears
the first; in the next step the buffers have changed places. Where each step adds to every element of what was cleared,
it can as well assign:

    for t: for i in 1..n-1: a[i] += b[i-1] + b[i+1]         for t: for i in 1..n-1: a[i] = b[i-1] + b[i+1]
           for i in 0..n: b[i] = 0                     =>          a[0] = a[n-1] = 0, plus what the ends get
           a, b = b, a                                             a, b = b, a
                                                            for i in 0..n: b[i] = 0

In, out: a `Function` (after differentiation). A clearing nest in a loop's body moves to where the next iteration first
adds to the same array, if the array is zero already when the loop starts; it stands once more after the loop. If what
is added first goes to each element of a part of the box, only the rest of it is cleared, and that part is assigned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from srcgrad.adjoint.nest import Nest, perfect_nest
from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.identity import Identities
from srcgrad.analysis.regions import Regions, find_regions
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Const,
    Dim,
    For,
    Function,
    Load,
    Statement,
    Store,
    Sym,
    blocks,
    operands,
)  # fmt: skip
from srcgrad.ir.visit import clone_block, map_atoms, walk
from srcgrad.opt.rewrite import exchanged, with_helpers


def clear_late(function: Function) -> Function:
    """The function with clearing left out where the next step assigns; the same object when there is none."""
    return with_helpers(function, lambda each: _Clearer(each).block(each.body))


@dataclass(frozen=True)
class _Fill:
    """A nest that does one thing to each element of a box of an array: `store`, in the loops of `nest`."""

    loop: For
    nest: Nest
    store: Store

    def range(self, axis: int) -> tuple[Atom, Atom]:
        """The bounds of the subscript `axis`."""
        loop = next(each for each in self.nest.loops if each.index is self.store.index[axis])
        return loop.start, loop.stop

    def storing(self, store: Store) -> Statement:
        """The nest with another store in the place of its own."""
        return exchanged(Block((self.loop,)), {self.store: store}).statements[0]


class _Clearer:
    def __init__(self, function: Function) -> None:
        self._regions: Regions = find_regions(function)
        self._aliases = alias_classes(function)
        self._identities = Identities(self._regions)
        self._forms = AffineForms(self._regions)

    def block(self, block: Block) -> Block:
        statements: list[Statement] = []
        for statement in block.statements:
            moved = self._delayed(statement) if isinstance(statement, For) else None
            statements += moved or [map_atoms(statement, lambda atom: atom, self.block)]
        same = len(statements) == len(block.statements)
        if same and all(a is b for a, b in zip(statements, block.statements, strict=True)):
            return block
        return Block(tuple(statements), block.results)

    # -- nests that fill a box --------------------------------------------------------------------------------------

    def _fill(self, statement: Statement, *, adds: bool) -> _Fill | None:
        """The statement as a nest that clears (or `adds` to) each element of a box once, and does nothing else."""
        nest = perfect_nest(statement) if isinstance(statement, For) else None
        if nest is None:
            return None
        stores = [s for s in nest.body if isinstance(s, Store)]
        if len(stores) != 1 or stores[0].accumulate is not adds:
            return None
        store = stores[0]
        loaded = [s.array for s in nest.body if isinstance(s, Load)]
        zero = isinstance(store.value, Const) and store.value.value == 0.0
        if not (adds or zero) or any(not self._apart(a, store.array) for a in loaded):
            return None
        if len(store.index) != len(nest.loops) or set(store.index) != set(nest.indices):
            return None
        assert isinstance(statement, For)
        positive = all(self._forms.never_negative(self._forms.of(loop.start)) for loop in nest.loops)
        return _Fill(statement, nest, store) if positive else None

    def _apart(self, a: Sym, b: Sym) -> bool:
        return not self._aliases.same(a, b) or self._identities.distinct(a, b)

    def _touches(self, statement: Statement, array: Sym) -> bool:
        """May a statement, or one inside it, have to do with the memory of `array` (beyond its lengths)?"""
        for inner in walk(Block((statement,))):
            used = [a for a in operands(inner) if isinstance(a, Sym)] if not isinstance(inner, Dim) else []
            used += [a for block in blocks(inner) for a in block.results if isinstance(a, Sym)]
            if any(self._aliases.same(a, array) and not self._identities.distinct(a, array) for a in used):
                return True
        return False

    # -- loops ------------------------------------------------------------------------------------------------------

    def _delayed(self, loop: For) -> list[Statement] | None:
        """What stands for a loop whose clearing is left to the next iteration."""
        body = loop.body.statements
        for position in reversed(range(len(body))):
            clear = self._fill(body[position], adds=False)
            if clear is None:
                continue
            found = self._next(loop, clear, position)
            if found is None:
                continue
            array, final = found
            first = self._first_touch(body[:position], array)
            add = self._fill(body[first], adds=True) if first is not None else None
            if add is None or add.store.array is not array or not self._inside(add, clear):
                continue
            front = self._without(clear, array, add)
            assigning = add.storing(replace(add.store, accumulate=False))
            assert first is not None
            rest = [*body[:first], *front, assigning, *body[first + 1 : position], *body[position + 1 :]]
            new = replace(loop, body=Block(tuple(rest), loop.body.results))
            return [new, _of(clear, final)]
        return None

    def _next(self, loop: For, clear: _Fill, position: int) -> tuple[Sym, Sym] | None:
        """By which name the next iteration knows the array that is cleared last, and by which the code after the loop.
        None where the clearing must stay."""
        array, results = clear.store.array, loop.body.results
        later = loop.body.statements[position + 1 :]
        if any(self._touches(s, array) for s in later) or not self._invariant(loop, clear):
            return None
        slots = [k for k, y in enumerate(results) if y is array]
        others = [y for k, y in enumerate(results) if k not in slots and isinstance(y, Sym)]
        if len(slots) != 1 or not all(self._apart(y, array) for y in others):
            return None
        initial = loop.initial[slots[0]]
        if not isinstance(initial, Sym) or not self._is_zero_before(loop, initial):
            return None
        return loop.parameters[slots[0]], loop.results[slots[0]]

    def _invariant(self, loop: For, clear: _Fill) -> bool:
        """Are the bounds of the box the same in every iteration?"""
        inside = self._regions.of_block[loop.body]
        bounds = [a for each in clear.nest.loops for a in (each.start, each.stop) if isinstance(a, Sym)]
        return not any(inside.encloses(self._regions.of_symbol[a]) for a in bounds)

    def _is_zero_before(self, loop: For, array: Sym) -> bool:
        """Is all of the array zero when the loop starts? It is where all memory it may be is allocated in the loop's
        own block as zeros, and everything stored outside the loop goes to other memory, or is zero."""
        inside = set(walk(loop.body))
        for statement, region in self._regions.of_statement.items():
            if isinstance(statement, Alloc) and self._aliases.same(statement.result, array):
                here = region is self._regions.of_statement[loop]
                if not here or statement.fill is None or statement.fill.value != 0.0:
                    return False
            elif isinstance(statement, Store) and statement not in inside and not self._is_after(statement, loop):
                zero = isinstance(statement.value, Const) and statement.value.value == 0.0
                if not zero and not self._apart(statement.array, array):
                    return False
            elif not isinstance(statement, (Alloc, Store, Load, Dim, For)) and self._makes(statement, array):
                return False
        return True

    def _makes(self, statement: Statement, array: Sym) -> bool:
        """Does the statement give memory of the class in another way than a loop that passes it around?"""
        return any(isinstance(a, Sym) and self._aliases.same(a, array) for a in operands(statement))

    def _is_after(self, statement: Statement, loop: For) -> bool:
        """Does the statement run after the loop only (which stands in no other loop)?"""
        home = self._regions.of_statement[loop]
        if home.depth:
            return False
        current, region = statement, self._regions.of_statement[statement]
        while region is not home and region.owner is not None and region.parent is not None:
            current, region = region.owner, region.parent
        return region is home and self._regions.position[current] > self._regions.position[loop]

    # -- what is left of a clearing ---------------------------------------------------------------------------------

    def _first_touch(self, statements: tuple[Statement, ...], array: Sym) -> int | None:
        return next((k for k, s in enumerate(statements) if self._touches(s, array)), None)

    def _inside(self, add: _Fill, clear: _Fill) -> bool:
        """Is the box that is added to part of the box that is cleared?"""
        for axis in range(len(add.store.index)):
            (low, high), (start, stop) = add.range(axis), clear.range(axis)
            below, above = self._difference(low, start), self._difference(stop, high)
            if below is None or above is None or min(below, above) < 0:
                return False
        return True

    def _difference(self, a: Atom, b: Atom) -> int | None:
        form = self._forms.of(a).plus(self._forms.of(b), -1)
        return form.constant if form == Affine(form.constant) else None

    def _without(self, clear: _Fill, array: Sym, add: _Fill) -> tuple[Statement, ...]:
        """Clear the box without the part that is assigned: the innermost loop leaves out the gap, in rows that have
        one."""
        b = Builder()
        b.span = clear.store.span
        last = len(clear.store.index) - 1
        start, stop = add.range(last)
        length = b.op("sub", stop, start)
        gap: Atom = b.op("select", b.op("gt", length, int_const(0)), length, int_const(0), hint="gap")

        def level(index: list[Atom], gap: Atom) -> None:
            axis = len(index)
            low, high = clear.range(axis)
            hint = clear.store.index[axis].hint  # type: ignore[union-attr]
            first, end = add.range(axis)
            if axis < last:
                with b.loop(low, high, hint) as i:
                    near = b.op("or_", b.op("lt", i, first), b.op("ge", i, end))
                    level([*index, i], b.op("select", near, int_const(0), gap, hint="gap"))
                return
            with b.loop(low, b.op("sub", high, gap), "k") as k:
                i = b.op("select", b.op("lt", k, first), k, b.op("add", k, gap), hint=hint)
                b.store(array, (*index, i), clear.store.value)

        level([], gap)
        return b.finish().statements


def _of(clear: _Fill, array: Sym) -> Statement:
    """The clearing nest for another array, with symbols of its own."""
    new = clear.storing(replace(clear.store, array=array))
    return clone_block(Block((new,)), {}).statements[0]
