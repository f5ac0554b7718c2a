"""Arrays of which each iteration of a loop uses its own part are as large as one part.

    a = empty(n, m)                         a = empty(m)
    for i in range(n):                      for i in range(n):
        for j in range(m):                      for j in range(m):
            store a[i, j] = t         =>            store a[j] = t
        for j in range(m):                      for j in range(m):
            u = load a[i, j]                        u = load a[j]

The part stays in the processor's cache, where the whole array is two passes over memory or more.

In, out: a `Function` that will not be differentiated any more. `contract` puts the smaller array into the loop, where
the passes that follow see that it begins anew in each iteration; `hoist_parts` then makes it once, in front of the
loops.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from srcgrad.ir.build import Builder, nest
from srcgrad.ir.nodes import Alloc, Atom, Block, For, Function, Load, Statement, Store, Sym, While, blocks, operands
from srcgrad.ir.types import Array, Layout
from srcgrad.ir.visit import defined_symbols, inner_symbols, map_atoms, walk
from srcgrad.opt.rewrite import never_negative, with_helpers

Access = Load | Store


def contract(function: Function) -> tuple[Function, frozenset[Sym]]:
    """The function with smaller arrays, and those arrays."""
    contractor = _Contractor(function)
    body = contractor.block(function.body)
    return replace(function, body=body) if contractor.parts else function, frozenset(contractor.parts)


class _Contractor:
    """`accesses` counts the loads and stores of each array; `others` are arrays used in other ways."""

    def __init__(self, function: Function) -> None:
        self.parts: set[Sym] = set()
        self.accesses: dict[Sym, int] = {}
        self.others: set[Atom] = set()
        self._count(function.body)

    def _count(self, block: Block) -> None:
        for s in block.statements:
            own = s.array if isinstance(s, Access) else None
            if own is not None:
                self.accesses[own] = self.accesses.get(own, 0) + 1
            self.others.update(atom for atom in operands(s) if atom is not own)
            for inner in blocks(s):
                self._count(inner)
        self.others.update(block.results)

    def block(self, block: Block) -> Block:
        statements = list(block.statements)
        for alloc in block.statements:
            if isinstance(alloc, Alloc) and len(alloc.shape) > 1 and alloc.result not in self.others:
                self._try(statements, alloc)
        return Block(tuple(map_atoms(s, lambda atom: atom, self.block) for s in statements), block.results)

    def _try(self, statements: list[Statement], alloc: Alloc) -> None:
        for position, loop in enumerate(statements):
            found = [s for s in _inside(loop) if isinstance(s, Access) and s.array is alloc.result]
            if not found:
                continue
            if isinstance(loop, For) and len(found) == self.accesses[alloc.result] and never_negative(loop):
                own = (d for d in range(len(alloc.shape)) if all(s.index[d] is loop.index for s in found))
                if (dimension := next(own, None)) is not None:
                    statements[position] = self._contracted(loop, alloc, dimension)
                    statements.remove(alloc)
            return

    def _contracted(self, loop: For, alloc: Alloc, dimension: int) -> For:
        """The loop with a part of the array of its own."""
        old = alloc.result
        assert isinstance(old.type, Array)
        part = Sym(old.hint, Array(old.type.dtype, old.type.ndim - 1, Layout.C))
        self.parts.discard(old)
        self.parts.add(part)
        self.accesses[part] = self.accesses[old]

        def moved(block: Block) -> Block:
            return Block(tuple(map(one, block.statements)), block.results)

        def one(s: Statement) -> Statement:
            if isinstance(s, Access) and s.array is old:
                return replace(s, array=part, index=_without(s.index, dimension))
            return map_atoms(s, lambda atom: atom, moved)

        made = replace(alloc, result=part, shape=_without(alloc.shape, dimension))
        body = moved(loop.body)
        return replace(loop, body=Block((made, *body.statements), body.results))


def _inside(statement: Statement) -> list[Statement]:
    """The statement, and all that is nested in it."""
    return list(walk(Block((statement,))))


def _without(atoms: tuple[Atom, ...], position: int) -> tuple[Atom, ...]:
    return atoms[:position] + atoms[position + 1 :]


def hoist_parts(function: Function, parts: Collection[Sym]) -> Function:
    """The function with these arrays made in front of the loops that they are made in; zeros become stores."""
    return with_helpers(function, lambda f: _hoisted(f.body, parts)) if parts else function


def _hoisted(block: Block, parts: Collection[Sym]) -> Block:
    statements: list[Statement] = []
    for s in block.statements:
        s = map_atoms(s, lambda atom: atom, lambda inner: _hoisted(inner, parts))
        if isinstance(s, For | While):
            made = [a for a in s.body.statements if isinstance(a, Alloc) and a.result in parts and _fits(a, s)]
            statements += [replace(a, fill=None) for a in made]
            s = replace(s, body=Block(tuple(_begun(s.body.statements, made)), s.body.results)) if made else s
        statements.append(s)
    return Block(tuple(statements), block.results)


def _fits(alloc: Alloc, loop: For | While) -> bool:
    """Are the lengths known in front of the loop?"""
    inside = {*defined_symbols(loop.body), *inner_symbols(loop)}
    return not any(isinstance(length, Sym) and length in inside for length in alloc.shape)


def _begun(statements: tuple[Statement, ...], made: Collection[Alloc]) -> list[Statement]:
    """The statements with stores of what the arrays begin with, in the place of the arrays."""
    builder = Builder()
    for s in statements:
        if not isinstance(s, Alloc) or s not in made:
            builder.emit(s)
        elif s.fill is not None:
            nest(builder, s.shape, lambda index, s=s: builder.store(s.result, index, s.fill))  # type: ignore[misc]
    return list(builder.finish(()).statements)
