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

from srcgrad.frontend.comparisons import compare_values
from srcgrad.frontend.complex_parts import part_of_number
from srcgrad.frontend.context import Arguments, Context, function
from srcgrad.frontend.elementwise import elementwise, force
from srcgrad.frontend.iterables import iteration
from srcgrad.frontend.lower_expr import condition, operate
from srcgrad.frontend.operations import operation
from srcgrad.frontend.reduce import fold, quantify
from srcgrad.frontend.scalars import (
    add,
    apply,
    cast,
    compare,
    floordiv,
    mod,
    mul,
    negate,
    scalar,
    select,
    settle,
    truth_of,
    weak,
)  # fmt: skip
from srcgrad.frontend.special_methods import special
from srcgrad.frontend.statics import is_dynamic, static_object
from srcgrad.frontend.values import (
    NONE,
    Arr,
    ArrayExpr,
    Generator,
    Num,
    Partial,
    Value,
    describe,
    integer,
    number,
    truth,
    tuple_of,
)  # fmt: skip
from srcgrad.infer import promote
from srcgrad.ir.nodes import Atom, Const
from srcgrad.ir.types import PY_FLOAT, PY_INT
from srcgrad.ops.registry import by_name

ARRAYS = (Arr, ArrayExpr)


def unpack(ctx: Context, arguments: Arguments, name: str, *names: str, optional: int = 0) -> list[Value | None]:
    """The arguments of a library function by its parameter names; missing optional ones are None."""
    values: list[Value | None] = [None] * len(names)
    if len(arguments.positional) > len(names):
        ctx.refuse(
            f"{name} takes at most {len(names)} arguments here",
            label=f"{len(arguments.positional)} given",
            why="the call does not fit the function",
            advice="leave the further arguments out",
        )
    values[: len(arguments.positional)] = arguments.positional
    for key, value in arguments.keywords.items():
        if key not in names:
            ctx.refuse(
                f"the keyword {key!r} of {name} is not compiled",
                why="it would change the result",
                advice="leave it out and write what it does as a separate step",
            )
        values[names.index(key)] = value
    if any(v is None for v in values[: len(names) - optional]):
        ctx.refuse(
            f"{name} needs {len(names) - optional} arguments",
            label=f"{len(arguments)} given",
            why="the call does not fit the function",
            advice="give the missing arguments",
        )
    return values


def atom_of(ctx: Context, value: Value | None, what: str) -> Atom:
    """The number an argument must be."""
    value = settle(ctx, value or NONE)
    if isinstance(value, Num):
        return value.atom
    if isinstance(value, ARRAYS) and value.ndim == 0:
        return elementwise(ctx, lambda a: a, value).at(())
    ctx.refuse(
        f"{what} needs a number",
        label=describe(value),
        why="it is computed on numbers",
        advice="give it one number, as an element of an array, or use NumPy's function for arrays",
    )


# -- numbers ------------------------------------------------------------------------------------------------------


@function(abs, np.abs, operator.abs)
def abs_(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "abs", "x")
    if (found := special(ctx, "__abs__", value)) is not None:
        return found

    def compute(a: Atom) -> Atom:
        if scalar(a).is_complex:
            return operation(ctx, by_name("abs"), (a,))
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
        ctx.refuse(
            f"the keyword {next(iter(keywords))!r} of {name} is not compiled",
            why="it would change the result",
            advice="write it as a loop",
        )
    values = arguments.positional
    if len(values) == 1:
        run = iteration(ctx, values[0]) if not isinstance(values[0], Generator) else None
        if run is None or run.items is None:
            return fold(ctx, values[0], lambda a, b: Num(_better(ctx, better, a, b, name)), None, name)
        values = run.items
    if not values and default is not None:
        return default
    if not values:
        ctx.refuse(
            f"{name} of nothing",
            why="it needs at least one value",
            advice="test the length first",
        )
    best = atom_of(ctx, values[0], name)
    for value in values[1:]:
        best = _better_atom(ctx, better, best, atom_of(ctx, value, name))
    return Num(best)


def _better(ctx: Context, better: ast.cmpop, a: Value, b: Value, name: str) -> Atom:
    return _better_atom(ctx, better, atom_of(ctx, a, name), atom_of(ctx, b, name))


def _better_atom(ctx: Context, better: ast.cmpop, best: Atom, other: Atom) -> Atom:
    return select(ctx, compare(ctx, better, other, best), other, best)


