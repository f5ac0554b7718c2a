"""NumPy functions that give an array another shape: transposes and reshapes.

In: evaluated arguments. Out: views where NumPy certainly gives one; where it may give a view or a copy, a copy of which
neither side may change afterwards.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

import numpy as np

from srcgrad.frontend.arrays import (
    FULL,
    allocate,
    copy,
    dim,
    is_contiguous_in_numpy,
    load,
    load_at,
    reshaped,
    shape,
    snapshot,
    store,
    subscript,
    transpose,
)  # fmt: skip
from srcgrad.frontend.context import Arguments, Context, function, method
from srcgrad.frontend.elementwise import LENGTH_ONE, array_of, expr_of, into_memory, nest, same_length
from srcgrad.frontend.numpy_arrays import ARRAYS, shape_from, to_array
from srcgrad.frontend.python_calls import unpack
from srcgrad.frontend.scalars import compare, floordiv, plus, raise_if, times
from srcgrad.frontend.statics import static_object
from srcgrad.frontend.values import NONE, Arr, ArrayExpr, Num, Value, integer, number, tuple_of
from srcgrad.ir.nodes import Atom, Const

_SMALL = 64  # elements


@function(np.ascontiguousarray)
def contiguous(ctx: Context, arguments: Arguments) -> Value:
    """The array itself where it is certainly contiguous; else a copy that must not be written, as NumPy's result
    may be either."""
    value = to_array(ctx, arguments, always_copy=False)
    if not isinstance(value, Arr) or is_contiguous_in_numpy(ctx, value):
        return value
    return snapshot(ctx, value, copy(ctx, value))


@function(np.asfortranarray)
def fortran_ordered(ctx: Context, arguments: Arguments) -> Value:
    """A vector as `np.ascontiguousarray` has it; else a copy that must not be written. (All copies are in C order: the
    order of memory changes no result.)"""
    value = to_array(ctx, arguments, always_copy=False)
    ctx.mixed_orders = True
    if not isinstance(value, Arr) or value.ndim < 2:
        return contiguous(ctx, Arguments((value,)))
    return snapshot(ctx, value, copy(ctx, value))


@function(np.transpose)
def transpose_function(ctx: Context, arguments: Arguments) -> Value:
    value, axes = unpack(ctx, arguments, "transpose", "a", "axes", optional=1)
    return transpose_method(ctx, array_of(ctx, value or NONE), Arguments(() if axes is None else (axes,)))


@method(ARRAYS, "transpose")
def transpose_method(ctx: Context, receiver: Arr | ArrayExpr, arguments: Arguments) -> Value:
    array_ = array_of(ctx, receiver)
    values = [static_object(v) for v in arguments.positional]
    if len(values) == 1 and isinstance(values[0], tuple | list):
        values = list(values[0])
    if not values or values == [None]:
        return transpose(array_, tuple(reversed(range(array_.ndim))))
    axes = sorted(v % max(array_.ndim, 1) for v in values if isinstance(v, int))
    if axes != list(range(array_.ndim)):
        ctx.refuse(
            "the axes of transpose must be constants, one per dimension",
            why="which dimension is which is fixed when the function is compiled",
            advice="write the axes as literals",
        )
    return transpose(array_, tuple(v % array_.ndim for v in values if isinstance(v, int)))


# -- other shapes -------------------------------------------------------------------------------------------------


@method(ARRAYS, "reshape")
def reshape_method(ctx: Context, receiver: Arr | ArrayExpr, arguments: Arguments) -> Value:
    values = arguments.positional
    given = {**arguments.keywords, "shape": values[0] if len(values) == 1 else tuple_of(values)}
    return reshape_function(ctx, Arguments((receiver,), given))


@function(np.reshape)
def reshape_function(ctx: Context, arguments: Arguments) -> Value:
    value, target, order = unpack(ctx, arguments, "reshape", "a", "shape", "order", optional=1)
    if _by_columns(ctx, order):
        turned = transpose_function(ctx, Arguments((value or NONE,)))
        lengths = tuple_of([Num(n) for n in reversed(shape_from(ctx, target or NONE))])
        found = reshape_function(ctx, Arguments((turned, lengths)))
        return transpose_function(ctx, Arguments((found,)))
    return reshape(ctx, array_of(ctx, value or NONE), target or NONE)


@method(ARRAYS, "ravel")
def ravel_method(ctx: Context, receiver: Arr | ArrayExpr, arguments: Arguments) -> Value:
    return ravel(ctx, Arguments((receiver, *arguments.positional), arguments.keywords))


@function(np.ravel)
def ravel(ctx: Context, arguments: Arguments) -> Value:
    value, order = unpack(ctx, arguments, "ravel", "a", "order", optional=1)
    if _by_columns(ctx, order):
        value = transpose_function(ctx, Arguments((value or NONE,)))
    return reshape(ctx, array_of(ctx, value or NONE), number(-1))


@method(ARRAYS, "flatten")
def flatten(ctx: Context, receiver: Arr | ArrayExpr, arguments: Arguments) -> Value:
    (order,) = unpack(ctx, arguments, "flatten", "order", optional=1)
    if _by_columns(ctx, order):
        return _copied(ctx, expr_of(ctx, transpose_function(ctx, Arguments((receiver,)))), number(-1))
    return _copied(ctx, expr_of(ctx, receiver), number(-1))


def _by_columns(ctx: Context, order: Value | None) -> bool:
    """Are elements counted by columns?"""
    given = "C" if order is None else static_object(order)
    if given not in ("C", "F"):
        ctx.refuse(
            "only order='C' and order='F' are compiled here",
            why="arrays of compiled code have their rows one after the other",
            advice="say which of the two is meant",
        )
    return given == "F"


@function(np.squeeze)
def squeeze(ctx: Context, arguments: Arguments) -> Value:
    value, axis = unpack(ctx, arguments, "squeeze", "a", "axis", optional=1)
    array_ = array_of(ctx, value or NONE)
    if axis in (None, NONE):
        return _squeeze_all(ctx, array_)
    place = static_object(axis)
    if not isinstance(place, int):
        ctx.refuse(
            "the axis of squeeze must be a constant",
            why="the rank of arrays is fixed when compiling",
            advice="write the axis as a literal",
        )
    same_length(ctx, dim(ctx, array_, place % array_.ndim), integer(1), "cannot squeeze a dimension longer than 1")
    index = tuple(integer(0) if k == place % array_.ndim else FULL for k in range(array_.ndim))
    return subscript(ctx, array_, index)


def _squeeze_all(ctx: Context, array: Arr) -> Value:
    """Without the dimensions that are known to have the length 1. That no other has it is checked: a call with such an
    array is compiled again, for its lengths of 1."""
    index = []
    for length in shape(ctx, array):
        one = length in ctx.at_most_one or (isinstance(length, Const) and length.value == 1)
        if length in ctx.at_most_one:
            empty = compare(ctx, ast.Eq(), length, integer(0))
            raise_if(ctx, empty, ValueError, "np.squeeze of an empty slice is not compiled")
        index.append(integer(0) if one else FULL)
        if not one:
            raise_if(ctx, compare(ctx, ast.Eq(), length, integer(1)), ValueError, LENGTH_ONE)
    found = subscript(ctx, array, tuple(index))
    return found if found.ndim else Num(load_at(ctx, found))


def reshape(ctx: Context, value: Arr, target: Value) -> Value:
    """Another name for the memory of what is certainly contiguous. Else a copy: there NumPy's result may share memory
    with the original, so neither may be written from then on (`ownership` checks that)."""
    if is_contiguous_in_numpy(ctx, value) and not _is_small(shape(ctx, value)):
        return reshaped(ctx, value, _lengths(ctx, shape(ctx, value), target))
    return snapshot(ctx, value, _copied(ctx, expr_of(ctx, value), target))


def _copied(ctx: Context, expr: ArrayExpr, target: Value) -> Arr:
    """A fresh array of another shape."""
    lengths = _lengths(ctx, expr.shape, target)
    if not _is_small(expr.shape):
        return reshaped(ctx, into_memory(ctx, expr), lengths)
    flat, result = (allocate(ctx, n, expr.dtype, None, "reshaped") for n in ((_size(ctx, lengths),), lengths))
    nest(ctx, expr.shape, lambda index: store(ctx, flat, (_flat(ctx, index, expr.shape),), expr.at(index)))
    nest(ctx, lengths, lambda index: store(ctx, result, index, load(ctx, flat, (_flat(ctx, index, lengths),))))
    return result


def _is_small(lengths: tuple[Atom, ...]) -> bool:
    """Are there only a few elements, whose number is known? Those become scalars where no other name can reach them."""
    known = [int(n.value) for n in lengths if isinstance(n, Const)]
    return len(known) == len(lengths) and math.prod(known) <= _SMALL


def _lengths(ctx: Context, old: tuple[Atom, ...], target: Value) -> tuple[Atom, ...]:
    """The new lengths, checked; one may be -1, for what is left."""
    lengths = list(shape_from(ctx, target))
    total = _size(ctx, old)
    free = [k for k, n in enumerate(lengths) if isinstance(n, Const) and n.value == -1]
    if free:
        others = _size(ctx, tuple(n for k, n in enumerate(lengths) if k != free[0]))
        if not isinstance(others, Const):
            none = compare(ctx, ast.Eq(), others, integer(0))
            raise_if(ctx, none, ValueError, "cannot reshape: the number of elements differs")
        lengths[free[0]] = total if others == integer(1) else floordiv(ctx, total, others, "n")
    same_length(ctx, total, _size(ctx, tuple(lengths)), "cannot reshape: the number of elements differs")
    return tuple(lengths)


def _size(ctx: Context, lengths: tuple[Atom, ...]) -> Atom:
    total: Atom = integer(1)
    for length in lengths:
        total = times(ctx, total, length)
    return total


def _flat(ctx: Context, index: tuple[Atom, ...], lengths: Sequence[Atom]) -> Atom:
    """The position of an element when the array is written row by row."""
    position: Atom = integer(0)
    for i, n in zip(index, lengths):
        position = plus(ctx, times(ctx, position, n), i)
    return position
