"""The tree of regions: which block a symbol is defined in, and which loops surround it.

In: a function. Out: `Regions`, a side table. A region is one block of the function together with the statement
that owns it; the function's body is the root, at loop depth 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from srcgrad.ir.nodes import Block, For, Function, Statement, Sym, While, blocks, definitions
from srcgrad.ir.visit import inner_symbols

Loop = For | While


@dataclass(frozen=True, eq=False)
class Region:
    """A block in its place. `loops` are the loops around it, outermost first (the owner included)."""

    block: Block
    owner: Statement | None
    parent: Region | None
    loops: tuple[Loop, ...]

    @property
    def depth(self) -> int:
        return len(self.loops)

    def ancestors(self) -> tuple[Region, ...]:
        """This region, its parent, and so on up to the root."""
        chain: list[Region] = []
        region: Region | None = self
        while region is not None:
            chain.append(region)
            region = region.parent
        return tuple(chain)

    def encloses(self, other: Region) -> bool:
        return self in other.ancestors()


@dataclass(frozen=True, eq=False)
class Regions:
    """Where everything is. Parameters of the function and of loops have no entry in `definition`."""

    root: Region
    of_block: dict[Block, Region] = field(default_factory=dict)
    of_symbol: dict[Sym, Region] = field(default_factory=dict)
    of_statement: dict[Statement, Region] = field(default_factory=dict)
    definition: dict[Sym, Statement] = field(default_factory=dict)
    position: dict[Statement, int] = field(default_factory=dict)
    loop_of: dict[Sym, Loop] = field(default_factory=dict)
    """The loop that a loop index, counter or parameter belongs to."""

    def is_given(self, symbol: Sym) -> bool:
        """Is this a parameter of the function?"""
        return symbol not in self.definition and symbol not in self.loop_of

    def is_index(self, symbol: Sym) -> bool:
        """Is this the index of a `For` or the counter of a `While`?"""
        loop = self.loop_of.get(symbol)
        return loop is not None and symbol is index_of(loop)


def index_of(loop: Loop) -> Sym:
    """What counts the iterations of a loop."""
    return loop.index if isinstance(loop, For) else loop.counter


def find_regions(function: Function) -> Regions:
    """The region tree of a function."""
    root = Region(function.body, None, None, ())
    regions = Regions(root)
    for parameter in function.params:
        regions.of_symbol[parameter] = root
    _enter(root, regions)
    return regions


def _enter(region: Region, regions: Regions) -> None:
    regions.of_block[region.block] = region
    for position, statement in enumerate(region.block.statements):
        regions.of_statement[statement] = region
        regions.position[statement] = position
        for symbol in definitions(statement):
            regions.of_symbol[symbol] = region
            regions.definition[symbol] = statement
        loops = (*region.loops, statement) if isinstance(statement, (For, While)) else region.loops
        for block in blocks(statement):
            inner = Region(block, statement, region, loops)
            _enter(inner, regions)
            # the parameters are visible in `condition` too; they are booked under the body, which comes last
            if isinstance(statement, (For, While)):
                for symbol in inner_symbols(statement):
                    regions.of_symbol[symbol] = inner
                    regions.loop_of[symbol] = statement


def rotation(loop: Loop, slot: int) -> tuple[int, ...]:
    """The slots among which `slot` is passed around, in order, when iteration after iteration only permutes them:
    slot k yields the parameter of the next slot in the tuple. Empty when some value comes from elsewhere."""
    numbers = {parameter: k for k, parameter in enumerate(loop.parameters)}
    cycle = [slot]
    while True:
        following = loop.body.results[cycle[-1]]
        if not isinstance(following, Sym) or following not in numbers:
            return ()
        if numbers[following] == slot:
            return tuple(cycle)
        if numbers[following] in cycle:
            return ()
        cycle.append(numbers[following])