@function(sum)
def sum_(ctx: Context, arguments: Arguments) -> Value:
    values, start = unpack(ctx, arguments, "sum", "iterable", "start", optional=1)
    assert values is not None
    here = ctx.span

    def plus(a: Value, b: Value) -> Value:
        if start is None and isinstance(a, Num) and isinstance(b, (Arr, ArrayExpr)) and b.ndim:
            ctx.more_sums_of_arrays.add(here)
        return force(ctx, operate(ctx, ast.Add(), a, b))

    if start is None and here in ctx.sums_of_arrays:
        empty = "sum() of no arrays is the number 0 in Python, and here of one type: give np.zeros(...) as its start"
        return fold(ctx, values, plus, None, "sum", lambda value: plus(number(0), value), empty)
    return fold(ctx, values, plus, start or number(0), "sum")


@function(math.fsum)
def fsum(ctx: Context, arguments: Arguments) -> Value:
    (values,) = unpack(ctx, arguments, "fsum", "seq")
    assert values is not None
    return fold(ctx, values, lambda a, b: Num(add(ctx, _double(ctx, a), _double(ctx, b))), number(0.0), "fsum")


def _double(ctx: Context, value: Value) -> Atom:
    """A number as a Python float."""
    return weak(ctx, cast(ctx, atom_of(ctx, value, "fsum"), PY_FLOAT))


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


@function(round)
def round_(ctx: Context, arguments: Arguments) -> Value:
    value, digits = unpack(ctx, arguments, "round", "number", "ndigits", optional=1)
    a = atom_of(ctx, value, "round")
    if not scalar(a).is_float:
        return Num(_rounded_integer(ctx, a, digits))
    if digits in (None, NONE):
        return Num(cast(ctx, apply(ctx, "rint", (a,), scalar(a)), PY_INT))
    return Num(_rounded(ctx, a, digits))


def _rounded_integer(ctx: Context, a: Atom, digits: Value | None) -> Atom:
    """An integer rounded to tens, hundreds, ...; the even one of two that are equally far."""
    places = static_object(digits or NONE)
    if is_dynamic(places):
        ctx.refuse(
            "the number of digits of round must be a constant",
            label=describe(digits or NONE),
            why="it decides how the value is scaled",
            advice="write the number of digits as a literal",
        )
    if places is None or places >= 0:
        return a
    unit = integer(10 ** -places)
    below = floordiv(ctx, a, unit)
    twice = mul(ctx, integer(2), mod(ctx, a, unit))
    odd = compare(ctx, ast.NotEq(), mod(ctx, below, integer(2)), integer(0))
    tie = compare(ctx, ast.Eq(), twice, unit)
    up = select(ctx, tie, cast(ctx, odd, PY_INT), cast(ctx, compare(ctx, ast.Gt(), twice, unit), PY_INT))
    return mul(ctx, add(ctx, below, up), unit)


@function(np.round, np.around)
def np_round(ctx: Context, arguments: Arguments) -> Value:
    value, digits = unpack(ctx, arguments, "round", "a", "decimals", optional=1)
    if isinstance(value, ARRAYS):
        return elementwise(ctx, lambda a: _rounded(ctx, a, digits), value)
    return Num(_rounded(ctx, atom_of(ctx, value, "round"), digits))


def _rounded(ctx: Context, a: Atom, digits: Value | None) -> Atom:
    """A number rounded to a constant number of decimals, still of its type."""
    places = atom_of(ctx, digits or number(0), "round")
    if not isinstance(places, Const) or not scalar(places).is_int:
        ctx.refuse(
            "the number of digits of round must be a constant integer",
            label=describe(digits or NONE),
            why="it decides how the value is scaled",
            advice="write the number of digits as a literal",
        )
    if scalar(a).is_complex:
        halves = (_rounded(ctx, part_of_number(ctx, a, name), digits) for name in ("real", "imag"))
        return apply(ctx, "complex", tuple(halves), scalar(a))
    if not scalar(a).is_float:
        return _rounded_integer(ctx, a, Num(places))
    if places.value == 0:
        return apply(ctx, "rint", (a,), scalar(a))
    scale = Const(float(10 ** abs(int(places.value))), scalar(a))
    first, last = ("mul", "div") if places.value >= 0 else ("div", "mul")
    scaled = apply(ctx, first, (a, scale), scalar(a))
    return apply(ctx, last, (apply(ctx, "rint", (scaled,), scalar(a)), scale), scalar(a))


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
    return Num(weak(ctx, cast(ctx, a, PY_INT)))


@function(float)
def float_(ctx: Context, arguments: Arguments) -> Value:
    if not arguments.positional:
        return number(0.0)
    if isinstance(text := static_object(arguments.positional[0]), str):
        return number(float(text))
    if (found := special(ctx, "__float__", arguments.positional[0])) is not None:
        return found
    a = atom_of(ctx, arguments.positional[0], "float")
    return Num(weak(ctx, cast(ctx, a, PY_FLOAT)))


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
