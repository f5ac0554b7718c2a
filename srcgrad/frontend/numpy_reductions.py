"""NumPy's sums and what is made of them: `np.sum`, `a.mean(axis=0)`, `np.any`, ...; and reductions in general.

In: evaluated arguments. Out: numbers, or fresh arrays for reductions along an axis; every one is a loop nest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from srcgrad.frontend.arrays import allocate, store
from srcgrad.frontend.complex_parts import squared_size
from srcgrad.frontend.context import Arguments, Context, function, method
from srcgrad.frontend.elementwise import Index, expr_of, nest
from srcgrad.frontend.masks import Masked
from srcgrad.frontend.python_calls import unpack
from srcgrad.frontend.reduce import ACC, combining, result_of, run_nest
from srcgrad.frontend.scalars import (
    add,
    apply,
    cast,
    compare,
    div,
    mul,
    select,
    sub,
    times,
    truth_of,
)  # fmt: skip
from srcgrad.frontend.statics import static_object
from srcgrad.frontend.values import (
    NONE,
    Arr,
    ArrayExpr,
    Num,
    Static,
    Undefined,
    Value,
    describe,
    integer,
    number,
    truth,
)  # fmt: skip
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom
from srcgrad.ir.types import BOOL, FLOAT64, PY_INT, Scalar, real_dtype

ARRAYS = (Arr, ArrayExpr)
Combine = Callable[[Value, Value], Value]


# -- along all axes, or some --------------------------------------------------------------------------------------


def total(
    ctx: Context,
    lengths: tuple[Atom, ...],
    at: Callable[[Index], Atom],
    combine: Combine,
    start: Value | None,
    name: str,
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
    places = [k % ndim for k in given if isinstance(k, int) and -ndim <= k < ndim]
    if len(set(places)) != len(given):
        ctx.refuse(
            f"the axis of {name} must be a constant of the array",
            label=describe(axis),
            why="which loops are nested is decided when the function is compiled",
            advice="write the axis as a literal, within the dimensions of the array",
        )
    return set(places)


_REDUCTION = ("a", "axis", "dtype", "out", "keepdims", "initial", "where")
_NEUTRAL: dict[str, float | bool] = {"sum": 0, "mean": 0, "prod": 1, "any": False, "all": True}
_COMBINED = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}
Make = Callable[[Context, ArrayExpr, Value | None, Value | None], Value]


def _options(ctx: Context, arguments: Arguments, name: str, make: Make) -> Value:
    """A reduction with all that NumPy lets it be told: `dtype=`, `where=`, `initial=`, `out=`."""
    given = [NONE if v is None else v for v in unpack(ctx, arguments, name, *_REDUCTION, optional=6)]
    value, axis, dtype, out, keepdims, initial, where = given
    if (dtype != NONE and name not in ("sum", "prod", "mean")) or (initial != NONE and name not in _COMBINED):
        ctx.refuse(f"{name} has no such parameter", advice="leave dtype or initial out")
    if dtype != NONE:
        value = ctx.call(Static(np.asarray), Arguments((value, dtype)))
    keep = None if keepdims == NONE else keepdims
    if where == NONE:
        result = make(ctx, expr_of(ctx, value), axis, keep)
    else:
        result = _where(ctx, name, make, (value, where, axis, keep, initial))
    if initial != NONE:
        result = ctx.call(Static(_COMBINED[name]), Arguments((result, initial)))
    if out == NONE:
        return result
    ctx.call(Static(np.copyto), Arguments((out, result)))
    return out


def _neutral(name: str) -> Value:
    found = _NEUTRAL[name]
    return Num(truth(found)) if isinstance(found, bool) else number(found)


def _where(
    ctx: Context, name: str, make: Make, given: tuple[Value, Value, Value, Value | None, Value]
) -> Value:
    """Of some of the elements: the others are what changes nothing."""
    value, where, axis, keepdims, initial = given
    neutral = initial if name in ("max", "min") else _neutral(name)
    if neutral == NONE:
        ctx.refuse(f"where= of {name} needs initial=", why="there may be no element", advice="say what is least")
    some = ctx.call(Static(np.where), Arguments((where, value, neutral)))
    if name != "mean":
        return make(ctx, expr_of(ctx, some), axis, keepdims)
    ones = ctx.call(Static(np.ones_like), Arguments((value,)))
    count = ctx.call(Static(np.where), Arguments((where, ones, neutral)))
    sums = [sum_(ctx, expr_of(ctx, each), axis, keepdims) for each in (some, count)]
    return ctx.call(Static(np.divide), Arguments(tuple(sums)))


def sum_type(expr: ArrayExpr) -> Scalar:
    kind = expr.dtype
    return Scalar(kind if kind.kind in "fc" else np.result_type(kind, np.int64))


def reduction(name: str, *targets: object) -> Callable[[Callable], Callable]:
    """Register a reduction as a function and as a method."""

    def register(make: Make) -> Make:
        def as_function(ctx: Context, arguments: Arguments) -> Value:
            return _options(ctx, arguments, name, make)

        def as_method(ctx: Context, receiver: Value, arguments: Arguments) -> Value:
            return as_function(ctx, Arguments((receiver, *arguments.positional), arguments.keywords))

        function(*targets)(as_function)
        method(ARRAYS, name)(as_method)
        return make

    return register


def sum_of(ctx: Context, type_: Scalar) -> Callable[[tuple[Atom, ...], Callable[[Index], Atom]], Value]:
    zero = Num(const_like(0, type_))

    def plus(a: Value, b: Value) -> Value:
        first, second = atom(a), cast(ctx, atom(b), type_)
        return Num(apply(ctx, "plus", (first, second), type_) if type_.is_inexact else add(ctx, first, second))

    return lambda lengths, at: total(ctx, lengths, at, plus, zero, "sum")


def atom(value: Value) -> Atom:
    assert isinstance(value, Num)
    return value.atom


@reduction("sum", np.sum)
def sum_(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    type_ = sum_type(expr)
    expr = _zero_elsewhere(ctx, expr, axis)
    return reduced(ctx, expr, axis, keepdims, "sum", sum_of(ctx, type_), type_.dtype)


def _zero_elsewhere(ctx: Context, expr: ArrayExpr, axis: Value | None) -> ArrayExpr:
    """Masked elements that are added up, as an array with zeros between them."""
    if not isinstance(expr, Masked) or axis not in (None, NONE):
        return expr
    full, mask = expr.full, expr.mask
    zero = const_like(0, full.element)
    return ArrayExpr(
        full.dtype, full.shape, lambda index: select(ctx, truth_of(ctx, mask.at(index)), full.at(index), zero)
    )


@reduction("prod", np.prod)
def prod(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    type_ = sum_type(expr)
    one = Num(const_like(1, type_))

    def compute(lengths: tuple[Atom, ...], at: Callable[[Index], Atom]) -> Value:
        return total(ctx, lengths, at, lambda a, b: Num(mul(ctx, atom(a), cast(ctx, atom(b), type_))), one, "prod")

    return reduced(ctx, expr, axis, keepdims, "prod", compute, type_.dtype)


def count_of(ctx: Context, lengths: tuple[Atom, ...]) -> Atom:
    count: Atom = integer(1)
    for length in lengths:
        count = times(ctx, count, length)
    return count


def float_type(expr: ArrayExpr) -> Scalar:
    return Scalar(expr.dtype) if expr.dtype.kind in "fc" else FLOAT64


def real_type(type_: Scalar) -> Scalar:
    """The type of the size of such a number."""
    return Scalar(real_dtype(type_.dtype), type_.weak)


@reduction("mean", np.mean)
def mean(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    type_ = float_type(expr)
    if isinstance(expr, Masked) and axis in (None, NONE) and keepdims is None:
        mask = expr.mask
        sum_ = sum_of(ctx, type_)(expr.full.shape, _zero_elsewhere(ctx, expr, axis).at)
        selected = sum_of(ctx, PY_INT)(mask.shape, lambda index: truth_of(ctx, mask.at(index)))
        return Num(div(ctx, atom(sum_), cast(ctx, atom(selected), type_)))

    def compute(lengths: tuple[Atom, ...], at: Callable[[Index], Atom]) -> Value:
        return Num(_mean(ctx, lengths, at, type_))

    return reduced(ctx, expr, axis, keepdims, "mean", compute, type_.dtype)


def _mean(ctx: Context, lengths: tuple[Atom, ...], at: Callable[[Index], Atom], type_: Scalar) -> Atom:
    return div(ctx, atom(sum_of(ctx, type_)(lengths, at)), cast(ctx, count_of(ctx, lengths), type_))


def _root(ctx: Context, variance: Atom, type_: Scalar) -> Atom:
    """The square root, whose derivative at 0 (equal numbers) is 0."""
    zero = compare(ctx, ast.Eq(), variance, const_like(0.0, type_))
    safe = select(ctx, zero, const_like(1.0, type_), variance)
    return select(ctx, zero, const_like(0.0, type_), apply(ctx, "sqrt", (safe,), type_))


def _variance(name: str, target: object, root: bool) -> None:
    def as_function(ctx: Context, arguments: Arguments) -> Value:
        names = {"correction": "ddof"}
        renamed = {names.get(key, key): v for key, v in arguments.keywords.items()}
        given = Arguments(arguments.positional, renamed)
        value, axis, dtype, out, ddof, keepdims = unpack(
            ctx, given, name, "a", "axis", "dtype", "out", "ddof", "keepdims", optional=5
        )
        if dtype not in (None, NONE) or out not in (None, NONE):
            ctx.refuse(f"dtype and out of {name} are not compiled", advice="convert or copy the result")
        expr = expr_of(ctx, value or NONE)
        type_ = float_type(expr)
        of_result = real_type(type_)
        less = ddof.atom if isinstance(ddof, Num) else integer(0)

        def compute(lengths: tuple[Atom, ...], at: Callable[[Index], Atom]) -> Value:
            center = _mean(ctx, lengths, at, type_)

            def square(index: Index) -> Atom:
                return squared_size(ctx, sub(ctx, cast(ctx, at(index), type_), center))

            squares = atom(sum_of(ctx, of_result)(lengths, square))
            result = div(ctx, squares, cast(ctx, sub(ctx, count_of(ctx, lengths), less), of_result))
            return Num(_root(ctx, result, of_result) if root else result)

        return reduced(ctx, expr, axis, keepdims, name, compute, of_result.dtype)

    def as_method(ctx: Context, receiver: Value, arguments: Arguments) -> Value:
        return as_function(ctx, Arguments((receiver, *arguments.positional), arguments.keywords))

    function(target)(as_function)
    method(ARRAYS, name)(as_method)


_variance("var", np.var, root=False)
_variance("std", np.std, root=True)


def _quantifier(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None, op: str) -> Value:
    start = Num(truth(op == "and_"))

    def both(a: Value, b: Value) -> Value:
        return Num(apply(ctx, op, (cast(ctx, atom(a), BOOL), truth_of(ctx, atom(b))), BOOL, "test"))

    return reduced(
        ctx, expr, axis, keepdims, "any", lambda n, at: total(ctx, n, at, both, start, "any"), np.dtype(np.bool_)
    )


@reduction("any", np.any)
def any_(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    return _quantifier(ctx, expr, axis, keepdims, "or_")


@reduction("all", np.all)
def all_(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    return _quantifier(ctx, expr, axis, keepdims, "and_")
