"""Loops whose iterations are threads, split so that the loops inside them get threads, too.

    for i in range(0, n, 1):                  for i in range(0, n, 1):
        t = load s[i]                             t = load s[i]
        for j in range(0, m, 1):                  for j in range(0, m, 1):
            store a[i, j] = t             =>          store a[i, j] = t
        store b[i] = t                        for i in range(0, n, 1):
                                                  t = load s[i]
                                                  store b[i] = t

In, out: a function that is otherwise done. Iterations that need nothing of one another may all do their first part
before any does its second. What is only computed, or loaded from memory that the loop does not write, is done in each
part anew.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.device.passing import Passing
from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import Alloc, Block, Copy, For, Function, Statement, Sym, definitions
from srcgrad.ir.visit import clone_block, free_symbols, rebuild, walk


def split(function: Function) -> Function:
    """The function with loops split; the same object where there are none to split."""
    return rebuild(function, _Splitter(function).block(function.body))


class _Splitter(Passing):
    def loop(self, builder: Builder, loop: For) -> None:
        builder.extend(self._parts(loop))

    def _parts(self, loop: For) -> list[Statement]:
        if loop.results or self.chooser.independence.work_arrays(loop):
            return [loop]
        if any(isinstance(s, (Alloc, Copy)) for s in walk(loop.body)):
            return [loop]
        repeated, groups = self._groups(loop)
        if len(groups) < 2 or not any(len(g) == 1 and self._gains(g[0]) for g in groups):
            return [loop]
        parts: list[Statement] = []
        for group in self._joined(groups):
            needed = _needed(group, repeated)
            statements = [s for s in loop.body.statements if s in needed or s in group]
            index = Sym(loop.index.hint, loop.index.type)
            body = clone_block(Block(tuple(statements)), {loop.index: index})
            parts.append(replace(loop, index=index, body=body))
        return parts

    def _gains(self, s: Statement) -> bool:
        return isinstance(s, For) and not self.chooser.obstacle(s)

    def _joined(self, groups: list[list[Statement]]) -> list[list[Statement]]:
        """Groups that gain nothing by being alone stay with their neighbours of that kind."""
        out: list[list[Statement]] = []
        before = True
        for group in groups:
            gains = len(group) == 1 and self._gains(group[0])
            if out and not gains and not before:
                out[-1] += group
            else:
                out.append(list(group))
            before = gains
        return out

    def _groups(self, loop: For) -> tuple[list[Statement], list[list[Statement]]]:
        """What is repeated, and the other statements in groups that follow one another and share no values."""
        repeated = [s for s in loop.body.statements if self.chooser.repeatable([s], loop)]
        values = {symbol: s for s in repeated for symbol in definitions(s)}
        groups: list[list[Statement]] = []
        homes: dict[Sym, int] = {}  # of a value that is not repeated: its group
        for s in loop.body.statements:
            if s in repeated:
                continue
            uses = _reached(s, values)
            first = min((homes[u] for u in uses if u in homes), default=len(groups))
            merged = [t for group in groups[first:] for t in group]
            groups[first:] = [[*merged, s]]
            for symbol, home in list(homes.items()):
                homes[symbol] = min(home, first)
            homes.update(dict.fromkeys(definitions(s), first))
        return repeated, groups


def _uses(s: Statement) -> tuple[Sym, ...]:
    return free_symbols(Block((s,)))


def _reached(s: Statement, values: dict[Sym, Statement]) -> set[Sym]:
    """The symbols that a statement needs, also by way of what is repeated."""
    found: set[Sym] = set()
    pending = list(_uses(s))
    while pending:
        symbol = pending.pop()
        if symbol not in found:
            found.add(symbol)
            if symbol in values:
                pending += _uses(values[symbol])
    return found


def _needed(group: list[Statement], repeated: list[Statement]) -> set[Statement]:
    values = {symbol: s for s in repeated for symbol in definitions(s)}
    return {values[symbol] for s in group for symbol in _reached(s, values) if symbol in values}
