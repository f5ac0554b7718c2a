"""Derivative formulas of the operation table, written out as IR.

In: a parsed `Formula`, the atoms of the operation's arguments and result, and a builder. Out: the contribution of
one argument, `partial * cotangent` (the same product serves the tangent sweep with a tangent for the cotangent).
Casts, constants and integer exponents are settled here, once for all rules.
"""

from __future__ import annotations

from collections.abc import Callable

from srcgrad.ir.build import Builder, const_like
from srcgrad.ir.nodes import Atom, Const, Let
from srcgrad.ir.types import BOOL, INT64, Scalar
from srcgrad.ops.formula import Apply, Formula, Name, Number
from srcgrad.ops.registry import Operands, by_name

Operand = Atom | Number
"""A value inside a formula; a bare number takes the type of what it meets."""

CHOOSING = frozenset(("select", "minimum", "maximum"))
"""Operations that give one of their arguments: what is behind the others does not count."""


def formula_environment(
    statement: Let, formula: Formula, use: Callable[[Atom], Atom], needed: frozenset[str]
) -> dict[str, Atom]:
    """The atoms that `formula` of a statement names, each fetched through `use` (which notes the need)."""
    names = (*statement.op.arguments, "r")
    atoms = (*statement.arguments, statement.result)
    return {name: use(atom) for name, atom in zip(names, atoms, strict=True) if name in needed}


def contribution(builder: Builder, formula: Formula, environment: dict[str, Atom], cotangent: Atom) -> Atom:
    """`formula * cotangent`, in the dtype of the cotangent, dividing once where the formula is a quotient."""
    scalar = cotangent.type
    assert isinstance(scalar, Scalar)
    match formula:
        case Number(value) if value == 1:
            return cotangent
        case Number(value) if value == -1:
            return builder.op("neg", cotangent)
        case Apply("neg", (inner,)):
            return builder.op("neg", contribution(builder, inner, environment, cotangent))
        case Apply("select", (test, Number() as taken, Number() as other)):
            # not cotangent * select(...): an infinite cotangent times zero would be NaN on the side not taken
            condition = expand(builder, test, environment, scalar)
            assert not isinstance(condition, Number)
            sides = (contribution(builder, side, environment, cotangent) for side in (taken, other))
            return builder.op("select", condition, *sides)
        case Number(value) if value == 0:
            return zero(scalar)
        case Apply("div", (numerator, denominator)):
            top = contribution(builder, numerator, environment, cotangent)
            bottom = settle(builder, expand(builder, denominator, environment, scalar), scalar)
            return builder.op("div", top, bottom)
        case _:
            partial = settle(builder, expand(builder, formula, environment, scalar), scalar)
            return builder.op("mul", cotangent, partial)


def settle(builder: Builder, operand: Operand, scalar: Scalar) -> Atom:
    """An operand as an atom of the given type."""
    if isinstance(operand, Number):
        return const_like(operand.value, scalar)
    return builder.cast(operand, scalar)


def expand(builder: Builder, formula: Formula, environment: dict[str, Atom], scalar: Scalar) -> Operand:
    """The value of a formula; `scalar` is the floating type that the derivative is computed in."""
    match formula:
        case Number():
            return formula
        case Name(name):
            return environment[name]
        case Apply(operation, arguments):
            operands = [expand(builder, argument, environment, scalar) for argument in arguments]
            return _apply(builder, operation, operands, scalar)
    raise AssertionError(formula)


def _apply(builder: Builder, operation: str, operands: list[Operand], scalar: Scalar) -> Operand:
    if operation == "float":
        return settle(builder, operands[0], scalar)
    if operation == "pow" and _integral(operands[1]):
        operation = "powi"
    record = by_name(operation)
    match record.operands:
        case Operands.FLOAT_INT:
            types = [scalar, INT64]
        case Operands.BOOL_SAME_SAME:
            common = _common(operands[1:], scalar)
            types = [BOOL, common, common]
        case Operands.FLOAT:
            types = [scalar] * len(operands)
        case Operands.ANY | Operands.BOOL:
            types = [_common([operand], scalar) for operand in operands]
        case _:
            types = [_common(operands, scalar)] * len(operands)
    return builder.op(record, *(settle(builder, o, t) for o, t in zip(operands, types, strict=True)))


def _integral(operand: Operand) -> bool:
    """May this exponent be an integer?"""
    if isinstance(operand, Number):
        return float(operand.value).is_integer() and abs(operand.value) <= 64
    return operand.type.is_int  # type: ignore[union-attr]


def _common(operands: list[Operand], scalar: Scalar) -> Scalar:
    """The type several operands share: integer when all that have a type are integer, else the derivative's."""
    types = [operand.type for operand in operands if not isinstance(operand, Number)]
    if types and all(isinstance(t, Scalar) and not t.is_float for t in types):
        return types[0]  # type: ignore[return-value]
    return scalar


def zero(scalar: Scalar) -> Const:
    return const_like(0.0, scalar)
