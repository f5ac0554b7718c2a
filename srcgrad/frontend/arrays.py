"""Arrays and their views: shapes, subscripts, element reads and writes.

In: `Arr` values and index atoms. Out: `Arr` values (composed index maps, nothing is copied) and, for single
elements, `Load` and `Store` on the base array. A `View` statement is written only where an SSA value is needed.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

import numpy as np

from srcgrad.frontend.context import Context, Snapshot
from srcgrad.frontend.scalars import (
    at_least,
    at_most,
    cast,
    compare,
    floordiv,
    is_nonnegative,
    minus,
    plus,
    scalar,
    select,
    times,
)  # fmt: skip
from srcgrad.frontend.values import Arr, Entry, integer, whole
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Alloc, Atom, Const, Copy, Dim, Load, Slice, Store, Sym
from srcgrad.ir.types import INT64, PY_INT, Array, Layout, Scalar


@dataclass(frozen=True)
class SliceItem:
    """The user's `lower:upper:step`, missing parts as None."""

    lower: Atom | None
    upper: Atom | None
    step: Atom | None


@dataclass(frozen=True)
class EllipsisItem:
    """`...`: whole dimensions, as many as are missing."""


Item = Atom | SliceItem | EllipsisItem
FULL = SliceItem(None, None, None)


# -- memory -------------------------------------------------------------------------------------------------------


def allocate(
    ctx: Context, shape: tuple[Atom, ...], dtype: np.dtype, fill: float | int | None, hint: str = "a"
) -> Arr:
    """Fresh memory whose shape is remembered."""
    shape = tuple(cast(ctx, n, PY_INT) for n in shape)
    symbol = Sym(hint, Array(np.dtype(dtype), len(shape), Layout.C))
    constant = None if fill is None else const_like(fill, Scalar(np.dtype(dtype)))
    ctx.builder.emit(Alloc(symbol, shape, constant, ctx.span))
    ctx.allocated(symbol)
    ctx.shapes[symbol] = shape
    return whole(symbol)


def copy(ctx: Context, array: Arr, hint: str = "a") -> Arr:
    """A fresh array with the elements of a view."""
    note_order(ctx, array)
    source = materialise(ctx, array)
    symbol = Sym(hint, Array(array.dtype, array.ndim, Layout.C))
    ctx.builder.emit(Copy(symbol, source, ctx.span))
    ctx.allocated(symbol)
    ctx.shapes[symbol] = shape(ctx, array)
    if has_rows(ctx, array):
        ctx.in_rows.add(symbol)
    return whole(symbol)


def materialise(ctx: Context, array: Arr, hint: str = "v") -> Sym:
    """A symbol that names the view."""
    if array.whole:
        return array.base
    entries = tuple(
        Slice(integer(0), dim_of(ctx, array.base, d), integer(1)) if e is None else e
        for d, e in enumerate(array.entries)
    )
    return ctx.builder.view(array.base, entries, array.permutation, hint)


def dim_of(ctx: Context, base: Sym, axis: int) -> Atom:
    """`base.shape[axis]`: what the array was made with, where that is known."""
    if base in ctx.shapes:
        return ctx.shapes[base][axis]
    known = ctx.dim((base, axis))
    if known is not None:
        return known
    result = Sym("n", PY_INT)
    ctx.builder.emit(Dim(result, base, axis, ctx.span))
    ctx.nonnegative.add(result)
    ctx.dims[-1][base, axis] = result
    return result


def reshaped(ctx: Context, array: Arr, shape: tuple[Atom, ...], hint: str = "reshaped") -> Arr:
    """Another array with the memory of one whose elements lie one behind the other, and as many elements."""
    shape = tuple(cast(ctx, n, PY_INT) for n in shape)
    result = ctx.builder.reshape(array.base, shape, hint)
    ctx.reshaped[result] = ctx.memory_of(array.base)
    ctx.in_rows.add(result)
    ctx.shapes[result] = shape
    return whole(result)


def snapshot(ctx: Context, original: Arr, made: Arr, after: str = "it was reshaped") -> Arr:
    """Record that `made` stands for what may be the memory of `original`."""
    ctx.snapshots.append(Snapshot(
        original.base, made.base, ctx.span, f"an array is changed after {after}",
        f"NumPy may let the result of line {ctx.span.line} share its memory, or copy it",
        "write before that line, or let it have a copy: a.copy()",
    ))  # fmt: skip
    return made


def is_contiguous(array: Arr) -> bool:
    """Do its elements lie one behind the other?"""
    return array.whole and array.base_type.layout is Layout.C


