"""Arithmetic on scalar atoms: promotion, casts and Python's rules, then a `Let`.

In: atoms of any scalar types. Out: the atom of the result; operations on constants are done at once. Facts about
signs of integers are kept in `Context.nonnegative`, so that subscripts of views need no wrapping.
"""

from __future__ import annotations

import ast
from typing import Protocol

import numpy as np

from srcgrad.frontend.context import Context
from srcgrad.frontend.values import NONE, Choice, Record, Value, describe, integer
from srcgrad.infer import promote
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom, Block, Const, If, Let, Raise, Sym
from srcgrad.ir.types import BOOL, INT64, PY_BOOL, PY_FLOAT, PY_INT, Scalar
from srcgrad.ops.registry import Op, by_name

_FOLDED_KINDS = "biu"
_KEEPS_SIGN = frozenset({"add", "mul", "floordiv", "mod", "minimum", "abs", "ipow", "rshift"})


def scalar(atom: Atom) -> Scalar:
    assert isinstance(atom.type, Scalar)
    return atom.type


def apply(ctx: Context, op: Op | str, arguments: tuple[Atom, ...], type_: Scalar, hint: str = "t") -> Atom:
    """`op(*arguments)`, whose operands agree already, as a value of type `type_`."""
    record = by_name(op) if isinstance(op, str) else op
    if all(isinstance(a, Const) and a.type.dtype.kind in _FOLDED_KINDS for a in arguments):
        folded = _fold(record, arguments, type_)
        if folded is not None:
            return folded
    result = Sym(hint, type_)
    ctx.builder.emit(Let(result, record, arguments, ctx.span))
    if type_.is_int and record.name in _KEEPS_SIGN and all(is_nonnegative(ctx, a) for a in arguments):
        ctx.nonnegative.add(result)
    return result


def _fold(op: Op, arguments: tuple[Atom, ...], type_: Scalar) -> Const | None:
    values = [a.type.dtype.type(a.value) for a in arguments if isinstance(a, Const)]
    with np.errstate(all="ignore"):
        result = np.asarray(op.evaluate(*values))
    return None if result.dtype.kind == "c" else const_like(result.item(), type_)


def is_nonnegative(ctx: Context, atom: Atom) -> bool:
    return atom.value >= 0 if isinstance(atom, Const) else atom in ctx.nonnegative


def cast(ctx: Context, atom: Atom, target: Scalar, hint: str = "t") -> Atom:
    """`atom` as `target`."""
    if scalar(atom).is_complex and not (target.is_complex or target.is_bool):
        ctx.refuse(
            f"a complex number does not become a {target.dtype.name}",
            why="its imaginary part would be lost",
            advice="take the real part, z.real, or give the array a complex dtype",
        )
    if scalar(atom).is_complex and target.is_bool and not isinstance(atom, Const):
        return apply(ctx, "ne", (atom, const_like(0, scalar(atom))), target, hint)
    if isinstance(atom, Const) and np.isfinite(atom.value):
        if target.is_bool:
            return Const(bool(atom.value), target)
        return const_like(atom.value, target)
    result = ctx.builder.cast(atom, target, hint)
    if isinstance(result, Sym) and result is not atom and target.is_int and is_nonnegative(ctx, atom):
        ctx.nonnegative.add(result)
    return result


def strong(ctx: Context, atom: Atom, target: Scalar) -> Atom:
    """`atom` as a NumPy scalar of `target`'s dtype, no longer adapting to others."""
    return _retyped(ctx, cast(ctx, atom, target), target)


def weak(ctx: Context, atom: Atom) -> Atom:
    """`atom` as a Python number: floats in double precision, adapting to the NumPy values they meet."""
    target = promote.python_type(scalar(atom))
    return _retyped(ctx, cast(ctx, atom, target), target)


def _retyped(ctx: Context, atom: Atom, target: Scalar) -> Atom:
    """A value of the right dtype with the weakness of `target`: the cast to its own dtype leaves the compiled code."""
    if isinstance(atom, Const) or scalar(atom).weak is target.weak:
        return atom
    result = apply(ctx, target.dtype.name, (atom,), target)
    if isinstance(result, Sym) and is_nonnegative(ctx, atom):
        ctx.nonnegative.add(result)
    return result


# -- Python's operators -------------------------------------------------------------------------------------------


class BinaryOperator(Protocol):
    """`operator(ctx, a, b, hint)`, with a hint that may be left out."""

    def __call__(self, ctx: Context, a: Atom, b: Atom, hint: str = "t", /) -> Atom: ...


def _same(op: str, of_truth: str = "") -> BinaryOperator:
    """`of_truth` is what the operator means for NumPy's truth values (those of Python are integers here)."""

    def operator(ctx: Context, a: Atom, b: Atom, hint: str = "t") -> Atom:
        joined = promote.join(scalar(a), scalar(b))
        if of_truth and joined.is_bool and not joined.weak:
            return apply(ctx, of_truth, (cast(ctx, a, joined), cast(ctx, b, joined)), joined, hint)
        type_ = promote.arithmetic(scalar(a), scalar(b))
        return apply(ctx, op, (cast(ctx, a, type_), cast(ctx, b, type_)), type_, hint)

    return operator


