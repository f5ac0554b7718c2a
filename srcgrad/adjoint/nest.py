"""Perfect loop nests over straight-line code, and what part of such code a store needs.

In: a `For`. Out: a `Nest`, whose iterations are independent of the order of its loops as far as control goes: step 1,
nothing carried, bounds that do not change in the nest. What stands between the loops joins the body (it is scalar
code and loads; whoever reorders iterations checks that the loads do not mind). A nest that carries sums is asked for
separately: its stores can be run without the sums (`Nest.over`), and the sums without the stores (`without_stores`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from srcgrad.ir.build import int_const
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Const,
    Dim,
    For,
    Let,
    Load,
    Statement,
    Store,
    Sym,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.visit import clone_block, walk
from srcgrad.opt.rewrite import exchanged

_DEEPEST = 3


@dataclass(frozen=True, eq=False)
class Nest:
    """Loops, outermost first, and the straight-line code that all of them run. Where `carrying`, the loops carry values
    that no store depends on."""

    loops: tuple[For, ...]
    body: tuple[Statement, ...]

    @property
    def carrying(self) -> bool:
        return bool(self.loops[0].results)

    @property
    def indices(self) -> tuple[Sym, ...]:
        return tuple(loop.index for loop in self.loops)

    @property
    def inside(self) -> frozenset[Sym]:
        """Everything that is defined in the nest."""
        carried = (symbol for loop in self.loops for symbol in (*loop.parameters, *loop.results))
        return frozenset((*self.indices, *carried, *(symbol for s in self.body for symbol in definitions(s))))

    def over(self, statements: Iterable[Statement], ranges: list[tuple[Atom, Atom]] | None = None) -> For:
        """The same iterations, or those of other ranges, forwards, of a part of the body (with fresh symbols)."""
        indices = [Sym(index.hint, index.type) for index in self.indices]
        body = clone_block(Block(tuple(statements)), dict(zip(self.indices, indices, strict=True)))
        return self.around(body, indices, ranges or [(loop.start, loop.stop) for loop in self.loops])

    def around(self, body: Block, indices: list[Sym], ranges: list[tuple[Atom, Atom]]) -> For:
        """Loops like those of the nest, but forwards, with the given indices and ranges."""
        for loop, index, (start, stop) in reversed(list(zip(self.loops, indices, ranges, strict=True))):
            made = For((), index, start, stop, int_const(1), (), (), body, False, loop.span)
            body = Block((made,))
        return made


def perfect_nest(loop: For, *, carrying: bool = False) -> Nest | None:
    """The nest that `loop` is the outermost loop of, if it is one. With `carrying`, it may carry what its stores do not
    depend on."""
    loops: list[For] = []
    body: list[Statement] = []
    current = loop
    while len(loops) < _DEEPEST and _is_plain(current, carrying):
        loops.append(current)
        *before, last = current.body.statements or (None,)
        if isinstance(last, For) and all(isinstance(s, (Let, Dim, Load)) for s in before):
            body += before
            current = last
            continue
        body += current.body.statements
        nest = Nest(tuple(loops), tuple(body))
        straight = all(isinstance(s, (Let, Dim, Load, Store)) for s in body)
        return nest if straight and not _bounds(nest) & nest.inside and stores_alone(nest.loops, body) else None
    return None


def stores_alone(loops: Iterable[For], body: Iterable[Statement]) -> bool:
    """Does no store of the body depend on what the loops carry?"""
    body = tuple(body)
    carried = {symbol for loop in loops for symbol in (*loop.parameters, *loop.results)}
    stores = [s for s in body if isinstance(s, Store)]
    return not carried or all(carried.isdisjoint(operands(s)) for s in slice_of(body, stores))


def without_stores(loop: For) -> For:
    """The loop, or nest, as far as it computes what it carries."""
    stores = [s for s in walk(loop.body) if isinstance(s, Store)]
    made = exchanged(Block((loop,)), dict.fromkeys(stores)).statements[0]
    assert isinstance(made, For)
    return made


def _is_plain(loop: For, carrying: bool) -> bool:
    return (carrying or not loop.results) and isinstance(loop.step, Const) and loop.step.value == 1


def _bounds(nest: Nest) -> set[Atom]:
    return {atom for loop in nest.loops for atom in (loop.start, loop.stop)}


def slice_of(body: Iterable[Statement], stores: Collection[Store]) -> list[Statement]:
    """The stores and what they need of the body, in order."""
    needed = {atom for store in stores for atom in operands(store)}
    kept: list[Statement] = []
    for statement in reversed(tuple(body)):
        if statement in stores or any(symbol in needed for symbol in definitions(statement)):
            kept.append(statement)
            needed.update(operands(statement))
    return kept[::-1]
