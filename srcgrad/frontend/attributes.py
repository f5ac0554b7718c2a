"""Attributes: `a.shape`, `a.T`, `point.x`, `self.dt`, `math.pi`, and methods on their way to being called.

In: `ast.Attribute` nodes. Out: values. Attributes of objects are read when the function is compiled.
"""

from __future__ import annotations

import ast

from srcgrad.frontend.arrays import dim, shape, transpose
from srcgrad.frontend.constants import read_static
from srcgrad.frontend.context import ATTRIBUTES, METHODS, Arguments, Context, attribute, expression, of_kind
from srcgrad.frontend.elementwise import array_of
from srcgrad.frontend.scalars import settle, times
from srcgrad.frontend.values import (
    Arr,
    ArrayExpr,
    Closure,
    Method,
    Num,
    Partial,
    Record,
    Static,
    Value,
    describe,
    integer,
    number,
    tuple_of,
)  # fmt: skip
from srcgrad.ir.nodes import Atom
from srcgrad.library.quoting import METHODS as QUOTED_METHODS

ARRAYS = (Arr, ArrayExpr)


@expression(ast.Attribute)
def read(ctx: Context, node: ast.Attribute) -> Value:
    return get(ctx, ctx.expr(node.value), node.attr)


def get(ctx: Context, receiver: Value, name: str) -> Value:
    """`receiver.name`."""
    receiver = settle(ctx, receiver)
    found = find(ctx, receiver, name)
    if found is not None:
        return found
    ctx.refuse(
        f"there is no attribute {name!r} here that srcgrad knows",
        label=describe(receiver),
        why="attributes of arrays and numbers are compiled one by one, those of objects must exist when compiling",
        advice="check the spelling; compute the value outside and pass it as an argument",
    )


def find(ctx: Context, receiver: Value, name: str) -> Value | None:
    """`receiver.name`, or None when there is no such attribute."""
    handler = of_kind(ATTRIBUTES, receiver, name)
    if handler is not None:
        return handler(ctx, receiver)
    if isinstance(receiver, Record):
        item = receiver.get(name) if receiver.container not in (tuple, list, dict) else None
        if item is not None:
            return item
        if (Record, name) in METHODS and (receiver.container in (list, dict) or name == "_replace"):
            return Method(receiver, name)
        found = getattr(receiver.container, name, None)
        if callable(found) and hasattr(found, "__code__"):
            return Partial(Static(found), (receiver,))
        if isinstance(found, property) and found.fget is not None:
            return ctx.call(Partial(Static(found.fget), (receiver,)), Arguments())
        if found is not None and not callable(found) and hasattr(receiver.container, "__dataclass_fields__"):
            return read_static(ctx, receiver.container, name)
    if of_kind(METHODS, receiver, name) is not None:
        return Method(receiver, name)
    if isinstance(receiver, Arr | ArrayExpr) and name in QUOTED_METHODS:
        return Partial(Static(QUOTED_METHODS[name]), (receiver,))
    if isinstance(receiver, Static):
        return read_static(ctx, receiver.value, name)
    if isinstance(receiver, Closure) and name == "__name__":
        return Static(receiver.source.name)
    return None


@attribute(ARRAYS, "shape")
def shape_of(ctx: Context, array: Arr | ArrayExpr) -> Value:
    lengths = array.shape if isinstance(array, ArrayExpr) else shape(ctx, array)
    return tuple_of([Num(n) for n in lengths])


@attribute(ARRAYS, "size")
def size(ctx: Context, array: Arr | ArrayExpr) -> Value:
    lengths = array.shape if isinstance(array, ArrayExpr) else shape(ctx, array)
    total: Atom = integer(1)
    for length in lengths:
        total = times(ctx, total, length)
    return Num(total)


@attribute(ARRAYS, "ndim")
def ndim(ctx: Context, array: Arr | ArrayExpr) -> Value:
    return number(array.ndim)


@attribute((*ARRAYS, Num), "dtype")
def dtype(ctx: Context, value: Arr | ArrayExpr | Num) -> Value:
    return Static(value.type.dtype if isinstance(value, Num) else value.dtype)


@attribute(ARRAYS, "T")
def transposed(ctx: Context, array: Arr | ArrayExpr) -> Value:
    array = array_of(ctx, array)
    return transpose(array, tuple(reversed(range(array.ndim))))


@attribute((Num,), "ndim")
def scalar_ndim(ctx: Context, value: Num) -> Value:
    return number(0)


@attribute((Num,), "shape")
def scalar_shape(ctx: Context, value: Num) -> Value:
    return tuple_of([])


@attribute((Num,), "size")
def scalar_size(ctx: Context, value: Num) -> Value:
    return number(1)


def length(ctx: Context, array: Arr | ArrayExpr) -> Atom:
    return array.shape[0] if isinstance(array, ArrayExpr) else dim(ctx, array, 0)
