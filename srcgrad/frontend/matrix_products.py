"""NumPy's matrix products: `a @ b`, `np.dot`, `np.inner`, `np.vdot`.

In: evaluated arguments. Out: a number, fresh memory, or an array expression. A product of two matrices of floats is one
`Product` statement, of stacks of matrices a loop of them; products with a vector, of integers, and of matrices known
to be small are loop nests, to be fused with what is around them.
"""

from __future__ import annotations

import ast
import math

import numpy as np

from srcgrad.frontend.arrays import (
    FULL,
    allocate,
    copy,
    is_contiguous,
    materialise,
    reshaped,
    store,
    subscript,
    with_rows,
)
from srcgrad.frontend.context import Arguments, Context, function, method
from srcgrad.frontend.elementwise import (
    Index,
    broadcast,
    computed_once,
    element_at,
    expr_of,
    into_memory,
    nest,
    own_index,
    same_length,
)  # fmt: skip
from srcgrad.frontend.lower_expr import operate
from srcgrad.frontend.numpy_reductions import ARRAYS, atom, sum_of
from srcgrad.frontend.python_calls import unpack
from srcgrad.frontend.scalars import cast, mul
from srcgrad.frontend.values import NONE, Arr, ArrayExpr, Num, Static, Value, number
from srcgrad.infer import promote
from srcgrad.ir.nodes import Atom, Const, Sym
from srcgrad.ir.types import Scalar
from srcgrad.library import algebra

_SMALL = 64  # the product of two lengths that are known: so few multiplications in a row are no work for BLAS


@function(np.dot)
def dot(ctx: Context, arguments: Arguments) -> Value:
    a, b = unpack(ctx, arguments, "dot", "a", "b")
    if isinstance(b, Arr | ArrayExpr) and b.ndim > 2 and isinstance(a, Arr | ArrayExpr) and a.ndim > 0:
        return _summed_over(ctx, a, -1, b, -2)
    return matmul(ctx, Arguments((a or NONE, b or NONE)))


@function(np.matmul)
def matmul(ctx: Context, arguments: Arguments) -> Value:
    a, b = unpack(ctx, arguments, "matmul", "a", "b")
    if isinstance(a, Num) or isinstance(b, Num):
        return operate(ctx, ast.Mult(), a or NONE, b or NONE)
    return product(ctx, expr_of(ctx, a or NONE), expr_of(ctx, b or NONE))


@method(ARRAYS, "dot")
def dot_method(ctx: Context, receiver: Value, arguments: Arguments) -> Value:
    return ctx.call(Static(np.dot), Arguments((receiver, *arguments.positional), arguments.keywords))


@function(np.inner)
def inner(ctx: Context, arguments: Arguments) -> Value:
    a, b = (v or NONE for v in unpack(ctx, arguments, "inner", "a", "b"))
    ranks = [0 if isinstance(v, Num) else expr_of(ctx, v).ndim for v in (a, b)]
    if 0 in ranks or ranks == [1, 1]:
        return matmul(ctx, Arguments((a, b)))
    return _summed_over(ctx, a, -1, b, -1)


@function(np.vdot)
def vdot(ctx: Context, arguments: Arguments) -> Value:
    a, b = (v or NONE for v in unpack(ctx, arguments, "vdot", "a", "b"))
    flat = [ctx.call(Static(np.ravel), Arguments((v,))) if not isinstance(v, Num) else v for v in (a, b)]
    return matmul(ctx, Arguments((ctx.call(Static(np.conj), Arguments((flat[0],))), flat[1])))


def _summed_over(ctx: Context, a: Value, axis_of_a: int, b: Value, axis_of_b: int) -> Value:
    return ctx.call(Static(algebra.contracted), Arguments((a, b, number(axis_of_a), number(axis_of_b))))


def product(ctx: Context, a: ArrayExpr, b: ArrayExpr) -> Value:
    """`a @ b`."""
    if not a.ndim or not b.ndim:
        ctx.refuse(
            "a matrix product needs arrays",
            label=f"{a.ndim}-d by {b.ndim}-d",
            why="a number has no rows",
            advice="multiply with *",
        )
    length = same_length(ctx, a.shape[-1], b.shape[-2:][0], "matmul: dimensions do not match")
    type_ = promote.arithmetic(Scalar(a.dtype), Scalar(b.dtype))
    if type_.is_inexact and a.ndim > 1 and b.ndim > 1 and not _is_small(a, b, length):
        return _of_matrices(ctx, a, b, type_)
    if b.ndim > 1:
        a = computed_once(ctx, a)
    if a.ndim > 1:
        b = computed_once(ctx, b)
    if a.ndim > 2 or b.ndim > 2:
        return _in_loops(ctx, a, b, type_, length)
    rows, columns = a.shape[:-1], b.shape[1:]

    def entry(row: Index, column: Index) -> Atom:
        def at(index: Index) -> Atom:
            return mul(ctx, a.at((*row, *index)), b.at((*index, *column)))

        return atom(sum_of(ctx, type_)((length,), at))

    if not rows and not columns:
        return Num(entry((), ()))
    if columns and _in_rows(b) and type_.is_inexact:
        return _by_rows(ctx, a, b, type_, length)
    result = with_rows(ctx, allocate(ctx, (*rows, *columns), type_.dtype, None, "product"))
    nest(ctx, (*rows, *columns), lambda i: store(ctx, result, i, entry(i[: len(rows)], i[len(rows) :])))
    return result


