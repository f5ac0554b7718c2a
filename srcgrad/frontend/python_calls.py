"""Python's builtin functions: `abs`, `max`, `range`, `len`, `isinstance`, `sum`, `print`, ...

In: evaluated arguments. Out: values; each function is one entry of the table of callables.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
from typing import Any

import numpy as np

from srcgrad.frontend import attributes
from srcgrad.frontend.comprehensions import collect
from srcgrad.frontend.context import Arguments, Context, function
from srcgrad.frontend.elementwise import elementwise, force, into_memory
from srcgrad.frontend.iterables import iteration, trips
from srcgrad.frontend.lower_expr import compare_values, condition, operate, static_object
from srcgrad.frontend.reduce import fold, quantify
from srcgrad.frontend.scalars import (
    apply,
    cast,
    compare,
    floordiv,
    mod,
    mul,
    negate,
    raise_if,
    scalar,
    select,
    settle,
    truth_of,
)  # fmt: skip
from srcgrad.frontend.values import (
    NONE,
    Arr,
    ArrayExpr,
    Enumerate,
    Generator,
    Num,
    NumberList,
    Partial,
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
    truth,
    tuple_of,
)  # fmt: skip
from srcgrad.infer import promote
from srcgrad.ir.nodes import Atom, Const
from srcgrad.ir.types import INT64, PY_FLOAT, PY_INT

ARRAYS = (Arr, ArrayExpr)


def unpack(ctx: Context, arguments: Arguments, name: str, *names: str, optional: int = 0) -> list[Value | None]:
    """The arguments of a library function by its parameter names; missing optional ones are None."""
    values: list[Value | None] = [None] * len(names)
    if len(arguments.positional) > len(names):
        ctx.refuse(f"{name} takes at most {len(names)} arguments here", label=f"{len(arguments.positional)} given")
    values[: len(arguments.positional)] = arguments.positional
    for key, value in arguments.keywords.items():
        if key not in names:
            ctx.refuse(f"the keyword {key!r} of {name} is not compiled", why="it would change the result")
        values[names.index(key)] = value
    if any(v is None for v in values[: len(names) - optional]):
        ctx.refuse(f"{name} needs {len(names) - optional} arguments", label=f"{len(arguments)} given")
    return values


def atom_of(ctx: Context, value: Value | None, what: str) -> Atom:
    """The number an argument must be."""
    value = settle(ctx, value or NONE)
    if isinstance(value, Num):
        return value.atom
    if isinstance(value, ARRAYS) and value.ndim == 0:
        return elementwise(ctx, lambda a: a, value).at(())
    ctx.refuse(f"{what} needs a number", label=describe(value), why="it is computed on numbers")


# -- numbers ------------------------------------------------------------------------------------------------------


@function(abs, np.abs, operator.abs)
def abs_(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "abs", "x")

    def compute(a: Atom) -> Atom:
        type_ = promote.arithmetic(scalar(a))
        return apply(ctx, "abs", (cast(ctx, a, type_),), type_)

    assert value is not None
    return Num(compute(value.atom)) if isinstance(value, Num) else elementwise(ctx, compute, value)


@function(math.fabs)
def fabs(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "fabs", "x")
    a = atom_of(ctx, value, "fabs")
    type_ = promote.floating(scalar(a))
    return Num(apply(ctx, "abs", (cast(ctx, a, type_),), type_))


@function(max)
def max_(ctx: Context, arguments: Arguments) -> Value:
    return _extreme(ctx, arguments, "max", ast.Gt())


@function(min)
def min_(ctx: Context, arguments: Arguments) -> Value:
    return _extreme(ctx, arguments, "min", ast.Lt())


def _extreme(ctx: Context, arguments: Arguments, name: str, better: ast.cmpop) -> Value:
    """`max` and `min`: of several numbers a chain of selects, of an array a loop."""
    keywords = dict(arguments.keywords)
    default = keywords.pop("default", None)
    if keywords:
        ctx.refuse(f"the keyword {next(iter(keywords))!r} of {name} is not compiled", why="it would change the result")
    values = arguments.positional
    if len(values) == 1:
        run = iteration(ctx, values[0]) if not isinstance(values[0], Generator) else None
        if run is None or run.items is None:
            return fold(ctx, values[0], lambda a, b: Num(_better(ctx, better, a, b, name)), None, name)
        values = run.items
    if not values and default is not None:
        return default
    if not values:
        ctx.refuse(f"{name} of nothing", why="it needs at least one value")
    best = atom_of(ctx, values[0], name)
    for value in values[1:]:
        best = _better_atom(ctx, better, best, atom_of(ctx, value, name))
    return Num(best)


def _better(ctx: Context, better: ast.cmpop, a: Value, b: Value, name: str) -> Atom:
    return _better_atom(ctx, better, atom_of(ctx, a, name), atom_of(ctx, b, name))


def _better_atom(ctx: Context, better: ast.cmpop, best: Atom, other: Atom) -> Atom:
    return select(ctx, compare(ctx, better, other, best), other, best)


@function(sum, math.fsum)
def sum_(ctx: Context, arguments: Arguments) -> Value:
    values, start = unpack(ctx, arguments, "sum", "iterable", "start", optional=1)
    assert values is not None
    return fold(ctx, values, lambda a, b: force(ctx, operate(ctx, ast.Add(), a, b)), start or number(0), "sum")


@function(math.prod)
def prod(ctx: Context, arguments: Arguments) -> Value:
    values, start = unpack(ctx, arguments, "prod", "iterable", "start", optional=1)
    assert values is not None
    return fold(ctx, values, lambda a, b: operate(ctx, ast.Mult(), a, b), start or number(1), "prod")


@function(functools.reduce)
def reduce_(ctx: Context, arguments: Arguments) -> Value:
    callee, values, start = unpack(ctx, arguments, "reduce", "function", "iterable", "initial", optional=1)
    assert callee is not None and values is not None
    return fold(ctx, values, lambda a, b: ctx.call(callee, Arguments((a, b))), start, "reduce")


@function(functools.partial)
def partial(ctx: Context, arguments: Arguments) -> Value:
    callee, *bound = arguments.positional
    return Partial(callee, tuple(bound), tuple(arguments.keywords.items()))


@function(any)
def any_(ctx: Context, arguments: Arguments) -> Value:
    (values,) = unpack(ctx, arguments, "any", "iterable")
    assert values is not None
    return quantify(ctx, values, False, lambda v: condition(ctx, v))


@function(all)
def all_(ctx: Context, arguments: Arguments) -> Value:
    (values,) = unpack(ctx, arguments, "all", "iterable")
    assert values is not None
    return quantify(ctx, values, True, lambda v: condition(ctx, v))


@function(round, np.round)
def round_(ctx: Context, arguments: Arguments) -> Value:
    value, digits = unpack(ctx, arguments, "round", "number", "ndigits", optional=1)
    a = atom_of(ctx, value, "round")
    if not scalar(a).is_float:
        return Num(a)
    if digits in (None, NONE):
        return Num(cast(ctx, apply(ctx, "rint", (a,), scalar(a)), PY_INT))
    places = atom_of(ctx, digits, "round")
    if not isinstance(places, Const):
        ctx.refuse("the number of digits of round must be a constant", label=describe(digits or NONE))
    scale = Const(float(10 ** abs(int(places.value))), scalar(a))
    first, last = ("mul", "div") if places.value >= 0 else ("div", "mul")
    scaled = apply(ctx, first, (a, scale), scalar(a))
    return Num(apply(ctx, last, (apply(ctx, "rint", (scaled,), scalar(a)), scale), scalar(a)))


@function(math.pow)
def math_pow(ctx: Context, arguments: Arguments) -> Value:
    base, exponent = unpack(ctx, arguments, "pow", "x", "y")
    return operate(ctx, ast.Pow(), float_(ctx, Arguments((base or NONE,))), exponent or NONE)


@function(pow, operator.pow)
def pow_(ctx: Context, arguments: Arguments) -> Value:
    base, exponent = unpack(ctx, arguments, "pow", "base", "exp")
    assert base is not None and exponent is not None
    return operate(ctx, ast.Pow(), base, exponent)


@function(divmod)
def divmod_(ctx: Context, arguments: Arguments) -> Value:
    a, b = (atom_of(ctx, v, "divmod") for v in unpack(ctx, arguments, "divmod", "a", "b"))
    return tuple_of([Num(floordiv(ctx, a, b)), Num(mod(ctx, a, b))])


@function(int)
def int_(ctx: Context, arguments: Arguments) -> Value:
    if not arguments.positional:
        return number(0)
    if isinstance(text := static_object(arguments.positional[0]), str):
        return number(int(text))
    a = atom_of(ctx, arguments.positional[0], "int")
    return Num(cast(ctx, a, PY_INT))


@function(float)
def float_(ctx: Context, arguments: Arguments) -> Value:
    if not arguments.positional:
        return number(0.0)
    if isinstance(text := static_object(arguments.positional[0]), str):
        return number(float(text))
    a = atom_of(ctx, arguments.positional[0], "float")
    return Num(cast(ctx, a, PY_FLOAT if scalar(a).dtype.itemsize == 8 or not scalar(a).is_float else scalar(a)))


@function(bool, np.bool_)
def bool_(ctx: Context, arguments: Arguments) -> Value:
    if not arguments.positional:
        return Num(truth(False))
    return Num(truth_of(ctx, condition(ctx, arguments.positional[0])))


@function(math.isclose)
def isclose(ctx: Context, arguments: Arguments) -> Value:
    values = unpack(ctx, arguments, "isclose", "a", "b", "rel_tol", "abs_tol", optional=2)
    a, b = atom_of(ctx, values[0], "isclose"), atom_of(ctx, values[1], "isclose")
    relative = atom_of(ctx, values[2] or number(1e-9), "isclose")
    absolute = atom_of(ctx, values[3] or number(0.0), "isclose")
    size_a, size_b = (_magnitude(ctx, v) for v in (a, b))
    larger = _better_atom(ctx, ast.Gt(), size_a, size_b)
    bound = _better_atom(ctx, ast.Gt(), mul(ctx, relative, larger), absolute)
    distance = operate(ctx, ast.Sub(), Num(a), Num(b))
    return Num(compare(ctx, ast.LtE(), _magnitude(ctx, atom_of(ctx, distance, "isclose")), bound))


def _magnitude(ctx: Context, a: Atom) -> Atom:
    return apply(ctx, "abs", (a,), scalar(a))


# -- sequences ----------------------------------------------------------------------------------------------------


@function(len)
def len_(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "len", "obj")
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
            return number(len(obj))
        case _:
            ctx.refuse("len needs an array or a tuple", label=describe(value or NONE))


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
    ctx.refuse("range takes one to three arguments", label=f"{len(atoms)} given")


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
        ctx.refuse("zip takes no such keyword")
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
        element = probe.type if isinstance(probe, Num) else probe.element  # type: ignore[union-attr]
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


# -- operators as functions ---------------------------------------------------------------------------------------


def _register_operators() -> None:
    """`operator.add` and its kind."""
    binary: dict[Any, ast.operator] = {
        operator.add: ast.Add(), operator.sub: ast.Sub(), operator.mul: ast.Mult(), operator.truediv: ast.Div(),
        operator.floordiv: ast.FloorDiv(), operator.mod: ast.Mod(),
    }  # fmt: skip
    for target, node in binary.items():
        function(target)(lambda ctx, arguments, node=node: operate(ctx, node, *arguments.positional))
    comparisons: dict[Any, ast.cmpop] = {
        operator.lt: ast.Lt(), operator.le: ast.LtE(), operator.gt: ast.Gt(), operator.ge: ast.GtE(),
        operator.eq: ast.Eq(), operator.ne: ast.NotEq(),
    }  # fmt: skip
    for target, comparison in comparisons.items():
        function(target)(lambda ctx, arguments, c=comparison: compare_values(ctx, c, *arguments.positional))


_register_operators()


@function(operator.neg)
def neg(ctx: Context, arguments: Arguments) -> Value:
    return Num(negate(ctx, atom_of(ctx, arguments.positional[0], "neg")))
