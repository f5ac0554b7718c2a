"""NumPy functions that put arrays together or move their elements: `concatenate`, `stack`, `roll`, `flip`, `cross`.

In: evaluated arguments. Out: fresh arrays, filled by one loop nest per part.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from srcgrad.frontend.arrays import SliceItem, allocate, store, subscript, transpose
from srcgrad.frontend.context import Arguments, Context, function
from srcgrad.frontend.elementwise import Index, array_of, expr_of, nest, same_length, stack_items
from srcgrad.frontend.iterables import iteration
from srcgrad.frontend.python_calls import atom_of, unpack
from srcgrad.frontend.scalars import mod, mul, plus, sub
from srcgrad.frontend.statics import static_object
from srcgrad.frontend.values import (
    NONE,
    Arr,
    ArrayExpr,
    Num,
    Record,
    Static,
    Value,
    describe,
    integer,
    number,
    out_of_order,
    tuple_of,
)
from srcgrad.ir.nodes import Atom, Const, Sym
from srcgrad.library import algebra, joining


def _whole(ctx: Context, value: Value | None) -> bool:
    """Is the list of arrays one array, whose length is known at run time?"""
    if not isinstance(value, Arr | ArrayExpr) or value.ndim == 0:
        return False
    return not isinstance(expr_of(ctx, value).shape[0], Const)


def _parts(ctx: Context, value: Value | None, name: str) -> list[ArrayExpr]:
    """The arrays of a tuple or list of arrays."""
    run = iteration(ctx, value or NONE)
    if not run.items:
        ctx.refuse(
            f"{name} needs a tuple or list of arrays",
            label=describe(value or NONE),
            why="how many arrays there are must be known when the function is compiled",
            advice="write the arrays out: (a, b, c)",
        )
    return [expr_of(ctx, item) for item in run.items]


def _axis(ctx: Context, axis: Value | None, ndim: int, name: str) -> int:
    number = 0 if axis is None else static_object(axis)
    if not isinstance(number, int) or not -ndim <= number < ndim:
        ctx.refuse(
            f"the axis of {name} must be a constant",
            label=describe(axis or NONE),
            why="which loops are nested is decided when the function is compiled",
            advice="write the axis as a literal",
        )
    return number % ndim


def _joined(ctx: Context, parts: list[ArrayExpr], axis: int) -> Arr:
    """The parts one after the other along an axis."""
    first = parts[0]
    if any(part.ndim != first.ndim for part in parts):
        ctx.refuse(
            "arrays of different rank cannot be joined",
            why="their dimensions must match",
            advice="reshape them to the same number of dimensions",
        )
    lengths = list(first.shape)
    for part in parts[1:]:
        for k in range(first.ndim):
            if k == axis:
                lengths[k] = plus(ctx, lengths[k], part.shape[k])
            else:
                lengths[k] = same_length(ctx, lengths[k], part.shape[k], "dimensions to join do not match")
    dtype = np.result_type(*[part.dtype for part in parts])
    result = allocate(ctx, tuple(lengths), dtype, None, "joined")
    offset: Atom = integer(0)
    for part in parts:
        _place(ctx, result, part, axis, offset)
        offset = plus(ctx, offset, part.shape[axis])
    return result


def _place(ctx: Context, result: Arr, part: ArrayExpr, axis: int, offset: Atom) -> None:
    def fill(index: Index) -> None:
        moved = (*index[:axis], plus(ctx, index[axis], offset), *index[axis + 1 :])
        store(ctx, result, moved, part.at(index))

    nest(ctx, part.shape, fill)


@function(np.concatenate)
def concatenate(ctx: Context, arguments: Arguments) -> Value:
    arrays, axis = unpack(ctx, arguments, "concatenate", "arrays", "axis", optional=1)
    if _whole(ctx, arrays):
        return ctx.call(Static(joining.concatenated), Arguments((arrays or NONE, axis or number(0))))
    parts = _parts(ctx, arrays, "concatenate")
    if axis == NONE:
        flat = [expr_of(ctx, ctx.call(Static(np.ravel), Arguments((part,)))) for part in parts]
        return _joined(ctx, flat, 0)
    return _joined(ctx, parts, _axis(ctx, axis, parts[0].ndim, "concatenate"))


def _at_least(ctx: Context, part: ArrayExpr, ndim: int) -> ArrayExpr:
    """The part with leading dimensions of length 1."""
    missing = ndim - part.ndim
    if missing <= 0:
        return part
    shape = (*[integer(1)] * missing, *part.shape)
    return ArrayExpr(part.dtype, shape, lambda index: part.at(index[missing:]), part.reads)


@function(np.hstack)
def hstack(ctx: Context, arguments: Arguments) -> Value:
    (arrays,) = unpack(ctx, arguments, "hstack", "tup")
    if _whole(ctx, arrays):
        return ctx.call(Static(joining.side_by_side), Arguments((arrays or NONE,)))
    parts = [_at_least(ctx, part, 1) for part in _parts(ctx, arrays, "hstack")]
    return _joined(ctx, parts, 0 if parts[0].ndim == 1 else 1)


@function(np.vstack)
def vstack(ctx: Context, arguments: Arguments) -> Value:
    (arrays,) = unpack(ctx, arguments, "vstack", "tup")
    if _whole(ctx, arrays):
        return ctx.call(Static(joining.one_below_the_other), Arguments((arrays or NONE,)))
    return _joined(ctx, [_at_least(ctx, part, 2) for part in _parts(ctx, arrays, "vstack")], 0)


@function(np.append)
def append(ctx: Context, arguments: Arguments) -> Value:
    array, values, axis = unpack(ctx, arguments, "append", "arr", "values", "axis", optional=1)
    parts = [_at_least(ctx, expr_of(ctx, part or NONE), 1) for part in (array, values)]
    return concatenate(ctx, Arguments((tuple_of(tuple(parts)), axis or NONE)))


@function(np.stack)
def stack(ctx: Context, arguments: Arguments) -> Value:
    arrays, axis = unpack(ctx, arguments, "stack", "arrays", "axis", optional=1)
    if _whole(ctx, arrays):
        return ctx.call(Static(joining.stacked), Arguments((arrays or NONE, axis or number(0))))
    items = iteration(ctx, arrays or NONE).items
    if not items:
        _parts(ctx, arrays, "stack")
    made = stack_items(ctx, items or ())
    where = _axis(ctx, axis, made.ndim, "stack")
    axes = list(range(1, made.ndim))
    axes.insert(where, 0)
    return transpose(made, tuple(axes))


@function(np.roll)
def roll(ctx: Context, arguments: Arguments) -> Value:
    value, shift, axis = unpack(ctx, arguments, "roll", "a", "shift", "axis", optional=1)
    expr = expr_of(ctx, value or NONE)
    if axis in (None, NONE) and expr.ndim != 1:
        flat = ctx.call(Static(np.ravel), Arguments((value or NONE,)))
        rolled = ctx.call(Static(np.roll), Arguments((flat, shift or NONE)))
        return ctx.call(Static(np.reshape), Arguments((rolled, tuple_of([Num(n) for n in expr.shape]))))
    shifts = shift.items if isinstance(shift, Record) else (shift,)
    given = axis.items if isinstance(axis, Record) else (axis or NONE,)
    axes = [0 if a == NONE else _axis(ctx, a, expr.ndim, "roll") for a in given]
    count = max(len(axes), len(shifts))
    if {len(axes), len(shifts)} - {1, count}:
        ctx.refuse("np.roll needs one shift for each axis", advice="give two tuples of one length")
    distances = [atom_of(ctx, s, "roll") for s in shifts] * (count // len(shifts))

    def at(index: Index) -> Atom:
        moved = list(index)
        for dimension, by in zip(axes * (count // len(axes)), distances, strict=True):
            moved[dimension] = mod(ctx, sub(ctx, moved[dimension], by), expr.shape[dimension])
            if isinstance(position := moved[dimension], Sym):
                ctx.nonnegative.add(position)  # the remainder of a positive length
        return expr.at(tuple(moved))

    return ArrayExpr(expr.dtype, expr.shape, at, out_of_order(expr.reads))


@function(np.flip)
def flip(ctx: Context, arguments: Arguments) -> Value:
    value, axis = unpack(ctx, arguments, "flip", "m", "axis", optional=1)
    array = array_of(ctx, value or NONE)
    several = axis.items if isinstance(axis, Record) else (axis,)
    axes = range(array.ndim) if axis in (None, NONE) else [_axis(ctx, k, array.ndim, "flip") for k in several]
    back = SliceItem(None, None, integer(-1))
    return subscript(ctx, array, tuple(back if k in axes else SliceItem(None, None, None) for k in range(array.ndim)))


@function(np.cross)
def cross(ctx: Context, arguments: Arguments) -> Value:
    left, right = (v or NONE for v in unpack(ctx, arguments, "cross", "a", "b"))
    a, b = expr_of(ctx, left), expr_of(ctx, right)
    for part in (a, b):
        same_length(ctx, part.shape[-1], integer(3), "np.cross is compiled for vectors of three elements")
    if a.ndim != 1 or b.ndim != 1:
        return ctx.call(Static(algebra.cross_of_stacks), Arguments((left, right)))
    u, v = (_components(part.at) for part in (a, b))

    def component(i: int, j: int) -> Value:
        return Num(sub(ctx, mul(ctx, u(i), v(j)), mul(ctx, u(j), v(i))))

    return stack_items(ctx, (component(1, 2), component(2, 0), component(0, 1)))


def _components(at: Callable[[Index], Atom]) -> Callable[[int], Atom]:
    return lambda k: at((integer(k),))
