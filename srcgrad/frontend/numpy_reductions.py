"""NumPy's reductions and products: `np.sum`, `a.max(axis=0)`, `a @ b`, `np.dot`, ...

In: evaluated arguments. Out: numbers, or fresh arrays for reductions along an axis; every one is a loop nest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from srcgrad.frontend.arrays import allocate, store
from srcgrad.frontend.context import Arguments, Context, function, method
from srcgrad.frontend.elementwise import Index, elementwise, expr_of, nest, same_length
from srcgrad.frontend.inline import call_operation
from srcgrad.frontend.lower_expr import operate, static_object
from srcgrad.frontend.python_calls import unpack
from srcgrad.frontend.reduce import ACC, combining, result_of, run_nest
from srcgrad.frontend.scalars import (
    add, apply, cast, compare, div, mul, power, raise_if, scalar, select, sub, times, truth_of,
)  # fmt: skip
from srcgrad.frontend.values import (
    NONE, Arr, ArrayExpr, Num, Record, Undefined, Value, describe, integer, number, truth,
)  # fmt: skip
from srcgrad.infer import promote
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom, Const
from srcgrad.ir.types import BOOL, FLOAT64, Scalar
from srcgrad.ops.registry import by_name

ARRAYS = (Arr, ArrayExpr)
Combine = Callable[[Value, Value], Value]


# -- along all axes, or some --------------------------------------------------------------------------------------


def total(
    ctx: Context, lengths: tuple[Atom, ...], at: Callable[[Index], Atom], combine: Combine, start: Value | None, name: str
) -> Value:
    """`combine` over all elements of a shape."""
    first: Value = Undefined(name) if start is None else start
    found = run_nest(ctx, lengths, lambda index: Num(at(index)), combining(ctx, combine), {ACC: first})
    return result_of(ctx, found, name)


def reduced(
    ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None, name: str,
    compute: Callable[[tuple[Atom, ...], Callable[[Index], Atom]], Value], dtype: np.dtype,
) -> Value:  # fmt: skip
    """A reduction over all elements or along axes; `compute` reduces one group of elements to a number."""
    axes = _axes(ctx, axis, expr.ndim, name)
    keep = keepdims is not None and bool(static_object(keepdims))
    if len(axes) == expr.ndim and not keep:
        return compute(expr.shape, expr.at)
    kept = [k for k in range(expr.ndim) if k not in axes]
    lengths = tuple(expr.shape[k] for k in sorted(axes))
    shape = tuple(integer(1) if k in axes else n for k, n in enumerate(expr.shape) if keep or k not in axes)
    result = allocate(ctx, shape, dtype, None, name)

    def fill(outer: Index) -> None:
        def at(inner: Index) -> Atom:
            full = dict(zip(kept, outer)) | dict(zip(sorted(axes), inner))
            return expr.at(tuple(full[k] for k in range(expr.ndim)))

        place = iter(outer)
        index = tuple(integer(0) if k in axes else next(place) for k in range(expr.ndim)) if keep else outer
        value = compute(lengths, at)
        assert isinstance(value, Num)
        store(ctx, result, index, value.atom)

    nest(ctx, tuple(expr.shape[k] for k in kept), fill)
    return result


def _axes(ctx: Context, axis: Value | None, ndim: int, name: str) -> set[int]:
    if axis is None or axis == NONE:
        return set(range(ndim))
    obj = static_object(axis)
    given = obj if isinstance(obj, tuple | list) else (obj,)
    if not all(isinstance(k, int) and -ndim <= k < ndim for k in given):
        ctx.refuse(f"the axis of {name} must be a constant of the array", label=describe(axis))
    return {k % ndim for k in given if isinstance(k, int)}


_REDUCTION = ("a", "axis", "dtype", "out", "keepdims")


def _arguments(ctx: Context, arguments: Arguments, name: str) -> tuple[ArrayExpr, Value | None, Value | None]:
    value, axis, dtype, out, keepdims = unpack(ctx, arguments, name, *_REDUCTION, optional=4)
    if dtype not in (None, NONE) or out not in (None, NONE):
        ctx.refuse(f"dtype and out of {name} are not compiled", advice="convert or copy the result")
    return expr_of(ctx, value or NONE), axis, keepdims


def _sum_type(expr: ArrayExpr) -> Scalar:
    kind = expr.dtype
    return Scalar(kind if kind.kind == "f" else np.result_type(kind, np.int64))


def _reduction(name: str, *targets: object) -> Callable[[Callable], Callable]:
    """Register a reduction as a function and as a method."""

    def register(make: Callable[[Context, ArrayExpr, Value | None, Value | None], Value]) -> Callable:
        def as_function(ctx: Context, arguments: Arguments) -> Value:
            return make(ctx, *_arguments(ctx, arguments, name))

        def as_method(ctx: Context, receiver: Value, arguments: Arguments) -> Value:
            return as_function(ctx, Arguments((receiver, *arguments.positional), arguments.keywords))

        function(*targets)(as_function)
        method(ARRAYS, name)(as_method)
        return make

    return register


def _sum_of(ctx: Context, type_: Scalar) -> Callable[[tuple[Atom, ...], Callable[[Index], Atom]], Value]:
    zero = Num(const_like(0, type_))
    return lambda lengths, at: total(
        ctx, lengths, at, lambda a, b: Num(add(ctx, _atom(a), cast(ctx, _atom(b), type_))), zero, "sum"
    )


def _atom(value: Value) -> Atom:
    assert isinstance(value, Num)
    return value.atom


@_reduction("sum", np.sum)
def sum_(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    type_ = _sum_type(expr)
    return reduced(ctx, expr, axis, keepdims, "sum", _sum_of(ctx, type_), type_.dtype)


@_reduction("prod", np.prod)
def prod(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    type_ = _sum_type(expr)
    one = Num(const_like(1, type_))

    def compute(lengths: tuple[Atom, ...], at: Callable[[Index], Atom]) -> Value:
        return total(ctx, lengths, at, lambda a, b: Num(mul(ctx, _atom(a), cast(ctx, _atom(b), type_))), one, "prod")

    return reduced(ctx, expr, axis, keepdims, "prod", compute, type_.dtype)


def _count(ctx: Context, lengths: tuple[Atom, ...]) -> Atom:
    count: Atom = integer(1)
    for length in lengths:
        count = times(ctx, count, length)
    return count


def _float_type(expr: ArrayExpr) -> Scalar:
    return Scalar(expr.dtype) if expr.dtype.kind == "f" else FLOAT64


@_reduction("mean", np.mean)
def mean(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    type_ = _float_type(expr)

    def compute(lengths: tuple[Atom, ...], at: Callable[[Index], Atom]) -> Value:
        return Num(_mean(ctx, lengths, at, type_))

    return reduced(ctx, expr, axis, keepdims, "mean", compute, type_.dtype)


def _mean(ctx: Context, lengths: tuple[Atom, ...], at: Callable[[Index], Atom], type_: Scalar) -> Atom:
    return div(ctx, _atom(_sum_of(ctx, type_)(lengths, at)), cast(ctx, _count(ctx, lengths), type_))


def _variance(name: str, target: object, root: bool) -> None:
    def as_function(ctx: Context, arguments: Arguments) -> Value:
        value, axis, ddof, keepdims = unpack(ctx, arguments, name, "a", "axis", "ddof", "keepdims", optional=3)
        expr = expr_of(ctx, value or NONE)
        type_ = _float_type(expr)
        less = ddof.atom if isinstance(ddof, Num) else integer(0)

        def compute(lengths: tuple[Atom, ...], at: Callable[[Index], Atom]) -> Value:
            center = _mean(ctx, lengths, at, type_)

            def square(index: Index) -> Atom:
                return power(ctx, sub(ctx, cast(ctx, at(index), type_), center), integer(2))

            squares = _atom(_sum_of(ctx, type_)(lengths, square))
            result = div(ctx, squares, cast(ctx, sub(ctx, _count(ctx, lengths), less), type_))
            return Num(apply(ctx, "sqrt", (result,), type_) if root else result)

        return reduced(ctx, expr, axis, keepdims, name, compute, type_.dtype)

    def as_method(ctx: Context, receiver: Value, arguments: Arguments) -> Value:
        return as_function(ctx, Arguments((receiver, *arguments.positional), arguments.keywords))

    function(target)(as_function)
    method(ARRAYS, name)(as_method)


_variance("var", np.var, root=False)
_variance("std", np.std, root=True)


def _extreme(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None, name: str) -> Value:
    better = ast.Gt() if name == "max" else ast.Lt()

    def choose(a: Value, b: Value) -> Value:
        best, other = _atom(a), _atom(b)
        wins = compare(ctx, better, other, best)
        if scalar(best).is_float:  # a NaN wins, and stays
            wins = apply(ctx, "or_", (wins, compare(ctx, ast.NotEq(), other, other)), scalar(wins), "test")
        return Num(select(ctx, wins, other, best))

    def compute(lengths: tuple[Atom, ...], at: Callable[[Index], Atom]) -> Value:
        empty = compare(ctx, ast.Eq(), _count(ctx, lengths), integer(0))
        raise_if(ctx, empty, ValueError, f"zero-size array to reduction operation {name}imum which has no identity")
        first = Num(at((integer(0),) * len(lengths)))
        return total(ctx, lengths, at, choose, first, name)

    return reduced(ctx, expr, axis, keepdims, name, compute, expr.dtype)


@_reduction("max", np.max)
def max_(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    return _extreme(ctx, expr, axis, keepdims, "max")


@_reduction("min", np.min)
def min_(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    return _extreme(ctx, expr, axis, keepdims, "min")


def _quantifier(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None, op: str) -> Value:
    start = Num(truth(op == "and_"))

    def both(a: Value, b: Value) -> Value:
        return Num(apply(ctx, op, (cast(ctx, _atom(a), BOOL), truth_of(ctx, _atom(b))), BOOL, "test"))

    return reduced(
        ctx, expr, axis, keepdims, "any", lambda n, at: total(ctx, n, at, both, start, "any"), np.dtype(np.bool_)
    )


@_reduction("any", np.any)
def any_(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    return _quantifier(ctx, expr, axis, keepdims, "or_")


@_reduction("all", np.all)
def all_(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    return _quantifier(ctx, expr, axis, keepdims, "and_")


# -- positions ----------------------------------------------------------------------------------------------------


def _position(name: str, target: object, better: ast.cmpop) -> None:
    """`argmax` and `argmin` of all elements."""

    def as_function(ctx: Context, arguments: Arguments) -> Value:
        value, axis = unpack(ctx, arguments, name, "a", "axis", optional=1)
        expr = expr_of(ctx, value or NONE)
        if expr.ndim != 1 or (axis not in (None, NONE) and static_object(axis or NONE) not in (0, -1)):
            ctx.refuse(f"{name} is compiled for 1-d arrays", advice="loop over the rows")
        raise_if(
            ctx, compare(ctx, ast.Eq(), expr.shape[0], integer(0)), ValueError, f"attempt to get {name} of an empty array"
        )
        first = Record(tuple, (0, 1), (Num(expr.at((integer(0),))), number(0)))

        def pick(a: Value, b: Value) -> Value:
            assert isinstance(a, Record) and isinstance(b, Record)
            wins = compare(ctx, better, _atom(b.items[0]), _atom(a.items[0]))
            pairs = zip(b.items, a.items)
            return Record(tuple, (0, 1), tuple(Num(select(ctx, wins, _atom(x), _atom(y))) for x, y in pairs))

        found = run_nest(
            ctx, expr.shape, lambda index: Record(tuple, (0, 1), (Num(expr.at(index)), Num(index[0]))),
            combining(ctx, pick), {ACC: first},
        )[ACC]  # fmt: skip
        assert isinstance(found, Record)
        return found.items[1]

    def as_method(ctx: Context, receiver: Value, arguments: Arguments) -> Value:
        return as_function(ctx, Arguments((receiver, *arguments.positional), arguments.keywords))

    function(target)(as_function)
    method(ARRAYS, name)(as_method)


_position("argmax", np.argmax, ast.Gt())
_position("argmin", np.argmin, ast.Lt())


# -- products -----------------------------------------------------------------------------------------------------


@function(np.dot, np.matmul)
def matmul(ctx: Context, arguments: Arguments) -> Value:
    a, b = unpack(ctx, arguments, "dot", "a", "b")
    if isinstance(a, Num) or isinstance(b, Num):
        return operate(ctx, ast.Mult(), a or NONE, b or NONE)
    return product(ctx, expr_of(ctx, a or NONE), expr_of(ctx, b or NONE))


@method(ARRAYS, "dot")
def dot_method(ctx: Context, receiver: Value, arguments: Arguments) -> Value:
    return matmul(ctx, Arguments((receiver, *arguments.positional)))


@function(np.inner, np.vdot)
def inner(ctx: Context, arguments: Arguments) -> Value:
    a, b = (expr_of(ctx, v or NONE) for v in unpack(ctx, arguments, "inner", "a", "b"))
    if a.ndim != 1 or b.ndim != 1:
        ctx.refuse("inner products are compiled for vectors", advice="use @")
    return product(ctx, a, b)


def product(ctx: Context, a: ArrayExpr, b: ArrayExpr) -> Value:
    """`a @ b` for vectors and matrices."""
    if not (1 <= a.ndim <= 2 and 1 <= b.ndim <= 2):
        ctx.refuse(
            "this matrix product is not compiled",
            label=f"{a.ndim}-d by {b.ndim}-d",
            why="it is compiled for vectors and matrices",
            advice="loop over the leading dimensions",
        )
    length = same_length(ctx, a.shape[-1], b.shape[0], "matmul: dimensions do not match")
    type_ = promote.arithmetic(Scalar(a.dtype), Scalar(b.dtype))

    def entry(row: Index, column: Index) -> Atom:
        def at(index: Index) -> Atom:
            return mul(ctx, a.at((*row, *index)), b.at((*index, *column)))

        return _atom(_sum_of(ctx, type_)((length,), at))

    rows, columns = a.shape[:-1], b.shape[1:]
    if not rows and not columns:
        return Num(entry((), ()))
    result = allocate(ctx, (*rows, *columns), type_.dtype, None, "product")
    nest(ctx, (*rows, *columns), lambda i: store(ctx, result, i, entry(i[: len(rows)], i[len(rows) :])))
    return result


@function(np.outer)
def outer(ctx: Context, arguments: Arguments) -> Value:
    a, b = (expr_of(ctx, v or NONE) for v in unpack(ctx, arguments, "outer", "a", "b"))
    if a.ndim != 1 or b.ndim != 1:
        ctx.refuse("np.outer is compiled for vectors")
    type_ = promote.arithmetic(Scalar(a.dtype), Scalar(b.dtype))
    return ArrayExpr(
        type_.dtype, (a.shape[0], b.shape[0]), lambda i: mul(ctx, a.at(i[:1]), b.at(i[1:])), (*a.reads, *b.reads)
    )


@function(np.trace)
def trace(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "trace", "a")
    expr = expr_of(ctx, value or NONE)
    if expr.ndim != 2:
        ctx.refuse("np.trace is compiled for matrices")
    length = same_length(ctx, expr.shape[0], expr.shape[1], "trace is compiled for square matrices")
    return _sum_of(ctx, _sum_type(expr))((length,), lambda i: expr.at((i[0], i[0])))


@function(np.linalg.norm)
def norm(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "norm", "x")
    expr = expr_of(ctx, value or NONE)
    type_ = _float_type(expr)
    squares = _sum_of(ctx, type_)(expr.shape, lambda i: power(ctx, cast(ctx, expr.at(i), type_), integer(2)))
    return call_operation(ctx, by_name("sqrt"), Arguments((squares,)))


@function(np.cumsum)
def cumsum(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "cumsum", "a")
    expr = expr_of(ctx, value or NONE)
    if expr.ndim != 1:
        ctx.refuse("np.cumsum is compiled for 1-d arrays", advice="loop over the rows")
    type_ = _sum_type(expr)
    result = allocate(ctx, expr.shape, type_.dtype, None, "cumsum")

    def at(index: Index) -> Value:
        return Record(tuple, (0, 1), (Num(expr.at(index)), Num(index[0])))

    def step(a: Value, b: Value) -> Value:
        assert isinstance(b, Record)
        partial = add(ctx, _atom(a), cast(ctx, _atom(b.items[0]), type_))
        store(ctx, result, (_atom(b.items[1]),), partial)
        return Num(partial)

    run_nest(ctx, expr.shape, at, combining(ctx, step), {ACC: Num(const_like(0, type_))})
    return result


@function(np.diff)
def diff(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "diff", "a")
    expr = expr_of(ctx, value or NONE)
    if expr.ndim != 1:
        ctx.refuse("np.diff is compiled for 1-d arrays", advice="subtract slices")
    length = sub(ctx, expr.shape[0], integer(1))
    if not isinstance(length, Const):
        length = apply(ctx, "maximum", (length, const_like(0, scalar(length))), scalar(length), "n")

    def at(index: Index) -> Atom:
        return sub(ctx, expr.at((add(ctx, index[0], integer(1)),)), expr.at(index))

    return ArrayExpr(expr.dtype, (length,), at, expr.reads)


@function(np.isclose)
def isclose(ctx: Context, arguments: Arguments) -> Value:
    a, b, rtol, atol = unpack(ctx, arguments, "isclose", "a", "b", "rtol", "atol", optional=2)
    relative, absolute = rtol or number(1e-5), atol or number(1e-8)

    def close(x: Atom, y: Atom) -> Atom:
        distance, size = (_abs(ctx, v) for v in (sub(ctx, x, y), y))
        return compare(ctx, ast.LtE(), distance, add(ctx, _atom(absolute), mul(ctx, _atom(relative), size)))

    if isinstance(a, Num) and isinstance(b, Num):
        return Num(close(a.atom, b.atom))
    return elementwise(ctx, close, a or NONE, b or NONE)


def _abs(ctx: Context, a: Atom) -> Atom:
    return apply(ctx, "abs", (a,), scalar(a))
