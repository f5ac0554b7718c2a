"""Expressions: names, literals, operators, comparisons, conditionals, displays, attributes.

In: expression nodes of the function that is being lowered. Out: values; the statements that compute them go to the
builder. What is known at compile time is decided here and leaves nothing in the IR.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from typing import NoReturn

import numpy as np

from srcgrad.frontend.arrays import dim
from srcgrad.frontend.branch import Lowered, branch, join
from srcgrad.frontend.context import Arguments, Context, expression
from srcgrad.frontend.desugar import Computed, FlagsClear
from srcgrad.frontend.elementwise import elementwise, force, into_memory
from srcgrad.frontend.iterables import trips
from srcgrad.frontend.scalars import (
    BINARY,
    apply,
    at_least,
    cast,
    compare,
    invert,
    negate,
    not_,
    scalar,
    settle,
    truth_of,
)  # fmt: skip
from srcgrad.frontend.special_methods import either, native, special
from srcgrad.frontend.text import percent, text_of, text_parts
from srcgrad.frontend.values import (
    BOTTOM,
    NONE,
    Arr,
    ArrayExpr,
    Choice,
    Num,
    NumberList,
    Range,
    Record,
    Static,
    Text,
    Value,
    describe,
    integer,
    truth,
    tuple_of,
)  # fmt: skip
from srcgrad.ir.nodes import Atom, Const, Let
from srcgrad.ir.types import PY_INT
from srcgrad.ops.registry import Result

# -- operators ----------------------------------------------------------------------------------------------------


@expression(ast.BinOp)
def binary(ctx: Context, node: ast.BinOp) -> Value:
    left = ctx.expr(node.left)
    if isinstance(left, ArrayExpr):
        before = ctx.clock
        with ctx.block() as later:
            right = ctx.expr(node.right)
        if ctx.changed_since(before):
            left = force(ctx, left)
        ctx.builder.extend(later)
    else:
        right = ctx.expr(node.right)
    return operate(ctx, node.op, left, right)


def operate(ctx: Context, op: ast.operator, left: Value, right: Value, hint: str = "t") -> Value:
    """`left op right` for any two values."""
    left, right = settle(ctx, left), settle(ctx, right)
    name = _BINARY[type(op)]
    if (found := either(ctx, f"__{name}__", f"__r{name}__", left, right)) is not None:
        return found
    if isinstance(op, ast.MatMult):
        return ctx.call(Static(np.matmul), Arguments((left, right)))
    if isinstance(left, Num) and isinstance(right, Num):
        return Num(BINARY[type(op)](ctx, left.atom, right.atom, hint))
    if isinstance(left, Arr | ArrayExpr) or isinstance(right, Arr | ArrayExpr):
        return elementwise(ctx, lambda a, b: BINARY[type(op)](ctx, a, b, "t"), left, right)
    match op, left, right:
        case ast.Add(), Record(container=a), Record(container=b) if a in (tuple, list) and b is a:
            return tuple_of(left.items + right.items, a)
        case ast.Mult(), Record(container=c), Num(Const(int() as n)) if c in (tuple, list):
            return tuple_of(left.items * n, c)
        case ast.Mult(), Num(Const(int() as n)), Record(container=c) if c in (tuple, list):
            return tuple_of(right.items * n, c)
        case ast.Mult(), Record(container=c, items=(Num(atom),)), Num(count) if c is list:
            return _repeated(ctx, atom, count)
        case ast.Add(), Static(str()) | Text(), Static(str()) | Text():
            return text_of(text_parts(left) + text_parts(right))
        case ast.Mult(), Static(str() as text), Num(Const(int() as n)):
            return Static(text * n)
        case ast.Mod(), Static(str() as text), _:
            return percent(ctx, text, right)
        case ast.BitOr(), Static(type() | types.UnionType() as a), Static(type() | types.UnionType() as b):
            return Static(a | b)
    _refuse_operator(ctx, left if not isinstance(left, Num) else right, f"{describe(left)} and {describe(right)}")


def _refuse_operator(ctx: Context, culprit: Value, label: str) -> NoReturn:
    ctx.refuse(
        f"this operator is not compiled for {describe(culprit)}",
        label=label,
        why="operators are compiled for numbers and arrays",
        advice=_operator_advice(culprit),
    )


def _operator_advice(culprit: Value) -> str:
    """The way out for an operand that is not a number."""
    if culprit == NONE:
        return "test `if x is None` first, or use 0.0 where there is no value"
    if isinstance(culprit, Static) and isinstance(culprit.value, str):
        return "pass a number, or choose among numbers by comparing the text: if s == 'a'"
    if isinstance(culprit, Record | NumberList):
        return "make it an array: np.array(...)"
    return "compute with the numbers inside it, one by one"


def _repeated(ctx: Context, item: Atom, count: Atom) -> Value:
    """`[item] * count`, a list of run-time length."""
    length = at_least(ctx, cast(ctx, count, PY_INT), 0)
    expr = ArrayExpr(scalar(item).dtype, (length,), lambda index: item)
    return NumberList(into_memory(ctx, expr, "items"))


@expression(ast.UnaryOp)
def unary(ctx: Context, node: ast.UnaryOp) -> Value:
    value = ctx.expr(node.operand)
    if not isinstance(node.op, ast.Not):
        value = settle(ctx, value)
    if isinstance(node.op, ast.Not):
        return Num(not_(ctx, condition(ctx, value)))
    operators: dict[type[ast.unaryop], Callable[[Atom], Atom]] = {
        ast.USub: lambda a: negate(ctx, a),
        ast.UAdd: lambda a: a,
        ast.Invert: lambda a: invert(ctx, a),
    }
    if isinstance(value, Num):
        return Num(operators[type(node.op)](value.atom))
    if not isinstance(node.op, ast.Not) and (found := special(ctx, _UNARY[type(node.op)], value)) is not None:
        return found
    if isinstance(value, Record):
        _refuse_operator(ctx, value, describe(value))
    return elementwise(ctx, operators[type(node.op)], value)


_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.MatMult: "matmul", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.LShift: "lshift", ast.RShift: "rshift",
}  # fmt: skip


def condition(ctx: Context, value: Value) -> Atom:
    """The truth of a value."""
    match value:
        case Num(atom):
            return truth_of(ctx, atom)
        case Record(items=items):
            found = special(ctx, "__bool__", value) or special(ctx, "__len__", value)
            return truth(bool(items)) if found is None else condition(ctx, found)
        case Choice(first, second, is_first):
            chosen = branch(
                ctx, is_first, lambda: Num(condition(ctx, first)), lambda: Num(condition(ctx, second)), None, "test"
            )
            return chosen.atom if isinstance(chosen, Num) else truth(True)
        case Static(obj):
            has_truth = hasattr(type(obj), "__bool__") or hasattr(type(obj), "__len__")
            return truth(bool(native(ctx, value, bool)) if has_truth else True)
        case NumberList(array):
            return compare(ctx, ast.NotEq(), dim(ctx, array, 0), integer(0))
        case Range():
            return compare(ctx, ast.NotEq(), trips(ctx, value), integer(0))
        case Arr() | ArrayExpr():
            ctx.refuse(
                "the truth of an array is ambiguous",
                label=describe(value),
                why="a condition is one truth value",
                advice="test an element, or use a.any() or a.all()",
            )
        case _:
            return truth(True)


@expression(ast.BoolOp)
def bool_op(ctx: Context, node: ast.BoolOp) -> Value:
    return _short_circuit(ctx, isinstance(node.op, ast.And), node.values)


def _short_circuit(ctx: Context, is_and: bool, operands: list[ast.expr]) -> Value:
    """`a and b and ...`: the value of the operand that decides."""
    first = ctx.expr(operands[0])
    if len(operands) == 1:
        return first
    test = condition(ctx, first)
    if isinstance(test, Const):
        return _short_circuit(ctx, is_and, operands[1:]) if bool(test.value) is is_and else first

    def rest() -> Value:
        narrow(ctx, operands[0], is_and)
        return _short_circuit(ctx, is_and, operands[1:])

    if isinstance(first, Num) and scalar(first.atom).is_bool:
        return decide(ctx, is_and, test, rest)
    return branch(ctx, test, rest if is_and else lambda: first, (lambda: first) if is_and else rest, None, "test")


def decide(ctx: Context, is_and: bool, test: Atom, rest: Callable[[], Value]) -> Value:
    """`test and rest()` for a truth value: computed without a branch when the right side is harmless."""
    side = Lowered(ctx, rest)
    harmless = all(isinstance(s, Let) and s.op.result is not Result.FLOAT for s in side.statements)
    value = side.value
    if harmless and isinstance(value, Num) and scalar(value.atom).is_bool and side.env == ctx.env:
        ctx.builder.extend(side.statements)
        if isinstance(value.atom, Const):
            return Num(test) if bool(value.atom.value) is is_and else value
        return Num(apply(ctx, "and_" if is_and else "or_", (test, value.atom), scalar(value.atom), "test"))
    short = Lowered(ctx, lambda: Num(truth(not is_and)))
    return join(ctx, test, (side, short) if is_and else (short, side), None, "test")


@expression(Computed)
def computed(ctx: Context, node: Computed) -> Value:
    return node.compute()


@expression(FlagsClear)
def flags_clear(ctx: Context, node: FlagsClear) -> Value:
    return Num(clear(ctx, node.flags))


def clear(ctx: Context, flags: tuple[str, ...]) -> Atom:
    """Is none of the flags set?"""
    result: Atom = truth(True)
    for flag in flags:
        value = ctx.env.get(flag, BOTTOM)
        atom = not_(ctx, value.atom) if isinstance(value, Num) else truth(True)
        if isinstance(result, Const):
            result = atom if result.value else result
        elif isinstance(atom, Const):
            result = result if atom.value else atom
        else:
            result = apply(ctx, "and_", (result, atom), scalar(atom), "test")
    return result


@expression(ast.IfExp)
def ternary(ctx: Context, node: ast.IfExp) -> Value:
    test = condition(ctx, ctx.expr(node.test))

    def side(holds: bool, chosen: ast.expr) -> Value:
        narrow(ctx, node.test, holds)
        return force(ctx, ctx.expr(chosen))

    return branch(ctx, test, lambda: side(True, node.body), lambda: side(False, node.orelse), None)


def narrow(ctx: Context, test: ast.expr, holds: bool) -> None:
    """On a side of `if x is None`, `x` is known to be None, or known not to be."""
    match test:
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[ast.Constant(value=None)]):
            value = ctx.env.get(name)
            if isinstance(value, Choice) and value.first == NONE and isinstance(op, ast.Is | ast.IsNot):
                ctx.env[name] = NONE if isinstance(op, ast.Is) is holds else value.second
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            narrow(ctx, operand, not holds)
        case ast.BoolOp(op=op, values=parts) if isinstance(op, ast.And) is holds:
            for part in parts:
                narrow(ctx, part, holds)
        case ast.Name(id=name):
            value = ctx.env.get(name)
            if isinstance(value, Choice) and value.first == NONE and holds:
                ctx.env[name] = value.second
