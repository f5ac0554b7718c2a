"""Lengths of arrays that a loop carries or a branch chooses, where all of them have one shape.

    for t ... carrying u = u0, v = v0:          (u0 and v0 are copies of x)
        n = dim u, 0                      =>        n = dim x, 0
        ...
        yield v, u

In, out: a `Function`. The lengths are then the same number in every iteration, known before the loop.
"""

from __future__ import annotations

from srcgrad.ir.nodes import Alloc, Atom, Block, Copy, Dim, For, Function, If, Reshape, Statement, Sym, While, blocks
from srcgrad.ir.types import Array
from srcgrad.ir.visit import defined_symbols
from srcgrad.opt.rewrite import Rewriter, with_helpers

Length = Atom | tuple[Sym, int]
"""A number, or the length of a dimension of an array of which nothing more is known."""


def lengths(function: Function) -> Function:
    """The function with lengths taken from where they are known first; the same object when there are none."""
    return with_helpers(function, lambda each: _Replacer(each).block(each.body))


class _Replacer(Rewriter):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self._shapes: dict[Sym, tuple[Length, ...]] = {}
        self._dims: dict[Sym, tuple[Sym, int]] = {}
        self._carried: set[Sym] = set()
        self._visit(function.body)

    def statement(self, s: Statement, out: list[Statement]) -> None:
        if isinstance(s, Dim) and s.array in self._carried and s.array in self._shapes:
            length = self._shapes[s.array][s.axis]
            if isinstance(length, tuple):
                out.append(Dim(s.result, *length, s.span))
            else:
                self.mapping[s.result] = length
            return
        out.append(self.renamed(s))

    # -- shapes -------------------------------------------------------------------------------------------------

    def _shape(self, array: Atom) -> tuple[Length, ...]:
        assert isinstance(array, Sym) and isinstance(array.type, Array)
        return self._shapes.get(array) or tuple((array, axis) for axis in range(array.type.ndim))

    def _visit(self, block: Block) -> None:
        for s in block.statements:
            match s:
                case Dim(result=result, array=array, axis=axis):
                    self._dims[result] = (array, axis)
                case Alloc(result=result, shape=shape) | Reshape(result=result, shape=shape):
                    self._shapes[result] = tuple(map(self._resolved, shape))
                case Copy(result=result, array=array):
                    self._shapes[result] = self._shape(array)
                case For() | While():
                    self._loop(s)
            for inner in blocks(s):
                self._visit(inner)
            if isinstance(s, If):
                self._branch(s)

    def _resolved(self, atom: Atom) -> Length:
        """A length that is that of another array's dimension, as what is known of that."""
        if isinstance(atom, Sym) and atom in self._dims:
            array, axis = self._dims[atom]
            return self._shape(array)[axis]
        return atom

    def _loop(self, s: For | While) -> None:
        """Slots keep the shape of their initial value where what they yield has it too. A body is looked at before its
        own arrays are known, so a slot that yields one of those keeps nothing."""
        slots = [k for k, p in enumerate(s.parameters) if isinstance(p.type, Array)]
        kept = {s.parameters[k]: self._shape(s.initial[k]) for k in slots}
        while True:
            wrong = [k for k in slots if s.parameters[k] in kept and not self._yields(s, k, kept)]
            if not wrong:
                break
            for k in wrong:
                del kept[s.parameters[k]]
        for k in slots:
            if s.parameters[k] in kept:
                self._shapes[s.parameters[k]] = self._shapes[s.results[k]] = kept[s.parameters[k]]
                self._carried.update((s.parameters[k], s.results[k]))

    def _yields(self, s: For | While, k: int, kept: dict[Sym, tuple[Length, ...]]) -> bool:
        y = s.body.results[k]
        assert isinstance(y, Sym)
        known = kept.get(y) if y in s.parameters else self._shapes.get(y)
        return known == kept[s.parameters[k]]

    def _branch(self, s: If) -> None:
        inside = {*defined_symbols(s.then), *defined_symbols(s.orelse)}
        for result, a, b in zip(s.results, s.then.results, s.orelse.results, strict=True):
            if not isinstance(result.type, Array) or (shape := self._shape(a)) != self._shape(b):
                continue
            if inside.isdisjoint(n[0] if isinstance(n, tuple) else n for n in shape):
                self._shapes[result] = shape
                self._carried.add(result)
