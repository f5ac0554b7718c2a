"""Comparisons: `<`, `==`, `is`, `in`, and chains of them.

In: `Compare` nodes. Out: truth values, or arrays of them. What is known at compile time is decided here.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from srcgrad.frontend.context import Context, expression
from srcgrad.frontend.elementwise import elementwise, force
from srcgrad.frontend.iterables import iteration
from srcgrad.frontend.lower_expr import condition, decide
from srcgrad.frontend.scalars import BINARY, apply, compare, not_, scalar, select, settle
from srcgrad.frontend.special_methods import either, native, special
from srcgrad.frontend.statics import is_dynamic, static_object
from srcgrad.frontend.values import (
    Arr,
    ArrayExpr,
    Choice,
    Num,
    NumberList,
    Range,
    Record,
    Static,
    Value,
    describe,
    integer,
    truth,
    tuple_of,
)  # fmt: skip
from srcgrad.ir.nodes import Atom, Const

_COMPARISON: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("__lt__", "__gt__"), ast.Gt: ("__gt__", "__lt__"), ast.LtE: ("__le__", "__ge__"),
    ast.GtE: ("__ge__", "__le__"), ast.Eq: ("__eq__", "__eq__"), ast.NotEq: ("__ne__", "__ne__"),
}  # fmt: skip


@expression(ast.Compare)
def comparison(ctx: Context, node: ast.Compare) -> Value:
    left = ctx.expr(node.left)
    if isinstance(left, ArrayExpr):
        left = force(ctx, left)  # the right side may write what it reads
    return _chain(ctx, left, list(zip(node.ops, node.comparators)))


def _chain(ctx: Context, left: Value, rest: list[tuple[ast.cmpop, ast.expr]]) -> Value:
    (op, node), *more = rest
    right = _members(ctx, node) if isinstance(node, ast.Set) else ctx.expr(node)
    first = compare_values(ctx, op, left, right)
    if not more:
        return first
    test = condition(ctx, first)
    if isinstance(test, Const):
        return _chain(ctx, right, more) if test.value else first
    return decide(ctx, True, test, lambda: _chain(ctx, right, more))


def _members(ctx: Context, node: ast.Set) -> Value:
    """A set that something is looked up in: its order does not matter."""
    return tuple_of(tuple(force(ctx, ctx.expr(item)) for item in node.elts))


def compare_values(ctx: Context, op: ast.cmpop, left: Value, right: Value) -> Value:
    """One comparison; decided at compile time where an operand is not a run-time value."""
    if isinstance(op, ast.Is | ast.IsNot):
        same = _identical(ctx, left, right)
        return Num(same if isinstance(op, ast.Is) else not_(ctx, same))
    if isinstance(op, ast.In | ast.NotIn):
        found = _contains(ctx, left, right)
        return Num(found if isinstance(op, ast.In) else not_(ctx, found))
    left, right = settle(ctx, left), settle(ctx, right)
    if isinstance(left, Num) and isinstance(right, Num):
        return Num(compare(ctx, op, left.atom, right.atom))
    if (own := either(ctx, *_COMPARISON[type(op)], left, right)) is not None:
        return own
    if isinstance(op, ast.NotEq) and (own := either(ctx, "__eq__", "__eq__", left, right)) is not None:
        return Num(not_(ctx, condition(ctx, own)))
    if isinstance(left, Arr | ArrayExpr) or isinstance(right, Arr | ArrayExpr):
        return elementwise(ctx, lambda a, b: compare(ctx, op, a, b), left, right)
    if isinstance(op, ast.Eq | ast.NotEq):
        equal = _equal(ctx, left, right)
        return Num(equal if isinstance(op, ast.Eq) else not_(ctx, equal))
    first, second = static_object(left), static_object(right)
    if isinstance(first, str | tuple) and type(first) is type(second):
        return Num(truth(_ORDER[type(op)](first, second)))
    ctx.refuse(
        "this comparison is not compiled",
        label=f"{describe(left)} and {describe(right)}",
        why="only numbers, arrays and compile-time constants are compared",
        advice="compare the numbers inside, one by one",
    )


_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _identical(ctx: Context, left: Value, right: Value) -> Atom:
    """`left is right`."""
    for a, b in ((left, right), (right, left)):
        if isinstance(a, Choice):
            first, second = _identical(ctx, a.first, b), _identical(ctx, a.second, b)
            return first if first == second else select(ctx, a.is_first, first, second, "same")
    match left, right:
        case Num(), Num():
            return _identical_numbers(ctx, left, right)
        case Arr(), Arr():
            return _identical_arrays(ctx, left, right)
        case Record(), Record() if left.tokens or right.tokens:
            if left.tokens != right.tokens and left.tokens & right.tokens:
                _refuse_identity(ctx, "two lists")
            return truth(left.tokens == right.tokens)
        case Static(), Static():
            return truth(left == right or left.value is right.value)
    return truth(left == right)


def _identical_numbers(ctx: Context, left: Num, right: Num) -> Atom:
    """Truth values are single objects in Python, and others in NumPy; which object another number is, is not known."""
    if left.type.is_bool and right.type.is_bool:
        return compare(ctx, ast.Eq(), left.atom, right.atom) if left.type.weak == right.type.weak else truth(False)
    if left.type.is_bool or right.type.is_bool or left.type.dtype.kind != right.type.dtype.kind:
        return truth(False)
    _refuse_identity(ctx, "two numbers", "compare the numbers with ==")


def _identical_arrays(ctx: Context, left: Arr, right: Arr) -> Atom:
    if left == right or left.entries != right.entries or left.permutation != right.permutation:
        return truth(left == right)
    known = ctx.fresh | ctx.parameters
    if left.base not in known or right.base not in known:
        _refuse_identity(ctx, "two names of arrays")
    return truth(False)


def _refuse_identity(ctx: Context, what: str, advice: str = "keep a flag that says which of them it is") -> NoReturn:
    ctx.refuse(
        f"whether {what} stand for one object is not known when the function is compiled",
        label="`is` compares identities",
        why="compiled code has values, no objects",
        advice=advice,
    )


def _equal(ctx: Context, left: Value, right: Value) -> Atom:
    if isinstance(left, Record) and isinstance(right, Record):
        if len(left.items) != len(right.items):
            return truth(False)
        result: Atom = truth(True)
        for x, y in zip(left.items, right.items):
            result = _both(ctx, result, condition(ctx, compare_values(ctx, ast.Eq(), x, y)))
        return result
    if isinstance(left, NumberList) or isinstance(right, NumberList):
        return _equal_lists(ctx, left, right)
    a, b = static_object(left), static_object(right)
    if is_dynamic(a) or is_dynamic(b):
        return truth(left == right)
    for value, other in ((left, b), (right, a)):
        if isinstance(value, Static) and type(value.value).__eq__ is not object.__eq__:
            native(ctx, value, partial(_equals, other))
    return truth(bool(a == b))


def _equal_lists(ctx: Context, left: Value, right: Value) -> Atom:
    """A list of run-time length compared with an empty one, or with what is no list."""
    grown, other = (left, right) if isinstance(left, NumberList) else (right, left)
    if isinstance(other, Record) and other.container is list and not other.items:
        return not_(ctx, condition(ctx, grown))
    if not isinstance(other, NumberList) and not (isinstance(other, Record) and other.container is list):
        return truth(False)
    ctx.refuse(
        "lists of run-time length are not compared",
        label=f"{describe(left)} and {describe(right)}",
        why="how many elements there are to compare is not known when the function is compiled",
        advice="compare their lengths and elements in a loop",
    )


def _equals(other: Any, obj: Any) -> bool:
    return bool(obj == other)


def _both(ctx: Context, a: Atom, b: Atom) -> Atom:
    if isinstance(a, Const):
        return b if a.value else a
    if isinstance(b, Const):
        return a if b.value else b
    return apply(ctx, "and_", (a, b), scalar(b), "test")


def _contains(ctx: Context, item: Value, container: Value) -> Atom:
    if (found := special(ctx, "__contains__", container, item)) is not None:
        return condition(ctx, found)
    if isinstance(container, Range) and isinstance(item, Num) and not item.type.is_float:
        return _in_range(ctx, item.atom, container)
    is_collection = isinstance(container, Static) and isinstance(container.value, tuple | list | set | frozenset)
    if is_collection and is_dynamic(static_object(item)):
        container = tuple_of(iteration(ctx, container).items or ())
    if isinstance(container, Record) and container.container is dict:
        return truth(static_object(item) in container.keys)
    if isinstance(container, Record):
        result: Atom = truth(False)
        for other in container.items:
            same = condition(ctx, compare_values(ctx, ast.Eq(), item, other))
            if isinstance(result, Const):
                result = result if result.value else same
            elif not isinstance(same, Const) or same.value:
                result = same if isinstance(same, Const) else apply(ctx, "or_", (result, same), scalar(same), "test")
        return result
    a, b = static_object(item), static_object(container)
    if is_dynamic(a) or is_dynamic(b):
        ctx.refuse(
            "`in` needs a container known at compile time",
            label=describe(container),
            why="membership is decided when the function is compiled",
            advice="loop over the elements and compare each: any(x == v for v in values)",
        )
    if isinstance(container, Static):
        return truth(bool(native(ctx, container, partial(_holds, a))))
    return truth(a in b)


def _holds(item: Any, container: Any) -> bool:
    return item in container


def _in_range(ctx: Context, a: Atom, over: Range) -> Atom:
    """`a in range(...)` for a step known at compile time."""
    if not isinstance(over.step, Const):
        ctx.refuse("`in` needs a range with a constant step", why="its sign decides the order of the bounds")
    step = int(over.step.value)
    low, high = (ast.GtE(), ast.Lt()) if step > 0 else (ast.LtE(), ast.Gt())
    within = _both(ctx, compare(ctx, low, a, over.start), compare(ctx, high, a, over.stop))
    offset = BINARY[ast.Mod](ctx, BINARY[ast.Sub](ctx, a, over.start), integer(abs(step)))
    return _both(ctx, within, compare(ctx, ast.Eq(), offset, integer(0)))
