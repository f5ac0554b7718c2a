"""Subscripts that are read: `a[i, j]`, `a[1:-1]`, `a[indices]`, `a[mask]`, `params["w"]`.

In: `ast.Subscript` nodes. Out: element loads, views, gathers, items. (`places` has those that are assigned.)
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from srcgrad.frontend.arrays import (
    EllipsisItem,
    Item,
    SliceItem,
    copy,
    load,
    load_at,
    shape,
    subscript,
)  # fmt: skip
from srcgrad.frontend.context import Context, expression
from srcgrad.frontend.elementwise import (
    Index,
    array_of,
    expr_of,
    force,
    into_memory,
)  # fmt: skip
from srcgrad.frontend.index_arrays import is_mask, pick
from srcgrad.frontend.index_tricks import trick
from srcgrad.frontend.items import item, slice_of_record
from srcgrad.frontend.masks import identity
from srcgrad.frontend.scalars import scalar, settle
from srcgrad.frontend.special_methods import special
from srcgrad.frontend.values import (
    Arr,
    ArrayExpr,
    Num,
    NumberList,
    Record,
    Static,
    Value,
    describe,
    integer,
)  # fmt: skip
from srcgrad.ir.nodes import Atom


@dataclass(frozen=True)
class NewAxis:
    """`None` in a subscript: a dimension of length 1."""


Subscript = Item | NewAxis | ArrayExpr


def subscripts(ctx: Context, node: ast.expr) -> tuple[Subscript, ...]:
    """The evaluated subscripts between the brackets."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    if isinstance(node, ast.Tuple | ast.Slice):
        return tuple(_item(ctx, part) for part in parts)
    value = ctx.expr(node)
    if isinstance(value, Record) and value.container is tuple:
        return tuple(_item_of(ctx, item) for item in value.items)
    found = _item_of(ctx, value)
    if isinstance(found, ArrayExpr) and is_mask(found):
        found = replace(found, identity=identity(ctx, node))
    return (found,)


def _item(ctx: Context, node: ast.expr) -> Subscript:
    if isinstance(node, ast.Slice):
        bounds = [None if part is None else _bound(ctx, part) for part in (node.lower, node.upper, node.step)]
        return SliceItem(*bounds)
    with ctx.at(node):
        return _item_of(ctx, ctx.expr(node))


def _bound(ctx: Context, node: ast.expr) -> Atom | None:
    value = ctx.expr(node)
    if value == Static(None):
        return None
    if isinstance(value, Num) and scalar(value.atom).is_int:
        return value.atom
    ctx.refuse(
        "a slice bound must be an integer",
        label=describe(value),
        why="elements are counted by integers",
        advice="convert it with int(...)",
        node=node,
    )


def _item_of(ctx: Context, value: Value) -> Subscript:
    match value:
        case Num(atom) if scalar(atom).is_int:
            return atom
        case Num(atom):
            kind = "bool" if scalar(atom).is_bool else "float"
            ctx.refuse(
                f"a {kind} cannot be a subscript",
                label=describe(value),
                why="elements are counted by integers",
                advice="convert it with int(...)",
            )
        case Static(None):
            return NewAxis()
        case Static(obj) if obj is Ellipsis:
            return EllipsisItem()
        case Static(slice() as s) if all(isinstance(b, int | None) for b in (s.start, s.stop, s.step)):
            return SliceItem(*[None if b is None else integer(b) for b in (s.start, s.stop, s.step)])
        case Arr() | ArrayExpr() | Record():
            expr = expr_of(ctx, value)
            if expr.dtype.kind == "b":
                return expr
            if expr.dtype.kind in "iu":
                return expr if isinstance(value, Arr) else expr_of(ctx, force(ctx, expr, "index"))
            ctx.refuse(
                "an array used as a subscript must hold integers or truth values",
                label=describe(value),
                why="elements are counted by integers",
                advice="convert it: a[k.astype(int)]",
            )
        case _:
            ctx.refuse(
                "this cannot be a subscript",
                label=describe(value),
                why="subscripts are integers and slices",
                advice="use an integer, a slice or an array of integers",
            )


# -- reading ------------------------------------------------------------------------------------------------------


@expression(ast.Subscript)
def read(ctx: Context, node: ast.Subscript) -> Value:
    receiver = settle(ctx, ctx.expr(node.value))
    with ctx.at(node):
        if isinstance(receiver, NumberList):
            items = subscripts(ctx, node.slice)
            found = read_array(ctx, receiver.array, items)
            if isinstance(found, Num):
                return found
            is_row = isinstance(found, Arr) and not any(isinstance(i, SliceItem | EllipsisItem) for i in items)
            return NumberList(found if is_row else copy_of(ctx, found))  # type: ignore[arg-type]
        if isinstance(receiver, Arr | ArrayExpr):
            return read_array(ctx, receiver, subscripts(ctx, node.slice))
        if isinstance(receiver, Record) and isinstance(node.slice, ast.Slice):
            return slice_of_record(ctx, receiver, node.slice)
        if isinstance(receiver, Static) and (made := trick(ctx, receiver.value, node.slice)) is not None:
            return made
        key = ctx.expr(node.slice)
        own = special(ctx, "__getitem__", receiver, key)
        return item(ctx, receiver, key) if own is None else own


def read_array(ctx: Context, array: Arr | ArrayExpr, items: tuple[Subscript, ...]) -> Value:
    """`array[items]`: a number, a view, or (for index arrays and new dimensions) an array expression."""
    if isinstance(array, ArrayExpr):
        array = into_memory(ctx, array)
    simple = [i for i in items if not isinstance(i, NewAxis)]
    if any(isinstance(i, ArrayExpr) for i in simple):
        if len(simple) < len(items):
            ctx.refuse("index arrays together with None are not compiled", advice="use two subscripts")
        return pick(ctx, array, tuple(simple))
    place = subscript(ctx, array, tuple(i for i in simple if not isinstance(i, ArrayExpr)))
    if len(simple) < len(items):
        return _new_axes(ctx, place, items)
    return place if place.ndim else Num(load_at(ctx, place))


def copy_of(ctx: Context, value: Value) -> Arr:
    """A slice of a list is a new list."""
    return copy(ctx, value) if isinstance(value, Arr) else array_of(ctx, value)


def _new_axes(ctx: Context, place: Arr, items: tuple[Subscript, ...]) -> ArrayExpr:
    """The view with dimensions of length 1 where the subscripts say `None`."""
    named = sum(not isinstance(i, NewAxis | EllipsisItem) for i in items)
    fixed = sum(not isinstance(i, NewAxis | EllipsisItem | SliceItem) for i in items)
    free = place.ndim - (named - fixed)  # dimensions that `...` (or the end) stands for
    kinds: list[bool] = []
    dots = any(isinstance(i, EllipsisItem) for i in items)
    for i in items:
        if isinstance(i, EllipsisItem):
            kinds += [False] * free
        elif isinstance(i, NewAxis | SliceItem):
            kinds.append(isinstance(i, NewAxis))
    kinds += [False] * (0 if dots else free)
    lengths = iter(shape(ctx, place))
    full = tuple(integer(1) if new else next(lengths) for new in kinds)

    def at(index: Index) -> Atom:
        return load(ctx, place, tuple(i for i, new in zip(index, kinds) if not new))

    return ArrayExpr(place.dtype, full, at, (place,), view_of=None if ctx.in_library else place)
