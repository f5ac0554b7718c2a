"""NumPy's products and what is made of sums: `a @ b`, `np.dot`, `np.outer`, norms, cumulative sums, differences.

In: evaluated arguments. Out: numbers, fresh arrays, or array expressions; every one is a loop nest.
"""

from __future__ import annotations

import ast

import numpy as np

from srcgrad.frontend.arrays import allocate, store
from srcgrad.frontend.context import Arguments, Context, function, method
from srcgrad.frontend.elementwise import (
    Index,
    array_of,
    broadcast,
    computed_once,
    element_at,
    elementwise,
    expr_of,
    nest,
    same_length,
)  # fmt: skip
from srcgrad.frontend.lower_expr import operate
from srcgrad.frontend.numpy_reductions import ARRAYS, atom, float_type, sum_of, sum_type
from srcgrad.frontend.operations import call_operation
from srcgrad.frontend.python_calls import unpack
from srcgrad.frontend.reduce import ACC, combining, run_nest
from srcgrad.frontend.scalars import add, apply, at_most, cast, compare, mul, power, scalar, sub
from srcgrad.frontend.values import NONE, Arr, ArrayExpr, Num, Record, Static, Value, integer, number, out_of_order
from srcgrad.infer import promote
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom, Const
from srcgrad.ir.types import Scalar
from srcgrad.library import reductions
from srcgrad.ops.registry import by_name


@function(np.dot)
def dot(ctx: Context, arguments: Arguments) -> Value:
    a, b = unpack(ctx, arguments, "dot", "a", "b")
    if any(isinstance(v, Arr | ArrayExpr) and v.ndim > 2 for v in (a, b)):
        ctx.refuse("np.dot is compiled for vectors and matrices", advice="use @, or np.tensordot(a, b, axes=1)")
    return matmul(ctx, Arguments((a or NONE, b or NONE)))


@function(np.matmul)
def matmul(ctx: Context, arguments: Arguments) -> Value:
    a, b = unpack(ctx, arguments, "matmul", "a", "b")
    if isinstance(a, Num) or isinstance(b, Num):
        return operate(ctx, ast.Mult(), a or NONE, b or NONE)
    return product(ctx, expr_of(ctx, a or NONE), expr_of(ctx, b or NONE))


@method(ARRAYS, "dot")
def dot_method(ctx: Context, receiver: Value, arguments: Arguments) -> Value:
    return dot(ctx, Arguments((receiver, *arguments.positional)))


@function(np.inner, np.vdot)
def inner(ctx: Context, arguments: Arguments) -> Value:
    a, b = (expr_of(ctx, v or NONE) for v in unpack(ctx, arguments, "inner", "a", "b"))
    if a.ndim != 1 or b.ndim != 1:
        ctx.refuse("inner products are compiled for vectors", advice="use @")
    return product(ctx, a, b)


def product(ctx: Context, a: ArrayExpr, b: ArrayExpr) -> Value:
    """`a @ b`."""
    if not a.ndim or not b.ndim:
        ctx.refuse(
            "a matrix product needs arrays",
            label=f"{a.ndim}-d by {b.ndim}-d",
            why="a number has no rows",
            advice="multiply with *",
        )
    if b.ndim > 1:
        a = computed_once(ctx, a)
    if a.ndim > 1:
        b = computed_once(ctx, b)
    if a.ndim > 2 or b.ndim > 2:
        return _batched(ctx, a, b)
    length = same_length(ctx, a.shape[-1], b.shape[0], "matmul: dimensions do not match")
    type_ = promote.arithmetic(Scalar(a.dtype), Scalar(b.dtype))

    def entry(row: Index, column: Index) -> Atom:
        def at(index: Index) -> Atom:
            return mul(ctx, a.at((*row, *index)), b.at((*index, *column)))

        return atom(sum_of(ctx, type_)((length,), at))

    rows, columns = a.shape[:-1], b.shape[1:]
    if not rows and not columns:
        return Num(entry((), ()))
    if columns and _in_rows(b) and type_.is_float:
        return _by_rows(ctx, a, b, type_, length)
    result = allocate(ctx, (*rows, *columns), type_.dtype, None, "product")
    nest(ctx, (*rows, *columns), lambda i: store(ctx, result, i, entry(i[: len(rows)], i[len(rows) :])))
    return result


def _in_rows(b: ArrayExpr) -> bool:
    """Whether the rows of a matrix lie in memory as rows."""
    matrix = b.reads[0] if b.at_array and b.reads else None
    return isinstance(matrix, Arr) and matrix.axes() == tuple(sorted(matrix.axes()))