def _real(op: str) -> BinaryOperator:
    """An operator that complex numbers do not have."""
    of_reals = _same(op)

    def operator(ctx: Context, a: Atom, b: Atom, hint: str = "t") -> Atom:
        if scalar(a).is_complex or scalar(b).is_complex:
            ctx.refuse(
                f"complex numbers have no {'//' if op == 'floordiv' else '%'}",
                why="a remainder needs an order",
                advice="apply it to z.real and z.imag",
            )
        return of_reals(ctx, a, b, hint)

    return operator


add, sub, mul = _same("add", of_truth="or_"), _same("sub"), _same("mul", of_truth="and_")
floordiv, mod = _real("floordiv"), _real("mod")


def div(ctx: Context, a: Atom, b: Atom, hint: str = "t") -> Atom:
    type_ = promote.floating(scalar(a), scalar(b))
    return apply(ctx, "div", (cast(ctx, a, type_), cast(ctx, b, type_)), type_, hint)


_LARGEST_POWI = 1024


def power(ctx: Context, a: Atom, b: Atom, hint: str = "t") -> Atom:
    """`a ** b`; integral exponents become integer powers, whose derivative is right for negative bases."""
    base, exponent = scalar(a), scalar(b)
    if not base.is_inexact and not exponent.is_inexact:
        return _integer_power(ctx, a, b, hint)
    type_ = promote.floating(base, exponent)
    if isinstance(b, Const) and _is_whole(b.value) and abs(b.value) <= _LARGEST_POWI:
        b = integer(int(b.value.real))
    if not scalar(b).is_inexact:
        return apply(ctx, "powi", (cast(ctx, a, type_), cast(ctx, b, INT64)), type_, hint)
    return apply(ctx, "pow", (cast(ctx, a, type_), cast(ctx, b, type_)), type_, hint)


def _is_whole(value: complex | float | int) -> bool:
    return value.imag == 0 and float(value.real).is_integer()


def _integer_power(ctx: Context, a: Atom, b: Atom, hint: str) -> Atom:
    type_ = promote.arithmetic(scalar(a), scalar(b))
    if isinstance(b, Const) and b.value < 0:
        return apply(ctx, "powi", (cast(ctx, a, PY_FLOAT), cast(ctx, b, INT64)), PY_FLOAT, hint)
    if not is_nonnegative(ctx, b):
        negative = compare(ctx, ast.Lt(), b, integer(0))
        raise_if(ctx, negative, ValueError, "an integer to the power of a negative integer variable is not compiled")
    return apply(ctx, "ipow", (cast(ctx, a, type_), cast(ctx, b, type_)), type_, hint)


def _bitwise(op: str, on_bools: str) -> BinaryOperator:
    def operator(ctx: Context, a: Atom, b: Atom, hint: str = "t") -> Atom:
        type_ = promote.join(scalar(a), scalar(b))
        if type_.is_inexact:
            ctx.refuse(
                "bit operations need integers",
                why="an operand is a float",
                advice="convert the operands with int(...)",
            )
        return apply(ctx, on_bools if type_.is_bool else op, (cast(ctx, a, type_), cast(ctx, b, type_)), type_, hint)

    return operator


def _shift(op: str) -> BinaryOperator:
    def operator(ctx: Context, a: Atom, b: Atom, hint: str = "t") -> Atom:
        type_ = promote.arithmetic(scalar(a), scalar(b))
        if type_.is_inexact:
            ctx.refuse(
                "bit operations need integers",
                why="an operand is a float",
                advice="convert the operands with int(...)",
            )
        return apply(ctx, op, (cast(ctx, a, type_), cast(ctx, b, type_)), type_, hint)

    return operator


BINARY: dict[type[ast.operator], BinaryOperator] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: div,
    ast.FloorDiv: floordiv,
    ast.Mod: mod,
    ast.Pow: power,
    ast.BitAnd: _bitwise("band", "and_"),
    ast.BitOr: _bitwise("bor", "or_"),
    ast.BitXor: _bitwise("bxor", "ne"),
    ast.LShift: _shift("lshift"),
    ast.RShift: _shift("rshift"),
}

COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}


def compare(ctx: Context, operator: ast.cmpop, a: Atom, b: Atom) -> Atom:
    """One comparison of two numbers."""
    type_ = promote.join(scalar(a), scalar(b))
    result = promote.truth(scalar(a), scalar(b))
    if type_.is_complex and not isinstance(operator, ast.Eq | ast.NotEq):
        ctx.refuse(
            "complex numbers have no order",
            why="which of two is larger is not defined",
            advice="compare abs(z), z.real or z.imag",
        )
    if isinstance(a, Const) and isinstance(b, Const) and type_.is_inexact:
        value = by_name(COMPARE[type(operator)]).evaluate(*np.array([a.value, b.value]))
        return Const(bool(value), result)
    return apply(ctx, COMPARE[type(operator)], (cast(ctx, a, type_), cast(ctx, b, type_)), result, "test")


