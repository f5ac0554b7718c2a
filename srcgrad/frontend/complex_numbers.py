"""Complex numbers: their parts, conjugates and angles, `complex(x, y)`, and the functions of `cmath`.

In: evaluated arguments. Out: numbers, views of the parts of arrays in memory, or array expressions. Arithmetic and
elementary functions are those of real numbers, by the dtype of the operands.
"""

from __future__ import annotations

import ast
import cmath
import math
from collections.abc import Callable

import numpy as np

from srcgrad.frontend.arrays import copy, shape
from srcgrad.frontend.complex_parts import conjugate_of, part_of_number
from srcgrad.frontend.context import Arguments, Context, attribute, function, method
from srcgrad.frontend.elementwise import elementwise
from srcgrad.frontend.lower_expr import operate
from srcgrad.frontend.operations import operation
from srcgrad.frontend.python_calls import atom_of, unpack
from srcgrad.frontend.scalars import add, apply, cast, compare, mul, scalar
from srcgrad.frontend.values import NONE, Arr, ArrayExpr, Num, Value, integer, number, truth, tuple_of, whole
from srcgrad.infer import promote
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom, Slice, Sym, View
from srcgrad.ir.types import PY_COMPLEX, PY_FLOAT, Array, Layout, Scalar, real_dtype
from srcgrad.ops.registry import by_name

ARRAYS = (Arr, ArrayExpr)


def is_complex(value: Value) -> bool:
    """Is it a complex number, or an array of them?"""
    if isinstance(value, Num):
        return value.type.is_complex
    return isinstance(value, Arr | ArrayExpr) and value.dtype.kind == "c"


# -- parts ----------------------------------------------------------------------------------------------------------


def part(ctx: Context, value: Value, name: str) -> Value:
    """`value.real` or `value.imag`: of an array in memory, a view that can be written."""
    if isinstance(value, Arr):
        if value.dtype.kind == "c":
            return whole(_view_of_parts(ctx, value, name))
        return value if name == "real" else ArrayExpr(value.dtype, shape(ctx, value), lambda i: _zero(value.element))
    if isinstance(value, Num):
        return Num(part_of_number(ctx, value.atom, name))
    return elementwise(ctx, lambda a: part_of_number(ctx, a, name), value)


def _zero(type_: Scalar) -> Atom:
    return const_like(0, type_)


def _view_of_parts(ctx: Context, array: Arr, name: str) -> Sym:
    entries = tuple(
        Slice(integer(0), length, integer(1)) if e is None else e
        for e, length in zip(array.entries, shape(ctx, whole(array.base)))
    )
    result = Sym(name, Array(real_dtype(array.dtype), array.ndim, Layout.ANY))
    picked = integer(0 if name == "real" else 1)
    ctx.builder.emit(View(result, array.base, (*entries, picked), array.permutation, ctx.span))
    return result


for _name in ("real", "imag"):

    @attribute((Num, *ARRAYS), _name)
    def read_part(ctx: Context, value: Value, name: str = _name) -> Value:
        return part(ctx, value, name)

    @function(getattr(np, _name))
    def part_function(ctx: Context, arguments: Arguments, name: str = _name) -> Value:
        (value,) = unpack(ctx, arguments, name, "val")
        return part(ctx, value or NONE, name)


# -- functions of numbers -------------------------------------------------------------------------------------------


def _each(ctx: Context, value: Value, compute: Callable[[Atom], Atom]) -> Value:
    return Num(compute(value.atom)) if isinstance(value, Num) else elementwise(ctx, compute, value)


def conjugate(ctx: Context, value: Value) -> Value:
    return _each(ctx, value, lambda a: conjugate_of(ctx, a)) if is_complex(value) else value


@function(np.conj)
def conj_function(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "conj", "x")
    if isinstance(value, Arr) and not is_complex(value) and not ctx.in_library:
        return copy(ctx, value)  # the method gives the array itself
    return conjugate(ctx, value or NONE)


@method((Num, *ARRAYS), "conj", "conjugate")
def conj_method(ctx: Context, receiver: Value, arguments: Arguments) -> Value:
    return conjugate(ctx, receiver)


