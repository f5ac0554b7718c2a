"""Numbers at equal distances: `np.arange` and `np.linspace`.

In: evaluated arguments. Out: array expressions, whose elements are computed where they are used.
"""

from __future__ import annotations

import ast

import numpy as np

from srcgrad.frontend.complex_numbers import is_complex
from srcgrad.frontend.context import Arguments, Context, function
from srcgrad.frontend.elementwise import Index
from srcgrad.frontend.iterables import trips
from srcgrad.frontend.numpy_arrays import ARRAYS, dtype_of
from srcgrad.frontend.python_calls import atom_of, unpack
from srcgrad.frontend.scalars import add, cast, compare, div, mul, scalar, select, sub
from srcgrad.frontend.statics import static_object
from srcgrad.frontend.values import NONE, ArrayExpr, Num, Range, Static, Value, integer, number
from srcgrad.infer import promote
from srcgrad.ir.nodes import Atom, Const
from srcgrad.ir.types import PY_INT, Scalar
from srcgrad.library import series

_FLOAT = np.dtype(np.float64)


@function(np.arange)
def arange(ctx: Context, arguments: Arguments) -> Value:
    """Integers count exactly; for floats the number of elements is computed as NumPy does."""
    keywords = dict(arguments.keywords)
    dtype = keywords.pop("dtype", None)
    values = unpack(ctx, Arguments(arguments.positional, keywords), "arange", "start", "stop", "step", optional=2)
    if values[1] is None:
        values = [number(0), values[0], values[2]]
    start, stop = (atom_of(ctx, v, "arange") for v in values[:2])
    step = atom_of(ctx, values[2] or number(1), "arange")
    type_ = promote.arithmetic(*map(scalar, (start, stop, step)))
    kind = dtype_of(ctx, dtype, type_.dtype)
    if type_.is_float:
        ratio = div(ctx, sub(ctx, stop, start), step)
        ceiling = ctx.call(Static(np.ceil), Arguments((Num(ratio),)))
        length = cast(ctx, atom_of(ctx, ceiling, "arange"), PY_INT)
        length = trips(ctx, Range(integer(0), length, integer(1)))
    else:
        length = trips(ctx, Range(start, stop, step))
    return ArrayExpr(kind, (length,), lambda index: cast(ctx, add(ctx, start, mul(ctx, index[0], step)), Scalar(kind)))


def _beyond_real_numbers(value: Value | None) -> bool:
    return isinstance(value, ARRAYS) or (value is not None and is_complex(value))


@function(np.linspace)
def linspace(ctx: Context, arguments: Arguments) -> Value:
    names = ("start", "stop", "num", "endpoint", "retstep", "dtype", "axis")
    values = unpack(ctx, arguments, "linspace", *names, optional=5)
    if any(v is not None for v in values[4:]) or any(map(_beyond_real_numbers, values[:2])):
        defaults: tuple[Value, ...] = (NONE, NONE, number(50), Static(True), Static(False), NONE, number(0))
        given = [default if v is None else v for v, default in zip(values, defaults, strict=True)]
        return ctx.call(Static(series.spaced), Arguments(tuple(given)))
    start, stop = (atom_of(ctx, v, "linspace") for v in values[:2])
    count = atom_of(ctx, values[2] or number(50), "linspace")
    closed = values[3] is None or bool(static_object(values[3]))
    parts = sub(ctx, count, integer(1)) if closed else count
    if not isinstance(parts, Const):
        parts = ctx.call(Static(max), Arguments((Num(parts), number(1)))).atom  # type: ignore[union-attr]
    elif parts.value < 1:
        parts = integer(1)
    step = div(ctx, sub(ctx, stop, start), parts)
    last = cast(ctx, stop, Scalar(_FLOAT))

    def at(index: Index) -> Atom:
        """The last number is the end itself, not what rounding makes of it."""
        value = cast(ctx, add(ctx, mul(ctx, index[0], step), start), Scalar(_FLOAT))
        return select(ctx, compare(ctx, ast.Eq(), index[0], parts), last, value) if closed else value

    return ArrayExpr(_FLOAT, (count,), at)
