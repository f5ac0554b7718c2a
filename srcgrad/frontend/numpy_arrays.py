"""NumPy functions that make arrays, and the methods of arrays.

In: evaluated arguments. Out: fresh arrays (`zeros`, `array`, `copy`, ...) or views (`transpose`).
"""

from __future__ import annotations

import copy as copy_module
from typing import Any

import numpy as np

from srcgrad.frontend.arrays import allocate, copy, load_at, store, subscript, with_rows
from srcgrad.frontend.comprehensions import array_from
from srcgrad.frontend.context import Arguments, Context, function, is_static_dtype, method
from srcgrad.frontend.elementwise import array_of, assign, expr_of, force, into_memory, nest, stack_items
from srcgrad.frontend.python_calls import atom_of, unpack
from srcgrad.frontend.scalars import cast, scalar, strong, times, weak
from srcgrad.frontend.statics import static_object
from srcgrad.frontend.values import (
    NONE,
    Arr,
    ArrayExpr,
    Generator,
    Num,
    Record,
    Static,
    Value,
    describe,
    integer,
    number,
    tuple_of,
)  # fmt: skip
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom, Const
from srcgrad.ir.types import PY_INT, Scalar
from srcgrad.library import triangles

ARRAYS = (Arr, ArrayExpr)
_FLOAT = np.dtype(np.float64)


def dtype_of(ctx: Context, value: Value | None, default: np.dtype) -> np.dtype:
    """The dtype an argument names."""
    if value is None or value == NONE:
        return default
    obj = static_object(value)
    if isinstance(obj, str):
        try:
            obj = np.dtype(obj)
        except TypeError:
            obj = None
    if is_static_dtype(obj):
        return np.dtype(obj)
    ctx.refuse(
        "this dtype is not compiled",
        label=describe(value),
        why="arrays hold numbers or truth values",
        advice="use float64, float32, complex128, complex64, an integer dtype or bool",
    )


def shape_from(ctx: Context, value: Value | None) -> tuple[Atom, ...]:
    """A shape given as a number or a tuple of numbers."""
    if isinstance(value, Num):
        return (cast(ctx, value.atom, PY_INT),)
    if isinstance(value, Record):
        return tuple(cast(ctx, atom_of(ctx, item, "a shape"), PY_INT) for item in value.items)
    ctx.refuse(
        "a shape is an integer or a tuple of integers",
        label=describe(value or NONE),
        why="memory is laid out from it",
        advice="give integers, as np.zeros((n, m))",
    )


# -- making -------------------------------------------------------------------------------------------------------


def _maker(name: str, fill: float | None) -> None:
    """`np.zeros` and its kind, and `np.zeros_like`."""

    def make(ctx: Context, arguments: Arguments) -> Value:
        shape_, dtype, order = unpack(ctx, arguments, name, "shape", "dtype", "order", optional=2)
        made = allocate(ctx, shape_from(ctx, shape_), dtype_of(ctx, dtype, _FLOAT), fill)
        return _in_order(ctx, made, order)

    def make_like(ctx: Context, arguments: Arguments) -> Value:
        prototype, dtype = unpack(ctx, arguments, f"{name}_like", "a", "dtype", optional=1)
        assert prototype is not None
        expr = _expr(ctx, prototype)
        return allocate(ctx, expr.shape, dtype_of(ctx, dtype, expr.dtype), fill)

    function(getattr(np, name))(make)
    function(getattr(np, f"{name}_like"))(make_like)


def _in_order(ctx: Context, made: Arr, order: Value | None) -> Arr:
    """A new array of the user's. (What the library fills in place of NumPy's function may have another order there.)"""
    _note_order(ctx, order)
    return with_rows(ctx, made) if order is None and not ctx.in_library else made


def _note_order(ctx: Context, order: Value | None) -> None:
    """Memory here has its rows one after the other, whatever the user asks for."""
    if order is not None and static_object(order) != "C":
        ctx.mixed_orders = True


def _expr(ctx: Context, value: Value) -> ArrayExpr:
    return expr_of(ctx, value)


for _name, _fill in (("zeros", 0.0), ("ones", 1.0), ("empty", None)):
    _maker(_name, _fill)


@function(np.ndarray)
def ndarray(ctx: Context, arguments: Arguments) -> Value:
    """The constructor, with a shape and a dtype: memory as `np.empty` gives it."""
    shape_, dtype = unpack(ctx, arguments, "ndarray", "shape", "dtype", optional=1)
    return _in_order(ctx, allocate(ctx, shape_from(ctx, shape_), dtype_of(ctx, dtype, _FLOAT), None), None)


