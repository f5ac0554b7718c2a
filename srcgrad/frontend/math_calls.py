"""Functions of `math` and NumPy that are made of several operations.

In: evaluated arguments. Out: values; one entry of the table of callables per function.
"""

from __future__ import annotations

import ast
import math

import numpy as np

from srcgrad.frontend.context import Arguments, Context, function
from srcgrad.frontend.elementwise import elementwise, expr_of
from srcgrad.frontend.index_arrays import nonzero
from srcgrad.frontend.iterables import iteration
from srcgrad.frontend.lower_expr import operate
from srcgrad.frontend.operations import call_operation
from srcgrad.frontend.python_calls import atom_of, unpack
from srcgrad.frontend.scalars import (
    add,
    apply,
    cast,
    compare,
    div,
    floordiv,
    invert,
    mul,
    not_,
    power,
    scalar,
    select,
    sub,
    truth_of,
    weak,
)  # fmt: skip
from srcgrad.frontend.values import NONE, Arr, ArrayExpr, Num, Static, Value, number, tuple_of
from srcgrad.infer import promote
from srcgrad.ir.nodes import Atom
from srcgrad.ir.types import FLOAT64, PY_INT
from srcgrad.ops.registry import by_name


def _each(ctx: Context, value: Value | None, compute) -> Value:
    """A function of numbers on a number or on every element of an array."""
    value = value or NONE
    if isinstance(value, Arr | ArrayExpr):
        return elementwise(ctx, compute, value)
    return Num(compute(atom_of(ctx, value, "this function")))


def _both(ctx: Context, a: Value | None, b: Value | None, compute) -> Value:
    a, b = a or NONE, b or NONE
    if isinstance(a, Arr | ArrayExpr) or isinstance(b, Arr | ArrayExpr):
        return elementwise(ctx, compute, a, b)
    return Num(compute(atom_of(ctx, a, "this function"), atom_of(ctx, b, "this function")))


def _rounding(target: object, op: str) -> None:
    """`math.floor` and its kind give an int."""

    def handler(ctx: Context, arguments: Arguments) -> Value:
        (value,) = unpack(ctx, arguments, op, "x")
        atom = atom_of(ctx, value, op)
        if not scalar(atom).is_float:
            return Num(cast(ctx, atom, promote.arithmetic(scalar(atom))))
        return Num(cast(ctx, apply(ctx, op, (atom,), scalar(atom)), PY_INT))

    function(target)(handler)


for _target, _op in ((math.floor, "floor"), (math.ceil, "ceil"), (math.trunc, "trunc")):
    _rounding(_target, _op)


@function(math.log)
def log(ctx: Context, arguments: Arguments) -> Value:
    value, base = unpack(ctx, arguments, "log", "x", "base", optional=1)
    result = call_operation(ctx, by_name("log"), Arguments((value or NONE,)))
    if base is None:
        return result
    return operate(ctx, ast.Div(), result, call_operation(ctx, by_name("log"), Arguments((base,))))


@function(math.hypot)
def hypot(ctx: Context, arguments: Arguments) -> Value:
    return _norm(ctx, [atom_of(ctx, v, "hypot") for v in arguments.positional])


def _norm(ctx: Context, atoms: list[Atom]) -> Value:
    if not atoms:
        return number(0.0)
    if len(atoms) == 1:
        return call_operation(ctx, by_name("fabs"), Arguments((Num(atoms[0]),)))
    total: Value = Num(atoms[0])
    for atom in atoms[1:]:
        total = call_operation(ctx, by_name("hypot"), Arguments((total, Num(atom))))
    return total


@function(math.dist)
def dist(ctx: Context, arguments: Arguments) -> Value:
    p, q = (iteration(ctx, v).items for v in arguments.positional)
    if p is None or q is None or len(p) != len(q):
        ctx.refuse("math.dist needs two tuples of one length", advice="write the sum of squares as a loop")
    pairs = [(weak(ctx, atom_of(ctx, a, "dist")), weak(ctx, atom_of(ctx, b, "dist"))) for a, b in zip(p, q)]
    return _norm(ctx, [sub(ctx, a, b) for a, b in pairs])


@function(math.modf)
def modf(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "modf", "x")
    whole = call_operation(ctx, by_name("trunc"), Arguments((value or NONE,)))
    return tuple_of([operate(ctx, ast.Sub(), value or NONE, whole), whole])