def _by_rows(ctx: Context, a: ArrayExpr, b: ArrayExpr, type_: Scalar, length: Atom) -> Arr:
    """The product as a sum of multiples of the rows of `b`: all memory is walked through in order, here and in the
    derivative."""
    rows = a.shape[:-1]
    result = allocate(ctx, (*rows, b.shape[1]), type_.dtype, 0.0, "product")

    def multiple(index: Index) -> None:
        row, (k, column) = index[: len(rows)], index[len(rows) :]
        term = mul(ctx, a.at((*row, k)), b.at((k, column)))
        store(ctx, result, (*row, column), term, accumulate=True)

    nest(ctx, (*rows, length, b.shape[1]), multiple)
    return result


def _batched(ctx: Context, a: ArrayExpr, b: ArrayExpr) -> Value:
    """Products of stacks of matrices; leading dimensions are broadcast. A vector is a matrix of one row or column."""
    rows = a.shape[-2:-1]
    columns = b.shape[-1:] if b.ndim > 1 else ()
    batch = broadcast(ctx, [a.shape[:-2], b.shape[:-2]])
    inner_length = b.shape[-2] if b.ndim > 1 else b.shape[0]
    length = same_length(ctx, a.shape[-1], inner_length, "matmul: dimensions do not match")
    type_ = promote.arithmetic(Scalar(a.dtype), Scalar(b.dtype))

    def own(expr: ArrayExpr, index: Index, last: Index) -> Atom:
        lead = ArrayExpr(expr.dtype, expr.shape[: max(expr.ndim - 2, 0)], lambda i: expr.at((*i, *last)))
        return element_at(ctx, lead, index)

    def entry(index: Index) -> Atom:
        lead, rest = index[: len(batch)], index[len(batch) :]

        def at(k: Index) -> Atom:
            left = own(a, lead, (*rest[: len(rows)], *k))
            return mul(ctx, left, own(b, lead, (*k, *rest[len(rows) :])))

        return atom(sum_of(ctx, type_)((length,), at))

    result = allocate(ctx, (*batch, *rows, *columns), type_.dtype, None, "product")
    nest(ctx, (*batch, *rows, *columns), lambda index: store(ctx, result, index, entry(index)))
    return result


@function(np.outer)
def outer(ctx: Context, arguments: Arguments) -> Value:
    a, b = (expr_of(ctx, v or NONE) for v in unpack(ctx, arguments, "outer", "a", "b"))
    if a.ndim != 1 or b.ndim != 1:
        ctx.refuse(
            "np.outer is compiled for vectors",
            why="other shapes have no loop nest yet",
            advice="ravel the arguments first, or write a[:, None] * b",
        )
    type_ = promote.arithmetic(Scalar(a.dtype), Scalar(b.dtype))
    reads = out_of_order((*a.reads, *b.reads))
    return ArrayExpr(type_.dtype, (a.shape[0], b.shape[0]), lambda i: mul(ctx, a.at(i[:1]), b.at(i[1:])), reads)


@function(np.trace)
def trace(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "trace", "a")
    expr = expr_of(ctx, value or NONE)
    if expr.ndim != 2:
        ctx.refuse(
            "np.trace is compiled for matrices",
            why="other shapes have no loop nest yet",
            advice="loop over the matrices and take the trace of each",
        )
    length = at_most(ctx, expr.shape[0], expr.shape[1])
    return sum_of(ctx, sum_type(expr))((length,), lambda i: expr.at((i[0], i[0])))


@function(np.linalg.norm)
def norm(ctx: Context, arguments: Arguments) -> Value:
    if len(arguments) > 1:
        return ctx.call(Static(reductions.norm), arguments)
    (value,) = unpack(ctx, arguments, "norm", "x")
    expr = expr_of(ctx, value or NONE)
    type_ = float_type(expr)
    squares = sum_of(ctx, type_)(expr.shape, lambda i: power(ctx, cast(ctx, expr.at(i), type_), integer(2)))
    return call_operation(ctx, by_name("sqrt"), Arguments((squares,)))


@function(np.cumsum)
def cumsum(ctx: Context, arguments: Arguments) -> Value:
    value, axis = unpack(ctx, arguments, "cumsum", "a", "axis", optional=1)
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
    value, n, axis = unpack(ctx, arguments, "diff", "a", "n", "axis", optional=2)
    expr = expr_of(ctx, value or NONE)
    if expr.ndim != 1 or n is not None:
        return ctx.call(Static(reductions.diff), Arguments((array_of(ctx, expr), n or number(1), axis or number(-1))))
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
    return apply(ctx, "abs", (a,), scalar(a))
