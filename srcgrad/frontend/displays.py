"""Displays and calls as written: tuples, lists, dicts, f-strings, and the arguments of a call.

In: `Tuple`, `List`, `Dict`, `JoinedStr`, `Call` nodes. Out: records, texts, and the values of calls.
"""

from __future__ import annotations

import ast

from srcgrad.frontend.context import Arguments, Context, expression
from srcgrad.frontend.elementwise import force
from srcgrad.frontend.growing import change_growing
from srcgrad.frontend.iterables import iteration
from srcgrad.frontend.liveness import LIST_METHODS
from srcgrad.frontend.records import change_list
from srcgrad.frontend.statics import is_dynamic, static_object
from srcgrad.frontend.values import ArrayExpr, GrowingList, Record, Static, Value, describe, new_token, tuple_of


@expression(ast.Tuple)
def tuple_display(ctx: Context, node: ast.Tuple) -> Value:
    return tuple_of(_items(ctx, node.elts))


@expression(ast.List)
def list_display(ctx: Context, node: ast.List) -> Value:
    return tuple_of(_items(ctx, node.elts), list)


def _items(ctx: Context, nodes: list[ast.expr]) -> list[Value]:
    items: list[Value] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            items.extend(_spread(ctx, node.value))
        else:
            items.append(force(ctx, ctx.expr(node)))
    return items


def _spread(ctx: Context, node: ast.expr) -> tuple[Value, ...]:
    value = ctx.expr(node)
    run = iteration(ctx, value)
    if run.items is None:
        ctx.refuse(
            "only a tuple of known length can be spread with *",
            label=describe(value),
            why="the number of arguments is fixed when the function is compiled",
            advice="write the arguments out, or pass the array itself",
            node=node,
        )
    return run.items


@expression(ast.Dict)
def dict_display(ctx: Context, node: ast.Dict) -> Value:
    items: dict[object, Value] = {}
    for key, part in zip(node.keys, node.values):
        value = force(ctx, ctx.expr(part))
        if key is None:
            if not (isinstance(value, Record) and value.container is dict):
                ctx.refuse(
                    "only a dict of known structure can be spread with **",
                    label=describe(value),
                    why="the names of the items are fixed when the function is compiled",
                    advice="write the keyword arguments out",
                )
            items.update(zip(value.keys, value.items))
            continue
        name = static_object(ctx.expr(key))
        if is_dynamic(name):
            ctx.refuse(
                "the keys of a dict must be constants",
                why="its structure is fixed when compiling",
                advice="write the keys as literals, or use an array indexed by integers",
                node=key,
            )
        items[name] = value
    return Record(dict, tuple(items), tuple(items.values()), new_token(dict))


@expression(ast.Set)
def set_display(ctx: Context, node: ast.Set) -> Value:
    objects = [static_object(ctx.expr(item)) for item in node.elts]
    if any(map(is_dynamic, objects)):
        ctx.refuse(
            "a set of run-time values is not compiled",
            why="sets have no order to compute in",
            advice="use a tuple or an array",
        )
    return Static(frozenset(objects))


@expression(ast.Call)
def call(ctx: Context, node: ast.Call) -> Value:
    changed = _changed_list(ctx, node)
    if changed is not None:
        value, arguments = changed
        assert isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        name, change = node.func.value.id, node.func.attr
        if isinstance(value, GrowingList):
            return change_growing(ctx, name, value, change, arguments)
        return change_list(ctx, name, value, change, arguments)
    return ctx.call(ctx.expr(node.func), _arguments(ctx, node))


def _changed_list(ctx: Context, node: ast.Call) -> tuple[Record | GrowingList, Arguments] | None:
    """The list in a local variable that a method call changes, and the arguments."""
    match node.func:
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if attr in LIST_METHODS:
            value = ctx.env.get(name)
            if isinstance(value, GrowingList) or (isinstance(value, Record) and value.container is list):
                return value, _arguments(ctx, node)
    return None


def _arguments(ctx: Context, node: ast.Call) -> Arguments:
    positional: list[Value] = []
    before = ctx.clock
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            positional.extend(_spread(ctx, argument.value))
        else:
            positional.append(ctx.expr(argument))
    keywords: dict[str, Value] = {}
    for keyword in node.keywords:
        value = ctx.expr(keyword.value)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
        elif isinstance(value, Record) and value.container is dict:
            keywords.update(zip(map(str, value.keys), value.items))
        else:
            ctx.refuse(
                "only a dict of known structure can be spread with **",
                label=describe(value),
                why="the names of the items are fixed when the function is compiled",
                advice="write the keyword arguments out",
            )
    if ctx.changed_since(before) and any(isinstance(v, ArrayExpr) for v in (*positional, *keywords.values())):
        ctx.refuse(
            "an argument of this call writes into an array, another one is an array expression",
            why="the order in which they are computed would matter",
            advice="give the array expression a name before the call",
        )
    return Arguments(tuple(positional), keywords)
