"""Which values are alive at the same time, hence need different Python variables.

In: a function with its folding. Out: `Interference`, a graph over *nodes*. A node is a value that is assigned as
such: the result of a loop is its parameter after the last iteration, so both are one node (and so are the counter
and the trips of a `While`). An edge joins a value that is assigned to every other value alive then, except the
value it is a copy of (Chaitin): two values without an edge are equal wherever both are alive.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcgrad.emit.folding import Folding
from srcgrad.emit.uses import Copy, body_uses
from srcgrad.ir.nodes import Atom, Block, For, Function, If, Raise, Statement, Sym, While, blocks, definitions
from srcgrad.ir.visit import defined_symbols, inner_symbols, walk

Live = set[int]


class Interference:
    """The nodes of a function, numbered in program order, and the edges between them."""

    def __init__(self, function: Function, folding: Folding) -> None:
        self.members: list[list[Sym]] = []
        self.neighbours: list[set[int]] = []
        self._node: dict[Sym, int] = {}
        self._folding = folding
        self._uses = folding.uses
        self._number(function)
        self._free: dict[Block, set[Sym]] = {}
        live = self._block(function.body, set().union(*map(self._leaves, function.body.results)))
        self._define([self._node[p] for p in function.params], live)

    def node(self, symbol: Sym) -> int:
        """The node of a symbol that is printed as a variable."""
        return self._node[symbol]

    # -- nodes ----------------------------------------------------------------------------------------------------

    def _number(self, function: Function) -> None:
        for param in function.params:
            self._new(param)
        for statement in walk(function.body):
            if isinstance(statement, For | While):
                self._number_loop(statement)
            else:
                for symbol in definitions(statement):
                    self._new(symbol)

    def _new(self, *symbols: Sym) -> None:
        for symbol in symbols:
            self._node[symbol] = len(self.members)
        self.members.append(list(symbols))
        self.neighbours.append(set())

    def _number_loop(self, loop: For | While) -> None:
        for parameter, result in zip(loop.parameters, loop.results, strict=True):
            self._new(parameter, result)
        if isinstance(loop, For):
            self._new(loop.index)
        else:
            self._new(loop.counter, loop.trips)

    def _leaves(self, atom: Atom | None) -> Live:
        return {self._node[leaf] for leaf in self._folding.leaves(atom)}

    # -- edges ----------------------------------------------------------------------------------------------------

    def _edges(self, node: int, live: Iterable[int]) -> None:
        for other in live:
            if other != node:
                self.neighbours[node].add(other)
                self.neighbours[other].add(node)

    def _define(self, nodes: list[int], live: Live) -> None:
        """All of `nodes` are assigned at once, and `live` is alive afterwards."""
        for node in nodes:
            self._edges(node, live)
            self._edges(node, nodes)

    def _copy(self, copies: list[Copy], live: Live) -> Live:
        """What is alive before a parallel copy after which `live` is alive."""
        before = live - {self._node[copy.target] for copy in copies}
        for copy in copies:
            target, source = self._node[copy.target], copy.source
            plain = isinstance(source, Sym) and self._folding.expression(source) is None
            origin = self._node[source] if plain else None  # type: ignore[index]
            if origin != target:
                self._edges(target, live - {origin} if origin is not None else live)
            before |= {target} if source is None else self._leaves(source)
        return before

    # -- liveness, backwards --------------------------------------------------------------------------------------

    def _block(self, block: Block, live: Live) -> Live:
        """What is alive before a block's statements, given what is alive after them."""
        for statement in reversed(block.statements):
            if self._uses.printed(statement) and not self._is_folded(statement):
                live = self._statement(statement, live)
        return live

    def _is_folded(self, statement: Statement) -> bool:
        return any(self._folding.expression(symbol) is not None for symbol in definitions(statement))

    def _statement(self, statement: Statement, live: Live) -> Live:
        match statement:
            case If():
                return self._if(statement, live)
            case For():
                return self._for(statement, live)
            case While():
                return self._while(statement, live)
            case Raise(values=values):
                return {leaf for atom in values for leaf in self._leaves(atom)}
        nodes = [self._node[symbol] for symbol in definitions(statement)]
        self._define(nodes, live)
        return live.difference(nodes).union(*(self._leaves(use.atom) for use in self._uses.of(statement)))

    def _if(self, statement: If, live: Live) -> Live:
        before = self._leaves(statement.condition)
        for block in (statement.then, statement.orelse):
            before |= self._block(block, self._copy(self._uses.at_end(statement, block), live))
        return before

    def _for(self, loop: For, live: Live) -> Live:
        header = live | self._header(loop, loop.body)
        for atom in body_uses(loop):
            header |= self._leaves(atom)
        inside = self._block(loop.body, self._copy(self._uses.at_end(loop, loop.body), header))
        index = self._node[loop.index]
        own = {self._node[symbol] for symbol in defined_symbols(loop.body)}  # Python would not mind, a reader would
        self._edges(index, header | inside | own)
        before = header.union(*(self._leaves(use.atom) for use in self._uses.of(loop)))
        return self._copy(self._uses.before(loop), before)

    def _while(self, loop: While, live: Live) -> Live:
        header = live | self._header(loop, loop.condition, loop.body)
        inside = self._block(loop.body, self._copy(self._uses.at_end(loop, loop.body), header))
        tested = (inside | live).union(*map(self._leaves, loop.condition.results))
        header |= self._block(loop.condition, tested)
        return self._copy(self._uses.before(loop), header)

    def _header(self, loop: For | While, *inner: Block) -> Live:
        """What must survive from one iteration to the next: carried values, and what the blocks use from outside."""
        carried = [p for p in loop.parameters if self._uses.needed(p)]
        if isinstance(loop, While) and self._uses.needed(loop.counter):
            carried.append(loop.counter)
        outside = set().union(*(self._outside(loop, block) for block in inner))
        return {self._node[symbol] for symbol in (*carried, *outside)}

    def _outside(self, owner: If | For | While, block: Block) -> set[Sym]:
        """The variables that the text of a nested block, its end included, reads and does not define."""
        if block in self._free:
            return self._free[block]
        found: set[Sym] = {leaf for atom in self._ends(owner, block) for leaf in self._folding.leaves(atom)}
        defined: set[Sym] = set(inner_symbols(owner))
        for statement in block.statements:
            if not self._uses.printed(statement):
                continue
            defined.update(definitions(statement))
            atoms: list[Atom | None] = [use.atom for use in self._uses.of(statement)]
            if isinstance(statement, For | While):
                atoms += [copy.source for copy in self._uses.before(statement)]
            if isinstance(statement, If | For | While):
                found.update(*(self._outside(statement, inner) for inner in blocks(statement)))
            found.update(leaf for atom in atoms for leaf in self._folding.leaves(atom))
        self._free[block] = found - defined
        return self._free[block]

    def _ends(self, owner: If | For | While, block: Block) -> list[Atom | None]:
        """What the end of a nested block reads."""
        if isinstance(owner, While) and block is owner.condition:
            return list(block.results)
        return [copy.source for copy in self._uses.at_end(owner, block)]
