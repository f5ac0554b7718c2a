"""What is asked about types and kinds of values, and methods of arrays that are functions of NumPy under the same name.

In: evaluated arguments. Out: constants; or what the function gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.frontend.context import Arguments, Context, function, method
from srcgrad.frontend.elementwise import elementwise, expr_of
from srcgrad.frontend.operations import operation
from srcgrad.frontend.places import write_region
from srcgrad.frontend.python_calls import unpack
from srcgrad.frontend.statics import is_dynamic, static_object
from srcgrad.frontend.values import NONE, Arr, ArrayExpr, Num, Static, Value, truth
from srcgrad.ops.registry import by_name

ARRAYS = (Arr, ArrayExpr)


@function(np.result_type, np.promote_types)
def result_type(ctx: Context, arguments: Arguments) -> Value:
    kinds = [_kind(value) for value in arguments.positional]
    return Static(np.result_type(*kinds))


def _kind(value: Value) -> Any:
    obj = static_object(value)
    return expr_of_kind(value) if is_dynamic(obj) else obj


def expr_of_kind(value: Value) -> Any:
    """The dtype of an array, or an example of a number."""
    if isinstance(value, Num):
        return value.type.dtype.type(0).item() if value.type.weak else value.type.dtype
    return value.dtype if isinstance(value, Arr | ArrayExpr) else np.dtype(np.float64)


@function(np.isscalar)
def isscalar(ctx: Context, arguments: Arguments) -> Value:
    (value,) = arguments.positional
    return Num(truth(isinstance(value, Num) or (isinstance(value, Static) and isinstance(value.value, str))))


@function(np.issubdtype)
def issubdtype(ctx: Context, arguments: Arguments) -> Value:
    given, above = (static_object(value) for value in arguments.positional)
    return Num(truth(bool(np.issubdtype(given, above))))


@function(np.finfo, np.iinfo)
def limits(ctx: Context, arguments: Arguments) -> Value:
    kind = static_object(arguments.positional[0])
    dtype = np.dtype(float if is_dynamic(kind) else kind)
    return Static(np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype))


@function(np.fmod)
def fmod(ctx: Context, arguments: Arguments) -> Value:
    a, b = unpack(ctx, arguments, "fmod", "x1", "x2")
    if expr_of(ctx, a or NONE).dtype.kind != "f" and expr_of(ctx, b or NONE).dtype.kind != "f":
        ctx.refuse("np.fmod of integers is not compiled", advice="convert them to floats, or use %")
    return elementwise(ctx, lambda x, y: operation(ctx, by_name("fmod"), (x, y)), a or NONE, b or NONE)


def _forwarded(name: str, target: Any) -> None:
    @method(ARRAYS, name)
    def call(ctx: Context, receiver: Arr | ArrayExpr, arguments: Arguments) -> Value:
        return ctx.call(Static(target), Arguments((receiver, *arguments.positional), arguments.keywords))


for _name in ("clip", "round", "trace", "nonzero", "squeeze", "cumsum"):
    _forwarded(_name, getattr(np, _name))


@method((Arr,), "sort")
def sort_in_place(ctx: Context, receiver: Arr, arguments: Arguments) -> Value:
    given = Arguments((receiver, *arguments.positional), arguments.keywords)
    write_region(ctx, receiver, ctx.call(Static(np.sort), given))
    return NONE
