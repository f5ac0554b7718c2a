"""Arrays that iterations make for themselves, as parts of arrays of all of them.

In: what one iteration does. Out: the same with an index more for those arrays. The parts lie element by element side by
side, as threads read them.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.ir.build import Builder, nest
from srcgrad.ir.nodes import Alloc, Atom, Block, Copy, Dim, Load, Statement, Store, Sym
from srcgrad.ir.types import Array, Layout
from srcgrad.ir.visit import map_atoms


def apart(builder: Builder, made: Alloc | Copy, slots: Atom) -> Sym:
    """One array for so many iterations, with these along its last dimension."""
    array = made.result.type
    assert isinstance(array, Array)
    shape = made.shape if isinstance(made, Alloc) else tuple(builder.dim(made.array, d) for d in range(array.ndim))
    result = Sym(made.result.hint, Array(array.dtype, array.ndim + 1, Layout.C))
    builder.emit(Alloc(result, (*shape, slots), None, made.span))
    return result


class OfOwn:
    """Rewrites what an iteration does with arrays of its own: they are parts, at `slot`, of arrays of all."""

    def __init__(self, arrays: dict[Sym, Sym], slot: Sym) -> None:
        self._arrays, self._slot = arrays, slot

    def block(self, block: Block) -> Block:
        builder = Builder()
        for s in block.statements:
            builder.span = s.span
            self._statement(builder, s)
        return builder.finish(block.results)

    def _statement(self, builder: Builder, s: Statement) -> None:
        match s:
            case Load(array=array, index=index) | Store(array=array, index=index) if array in self._arrays:
                builder.emit(replace(s, array=self._arrays[array], index=(*index, self._slot)))
            case Dim(result=result, array=array) if array in self._arrays:
                builder.emit(replace(s, array=self._arrays[array]))
            case Alloc(result=result, shape=shape, fill=fill) if result in self._arrays:
                if fill is not None:
                    nest(builder, shape, lambda i: builder.store(self._arrays[result], (*i, self._slot), fill))
            case Copy(result=result, array=array) if result in self._arrays:
                self._copy(builder, s)
            case _:
                builder.emit(map_atoms(s, lambda atom: atom, self.block))

    def _copy(self, builder: Builder, copy: Copy) -> None:
        target, source = self._arrays[copy.result], self._arrays.get(copy.array)
        assert isinstance(copy.array.type, Array)
        shape = tuple(builder.dim(target, d) for d in range(copy.array.type.ndim))

        def element(index: tuple[Sym, ...]) -> None:
            value = builder.load(source, (*index, self._slot)) if source else builder.load(copy.array, index)
            builder.store(target, (*index, self._slot), value)

        nest(builder, shape, element)