@function(np.angle)
def angle(ctx: Context, arguments: Arguments) -> Value:
    value, degrees = unpack(ctx, arguments, "angle", "z", "deg", optional=1)

    def compute(a: Atom) -> Atom:
        type_ = scalar(a)
        if type_.is_complex:
            return part_of_number(ctx, a, "angle")
        type_ = promote.floating(type_)
        return operation(ctx, by_name("atan2"), (_zero(type_), cast(ctx, a, type_)))

    result = _each(ctx, value or NONE, compute)
    if degrees is None or not isinstance(degrees, Num) or not degrees.atom.value:  # type: ignore[union-attr]
        return result
    return operate(ctx, ast.Mult(), result, number(180.0 / math.pi))


def _test(target: object, real_answer: bool, condition: Callable[[Context, Atom], Atom]) -> None:
    def handler(ctx: Context, arguments: Arguments) -> Value:
        (value,) = arguments.positional
        if is_complex(value):
            return _each(ctx, value, lambda a: condition(ctx, a))
        return _each(ctx, value, lambda a: truth(real_answer))

    function(target)(handler)


def _imaginary(operator: ast.cmpop) -> Callable[[Context, Atom], Atom]:
    return lambda ctx, a: compare(ctx, operator, part_of_number(ctx, a, "imag"), number(0.0).atom)


_test(np.isreal, True, _imaginary(ast.Eq()))
_test(np.iscomplex, False, _imaginary(ast.NotEq()))


@function(np.iscomplexobj)
def iscomplexobj(ctx: Context, arguments: Arguments) -> Value:
    return Num(truth(is_complex(arguments.positional[0])))


@function(np.isrealobj)
def isrealobj(ctx: Context, arguments: Arguments) -> Value:
    return Num(truth(not is_complex(arguments.positional[0])))


@function(complex)
def complex_(ctx: Context, arguments: Arguments) -> Value:
    """`complex(x, y)` is `x + y * 1j`, whatever `x` and `y` are."""
    real, imag = unpack(ctx, arguments, "complex", "real", "imag", optional=2)
    first = cast(ctx, atom_of(ctx, real or number(0.0), "complex"), PY_COMPLEX)
    if imag is None:
        return Num(first)
    second = atom_of(ctx, imag, "complex")
    if not scalar(second).is_complex and real is not None and not is_complex(real):
        parts = tuple(cast(ctx, atom_of(ctx, v, "complex"), PY_FLOAT) for v in (real, imag))
        return Num(apply(ctx, "complex", parts, PY_COMPLEX, "z"))
    return Num(add(ctx, first, mul(ctx, second, number(1j).atom)))


# -- cmath ----------------------------------------------------------------------------------------------------------

_CMATH = {
    "exp": "exp", "log10": "log10", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "asin",
    "acos": "acos", "atan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "asinh", "acosh": "acosh",
    "atanh": "atanh", "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite", "phase": "angle",
}  # fmt: skip


def _of_cmath(ctx: Context, op: str, value: Value | None) -> Value:
    """A function of `cmath` takes its argument as a complex number."""
    a = cast(ctx, atom_of(ctx, value, op), PY_COMPLEX)
    return Num(part_of_number(ctx, a, "angle") if op == "angle" else operation(ctx, by_name(op), (a,)))


for _name, _op in _CMATH.items():

    @function(getattr(cmath, _name))
    def cmath_function(ctx: Context, arguments: Arguments, op: str = _op) -> Value:
        (value,) = unpack(ctx, arguments, op, "z")
        return _of_cmath(ctx, op, value)


@function(cmath.log)
def cmath_log(ctx: Context, arguments: Arguments) -> Value:
    value, base = unpack(ctx, arguments, "log", "z", "base", optional=1)
    result = _of_cmath(ctx, "log", value)
    return result if base is None else operate(ctx, ast.Div(), result, _of_cmath(ctx, "log", base))


@function(cmath.polar)
def polar(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "polar", "z")
    return tuple_of([_of_cmath(ctx, "abs", value), _of_cmath(ctx, "angle", value)])


@function(cmath.rect)
def rect(ctx: Context, arguments: Arguments) -> Value:
    r, phi = unpack(ctx, arguments, "rect", "r", "phi")
    turned = mul(ctx, cast(ctx, atom_of(ctx, phi, "rect"), PY_FLOAT), number(1j).atom)
    unit = operation(ctx, by_name("exp"), (turned,))
    return Num(mul(ctx, cast(ctx, atom_of(ctx, r, "rect"), PY_FLOAT), unit))
