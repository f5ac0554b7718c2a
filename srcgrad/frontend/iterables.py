"""What a `for` can run over: how many items, and the item at a position.

In: a value. Out: an `Iteration`, whose items are known one by one at compile time (tuples), or whose item at a
run-time position can be computed (ranges, arrays, and `enumerate`, `zip`, `reversed` of such).
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from srcgrad.frontend.arrays import dim, load_at, subscript
from srcgrad.frontend.constants import constant
from srcgrad.frontend.context import Context
from srcgrad.frontend.elementwise import into_memory
from srcgrad.frontend.scalars import (
    at_least,
    at_most,
    compare,
    floordiv,
    is_nonnegative,
    minus,
    plus,
    select,
    settle,
    times,
)  # fmt: skip
from srcgrad.frontend.special_methods import special
from srcgrad.frontend.values import (
    Arr,
    ArrayExpr,
    Enumerate,
    Num,
    NumberList,
    Range,
    Record,
    Reversed,
    Static,
    Value,
    Zip,
    describe,
    integer,
    number,
    tuple_of,
)  # fmt: skip
from srcgrad.infer.captured import Captured, Kind
from srcgrad.ir.nodes import Atom, Const, Sym


@dataclass(frozen=True)
class Iteration:
    """`items` where the items are known at compile time, else `length` and `at`."""

    length: Atom
    at: Callable[[Atom], Value]
    items: tuple[Value, ...] | None = None


def iteration(ctx: Context, value: Value) -> Iteration:
    """How to run over a value; refused when that is not possible."""
    match value := settle(ctx, value):
        case Record(container=container, keys=keys, items=items):
            if special(ctx, "__iter__", value) is not None or special(ctx, "__len__", value) is not None:
                ctx.refuse(
                    f"a loop over an object of class {container.__name__!r} is not compiled",
                    label=describe(value),
                    why="its class says what it consists of, by methods of its own",
                    advice="loop over a range and take the items: for i in range(len(obj)): obj[i]",
                )
            if container is dict:
                items = tuple(Static(k) if isinstance(k, str) else number(k) for k in keys)
            return _static(items)
        case Range(start, _, step):
            return Iteration(trips(ctx, value), lambda k: Num(plus(ctx, start, times(ctx, k, step))))
        case Arr():
            return Iteration(dim(ctx, value, 0), lambda k: _row(ctx, value, k))
        case NumberList(array):
            return iteration(ctx, array)
        case ArrayExpr():
            return iteration(ctx, into_memory(ctx, value))
        case Enumerate(inner, first):
            base = iteration(ctx, inner)
            return _wrap(base, base.length, lambda k, item: tuple_of([Num(plus(ctx, first, k)), item]))
        case Reversed(inner):
            return _reversed(ctx, iteration(ctx, inner))
        case Zip(inners):
            return _zip(ctx, [iteration(ctx, inner) for inner in inners])
        case Static(str() as text):
            return _static(tuple(Static(c) for c in text))
        case Static(obj) if isinstance(obj, tuple | list | dict | range | set | frozenset):
            found = [(k, item) for k, item in enumerate(obj)]
            return _static(tuple(constant(ctx, x, f"item_{k}", Captured(Kind.ITEM, obj, k, x)) for k, x in found))
        case _:
            ctx.refuse(
                "srcgrad cannot loop over this",
                label=describe(value),
                why="loops run over ranges, arrays, tuples, and enumerate, zip and reversed of these",
                advice="loop over range(n), an array or a tuple",
            )


def _row(ctx: Context, array: Arr, k: Atom) -> Value:
    place = subscript(ctx, array, (k,))
    return place if place.ndim else Num(load_at(ctx, place))


def _static(items: tuple[Value, ...]) -> Iteration:
    def at(k: Atom) -> Value:
        assert isinstance(k, Const)
        return items[int(k.value)]

    return Iteration(integer(len(items)), at, items)


def _wrap(base: Iteration, length: Atom, item: Callable[[Atom, Value], Value]) -> Iteration:
    items = None if base.items is None else tuple(item(integer(k), x) for k, x in enumerate(base.items))
    return Iteration(length, lambda k: item(k, base.at(k)), items)


def _reversed(ctx: Context, base: Iteration) -> Iteration:
    if base.items is not None:
        return _static(base.items[::-1])
    last = minus(ctx, base.length, integer(1))

    def at(k: Atom) -> Value:
        position = minus(ctx, last, k)
        if isinstance(position, Sym):
            ctx.nonnegative.add(position)  # k runs below the length
        return base.at(position)

    return Iteration(base.length, at)


def _zip(ctx: Context, parts: list[Iteration]) -> Iteration:
    if any(part.items is not None for part in parts):
        return _zip_static(ctx, parts)
    length = parts[0].length
    for part in parts[1:]:
        length = at_most(ctx, length, ctx.dim(part.length) or part.length)
    return Iteration(length, lambda k: tuple_of([part.at(k) for part in parts]))


def _zip_static(ctx: Context, parts: list[Iteration]) -> Iteration:
    """With a tuple among the parts the loop is unrolled; the others must be as long as the shortest tuple."""
    count = min(len(part.items) for part in parts if part.items is not None)
    for part in parts:
        if part.items is None and not (isinstance(part.length, Const) and part.length.value >= count):
            ctx.refuse(
                "zip of a tuple and an array of unknown length is not compiled",
                why="a tuple is taken apart when the function is compiled",
                advice="make both arrays, or both tuples",
            )
    return _static(tuple(tuple_of([part.at(integer(k)) for part in parts]) for k in range(count)))


def trips(ctx: Context, r: Range) -> Atom:
    """`len(range(start, stop, step))`."""
    if all(isinstance(atom, Const) for atom in (r.start, r.stop, r.step)):
        return integer(len(range(*(int(a.value) for a in (r.start, r.stop, r.step) if isinstance(a, Const)))))
    distance = minus(ctx, r.stop, r.start)
    if isinstance(r.step, Const):
        step = int(r.step.value)
        if step < 0:
            distance = minus(ctx, r.start, r.stop)
        return _count(ctx, distance, integer(abs(step)))
    up = compare(ctx, ast.Gt(), r.step, integer(0))
    size = select(ctx, up, r.step, minus(ctx, integer(0), r.step))
    return _count(ctx, select(ctx, up, distance, minus(ctx, integer(0), distance)), size)


def _count(ctx: Context, distance: Atom, step: Atom) -> Atom:
    if isinstance(step, Const) and step.value == 1:
        return at_least(ctx, distance, 0)
    rounded = plus(ctx, distance, minus(ctx, step, integer(1)))
    return at_least(ctx, floordiv(ctx, rounded, step, "n"), 0)


def counts_up_from_zero(ctx: Context, r: Range) -> bool:
    """Are all the numbers of the range certainly non-negative?"""
    if isinstance(r.step, Const) and r.step.value > 0:
        return is_nonnegative(ctx, r.start)
    downwards = isinstance(r.step, Const) and r.step.value < 0
    return downwards and isinstance(r.stop, Const) and r.stop.value >= -1