def _is_small(a: ArrayExpr, b: ArrayExpr, length: Atom) -> bool:
    """Is the product known to be one with a vector, or of matrices of a few elements? (The rows of a stack are rows of
    one matrix, where there is one on the other side.)"""
    rows = () if a.ndim > 2 and b.ndim == 2 else (a.shape[-2],)
    known = sorted(int(n.value) for n in (*rows, length, b.shape[-1]) if isinstance(n, Const))
    return known[:1] == [1] or (len(known) >= 2 and math.prod(known[:2]) <= _SMALL)


# -- matrices -----------------------------------------------------------------------------------------------------


def _of_matrices(ctx: Context, a: ArrayExpr, b: ArrayExpr, type_: Scalar) -> Value:
    if b.ndim > 2:
        return _of_stacks(ctx, a, b, type_)
    if a.ndim > 2:
        return _of_rows(ctx, a, b, type_)
    result = with_rows(ctx, allocate(ctx, (a.shape[0], b.shape[1]), type_.dtype, 0.0, "product"))
    left, right = (materialise(ctx, _in_memory(ctx, each, type_)) for each in (a, b))
    ctx.builder.product(result.base, left, right)
    return result


def _in_memory(ctx: Context, expr: ArrayExpr, type_: Scalar) -> Arr:
    """The array that the expression is, or a new one."""
    array = expr.reads[0] if expr.at_array and expr.reads else None
    if isinstance(array, Arr) and array.dtype == type_.dtype:
        return array
    converted = ArrayExpr(type_.dtype, expr.shape, lambda index: cast(ctx, expr.at(index), type_), expr.reads)
    return into_memory(ctx, converted)


def _of_rows(ctx: Context, a: ArrayExpr, b: ArrayExpr, type_: Scalar) -> Value:
    """A stack of matrices times one matrix: all rows of the stack at once."""
    count = a.shape[0]
    for n in a.shape[1:-1]:
        count = mul(ctx, count, n)
    stack = _in_memory(ctx, a, type_)
    rows = reshaped(ctx, stack if is_contiguous(stack) else copy(ctx, stack), (count, a.shape[-1]), "rows")
    result = allocate(ctx, (count, b.shape[1]), type_.dtype, 0.0, "product")
    ctx.builder.product(result.base, rows.base, materialise(ctx, _in_memory(ctx, b, type_)))
    return reshaped(ctx, result, (*a.shape[:-1], b.shape[1]), "product")


def _of_stacks(ctx: Context, a: ArrayExpr, b: ArrayExpr, type_: Scalar) -> Value:
    """The products of two stacks, matrix by matrix; leading dimensions are broadcast."""
    batch = broadcast(ctx, [a.shape[:-2], b.shape[:-2]])
    left, right = (_in_memory(ctx, each, type_) for each in (a, b))
    result = with_rows(ctx, allocate(ctx, (*batch, a.shape[-2], b.shape[-1]), type_.dtype, 0.0, "product"))

    def matrix(array: Arr, expr: ArrayExpr, index: Index) -> Sym:
        own = own_index(ctx, expr.shape[:-2], index)
        return materialise(ctx, subscript(ctx, array, (*own, FULL, FULL)))

    def multiply(index: Index) -> None:
        into = materialise(ctx, subscript(ctx, result, (*index, FULL, FULL)))
        ctx.builder.product(into, matrix(left, a, index), matrix(right, b, index))

    nest(ctx, batch, multiply)
    return result


# -- loop nests ---------------------------------------------------------------------------------------------------


def _in_rows(b: ArrayExpr) -> bool:
    """Whether the rows of a matrix lie in memory as rows."""
    matrix = b.reads[0] if b.at_array and b.reads else None
    return isinstance(matrix, Arr) and matrix.axes() == tuple(sorted(matrix.axes()))


def _by_rows(ctx: Context, a: ArrayExpr, b: ArrayExpr, type_: Scalar, length: Atom) -> Arr:
    """The product as a sum of multiples of the rows of `b`: all memory is walked through in order, here and in the
    derivative."""
    rows = a.shape[:-1]
    result = with_rows(ctx, allocate(ctx, (*rows, b.shape[1]), type_.dtype, 0.0, "product"))

    def multiple(index: Index) -> None:
        row, (k, column) = index[: len(rows)], index[len(rows) :]
        term = mul(ctx, a.at((*row, k)), b.at((k, column)))
        store(ctx, result, (*row, column), term, accumulate=True)

    nest(ctx, (*rows, length, b.shape[1]), multiple)
    return result


def _in_loops(ctx: Context, a: ArrayExpr, b: ArrayExpr, type_: Scalar, length: Atom) -> Value:
    """Products of stacks, element by element; leading dimensions are broadcast. A vector is a matrix of one row or
    column."""
    rows = a.shape[-2:-1]
    columns = b.shape[-1:] if b.ndim > 1 else ()
    batch = broadcast(ctx, [a.shape[:-2], b.shape[:-2]])

    def own(expr: ArrayExpr, index: Index, last: Index) -> Atom:
        lead = ArrayExpr(expr.dtype, expr.shape[: max(expr.ndim - 2, 0)], lambda i: expr.at((*i, *last)))
        return element_at(ctx, lead, index)

    def entry(index: Index) -> Atom:
        lead, rest = index[: len(batch)], index[len(batch) :]

        def at(k: Index) -> Atom:
            left = own(a, lead, (*rest[: len(rows)], *k))
            return mul(ctx, left, own(b, lead, (*k, *rest[len(rows) :])))

        return atom(sum_of(ctx, type_)((length,), at))

    result = with_rows(ctx, allocate(ctx, (*batch, *rows, *columns), type_.dtype, None, "product"))
    nest(ctx, (*batch, *rows, *columns), lambda index: store(ctx, result, index, entry(index)))
    return result