@function(np.power)
def np_power(ctx: Context, arguments: Arguments) -> Value:
    base, exponent = unpack(ctx, arguments, "power", "x1", "x2")
    return _both(ctx, base, exponent, lambda a, b: power(ctx, a, b))


@function(np.float_power)
def np_float_power(ctx: Context, arguments: Arguments) -> Value:
    base, exponent = unpack(ctx, arguments, "float_power", "x1", "x2")
    return _both(ctx, base, exponent, lambda a, b: power(ctx, cast(ctx, a, FLOAT64), b))


def _operator_functions() -> None:
    """NumPy's names of operators that promote as Python's do."""
    table = {np.add: add, np.subtract: sub, np.multiply: mul, np.divide: div, np.floor_divide: floordiv}
    for target, compute in table.items():

        def handler(ctx: Context, arguments: Arguments, target=target, compute=compute) -> Value:
            a, b = unpack(ctx, arguments, target.__name__, "x1", "x2")
            return _both(ctx, a, b, lambda x, y: compute(ctx, x, y, "t"))

        function(target)(handler)
    comparisons: dict[object, ast.cmpop] = {
        np.less: ast.Lt(), np.less_equal: ast.LtE(), np.greater: ast.Gt(), np.greater_equal: ast.GtE(),
        np.equal: ast.Eq(), np.not_equal: ast.NotEq(),
    }  # fmt: skip
    for comparison, node in comparisons.items():

        def compared(ctx: Context, arguments: Arguments, node=node) -> Value:
            a, b = unpack(ctx, arguments, "comparison", "x1", "x2")
            return _both(ctx, a, b, lambda x, y: compare(ctx, node, x, y))

        function(comparison)(compared)
    for logical, op in ((np.logical_and, "and_"), (np.logical_or, "or_")):

        def combined(ctx: Context, arguments: Arguments, op=op) -> Value:
            a, b = unpack(ctx, arguments, op, "x1", "x2")
            return _both(ctx, a, b, lambda x, y: _logical(ctx, op, x, y))

        function(logical)(combined)


def _logical(ctx: Context, op: str, a: Atom, b: Atom) -> Atom:
    x, y = truth_of(ctx, a), truth_of(ctx, b)
    return apply(ctx, op, (x, y), promote.truth(scalar(x), scalar(y)), "test")


_operator_functions()


@function(np.logical_not)
def logical_not(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "logical_not", "x")
    return _each(ctx, value, lambda a: not_(ctx, a))


@function(np.invert)
def np_invert(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "invert", "x")
    return _each(ctx, value, lambda a: invert(ctx, a))


@function(np.nonzero)
def np_nonzero(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "nonzero", "a")
    return tuple_of([*nonzero(ctx, expr_of(ctx, value or NONE))])


@function(np.flatnonzero)
def flatnonzero(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "flatnonzero", "a")
    flat = ctx.call(Static(np.ravel), Arguments((value or NONE,)))
    return nonzero(ctx, expr_of(ctx, flat))[0]


@function(np.count_nonzero)
def count_nonzero(ctx: Context, arguments: Arguments) -> Value:
    value, axis, keepdims = unpack(ctx, arguments, "count_nonzero", "a", "axis", "keepdims", optional=2)
    truth_values = elementwise(ctx, lambda a: truth_of(ctx, a), value or NONE)
    given = {"axis": axis or NONE, "keepdims": keepdims or NONE}
    return ctx.call(Static(np.sum), Arguments((truth_values,), given))


@function(np.where)
def where(ctx: Context, arguments: Arguments) -> Value:
    if len(arguments.positional) == 1:
        return np_nonzero(ctx, arguments)
    test, a, b = arguments.positional
    if isinstance(test, Num) and isinstance(a, Num) and isinstance(b, Num):
        return Num(select(ctx, truth_of(ctx, test.atom), a.atom, b.atom))
    return elementwise(ctx, lambda c, x, y: select(ctx, truth_of(ctx, c), x, y), test, a, b)


@function(np.clip)
def clip(ctx: Context, arguments: Arguments) -> Value:
    names = {"min": "a_min", "max": "a_max"}
    renamed = {names.get(name, name): given for name, given in arguments.keywords.items()}
    value, low, high = unpack(
        ctx, Arguments(arguments.positional, renamed), "clip", "a", "a_min", "a_max", optional=2
    )
    result = value or NONE
    for bound, op in ((low, "maximum"), (high, "minimum")):
        if bound not in (None, NONE):
            result = call_operation(ctx, by_name(op), Arguments((result, bound)))
    return result
