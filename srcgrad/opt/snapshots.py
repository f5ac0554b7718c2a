"""Reading the copy: what was copied, and is overwritten later, is read from its copy while they are equal.

In, out: a `Function`. A copy into which nothing is ever stored holds what the reverse sweep needs of the original:
with the reads moved to it, stores into the original need not be undone.

    old = copy u                    old = copy u
    t = load u[i]           =>      t = load old[i]
    store u[j] = w                  store u[j] = w
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.ir.alias import alias_classes
from srcgrad.ir.nodes import Block, Copy, For, Function, Load, Statement, Sym, While, blocks
from srcgrad.ir.visit import map_atoms
from srcgrad.opt.rewrite import Rewriter, with_helpers, written_classes


def snapshots(function: Function) -> Function:
    """The function with reads moved to copies; the same object when there are none to move."""
    return with_helpers(function, lambda f: _Reader(f).block(f.body))


class _Reader(Rewriter):
    """`copies` maps arrays to copies that they are equal to at this point."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.classes = alias_classes(function)
        self.writes = written_classes(function, self.classes)
        self.written = frozenset().union(*self.writes.values())
        self.copies: dict[Sym, Sym] = {}

    def statement(self, s: Statement, out: list[Statement]) -> None:
        if isinstance(s, Load) and s.array in self.copies:
            s = replace(s, array=self.copies[s.array])
        before = self.copies
        after = {a: c for a, c in before.items() if self.classes.root(a) not in self.writes.get(s, ())}
        if nested := blocks(s):
            inside = after if isinstance(s, (For, While)) else before

            def inner(block: Block) -> Block:
                self.copies = dict(inside)
                return self.block(block)

            s = map_atoms(s, lambda atom: atom, inner)
        self.copies = after
        if isinstance(s, Copy) and not nested and self._lasts(s):
            self.copies = {**after, s.array: s.result}
        out.append(s)

    def _lasts(self, copy: Copy) -> bool:
        """Is the original overwritten somewhere, and the copy nowhere?"""
        root = self.classes.root
        return root(copy.array) in self.written and root(copy.result) not in self.written
