"""Assignment targets: names, tuples of targets, elements and regions of arrays.

In: a target node and the value to bind. Out: the environment changed, or stores emitted.
"""

from __future__ import annotations

import ast

import srcgrad.frontend.attributes as attributes
from srcgrad.frontend.arrays import SliceItem, dim
from srcgrad.frontend.context import Arguments, Context
from srcgrad.frontend.elementwise import force
from srcgrad.frontend.iterables import iteration
from srcgrad.frontend.places import place, write_region
from srcgrad.frontend.scalars import compare, minus, plus, raise_if
from srcgrad.frontend.subscripts import copy_of, read_array
from srcgrad.frontend.values import (
    Arr,
    Generator,
    Num,
    NumberList,
    Record,
    Static,
    Value,
    describe,
    integer,
    tuple_of,
    whole,
)
from srcgrad.ir.nodes import Alloc, Const, Copy, Dim, Let, Load, Sym

_UNNAMED = frozenset({"t", "test", "n", "i", "a", "array"})
_NAMED_RESULTS = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Subscript)


def bind(ctx: Context, target: ast.expr, value: Value) -> None:
    """`target = value`."""
    if isinstance(value, Generator):
        value = kept(ctx, value)
    match target:
        case ast.Name(id=name):
            ctx.env[name] = force(ctx, value, name)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            _unpack(ctx, parts, force(ctx, value))
        case ast.Subscript():
            with ctx.at(target):
                place(ctx, target).write(value)
        case ast.Attribute():
            write_region(ctx, part_to_write(ctx, target), value)
        case _:
            ctx.refuse(
                "srcgrad does not assign to this",
                label="target",
                why="targets are names, tuples of targets and elements of arrays",
                advice="assign to a name or to an element of an array",
                node=target,
            )


def part_to_write(ctx: Context, target: ast.Attribute) -> Arr:
    """`z.real` or `z.imag` of an array, as the target of an assignment."""
    owner = ctx.expr(target.value)
    region = attributes.get(ctx, owner, target.attr) if isinstance(owner, Arr) else None
    if not isinstance(region, Arr):
        ctx.refuse(
            f"the attribute {target.attr!r} of this is not assigned",
            label=describe(owner),
            why="only the parts of complex arrays can be changed in place",
            advice="make a new number: complex(x, y)",
            node=target,
        )
    return region


def kept(ctx: Context, value: Generator) -> Value:
    """A list comprehension of run-time length as something a variable can hold."""
    if isinstance(value.source, ast.ListComp):
        return ctx.call(Static(list), Arguments((value,)))
    ctx.refuse(
        "a generator cannot be kept in a variable",
        label=describe(value),
        why="it would run later, when the variables it reads may have changed",
        advice="write a list comprehension",
    )


def _unpack(ctx: Context, targets: list[ast.expr], value: Value) -> None:
    starred = [k for k, t in enumerate(targets) if isinstance(t, ast.Starred)]
    if starred and isinstance(value, Arr | NumberList):
        _unpack_array(ctx, targets, value, starred[0])
        return
    parts = items_of(ctx, value, len(targets))
    if starred:
        at, after = starred[0], len(targets) - starred[0] - 1
        if len(parts) >= at + after:
            rest = tuple_of(parts[at : len(parts) - after], list)
            inner = targets[at]
            assert isinstance(inner, ast.Starred)
            targets = [*targets[:at], inner.value, *targets[at + 1 :]]
            parts = (*parts[:at], rest, *parts[len(parts) - after :])
    if len(parts) != len(targets):
        ctx.refuse(
            "the number of targets does not match the value",
            label=f"{len(targets)} targets for {len(parts)} values",
            why="the structure of tuples is fixed when the function is compiled",
            advice="use as many names as there are values, or one starred name",
        )
    for target, part in zip(targets, parts):
        bind(ctx, target, part)


def _unpack_array(ctx: Context, targets: list[ast.expr], value: Arr | NumberList, at: int) -> None:
    """`first, *rest = a` for an array: the starred name gets a list of numbers."""
    array = value.array if isinstance(value, NumberList) else value
    after = len(targets) - at - 1
    if array.ndim != 1:
        ctx.refuse(
            "an array of rows is not unpacked into a starred name",
            label=describe(value),
            why="how many rows it would list is not known when the function is compiled",
            advice="take the rows by slices: rest = a[1:]",
        )
    length = dim(ctx, array, 0)
    few = compare(ctx, ast.Lt(), length, integer(len(targets) - 1))
    raise_if(ctx, few, ValueError, f"not enough values to unpack (expected at least {len(targets) - 1})")
    run = iteration(ctx, array)
    end = minus(ctx, length, integer(after))
    rest = read_array(ctx, array, (SliceItem(integer(at), end, None),))
    for k, target in enumerate(targets[:at]):
        bind(ctx, target, run.at(integer(k)))
    inner = targets[at]
    assert isinstance(inner, ast.Starred)
    bind(ctx, inner.value, NumberList(copy_of(ctx, rest)))
    for k, target in enumerate(targets[at + 1 :]):
        bind(ctx, target, run.at(plus(ctx, end, integer(k))))


def items_of(ctx: Context, value: Value, count: int) -> tuple[Value, ...]:
    """The items of a value that is unpacked into `count` targets."""
    if isinstance(value, Record) and value.container is not dict:
        return value.items
    run = iteration(ctx, value)
    if run.items is not None:
        return run.items
    if isinstance(run.length, Const) and run.length.value != count:
        ctx.refuse(
            "the number of targets does not match the value",
            label=describe(value),
            why="the lengths of tuples are fixed when the function is compiled",
            advice="use as many names as there are values, or one starred name",
        )
    return tuple(run.at(integer(k)) for k in range(count))


def named(ctx: Context, value: Value, node: ast.expr, name: str) -> Value:
    """The value of `name = node`, its symbol called after the variable if it was just computed."""
    last = ctx.builder.last()
    match value, last:
        case _ if not isinstance(node, _NAMED_RESULTS):
            pass
        case Num(Sym() as own), Let(result=result) | Load(result=result) | Dim(result=result) if result is own:
            _call(own, name)
        case Arr(base=own), Alloc(result=result) | Copy(result=result) if result is own and value == whole(own):
            _call(own, name)
    return value


def _call(symbol: Sym, name: str) -> None:
    """Give a symbol the user's name, where it has none. It stays the same symbol: a new one in its place would have to
    replace it in all that is known by now (that it is a length, or fresh memory)."""
    if symbol.hint in _UNNAMED:
        object.__setattr__(symbol, "hint", name)