def negate(ctx: Context, a: Atom, hint: str = "t") -> Atom:
    type_ = promote.arithmetic(scalar(a))
    if isinstance(a, Const):
        return Const(-a.value, type_)
    return apply(ctx, "neg", (cast(ctx, a, type_),), type_, hint)


def not_(ctx: Context, a: Atom) -> Atom:
    a = truth_of(ctx, a)
    return apply(ctx, "not_", (a,), scalar(a), "test")


def truth_of(ctx: Context, a: Atom) -> Atom:
    """`bool(a)`."""
    if scalar(a).is_bool:
        return a
    if isinstance(a, Const):
        return Const(bool(a.value), PY_BOOL)
    zero = const_like(0, scalar(a))
    return apply(ctx, "ne", (a, zero), PY_BOOL if scalar(a).weak else BOOL, "test")


def invert(ctx: Context, a: Atom) -> Atom:
    if scalar(a).is_bool and not scalar(a).weak:
        return not_(ctx, a)
    type_ = promote.arithmetic(scalar(a))
    return apply(ctx, "invert", (cast(ctx, a, type_),), type_)


def select(ctx: Context, condition: Atom, a: Atom, b: Atom, hint: str = "t") -> Atom:
    """`a if condition else b`, both computed."""
    if isinstance(condition, Const):
        return a if condition.value else b
    type_ = promote.join(scalar(a), scalar(b))
    result = apply(ctx, "select", (condition, cast(ctx, a, type_), cast(ctx, b, type_)), type_, hint)
    if isinstance(result, Sym) and type_.is_int and is_nonnegative(ctx, a) and is_nonnegative(ctx, b):
        ctx.nonnegative.add(result)
    return result


def raise_if(ctx: Context, condition: Atom, exception: type[BaseException], message: str) -> None:
    """A run-time check."""
    if isinstance(condition, Const) and not condition.value:
        return
    then = Block((Raise(exception, message, (), ctx.span),))
    ctx.builder.emit(If((), condition, then, Block(()), ctx.span))


def settle(ctx: Context, value: Value) -> Value:
    """The value where it is used as what it has to be: a variable that may be None raises if it is."""
    if not isinstance(value, Choice):
        return value
    if value.first != NONE:
        ctx.refuse(
            "a choice between functions can only be called",
            label=describe(value),
            why="which function it is is known at run time only",
            advice="choose between the values instead of the functions",
        )
    raise_if(ctx, value.is_first, TypeError, "this operation is not defined for None")
    return value.second


def present(ctx: Context, value: Value) -> Value:
    """The result without the possibility of being None, which raises at run time."""
    value = settle(ctx, value)
    if not isinstance(value, Record):
        return value
    items = tuple(present(ctx, item) for item in value.items)
    return Record(value.container, value.keys, items, value.tokens)


# -- integers of index arithmetic ---------------------------------------------------------------------------------


def plus(ctx: Context, a: Atom, b: Atom) -> Atom:
    """`a + b` on integers, leaving out zeros."""
    if isinstance(b, Const) and b.value == 0:
        return a
    if isinstance(a, Const) and a.value == 0:
        return b
    return add(ctx, a, b, "i")


def times(ctx: Context, a: Atom, b: Atom) -> Atom:
    """`a * b` on integers, leaving out ones."""
    if isinstance(b, Const) and b.value == 1:
        return a
    if isinstance(a, Const) and a.value == 1:
        return b
    return mul(ctx, a, b, "i")


def minus(ctx: Context, a: Atom, b: Atom) -> Atom:
    if isinstance(b, Const) and b.value == 0:
        return a
    return sub(ctx, a, b, "n")


def at_least(ctx: Context, a: Atom, low: int) -> Atom:
    """`max(a, low)` for integers."""
    if low == 0 and is_nonnegative(ctx, a):
        return a
    result = apply(ctx, "maximum", (a, const_like(low, scalar(a))), scalar(a), "n")
    if isinstance(result, Sym) and low >= 0:
        ctx.nonnegative.add(result)
    return result


def larger_of(ctx: Context, a: Atom, b: Atom) -> Atom:
    """`max(a, b)` for integers."""
    result = apply(ctx, "maximum", (cast(ctx, a, PY_INT), cast(ctx, b, PY_INT)), PY_INT, "n")
    if isinstance(result, Sym) and (is_nonnegative(ctx, a) or is_nonnegative(ctx, b)):
        ctx.nonnegative.add(result)
    return result


def at_most(ctx: Context, a: Atom, b: Atom) -> Atom:
    """`min(a, b)` for integers."""
    if a == b:
        return a
    type_ = promote.arithmetic(scalar(a), scalar(b))
    return apply(ctx, "minimum", (cast(ctx, a, type_), cast(ctx, b, type_)), type_, "n")
