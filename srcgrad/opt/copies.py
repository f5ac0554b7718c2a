"""Copies of what nobody changes.

In, out: a `Function` that will not be differentiated any more. An argument that the user's function writes into is
copied first; where a gradient does not need what is written, the two stay equal, and one of them is enough.

    a = copy x                    =>
    t = load a[i]                       t = load x[i]
"""

from __future__ import annotations

from srcgrad.ir.alias import alias_classes, is_reference
from srcgrad.ir.nodes import Copy, Function, Statement, Sym, written_arrays
from srcgrad.ir.visit import walk
from srcgrad.opt.rewrite import Rewriter, with_helpers


def copies(function: Function) -> Function:
    """The function without such copies; the same object when there are none."""
    return with_helpers(function, lambda f: _Sharer(f).block(f.body))


class _Sharer(Rewriter):
    """`written` are the alias classes that anything is stored into, `results` those that the function returns."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.root = alias_classes(function).root
        self.written = {self.root(array) for s in walk(function.body) for array in written_arrays(s)}
        self.results = {self.root(a) for a in function.body.results if isinstance(a, Sym) and is_reference(a)}

    def statement(self, s: Statement, out: list[Statement]) -> None:
        if isinstance(s, Copy) and self._shares(s):
            self.mapping[s.result] = self.atom(s.array)
        else:
            super().statement(s, out)

    def _shares(self, copy: Copy) -> bool:
        """Are both never written to, is the copy no result, and do they have one layout?"""
        made, given = self.root(copy.result), self.root(copy.array)
        unchanged = made not in self.written and given not in self.written
        return unchanged and made not in self.results and copy.result.type == copy.array.type
