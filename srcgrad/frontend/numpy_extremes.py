"""The greatest and the least element of an array, and where they are: `max`, `min`, `argmax`, `argmin`.

In: evaluated arguments. Out: numbers, or fresh arrays for reductions along an axis.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from srcgrad.frontend.context import Arguments, Context, function, method
from srcgrad.frontend.elementwise import Index, array_of, expr_of
from srcgrad.frontend.numpy_reductions import ARRAYS, atom, count_of, reduced, reduction, sum_of, total
from srcgrad.frontend.python_calls import unpack
from srcgrad.frontend.reduce import ACC, combining, run_nest
from srcgrad.frontend.scalars import apply, cast, compare, div, raise_if, scalar, select
from srcgrad.frontend.statics import static_object
from srcgrad.frontend.values import NONE, ArrayExpr, Num, Record, Static, Value, integer, number
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom
from srcgrad.ir.types import BOOL
from srcgrad.library import order


def _extreme(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None, name: str) -> Value:
    """The greatest or least number. Its derivative is the mean of those of all elements that are equal to it."""
    better = ast.Gt() if name == "max" else ast.Lt()

    def choose(a: Value, b: Value) -> Value:
        best, other = atom(a), atom(b)
        if scalar(best).is_float:
            return Num(apply(ctx, "greater" if name == "max" else "lesser", (best, other), scalar(best), name))
        return Num(select(ctx, compare(ctx, better, other, best), other, best))

    def compute(lengths: tuple[Atom, ...], at: Callable[[Index], Atom]) -> Value:
        empty = compare(ctx, ast.Eq(), count_of(ctx, lengths), integer(0))
        raise_if(ctx, empty, ValueError, f"zero-size array to reduction operation {name}imum which has no identity")
        best = atom(total(ctx, lengths, at, choose, Num(at((integer(0),) * len(lengths))), name))
        return Num(_shared(ctx, lengths, at, best) if scalar(best).is_float else best)

    return reduced(ctx, expr, axis, keepdims, name, compute, expr.dtype)


def _shared(ctx: Context, lengths: tuple[Atom, ...], at: Callable[[Index], Atom], value: Atom) -> Atom:
    """The value, with the mean of the derivatives of the elements equal to it."""
    type_ = scalar(value)
    zero, one = const_like(0.0, type_), const_like(1.0, type_)

    def where_equal(index: Index, chosen: Atom) -> Atom:
        return select(ctx, compare(ctx, ast.Eq(), at(index), value), chosen, zero)

    count = atom(sum_of(ctx, type_)(lengths, lambda index: where_equal(index, one)))
    together = atom(sum_of(ctx, type_)(lengths, lambda index: where_equal(index, at(index))))
    return apply(ctx, "with_tangent", (value, div(ctx, together, count)), type_, "t")


@reduction("max", np.max, np.amax)
def max_(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    return _extreme(ctx, expr, axis, keepdims, "max")


@reduction("min", np.min, np.amin)
def min_(ctx: Context, expr: ArrayExpr, axis: Value | None, keepdims: Value | None) -> Value:
    return _extreme(ctx, expr, axis, keepdims, "min")


# -- positions ----------------------------------------------------------------------------------------------------


def _position(name: str, target: object, better: ast.cmpop, of_rows: object) -> None:
    """`argmax` and `argmin`; `of_rows` is for arrays of several dimensions. The first NaN is the answer, if any."""

    def as_function(ctx: Context, arguments: Arguments) -> Value:
        value, axis, keepdims = unpack(ctx, arguments, name, "a", "axis", "keepdims", optional=2)
        expr = expr_of(ctx, value or NONE)
        if keepdims is not None and static_object(keepdims):
            given = Arguments((array_of(ctx, expr), axis or NONE, Static(target)))
            return ctx.call(Static(order.position_kept), given)
        if expr.ndim != 1:
            return ctx.call(Static(of_rows), Arguments((array_of(ctx, expr), axis or NONE)))
        if axis not in (None, NONE) and static_object(axis or NONE) not in (0, -1):
            ctx.refuse(f"the axis of {name} is not one of the array", advice="leave it out")
        empty = compare(ctx, ast.Eq(), expr.shape[0], integer(0))
        raise_if(ctx, empty, ValueError, f"attempt to get {name} of an empty sequence")
        first = Record(tuple, (0, 1), (Num(expr.at((integer(0),))), number(0)))

        def pick(a: Value, b: Value) -> Value:
            assert isinstance(a, Record) and isinstance(b, Record)
            best, other = atom(a.items[0]), atom(b.items[0])
            wins = compare(ctx, better, other, best)
            if scalar(best).is_float:
                tests = (compare(ctx, ast.NotEq(), other, other), compare(ctx, ast.Eq(), best, best))
                first_nan = apply(ctx, "and_", tests, BOOL, "test")
                wins = apply(ctx, "or_", (cast(ctx, wins, BOOL), first_nan), BOOL, "test")
            pairs = zip(b.items, a.items)
            return Record(tuple, (0, 1), tuple(Num(select(ctx, wins, atom(x), atom(y))) for x, y in pairs))

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


_position("argmax", np.argmax, ast.Gt(), order.argmax)
_position("argmin", np.argmin, ast.Lt(), order.argmin)
