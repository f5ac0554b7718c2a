"""What NumPy makes of products and sums: `np.outer`, `np.trace`, norms, cumulative sums, differences.

In: evaluated arguments. Out: numbers, fresh arrays, or array expressions; every one is a loop nest.
"""

from __future__ import annotations

import ast

import numpy as np

from srcgrad.frontend.arrays import allocate, store
from srcgrad.frontend.complex_parts import squared_size
from srcgrad.frontend.context import Arguments, Context, function
from srcgrad.frontend.elementwise import (
    Index,
    array_of,
    elementwise,
    expr_of,
)  # fmt: skip
from srcgrad.frontend.numpy_reductions import atom, float_type, real_type, sum_of, sum_type
from srcgrad.frontend.operations import call_operation, operation
from srcgrad.frontend.python_calls import unpack
from srcgrad.frontend.reduce import ACC, combining, run_nest
from srcgrad.frontend.scalars import add, apply, at_most, cast, compare, mul, scalar, sub
from srcgrad.frontend.values import NONE, ArrayExpr, Num, Record, Static, Value, integer, number, out_of_order
from srcgrad.infer import promote
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom, Const
from srcgrad.ir.types import Scalar
from srcgrad.library import reductions, triangles
from srcgrad.ops.registry import by_name


@function(np.outer)
def outer(ctx: Context, arguments: Arguments) -> Value:
    """Both arguments are taken as vectors, whatever their shapes."""
    values = (v or NONE for v in unpack(ctx, arguments, "outer", "a", "b"))
    flat = (v if expr_of(ctx, v).ndim == 1 else ctx.call(Static(np.ravel), Arguments((v,))) for v in values)
    a, b = (expr_of(ctx, v) for v in flat)
    type_ = promote.arithmetic(Scalar(a.dtype), Scalar(b.dtype))
    reads = out_of_order((*a.reads, *b.reads))
    return ArrayExpr(type_.dtype, (a.shape[0], b.shape[0]), lambda i: mul(ctx, a.at(i[:1]), b.at(i[1:])), reads)


@function(np.trace)
def trace(ctx: Context, arguments: Arguments) -> Value:
    expr = expr_of(ctx, arguments.positional[0]) if len(arguments.positional) == 1 else None
    if expr is None or expr.ndim != 2 or arguments.keywords:
        return ctx.call(Static(triangles.trace), arguments)
    length = at_most(ctx, expr.shape[0], expr.shape[1])
    return sum_of(ctx, sum_type(expr))((length,), lambda i: expr.at((i[0], i[0])))


@function(np.linalg.norm)
def norm(ctx: Context, arguments: Arguments) -> Value:
    if len(arguments) > 1:
        return ctx.call(Static(reductions.norm), arguments)
    (value,) = unpack(ctx, arguments, "norm", "x")
    expr = expr_of(ctx, value or NONE)
    type_ = float_type(expr)
    squares = sum_of(ctx, real_type(type_))(expr.shape, lambda i: squared_size(ctx, cast(ctx, expr.at(i), type_)))
    return call_operation(ctx, by_name("sqrt"), Arguments((squares,)))


@function(np.cumsum)
def cumsum(ctx: Context, arguments: Arguments) -> Value:
    value, axis, dtype = unpack(ctx, arguments, "cumsum", "a", "axis", "dtype", optional=2)
    if dtype not in (None, NONE):
        value = ctx.call(Static(np.asarray), Arguments((value or NONE, dtype or NONE)))
    expr = expr_of(ctx, value or NONE)
    if expr.ndim != 1:
        return ctx.call(Static(reductions.cumsum), Arguments((array_of(ctx, expr), axis or NONE)))
    type_ = sum_type(expr)
    result = allocate(ctx, expr.shape, type_.dtype, None, "cumsum")

    def at(index: Index) -> Value:
        return Record(tuple, (0, 1), (Num(expr.at(index)), Num(index[0])))

    def step(a: Value, b: Value) -> Value:
        assert isinstance(b, Record)
        partial = add(ctx, atom(a), cast(ctx, atom(b.items[0]), type_))
        store(ctx, result, (atom(b.items[1]),), partial)
        return Num(partial)

    run_nest(ctx, expr.shape, at, combining(ctx, step), {ACC: Num(const_like(0, type_))})
    return result


@function(np.diff)
def diff(ctx: Context, arguments: Arguments) -> Value:
    value, n, axis, *more = unpack(ctx, arguments, "diff", "a", "n", "axis", "prepend", "append", optional=4)
    expr = expr_of(ctx, value or NONE)
    if expr.ndim != 1 or n is not None or more != [None, None]:
        given = (array_of(ctx, expr), n or number(1), axis or number(-1), *(each or NONE for each in more))
        return ctx.call(Static(reductions.diff), Arguments(given))
    length = sub(ctx, expr.shape[0], integer(1))
    if not isinstance(length, Const):
        length = apply(ctx, "maximum", (length, const_like(0, scalar(length))), scalar(length), "n")

    def at(index: Index) -> Atom:
        return sub(ctx, expr.at((add(ctx, index[0], integer(1)),)), expr.at(index))

    return ArrayExpr(expr.dtype, (length,), at, out_of_order(expr.reads))


@function(np.isclose)
def isclose(ctx: Context, arguments: Arguments) -> Value:
    a, b, rtol, atol = unpack(ctx, arguments, "isclose", "a", "b", "rtol", "atol", optional=2)
    relative, absolute = rtol or number(1e-5), atol or number(1e-8)

    def close(x: Atom, y: Atom) -> Atom:
        distance, size = (_abs(ctx, v) for v in (sub(ctx, x, y), y))
        return compare(ctx, ast.LtE(), distance, add(ctx, atom(absolute), mul(ctx, atom(relative), size)))

    if isinstance(a, Num) and isinstance(b, Num):
        return Num(close(a.atom, b.atom))
    return elementwise(ctx, close, a or NONE, b or NONE)


def _abs(ctx: Context, a: Atom) -> Atom:
    return operation(ctx, by_name("abs"), (a,))