@function(np.full)
def full(ctx: Context, arguments: Arguments) -> Value:
    shape_, value, dtype = unpack(ctx, arguments, "full", "shape", "fill_value", "dtype", optional=1)
    return _filled(ctx, shape_from(ctx, shape_), value, dtype, None)


@function(np.full_like)
def full_like(ctx: Context, arguments: Arguments) -> Value:
    prototype, value, dtype = unpack(ctx, arguments, "full_like", "a", "fill_value", "dtype", optional=1)
    assert prototype is not None
    expr = _expr(ctx, prototype)
    return _filled(ctx, expr.shape, value, dtype, expr.dtype)


def _filled(
    ctx: Context, shape_: tuple[Atom, ...], value: Value | None, dtype: Value | None, default: np.dtype | None
) -> Value:
    if isinstance(value, ARRAYS) and value.ndim:
        result = allocate(ctx, shape_, dtype_of(ctx, dtype, default or value.dtype), None)
        assign(ctx, result, value)
        return result
    atom = atom_of(ctx, value, "full")
    kind = dtype_of(ctx, dtype, default or scalar(atom).dtype)
    if isinstance(atom, Const):
        return allocate(ctx, shape_, kind, const_like(atom.value, Scalar(kind)).value)
    result = allocate(ctx, shape_, kind, None)
    converted = cast(ctx, atom, Scalar(kind))
    nest(ctx, shape_, lambda index: store(ctx, result, index, converted))
    return result


@function(np.identity)
def identity(ctx: Context, arguments: Arguments) -> Value:
    n, dtype = unpack(ctx, arguments, "identity", "n", "dtype", optional=1)
    return eye(ctx, Arguments((n or NONE,), {"dtype": dtype or NONE}))


@function(np.eye)
def eye(ctx: Context, arguments: Arguments) -> Value:
    n, m, k, dtype = unpack(ctx, arguments, "eye", "N", "M", "k", "dtype", optional=3)
    if k is not None and static_object(k) != 0:
        return ctx.call(
            Static(triangles.shifted_eye), Arguments((n or NONE, m or NONE, k, dtype or Static(np.float64)))
        )
    rows = cast(ctx, atom_of(ctx, n, "eye"), PY_INT)
    columns = rows if m in (None, NONE) else cast(ctx, atom_of(ctx, m, "eye"), PY_INT)
    result = allocate(ctx, (rows, columns), dtype_of(ctx, dtype, _FLOAT), 0.0)
    shorter = ctx.call(Static(min), Arguments((Num(rows), Num(columns)))) if rows != columns else Num(rows)
    one = const_like(1, result.element)
    nest(ctx, (atom_of(ctx, shorter, "eye"),), lambda index: store(ctx, result, (index[0], index[0]), one))
    return result


@function(np.asarray, np.asanyarray)
def as_array(ctx: Context, arguments: Arguments) -> Value:
    return to_array(ctx, arguments, always_copy=False)


@function(np.array, np.copy, copy_module.copy, copy_module.deepcopy)
def copied(ctx: Context, arguments: Arguments) -> Value:
    return to_array(ctx, arguments, always_copy=True)


def to_array(ctx: Context, arguments: Arguments, always_copy: bool) -> Value:
    """The argument as an array: fresh memory, except that an array stays what it is unless it must be copied."""
    value, dtype, wanted, order = unpack(ctx, arguments, "array", "object", "dtype", "copy", "order", optional=3)
    assert value is not None
    _note_order(ctx, order)
    kind = None if dtype is None else dtype_of(ctx, dtype, _FLOAT)
    always_copy = always_copy and (wanted is None or bool(static_object(wanted)))
    if isinstance(value, Generator):
        return array_from(ctx, value, kind)
    if isinstance(value, Arr) and (kind is None or kind == value.dtype) and not always_copy:
        return value
    if isinstance(value, Arr) and (kind is None or kind == value.dtype):
        return copy(ctx, value)
    if isinstance(value, Record):
        return stack_items(ctx, value.items, kind)
    if isinstance(value, Num):
        return value if kind is None else Num(cast(ctx, value.atom, Scalar(kind)))
    return into_memory(ctx, expr_of(ctx, value), "a", kind)


def _scalar_type(kind: Any) -> None:
    """`np.float64(x)`."""

    def convert(ctx: Context, arguments: Arguments) -> Value:
        (value,) = unpack(ctx, arguments, kind.__name__, "x")
        target = Scalar(np.dtype(kind))
        if isinstance(value, ARRAYS):
            return astype(ctx, value, Arguments((Static(np.dtype(kind)),)))
        if isinstance(static_object(value or NONE), str):
            return number(float(str(static_object(value or NONE))))
        return Num(strong(ctx, atom_of(ctx, value, kind.__name__), target))

    function(kind)(convert)


