"""The forward sweep: the primal, saving what the plan keeps.

In: the (shadowed) function, its plan and tapes. Out: the statements of the outermost block.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.adjoint.plan import Kept, Plan
from srcgrad.adjoint.tapes import Tapes
from srcgrad.analysis.regions import Region, Regions
from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import Block, For, If, Load, Statement, Store, Sym, While


def write_forward(builder: Builder, regions: Regions, plan: Plan, tapes: Tapes) -> None:
    """Append the forward sweep to `builder`."""
    writer = _Forward(regions, plan, tapes)
    for statement in regions.root.block.statements:
        tapes.make_before(builder, statement)
        writer.statement(builder, statement, {})


class _Forward:
    def __init__(self, regions: Regions, plan: Plan, tapes: Tapes) -> None:
        self._regions = regions
        self._plan = plan
        self._tapes = tapes

    def _block(self, block: Block) -> Block:
        region: Region = self._regions.of_block[block]
        kept = {k.symbol: k for k in self._plan.kept.get(region, ())}
        if not self._touched(region):
            return block
        builder = Builder()
        for symbol, entry in kept.items():
            if symbol in self._regions.loop_of:
                self._tapes.save(builder, entry)
        for statement in block.statements:
            self.statement(builder, statement, kept)
        return builder.finish(block.results)

    def _touched(self, region: Region) -> bool:
        changed = [*self._plan.kept, *(self._regions.of_statement[s] for s in self._plan.undone)]
        return any(region.encloses(other) for other in changed)

    def statement(self, builder: Builder, statement: Statement, kept: dict[Sym, Kept]) -> None:
        """One statement, preceded by the read of what it overwrites and followed by the saves."""
        builder.span = statement.span
        if isinstance(statement, Store) and statement in self._plan.undone:
            old = self._plan.undone[statement]
            builder.emit(Load(old, statement.array, statement.index, statement.span))
            if old in kept:
                self._tapes.save(builder, kept[old])
        builder.emit(self._rewritten(statement))
        for symbol, entry in kept.items():
            if self._regions.definition.get(symbol) is statement:
                self._tapes.save(builder, entry)

    def _rewritten(self, statement: Statement) -> Statement:
        match statement:
            case If(then=then, orelse=orelse):
                return replace(statement, then=self._block(then), orelse=self._block(orelse))
            case For(body=body) | While(body=body):
                return replace(statement, body=self._block(body))
            case _:
                return statement