def is_contiguous_in_numpy(ctx: Context, array: Arr) -> bool:
    """Do its elements lie one behind the other, and certainly so in NumPy as well?"""
    if not is_contiguous(array):
        return False
    if array.ndim > 1 and not ctx.mixed_orders:
        ctx.relies_on_rows = True
    return array.ndim < 2 or not ctx.mixed_orders or array.base in ctx.in_rows


def note_order(ctx: Context, array: Arr) -> None:
    """An array is read, or asked for its shape: what is made like it has its order in NumPy."""
    if not array.in_order:
        ctx.mixed_orders = True


def with_rows(ctx: Context, array: Arr) -> Arr:
    """A fresh array that has its rows one after the other in NumPy, too, whatever it was made from."""
    ctx.in_rows.add(array.base)
    return array


def has_rows(ctx: Context, array: Arr) -> bool:
    """Has what is made like this array its rows one after the other?"""
    return array.in_order and (array.base in ctx.in_rows or array.base_type.ndim < 2)


def unit_axes(ctx: Context, array: Arr) -> frozenset[int]:
    """The dimensions of a view that are known to have the length 1."""

    def is_one(base_axis: int) -> bool:
        entry = array.entries[base_axis]
        if isinstance(entry, Slice):
            length: Atom | None = entry.length
        elif array.base in ctx.shapes:
            length = ctx.shapes[array.base][base_axis]
        else:
            length = ctx.dim((array.base, base_axis))
        return isinstance(length, Const) and length.value == 1

    return frozenset(axis for axis, base_axis in enumerate(array.axes()) if is_one(base_axis))


def dim(ctx: Context, array: Arr, axis: int) -> Atom:
    """The length of one dimension of a view."""
    base_axis = array.axes()[axis]
    entry = array.entries[base_axis]
    return entry.length if isinstance(entry, Slice) else dim_of(ctx, array.base, base_axis)


def shape(ctx: Context, array: Arr) -> tuple[Atom, ...]:
    return tuple(dim(ctx, array, axis) for axis in range(array.ndim))


def transpose(array: Arr, axes: tuple[int, ...]) -> Arr:
    return Arr(array.base, array.entries, tuple(array.permutation[a] for a in axes))


# -- elements -----------------------------------------------------------------------------------------------------


def load(ctx: Context, array: Arr, index: tuple[Atom, ...], hint: str = "t") -> Atom:
    """One element; `index` has an atom per dimension."""
    note_order(ctx, array)
    place = subscript(ctx, array, index)
    result = Sym(hint, array.element)
    ctx.builder.emit(Load(result, place.base, _fixed(place), ctx.span))
    return result


def store(ctx: Context, array: Arr, index: tuple[Atom, ...], value: Atom, accumulate: bool = False) -> None:
    """Write one element, cast to the dtype of the array, or add to it."""
    place = subscript(ctx, array, index)
    store_at(ctx, place, value, accumulate)


def load_at(ctx: Context, place: Arr, hint: str = "t") -> Atom:
    """The element that a view without dimensions names."""
    return load(ctx, place, (), hint)


def store_at(ctx: Context, place: Arr, value: Atom, accumulate: bool = False) -> None:
    converted = cast(ctx, value, place.element)
    ctx.builder.emit(Store(place.base, _fixed(place), converted, accumulate, ctx.span))


def _fixed(place: Arr) -> tuple[Atom, ...]:
    assert not place.permutation, "an element has no dimensions left"
    return tuple(e for e in place.entries if e is not None and not isinstance(e, Slice))


# -- subscripts ---------------------------------------------------------------------------------------------------


def subscript(ctx: Context, array: Arr, items: tuple[Item, ...]) -> Arr:
    """`array[items]` as a view (of no dimensions when every item is an integer)."""
    entries: list[Entry] = list(array.entries)
    kept: list[int] = []
    for axis, item in enumerate(_expand(ctx, array, items)):
        base_axis = array.axes()[axis]
        entries[base_axis] = _compose(ctx, array, base_axis, item)
        if isinstance(item, SliceItem):
            kept.append(base_axis)
    order = sorted(kept)
    return Arr(array.base, tuple(entries), tuple(order.index(d) for d in kept))


def _expand(ctx: Context, array: Arr, items: tuple[Item, ...]) -> tuple[Atom | SliceItem, ...]:
    """One item per dimension."""
    dots = [k for k, item in enumerate(items) if isinstance(item, EllipsisItem)]
    missing = array.ndim - (len(items) - len(dots))
    if missing < 0 or len(dots) > 1:
        ctx.refuse(
            "too many subscripts",
            label=f"{len(items)} subscripts",
            why=f"the array has {array.ndim} dimension{'s' * (array.ndim != 1)}",
            advice="leave out subscripts, or give the array more dimensions with reshape",
        )
    at = dots[0] if dots else len(items)
    full = (*items[:at], *[FULL] * missing, *items[at + 1 :])
    return tuple(item for item in full if not isinstance(item, EllipsisItem))


