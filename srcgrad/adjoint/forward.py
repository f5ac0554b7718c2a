"""The forward sweep: the primal, saving what the plan keeps, and running fused loops in both directions.

In: the (shadowed) function, its plan and tapes, and the reverse sweep (which writes the reverse part of fused
iterations). Out: the statements of the outermost block.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.adjoint.fusion import Fusion
from srcgrad.adjoint.partials import zero
from srcgrad.adjoint.plan import Kept, Plan
from srcgrad.adjoint.reverse import ReverseSweep
from srcgrad.adjoint.tapes import Tapes
from srcgrad.analysis.regions import Region, Regions
from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import Alloc, Atom, Block, Call, Copy, For, If, Load, Reshape, Statement, Store, Sym, View, While
from srcgrad.ir.visit import clone_statement

Contributions = list[tuple[Sym, Atom]]
"""Cotangents that fused loops have added up for symbols outside them."""


def write_forward(builder: Builder, regions: Regions, plan: Plan, tapes: Tapes, sweep: ReverseSweep) -> None:
    """Append the forward sweep to `builder`; what fused loops contribute goes to the sweep's cotangents."""
    writer = _Forward(builder, regions, plan, tapes, sweep)
    for symbol, value in writer.in_scope(regions.root):
        sweep.accumulate(symbol, value)


def write_forward_helper(
    builder: Builder, regions: Regions, plan: Plan, tapes: Tapes, sweep: ReverseSweep
) -> Block:
    """The forward function of a recursive one: its outermost block, too, is entered again by its reverse."""
    return _Forward(builder, regions, plan, tapes, sweep).block(regions.root.block)


class _Forward:
    def __init__(self, builder: Builder, regions: Regions, plan: Plan, tapes: Tapes, sweep: ReverseSweep) -> None:
        self._builder = builder
        self._regions = regions
        self._plan = plan
        self._tapes = tapes
        self._sweep = sweep
        self._changed = {*plan.kept, *(regions.of_statement[s] for s in plan.undone)}
        self._changed |= {r for s, r in regions.of_statement.items() if isinstance(s, Call) and sweep.matters(s)}

    def in_scope(self, region: Region) -> Contributions:
        """The statements of a block whose reverse follows while its values are in scope."""
        contributions: Contributions = []
        for statement in region.block.statements:
            self._tapes.make_before(self._builder, statement)
            if isinstance(statement, For) and statement in self._plan.fused:
                contributions += self._fused(statement, self._plan.fused[statement])
                continue
            self._statement(statement, {})
            if isinstance(statement, (Alloc, Copy, View, Reshape)):
                self._sweep.primals.make_local_shadow(statement.result)
        return contributions

    def _fused(self, loop: For, fusion: Fusion) -> Contributions:
        """A loop whose iterations run forward, then backward, one by one."""
        mapping: dict[Sym, Atom] = {}
        for statement in fusion.prelude:
            self._builder.emit(clone_statement(statement, mapping))
        cotangents = tuple(mapping.get(c, c) if isinstance(c, Sym) else c for c in fusion.cotangents)
        free = self._sweep.free_active(loop)
        parameters = tuple(Sym(f"{f.hint}_bar", f.type) for f in free)
        with self._builder.block() as statements:
            inner = self.in_scope(self._regions.of_block[loop.body])
            totals = self._sweep.fused_iteration(loop, cotangents, dict(zip(free, parameters, strict=True)), inner)
        results = tuple(Sym(p.hint, p.type) for p in parameters)
        self._builder.emit(
            replace(
                loop,
                results=(*loop.results, *results),
                parameters=(*loop.parameters, *parameters),
                initial=(*loop.initial, *(zero(f.type) for f in free)),  # type: ignore[arg-type]
                body=Block(tuple(statements), (*loop.body.results, *totals)),
            )
        )
        return list(zip(free, results, strict=True))

    def block(self, block: Block) -> Block:
        """A block that the reverse sweep enters again."""
        region: Region = self._regions.of_block[block]
        kept = {k.symbol: k for k in self._plan.kept.get(region, ())}
        if not self._touched(region):
            return block
        # A recursive call in the block pushes to the same stacks, and its reverse runs after this block's values are
        # popped: there everything is saved at the end.
        saved_at_once = {} if self._plan.detached else kept
        with self._builder.block() as statements:
            for symbol, entry in saved_at_once.items():
                if symbol in self._regions.loop_of:
                    self._tapes.save(self._builder, entry)
            for statement in block.statements:
                self._statement(statement, saved_at_once)
            for symbol, entry in kept.items():
                if symbol not in saved_at_once:
                    self._tapes.save(self._builder, entry)
        return Block(tuple(statements), block.results)

    def _touched(self, region: Region) -> bool:
        return any(region.encloses(other) for other in self._changed)

    def _statement(self, statement: Statement, kept: dict[Sym, Kept]) -> None:
        """One statement, preceded by the read of what it overwrites and followed by the saves."""
        self._builder.span = statement.span
        if isinstance(statement, Store) and statement in self._plan.undone:
            old = self._plan.undone[statement]
            if old not in self._regions.definition:
                self._builder.emit(Load(old, statement.array, statement.index, statement.span))
                if old in kept:
                    self._tapes.save(self._builder, kept[old])
        self._builder.emit(self._rewritten(statement))
        for symbol, entry in kept.items():
            if self._regions.definition.get(symbol) is statement:
                self._tapes.save(self._builder, entry)

    def _rewritten(self, statement: Statement) -> Statement:
        match statement:
            case If(then=then, orelse=orelse):
                return replace(statement, then=self.block(then), orelse=self.block(orelse))
            case For(body=body) | While(body=body):
                return replace(statement, body=self.block(body))
            case Call() if self._sweep.matters(statement):
                return self._sweep.forward_call(statement)
            case _:
                return statement
