"""Calls of functions that the operation table knows: `math.exp(x)`, `np.hypot(a, b)`.

In: an operation and evaluated arguments. Out: a number, or an array expression; operands are cast as the record says.
"""

from __future__ import annotations

import numpy as np

from srcgrad.frontend.context import Arguments, Context
from srcgrad.frontend.elementwise import elementwise
from srcgrad.frontend.scalars import apply, cast, scalar, settle
from srcgrad.frontend.strength import Numbers
from srcgrad.frontend.values import Arr, ArrayExpr, Num, Record, Value, describe
from srcgrad.infer import promote
from srcgrad.ir.nodes import Atom
from srcgrad.ir.types import BOOL, INT64, Scalar, real_dtype
from srcgrad.ops.registry import Op, Operands, Result, by_name
from srcgrad.realify.formulas import FORMULAS


def call_operation(ctx: Context, op: Op, arguments: Arguments, numbers: Numbers = Numbers.GIVEN) -> Value:
    """A call of a function that the operation table knows."""
    if arguments.keywords:
        ctx.refuse(
            f"{op.name} takes no keyword arguments here",
            why="keywords of library functions change the result",
            advice="leave the keywords out, and apply np.where or the slices they stand for",
        )
    operands = arguments.positional
    if len(operands) != op.arity:
        ctx.refuse(
            f"{op.name} takes {op.arity} argument{'s' * (op.arity != 1)}",
            label=f"{len(operands)} given",
            why="the call does not fit the function",
            advice="give the arguments by position, without out= and where=",
        )
    arrays = [o for o in operands if isinstance(o, Arr | ArrayExpr)]
    if numbers is Numbers.PYTHON and any(o.ndim for o in arrays):
        ctx.refuse(
            f"math.{op.name} needs numbers",
            label=describe(next(o for o in arrays if o.ndim)),
            why="the functions of math take one number each, in Python as well",
            advice=f"{f'call np.{op.name}, or ' * hasattr(np, op.name)}loop over the elements",
        )
    if arrays:
        return elementwise(ctx, lambda *atoms: operation(ctx, op, atoms, numbers), *operands)
    if op.name == "stop_gradient" and isinstance(operands[0], Record):
        record = operands[0]
        inner = tuple(call_operation(ctx, op, Arguments((item,))) for item in record.items)
        return Record(record.container, record.keys, inner)
    atoms = []
    for operand in (settle(ctx, o) for o in operands):
        if not isinstance(operand, Num):
            ctx.refuse(
                f"{op.name} needs numbers",
                label=describe(operand),
                why="it is an operation on numbers",
                advice="call it on the numbers or arrays inside, one by one",
            )
        atoms.append(operand.atom)
    return Num(operation(ctx, op, tuple(atoms), numbers))


def operation(ctx: Context, op: Op, atoms: tuple[Atom, ...], numbers: Numbers = Numbers.GIVEN) -> Atom:
    """`op(*atoms)` with the casts its record asks for."""
    if op.name != "hold":
        return _operation(ctx, op, atoms, numbers)
    with ctx.at_users_call():  # where a second derivative is refused
        return _operation(ctx, op, atoms, numbers)


def _operation(ctx: Context, op: Op, atoms: tuple[Atom, ...], numbers: Numbers) -> Atom:
    types_ = [numbers.taken(scalar(a)) for a in atoms]
    if any(t.is_complex for t in types_):
        return _of_complex(ctx, op, atoms, types_, numbers)
    match op.operands:
        case Operands.FLOAT:
            common = promote.floating(*types_)
            converted = tuple(cast(ctx, a, common) for a in atoms)
        case Operands.FLOAT_INT:
            common = promote.floating(types_[0])
            converted = (cast(ctx, atoms[0], common), cast(ctx, atoms[1], INT64))
        case Operands.INT | Operands.SAME:
            common = promote.arithmetic(*types_)
            if op.operands is Operands.INT and common.is_float:
                ctx.refuse(
                    f"{op.name} needs integers",
                    label="a float is given",
                    why="it is an operation on integers",
                    advice="convert the arguments with int(...)",
                )
            converted = tuple(cast(ctx, a, common) for a in atoms)
        case Operands.BOOL:
            common = BOOL
            converted = tuple(cast(ctx, a, BOOL) for a in atoms)
        case Operands.BOOL_SAME_SAME:
            common = promote.join(*types_[1:])
            converted = (atoms[0], *(cast(ctx, a, common) for a in atoms[1:]))
        case _:
            common, converted = types_[0], atoms
    return apply(ctx, op, converted, numbers.given(_result_type(op, common, all(t.weak for t in types_))))


_OF_COMPLEX = {"abs": "magnitude"}


def _of_complex(ctx: Context, op: Op, atoms: tuple[Atom, ...], types_: list[Scalar], numbers: Numbers) -> Atom:
    """An operation on complex numbers."""
    name = _OF_COMPLEX.get(op.name, op.name)
    if name not in FORMULAS:
        ctx.refuse(
            f"{op.name} is not defined for complex numbers",
            why="there is no such function, or srcgrad does not know it",
            advice="apply it to z.real, z.imag or abs(z)",
        )
    record = by_name(name)
    first = 1 if op.operands is Operands.BOOL_SAME_SAME else 0
    common = promote.arithmetic(*types_[first:])
    converted = (*atoms[:first], *(cast(ctx, a, common) for a in atoms[first:]))
    type_ = _result_type(record, common, all(t.weak for t in types_))
    if record.result is Result.REAL:
        type_ = Scalar(real_dtype(common.dtype), common.weak)
    return apply(ctx, record, converted, numbers.given(type_))


def _result_type(op: Op, common: Scalar, weak: bool) -> Scalar:
    if op.result is Result.BOOL:
        return Scalar(np.dtype(np.bool_), weak)
    if op.result is Result.INT:
        return Scalar(np.dtype(np.int64), weak)
    return common
