"""The containers that kept values go to, and how both sweeps address them.

In: a plan. Out: for each kept value a tape symbol, the statements that make the tapes, and the reads and writes.
A dense tape is an array with one dimension per enclosing loop, subscripted by iteration numbers; a stack is pushed
once per execution of the block that defines the value and popped once per backward execution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from srcgrad.adjoint.extents import most_iterations, write_count
from srcgrad.adjoint.fusion import Scopes
from srcgrad.adjoint.plan import Container, Kept, Plan
from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.regions import Loop, Region, Regions
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import Alloc, Atom, Const, Dim, For, NewStack, Statement, Sym, While
from srcgrad.ir.types import Array, Layout, Scalar, Stack

Use = Callable[[Atom], Atom]


class Tapes:
    """The tapes of one plan. A recursive function is `given` its stacks: it makes none."""

    def __init__(self, plan: Plan, regions: Regions, given: Mapping[Sym, Sym] | None = None) -> None:
        self._regions = regions
        self._forms = AffineForms(regions)
        made = {kept.symbol: Sym(_name(kept), _type(kept)) for kept in plan.all_kept()}
        self._tapes: Mapping[Sym, Sym] = made if given is None else given
        self._by_statement: dict[Statement, list[Kept]] = {}
        self._scopes = scopes = Scopes(regions, plan.fused)
        for kept in plan.all_kept() if given is None else ():
            place = self._place(kept, scopes) if kept.container is Container.DENSE else regions.root
            self._by_statement.setdefault(_statement_below(place, kept.region), []).append(kept)

    def _place(self, kept: Kept, scopes: Scopes) -> Region:
        """The outermost block in scope in which the bounds of the loops are known: a tape that belongs to one
        iteration of a fused loop is used again by the next."""
        homes = [self._regions.of_symbol[symbol] for loop in kept.loops for symbol in self._count(loop, kept).symbols]
        blocks = [r for r in kept.region.ancestors() if scopes.in_scope(r)]
        return next(r for r in reversed(blocks) if all(home.encloses(r) for home in homes))

    def make_before(self, builder: Builder, statement: Statement) -> None:
        """Allocate, before a statement of a block in scope, the tapes of what is kept inside it."""
        for kept in self._by_statement.get(statement, ()):
            tape = self._tapes[kept.symbol]
            if kept.container is Container.STACK:
                builder.emit(NewStack(tape, statement.span))
            else:
                shape = tuple(self._length(builder, loop, kept) for loop in kept.loops)
                builder.emit(Alloc(tape, shape, None, statement.span, tape=True))

    def _known_before(self, loop: For, kept: Kept) -> bool:
        """Are the bounds of the loop numbers from outside all the loops around what is kept, and known where a tape can
        be made? (One that a branch computes is not.)"""
        homes = [self._regions.of_symbol[a] for a in (loop.start, loop.stop, loop.step) if isinstance(a, Sym)]
        return all(self._scopes.in_scope(home) and not set(home.loops) & set(kept.loops) for home in homes)

    def _count(self, loop: Loop, kept: Kept) -> Affine:
        """A form with the symbols that the length of the loop's dimension is computed from."""
        assert isinstance(loop, For)
        if self._known_before(loop, kept):
            bounds = [a for a in (loop.start, loop.stop, loop.step) if isinstance(a, Sym)]
            return Affine(0, tuple((symbol, 1) for symbol in dict.fromkeys(bounds)))
        count = most_iterations(self._forms, loop, kept.loops)
        assert count is not None, "the plan keeps this on a stack"
        return count

    def _length(self, builder: Builder, loop: Loop, kept: Kept) -> Atom:
        assert isinstance(loop, For)
        if self._known_before(loop, kept):
            return trip_count(builder, self._regions, loop)
        return write_count(builder, self._count(loop, kept))

    def save(self, builder: Builder, kept: Kept) -> None:
        """Write the value, in the forward sweep."""
        tape = self._tapes[kept.symbol]
        if kept.container is Container.STACK:
            builder.push(tape, kept.symbol)
        else:
            builder.store(tape, self._subscript(builder, kept, lambda atom: atom), kept.symbol)

    def restore(self, builder: Builder, kept: Kept, use: Use) -> Sym:
        """Read the value, in the reverse sweep; `use` maps primal atoms to what stands for them there."""
        tape = self._tapes[kept.symbol]
        if kept.container is Container.STACK:
            return builder.pop(tape, kept.symbol.hint)
        return builder.load(tape, self._subscript(builder, kept, use), kept.symbol.hint)

    def _subscript(self, builder: Builder, kept: Kept, use: Use) -> tuple[Atom, ...]:
        return tuple(iteration_number(builder, loop, use) for loop in kept.loops)


def _statement_below(base: Region, region: Region) -> Statement:
    """The statement of block `base` that contains `region`."""
    while region.parent is not base:
        assert region.parent is not None
        region = region.parent
    assert region.owner is not None
    return region.owner


def _name(kept: Kept) -> str:
    return f"{kept.symbol.hint}_tape"


def _type(kept: Kept) -> Array | Stack:
    element = kept.symbol.type
    if kept.container is Container.STACK:
        assert not isinstance(element, Stack)
        return Stack(element)
    assert isinstance(element, Scalar)
    return Array(element.dtype, len(kept.loops), Layout.C)


def iteration_number(builder: Builder, loop: Loop, use: Use) -> Atom:
    """0 for the first iteration in index order, 1 for the next, ...: the subscript in a dense tape. (Where a loop runs
    its range backwards, the first in time is the last in index order.)"""
    if isinstance(loop, While):
        return use(loop.counter)
    index, start, step = use(loop.index), use(loop.start), use(loop.step)
    offset = index if _is_constant(start, 0) else builder.op("sub", index, start)
    return offset if _is_constant(step, 1) else builder.op("floordiv", offset, step)


def trip_count(builder: Builder, regions: Regions, loop: Loop) -> Atom:
    """How many iterations a `For` makes; never negative."""
    assert isinstance(loop, For)
    unit = _is_constant(loop.step, 1)
    if unit and _is_constant(loop.start, 0) and _is_size(loop.stop, regions):
        return loop.stop
    span = loop.stop if _is_constant(loop.start, 0) else builder.op("sub", loop.stop, loop.start)
    # ceil(span / step) = -((-span) // step), for either sign of step
    count = span if unit else builder.op("neg", builder.op("floordiv", builder.op("neg", span), loop.step))
    return builder.op("select", builder.op("gt", count, int_const(0)), count, int_const(0), hint="trips")


def _is_constant(atom: Atom, value: int) -> bool:
    return isinstance(atom, Const) and atom.value == value


def _is_size(atom: Atom, regions: Regions) -> bool:
    if isinstance(atom, Const):
        return atom.value >= 0
    return isinstance(regions.definition.get(atom), Dim)
