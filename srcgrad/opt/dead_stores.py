"""Stores that nothing reads: into elements that are overwritten first, and into arrays that have been read for the last
time.

    for i in range(0, n, 1):            for i in range(0, n, 1):
        t = load x_bar[i]                   t = load x_bar[i]          (nothing reads x_bar after this loop)
        store x_bar[i] = 0.0      =>
        store y_bar[i] = 0.0                store y_bar[i] = t
        store y_bar[i] += t

The reverse sweep clears the cotangent of what the primal overwrote; often nothing is ever added to it again.

In, out: a `Function` (after differentiation).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.nodes import (
    Alloc,
    Block,
    Copy,
    Dim,
    External,
    For,
    Function,
    Let,
    Load,
    Product,
    Statement,
    Store,
    Sym,
    blocks,
    operands,
)  # fmt: skip
from srcgrad.ir.visit import map_atoms, mentions, walk
from srcgrad.opt.rewrite import exchanged, is_zero, never_negative, same_atom, with_helpers

Changes = dict[Statement, Statement | None]


def dead_stores(function: Function) -> Function:
    """The function without stores that nothing reads; the same object when all are read."""
    return with_helpers(function, lambda each: _Remover(each).run())


class _Remover:
    def __init__(self, function: Function) -> None:
        self._body = function.body
        self._aliases: AliasClasses = alias_classes(function)
        self._handed = _handed_on(function)  # other arrays are known where they stand, and by one name

    def run(self) -> Block:
        changes: Changes = {}
        for block in (self._body, *(inner for s in walk(self._body) for inner in blocks(s))):
            for alloc in block.statements:
                if isinstance(alloc, (Alloc, Copy)) and not self._handed[alloc.result]:
                    changes.update(dict.fromkeys(_never_read(block, alloc.result), None))
                elif isinstance(alloc, For):
                    for array in self._left_behind(block, alloc):
                        changes.update(dict.fromkeys(_never_read(alloc.body, array), None))
        body = exchanged(self._body, changes) if changes else self._body
        return self._overwritten(body)

    def _left_behind(self, block: Block, loop: For) -> Iterator[Sym]:
        """The arrays that a loop hands from each iteration to the next, and that each makes anew: after an iteration,
        nothing knows the one that it was given."""
        made, inside = _made_in(block), _made_in(loop.body)
        for parameter, first, following in zip(loop.parameters, loop.initial, loop.body.results):
            if first in made and following in inside and not self._handed[parameter]:
                assert isinstance(first, Sym) and isinstance(following, Sym)
                once = self._handed[first] == self._handed[following] == 1
                later = block.statements[block.statements.index(loop) + 1 :]
                if once and not any(mentions(s, first) for s in (*loop.body.statements, *later)):
                    yield parameter

    # -- overwritten at once ----------------------------------------------------------------------------------------

    def _overwritten(self, block: Block) -> Block:
        """The block without stores to elements that the same block sets again before anything reads them."""
        inner = [map_atoms(s, lambda atom: atom, self._overwritten) for s in block.statements]
        pending: list[Store] = []  # those that nothing has read so far
        out: list[Statement] = []
        for statement in inner:
            if isinstance(statement, Store):
                statement = self._merged(statement, pending, out)
            elif not isinstance(statement, (Let, Dim, Alloc)):
                pending = [s for s in pending if not self._aliases.touches(statement, s.array)]
            out.append(statement)
        if len(out) == len(block.statements) and all(a is b for a, b in zip(out, block.statements, strict=True)):
            return block
        return Block(tuple(out), block.results)

    def _merged(self, store: Store, pending: list[Store], out: list[Statement]) -> Store:
        """The store, with what it makes of an earlier one to the same element."""
        for earlier in [s for s in pending if self._aliases.same(s.array, store.array)]:
            if not _same_element(earlier, store):
                if store.accumulate:  # perhaps the same element after all: then it reads what is there
                    pending.remove(earlier)
                continue
            pending.remove(earlier)
            if not store.accumulate:
                out.remove(earlier)
            elif is_zero(earlier.value) and not self._between(out, earlier, store):
                out.remove(earlier)
                store = replace(store, accumulate=False)
        if not store.accumulate:
            pending.append(store)
        return store

    def _between(self, out: list[Statement], earlier: Store, store: Store) -> bool:
        """Does another store to the same memory stand between the two?"""
        others = out[out.index(earlier) + 1 :]
        return any(isinstance(s, Store) and self._aliases.same(s.array, store.array) for s in others)


def _same_element(a: Store, b: Store) -> bool:
    return a.array is b.array and all(map(same_atom, a.index, b.index))


# -- arrays that have been read for the last time ---------------------------------------------------------------------


def _handed_on(function: Function) -> Counter[Sym]:
    """How often each symbol is used in another way than to read and write where it stands, or to ask for lengths."""
    found: Counter[Sym] = Counter(a for a in function.body.results if isinstance(a, Sym))
    for statement in walk(function.body):
        if not isinstance(statement, (Let, Dim, Load, Store, Product, External, Copy)):
            found.update(a for a in operands(statement) if isinstance(a, Sym))
        for block in blocks(statement):
            found.update(a for a in block.results if isinstance(a, Sym))
    return found


def _made_in(block: Block) -> set[Sym]:
    return {s.result for s in block.statements if isinstance(s, (Alloc, Copy))}


def _never_read(block: Block, array: Sym) -> Iterator[Store]:
    """The stores into an array, allocated in this block and known by one name, that come after its last read."""
    reading = [k for k, s in enumerate(block.statements) if any(_reads(each, array) for each in walk(Block((s,))))]
    if not reading:
        return
    last = reading[-1]
    for statement in block.statements[last + 1 :]:
        yield from (s for s in walk(Block((statement,))) if isinstance(s, Store) and s.array is array)
    yield from _last_in_loop(block.statements[last], array)


def _reads(statement: Statement, array: Sym) -> bool:
    match statement:
        case Load() | Copy():
            return statement.array is array
        case Product() | External():
            return array in operands(statement)
        case _:
            return False


def _last_in_loop(loop: Statement, array: Sym) -> Iterator[Store]:
    """The stores after the last load in the innermost block of a nest that comes to each element in one iteration."""
    chain: list[For] = []
    current = loop
    while isinstance(current, For) and never_negative(current):
        chain.append(current)
        using = [s for s in current.body.statements if any(array in operands(each) for each in walk(Block((s,))))]
        if using and blocks(using[-1]) and (len(using) == 1 or _of_its_own(current, array)):
            current = using[-1]
            continue
        accesses = [s for s in using if isinstance(s, (Load, Store))]
        if len(accesses) != len(using) or not _one_place(accesses, chain):
            return
        while accesses and isinstance(accesses[-1], Store):
            yield accesses.pop()  # type: ignore[misc]
        return


def _of_its_own(loop: For, array: Sym) -> bool:
    """Does each iteration touch elements at its own index only, element by element?"""
    uses = [s for s in walk(loop.body) if array in operands(s) and not isinstance(s, Dim)]
    accesses = [s for s in uses if isinstance(s, (Load, Store)) and s.array is array]
    positions = [{k for k, atom in enumerate(a.index) if atom is loop.index} for a in accesses]
    return len(accesses) == len(uses) and bool(positions) and bool(set.intersection(*positions))


def _one_place(accesses: list[Load | Store], chain: list[For]) -> bool:
    first = accesses[0].index
    alike = all(len(a.index) == len(first) and all(map(same_atom, a.index, first)) for a in accesses)
    return alike and all(loop.index in first for loop in chain)
