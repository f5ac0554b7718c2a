"""Builtins that make and run over sequences: `len`, `range`, `enumerate`, `zip`, `reversed`, `list`, `dict`, `map`.

In: evaluated arguments. Out: ranges, iterables and records.
"""

from __future__ import annotations

import ast

import srcgrad.frontend.attributes as attributes
from srcgrad.frontend.comprehensions import collect
from srcgrad.frontend.context import Arguments, Context, function
from srcgrad.frontend.elementwise import force, into_memory
from srcgrad.frontend.iterables import iteration, trips
from srcgrad.frontend.python_calls import atom_of, unpack
from srcgrad.frontend.scalars import cast, compare, raise_if, scalar
from srcgrad.frontend.special_methods import native, special
from srcgrad.frontend.statics import static_object
from srcgrad.frontend.values import (
    NONE,
    Arr,
    ArrayExpr,
    Enumerate,
    Generator,
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
    new_token,
    number,
    tuple_of,
)  # fmt: skip
from srcgrad.ir.nodes import Atom, Const
from srcgrad.ir.types import INT64, PY_INT


@function(len)
def len_(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "len", "obj")
    if (found := special(ctx, "__len__", value)) is not None:
        return found
    match value:
        case Arr() | ArrayExpr():
            return Num(attributes.length(ctx, value))
        case Record(items=items):
            return number(len(items))
        case NumberList(array):
            return Num(attributes.length(ctx, array))
        case Range():
            return Num(trips(ctx, value))
        case Static(obj) if hasattr(obj, "__len__"):
            return Num(integer(native(ctx, value, len)))
        case _:
            ctx.refuse(
                "len needs an array or a tuple",
                label=describe(value or NONE),
                why="nothing else has a length in compiled code",
                advice="take the length of an array, a tuple, a list or a dict",
            )


@function(range)
def range_(ctx: Context, arguments: Arguments) -> Value:
    atoms = [_integer(ctx, v) for v in arguments.positional]
    match atoms:
        case [stop]:
            return Range(integer(0), stop, integer(1))
        case [start, stop]:
            return Range(start, stop, integer(1))
        case [start, stop, step]:
            return Range(start, stop, step)
    ctx.refuse(
        "range takes one to three arguments",
        label=f"{len(atoms)} given",
        why="the call does not fit the function",
        advice="write range(stop), range(start, stop) or range(start, stop, step)",
    )


def _integer(ctx: Context, value: Value) -> Atom:
    atom = atom_of(ctx, value, "range")
    if scalar(atom).is_float:
        ctx.refuse("range needs integers", label=describe(value), why="a float is given", advice="use int(...)")
    return cast(ctx, atom, INT64 if not scalar(atom).weak else PY_INT)


@function(enumerate)
def enumerate_(ctx: Context, arguments: Arguments) -> Value:
    value, start = unpack(ctx, arguments, "enumerate", "iterable", "start", optional=1)
    assert value is not None
    return Enumerate(value, atom_of(ctx, start or number(0), "enumerate"))


@function(zip)
def zip_(ctx: Context, arguments: Arguments) -> Value:
    if set(arguments.keywords) - {"strict"}:
        ctx.refuse(
            "zip takes no such keyword",
            why="the call does not fit the function",
            advice="leave the keyword out",
        )
    values = tuple(force(ctx, v) for v in arguments.positional)
    if "strict" in arguments.keywords and static_object(arguments.keywords["strict"]):
        lengths = [iteration(ctx, v).length for v in values]
        for other in lengths[1:]:
            raise_if(ctx, compare(ctx, ast.NotEq(), lengths[0], other), ValueError, "zip() arguments differ in length")
    return Zip(values)


@function(reversed)
def reversed_(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "reversed", "sequence")
    assert value is not None
    return Reversed(value)


_LONGEST = 64


@function(tuple)
def tuple_(ctx: Context, arguments: Arguments) -> Value:
    return _sequence(ctx, arguments, tuple)


@function(list)
def list_(ctx: Context, arguments: Arguments) -> Value:
    return _sequence(ctx, arguments, list)


def _sequence(ctx: Context, arguments: Arguments, container: type) -> Value:
    if not arguments.positional:
        return tuple_of([], container)
    value = arguments.positional[0]
    if isinstance(value, Generator):
        return collect(ctx, value, container)
    run = iteration(ctx, value)
    if run.items is not None:
        return tuple_of(run.items, container)
    if isinstance(run.length, Const) and run.length.value <= _LONGEST:
        return tuple_of([run.at(integer(k)) for k in range(int(run.length.value))], container)
    probe = run.at(integer(0)) if isinstance(value, Range) else value
    if container is list and (isinstance(probe, Num) or (isinstance(probe, Arr) and probe.ndim == 1)):
        element = probe.type if isinstance(probe, Num) else probe.element
        expr = ArrayExpr(element.dtype, (run.length,), lambda index: atom_of(ctx, run.at(index[0]), "list"))
        return NumberList(into_memory(ctx, expr, "items"))
    ctx.refuse(
        "a tuple of unknown length is not compiled",
        label=describe(value),
        why="the structure of tuples is fixed when the function is compiled",
        advice="use an array",
    )


@function(dict)
def dict_(ctx: Context, arguments: Arguments) -> Value:
    if arguments.positional:
        ctx.refuse("dict(...) is compiled with keywords only", advice="write a dict display")
    return Record(dict, tuple(arguments.keywords), tuple(arguments.keywords.values()), new_token(dict))


@function(map)
def map_(ctx: Context, arguments: Arguments) -> Value:
    callee, *others = arguments.positional
    runs = [iteration(ctx, v) for v in others]
    if any(run.items is None for run in runs):
        ctx.refuse(
            "map over run-time data is not compiled", why="its results have no memory", advice="write a loop"
        )
    rows = zip(*(run.items or () for run in runs))
    return tuple_of([force(ctx, ctx.call(callee, Arguments(tuple(row)))) for row in rows])