def _compose(ctx: Context, array: Arr, base_axis: int, item: Atom | SliceItem) -> Entry:
    """What a subscript of a view means for the dimension of the base behind it."""
    entry = array.entries[base_axis]
    if item == FULL:
        return entry
    if not isinstance(item, SliceItem):
        index = cast(ctx, item, INT64 if not scalar(item).weak else PY_INT)
        if entry is None:
            return index
        assert isinstance(entry, Slice)
        return plus(ctx, entry.start, times(ctx, wrap(ctx, index, entry.length), entry.step))
    length = entry.length if isinstance(entry, Slice) else dim_of(ctx, array.base, base_axis)
    part = resolve(ctx, item, length)
    if entry is None:
        return part
    assert isinstance(entry, Slice)
    start = plus(ctx, entry.start, times(ctx, part.start, entry.step))
    return Slice(start, part.length, times(ctx, part.step, entry.step))


def wrap(ctx: Context, index: Atom, length: Atom) -> Atom:
    """A subscript counted from the front."""
    if is_nonnegative(ctx, index):
        return index
    from_end = plus(ctx, length, index)
    if isinstance(index, Const):
        return from_end
    test = compare(ctx, ast.Lt(), index, integer(0))
    return select(ctx, test, from_end, index, "i")


def resolve(ctx: Context, item: SliceItem, length: Atom) -> Slice:
    """A slice as `range` would run over a dimension of this length, every element inside."""
    step = item.step or integer(1)
    if not isinstance(step, Const) or step.value == 0:
        ctx.refuse(
            "the step of a slice must be a constant",
            why="whether the slice runs forwards or backwards decides its bounds",
            advice="write a literal step, or loop over range(start, stop, step)",
        )
    if step.value < 0:
        return _backwards(ctx, item, length, step)
    lower = integer(0) if item.lower is None else _bound(ctx, item.lower, length)
    upper = length if item.upper is None else _upper(ctx, item.upper, length)
    count = at_least(ctx, minus(ctx, upper, lower), 0)
    if step.value != 1:
        count = floordiv(ctx, plus(ctx, count, integer(int(step.value) - 1)), step, "n")
    _known_nonnegative(ctx, count)
    if _picks_one(item) and isinstance(count, Sym):
        ctx.at_most_one.add(count)
    return Slice(lower, count, step)


def _picks_one(item: SliceItem) -> bool:
    """Has the slice at most one element, whatever is sliced: `[:1]`, `[2:3]`, `[-1:]`?"""
    lower = 0 if item.lower is None else item.lower.value if isinstance(item.lower, Const) else None
    upper = item.upper.value if isinstance(item.upper, Const) else None
    if item.upper is None:
        return lower == -1
    return lower is not None and upper is not None and (lower < 0) == (upper < 0) and upper - lower == 1


def _backwards(ctx: Context, item: SliceItem, length: Atom, step: Const) -> Slice:
    last = minus(ctx, length, integer(1))
    stride = -int(step.value)
    first = last if item.lower is None else at_most(ctx, _bound(ctx, item.lower, length, -1), last)
    if item.upper is None:
        count = plus(ctx, first, integer(1))
    else:
        count = minus(ctx, first, _bound(ctx, item.upper, length, -1))
    count = at_least(ctx, count, 0)
    if stride != 1:
        count = floordiv(ctx, plus(ctx, count, integer(stride - 1)), integer(stride), "n")
    _known_nonnegative(ctx, count)
    return Slice(at_least(ctx, first, 0), count, step)


def _bound(ctx: Context, bound: Atom, length: Atom, least: int = 0) -> Atom:
    """A slice bound counted from the front, at least `least` (above the length the slice is empty anyway)."""
    if is_nonnegative(ctx, bound):
        return bound
    return at_least(ctx, wrap(ctx, bound, length), least)


def _upper(ctx: Context, bound: Atom, length: Atom) -> Atom:
    if isinstance(bound, Const) and bound.value < 0:
        return plus(ctx, length, bound)
    return at_most(ctx, _bound(ctx, bound, length), length)


def _known_nonnegative(ctx: Context, atom: Atom) -> None:
    if isinstance(atom, Sym):
        ctx.nonnegative.add(atom)