for _kind in (
    np.complex128, np.complex64, np.float64, np.float32,
    np.int64, np.int32, np.int16, np.int8, np.uint8, np.uint16, np.uint32, np.uint64,
):  # fmt: skip
    _scalar_type(_kind)


# -- methods ------------------------------------------------------------------------------------------------------


@method(ARRAYS, "copy")
def copy_method(ctx: Context, receiver: Arr | ArrayExpr, arguments: Arguments) -> Value:
    made = copy(ctx, receiver) if isinstance(receiver, Arr) else force(ctx, receiver)
    return with_rows(ctx, made) if isinstance(made, Arr) else made


@method(ARRAYS, "astype")
def astype(ctx: Context, receiver: Arr | ArrayExpr, arguments: Arguments) -> Value:
    dtype, wanted = unpack(ctx, arguments, "astype", "dtype", "copy", optional=1)
    kind = dtype_of(ctx, dtype, receiver.dtype)
    if isinstance(receiver, Arr) and kind == receiver.dtype:
        return copy(ctx, receiver) if wanted is None or static_object(wanted) else receiver
    return into_memory(ctx, expr_of(ctx, receiver), "a", kind)


@method(ARRAYS, "item")
def item(ctx: Context, receiver: Arr | ArrayExpr, arguments: Arguments) -> Value:
    array_ = array_of(ctx, receiver)
    index = tuple(atom_of(ctx, v, "item") for v in arguments.positional)
    if len(index) == 1 and array_.ndim > 1:
        array_ = array_of(ctx, ctx.call(Static(np.ravel), Arguments((array_,))))
    if not index:
        index = (integer(0),) * array_.ndim
    return Num(weak(ctx, load_at(ctx, subscript(ctx, array_, index))))


@method((Num,), "item")
def number_item(ctx: Context, receiver: Num, arguments: Arguments) -> Value:
    return Num(weak(ctx, receiver.atom))


@method((Num,), "copy")
def number_copy(ctx: Context, receiver: Num, arguments: Arguments) -> Value:
    return receiver


@method((Num,), "astype")
def number_astype(ctx: Context, receiver: Num, arguments: Arguments) -> Value:
    kind = dtype_of(ctx, arguments.positional[0], receiver.type.dtype)
    return Num(strong(ctx, receiver.atom, Scalar(kind)))


@method((Num,), "is_integer")
def is_integer(ctx: Context, receiver: Num, arguments: Arguments) -> Value:
    floor = ctx.call(Static(np.floor), Arguments((receiver,)))
    return ctx.call(Static(np.equal), Arguments((floor, receiver)))


@method((Arr,), "fill")
def fill(ctx: Context, receiver: Arr, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "fill", "value")
    ctx.wrote(receiver.base)
    assign(ctx, receiver, Num(atom_of(ctx, value, "fill")))
    return NONE


@method(ARRAYS, "tolist")
def tolist(ctx: Context, receiver: Arr | ArrayExpr, arguments: Arguments) -> Value:
    return ctx.call(Static(list), Arguments((receiver,)))


@function(np.copyto)
def copyto(ctx: Context, arguments: Arguments) -> Value:
    target, value, mask = unpack(ctx, arguments, "copyto", "dst", "src", "where", optional=1)
    if not isinstance(target, Arr) or value is None:
        ctx.refuse(
            "copyto needs an array to write into",
            label=describe(target or NONE),
            why="the target is changed in place",
            advice="give the array, or a slice of it, as the first argument",
        )
    if mask is not None:
        value = ctx.call(Static(np.where), Arguments((mask, value, target)))
    ctx.wrote(target.base)
    assign(ctx, target, value)
    return NONE


@function(np.shape)
def shape_function(ctx: Context, arguments: Arguments) -> Value:
    (value,) = arguments.positional
    return tuple_of([Num(n) for n in expr_of(ctx, value).shape])


@function(np.size)
def size_function(ctx: Context, arguments: Arguments) -> Value:
    value, axis = unpack(ctx, arguments, "size", "a", "axis", optional=1)
    lengths = expr_of(ctx, value or NONE).shape
    if axis is not None:
        return Num(lengths[int(static_object(axis))])
    total: Atom = integer(1)
    for length in lengths:
        total = times(ctx, total, length)
    return Num(total)


@function(np.ndim)
def ndim_function(ctx: Context, arguments: Arguments) -> Value:
    (value,) = arguments.positional
    return number(expr_of(ctx, value).ndim)
