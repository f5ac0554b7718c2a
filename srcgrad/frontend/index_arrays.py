"""Index arrays and masks: `a[indices]`, `a[:, indices]`, `a[mask]`.

In: an array and evaluated subscripts with index arrays among them. Out: what selects the elements (`Gather`). A mask
stands for the index arrays that `np.nonzero` makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from srcgrad.frontend.arrays import FULL, EllipsisItem, Item, SliceItem, allocate, load, shape, store, subscript
from srcgrad.frontend.context import Context
from srcgrad.frontend.elementwise import Index, broadcast, element_at, expr_of, into_memory, same_length
from srcgrad.frontend.masks import Masked
from srcgrad.frontend.scalars import cast, plus, truth_of
from srcgrad.frontend.values import Arr, ArrayExpr, Num, integer, out_of_order
from srcgrad.ir.nodes import Atom, Block, For, If, Sym
from srcgrad.ir.types import PY_INT


@dataclass(frozen=True)
class Gather:
    """`base[..., indices, ...]`: `view` has the slices applied; `advanced` says what selects the axes from
    `first` on (numbers or index arrays, broadcast to `inner`)."""

    view: Arr
    first: int
    advanced: tuple[ArrayExpr, ...]
    inner: tuple[Atom, ...]
    shape: tuple[Atom, ...]

    def position(self, ctx: Context, index: Index) -> Index:
        """The subscripts of `view` for an index of the result."""
        inner = index[self.first : self.first + len(self.inner)]
        picked = tuple(element_at(ctx, a, inner) for a in self.advanced)
        return (*index[: self.first], *picked, *index[self.first + len(self.inner) :])


def find_gather(ctx: Context, array: Arr, items: tuple[Item | ArrayExpr, ...]) -> Gather:
    dots = [k for k, i in enumerate(items) if isinstance(i, EllipsisItem)]
    at = dots[0] if dots else len(items)
    full = (*items[:at], *[FULL] * (array.ndim - len(items) + len(dots)), *items[at + 1 :])
    where = [k for k, i in enumerate(full) if not isinstance(i, SliceItem)]
    if where != list(range(where[0], where[-1] + 1)):
        ctx.refuse(
            "index arrays with a slice between them are not compiled",
            why="NumPy then moves the selected dimensions to the front",
            advice="take the slice first, or loop",
        )
    view = subscript(ctx, array, tuple(i if isinstance(i, SliceItem) else FULL for i in full))
    advanced = tuple(
        i if isinstance(i, ArrayExpr) else expr_of(ctx, Num(i))  # type: ignore[arg-type]
        for i in full
        if not isinstance(i, SliceItem)
    )
    inner = broadcast(ctx, [a.shape for a in advanced])
    lengths = shape(ctx, view)
    return Gather(
        view, where[0], advanced, inner, (*lengths[: where[0]], *inner, *lengths[where[0] + len(advanced) :])
    )


def gather(ctx: Context, array: Arr, items: tuple[Item | ArrayExpr, ...]) -> ArrayExpr:
    """`array[indices]`."""
    found = find_gather(ctx, array, items)
    reads = out_of_order((array, *(r for a in found.advanced for r in a.reads)))
    return ArrayExpr(array.dtype, found.shape, lambda index: load(ctx, found.view, found.position(ctx, index)), reads)


def pick(ctx: Context, array: Arr, items: tuple[Item | ArrayExpr, ...]) -> ArrayExpr:
    """`array[indices]` or `array[mask]`; what a mask of the array's own rank selects is compressed where it must be."""

    def compressed() -> ArrayExpr:
        return gather(ctx, array, without_masks(ctx, array, items))

    mask = items[0]
    if len(items) > 1 or not isinstance(mask, ArrayExpr) or mask.identity is None or mask.ndim != array.ndim:
        return compressed()
    fits(ctx, array, mask)
    return Masked(expr_of(ctx, array), mask, compressed)


# -- masks --------------------------------------------------------------------------------------------------------


def nonzero(ctx: Context, mask: ArrayExpr) -> list[Arr]:
    """`np.nonzero(mask)`: one array of indices per dimension. The mask is looked at twice: to count, and to fill."""
    mask = expr_of(ctx, into_memory(ctx, mask, "mask"))
    total = _counting(ctx, mask, lambda index, count: None)
    found = [allocate(ctx, (total,), np.dtype(np.int64), None, "where") for _ in range(mask.ndim)]

    def fill(index: Index, count: Atom) -> None:
        for array, position in zip(found, index, strict=True):
            store(ctx, array, (count,), position)

    _counting(ctx, mask, fill)
    return found


def without_masks(ctx: Context, array: Arr, items: tuple[Item | ArrayExpr, ...]) -> tuple[Item | ArrayExpr, ...]:
    """The subscripts with the index arrays that masks stand for."""
    found: list[Item | ArrayExpr] = []
    for item in items:
        if not is_mask(item):
            found.append(item)
            continue
        assert isinstance(item, ArrayExpr)
        if not any(isinstance(i, EllipsisItem) for i in found):
            fits(ctx, array, item, len(found))
        found += [expr_of(ctx, indices) for indices in nonzero(ctx, item)]
    return tuple(found)


def fits(ctx: Context, array: Arr, mask: ArrayExpr, first: int = 0) -> None:
    """Check at run time that a mask has the lengths of the array's dimensions from the first it stands for on."""
    for length, own in zip(shape(ctx, array)[first : first + mask.ndim], mask.shape):
        same_length(ctx, length, own, "boolean index did not match indexed array")


def is_mask(item: object) -> bool:
    return isinstance(item, ArrayExpr) and item.dtype.kind == "b"


def _counting(ctx: Context, mask: ArrayExpr, visit: Callable[[Index, Atom], None]) -> Atom:
    """Run over a mask; `visit(index, count)` for each element that is set, with the number of those before it. Gives
    the number of all."""

    def level(index: Index, count: Atom) -> Atom:
        if len(index) == mask.ndim:
            test = truth_of(ctx, mask.at(index))
            with ctx.block() as then:
                visit(index, count)
            if then:
                ctx.builder.emit(If((), test, Block(tuple(then)), Block(()), ctx.span))
            return plus(ctx, count, cast(ctx, test, PY_INT))
        position, carried, result = Sym("ijkl"[len(index) % 4], PY_INT), Sym("count", PY_INT), Sym("count", PY_INT)
        ctx.nonnegative.update((position, carried, result))
        with ctx.block() as body:
            after = level((*index, position), carried)
        ctx.builder.emit(
            For((result,), position, integer(0), mask.shape[len(index)], integer(1), (carried,), (count,),
                Block(tuple(body), (after,)), span=ctx.span)
        )  # fmt: skip
        return result

    return level((), integer(0))
