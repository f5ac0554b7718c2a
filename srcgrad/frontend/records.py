"""Lists and dicts that a function changes: `w[0] = x`, `w.append(x)`, `d["k"] = x`.

In: the variable that holds the list, and the change. Out: the variable bound to a list with other items. Python's
lists are shared by reference; this is right only while no other variable can see the list, which is checked.
"""

from __future__ import annotations

import ast
import operator

from srcgrad.frontend.arrays import wrap
from srcgrad.frontend.branch import branch
from srcgrad.frontend.context import Arguments, Context, method
from srcgrad.frontend.elementwise import force
from srcgrad.frontend.liveness import LIST_METHODS
from srcgrad.frontend.scalars import compare, scalar, select
from srcgrad.frontend.values import (
    NONE,
    GrowingList,
    Num,
    NumberList,
    Record,
    Static,
    Value,
    describe,
    integer,
    new_token,
    number,
    tuple_of,
)  # fmt: skip
from srcgrad.ir.nodes import Atom, Const

_LONGEST = 64  # numbers in nested lists: each is chosen anew by an assignment at a run-time index


def check_sole_owner(ctx: Context, name: str, record: Record) -> None:
    """Only a list that is reached through one variable can be changed: others would not see the change."""
    if record.container not in (list, dict):
        ctx.refuse(
            f"{describe(record)} cannot be changed",
            label="written here",
            why="only arrays, lists and dicts are changed in place",
            advice="build a new one, or use an array",
        )
    owners = [(s, other) for s in ctx.scopes for other, value in s.env.items() if tokens_in(value) & record.tokens]
    if not record.tokens or owners != [(ctx.scope, name)]:
        ctx.refuse(
            f"this {record.container.__name__} cannot be changed here",
            label="changed here",
            why="it is known under several names, or comes from outside the function",
            advice=f"work on a copy: {record.container.__name__}(...), or use an array",
        )


def tokens_in(value: Value) -> frozenset[int]:
    """The lists and dicts that a value holds."""
    if isinstance(value, NumberList | GrowingList):
        return value.tokens
    if not isinstance(value, Record):
        return frozenset()
    return value.tokens.union(*map(tokens_in, value.items))


def with_item(ctx: Context, record: Record, key: Value, value: Value) -> Record:
    """The record with one item replaced."""
    keys, items = list(record.keys), list(record.items)
    match key:
        case Num(Const(int() as k)) if record.container is list:
            if not -len(items) <= k < len(items):
                ctx.refuse(
                    "list assignment index out of range",
                    label=f"{len(items)} items",
                    why="the list is shorter",
                    advice="make the list long enough first, or use append",
                )
            items[k] = _in_place_of(ctx, items, k, value)
        case Static(str() as k) | Num(Const(int() as k)) if record.container is dict:
            if k in keys:
                items[keys.index(k)] = _in_place_of(ctx, items, keys.index(k), value)
            else:
                keys.append(k)
                items.append(value)
        case Num(atom) if record.container is list and scalar(atom).is_int:
            items = _with_dynamic_item(ctx, record, atom, value)
        case _:
            ctx.refuse(
                "this item cannot be assigned",
                label=f"{describe(record)} by {describe(key)}",
                why="the keys of lists and dicts are fixed when the function is compiled",
                advice="use literal keys, or an array indexed by integers: out = np.empty(n); out[i] = ...",
            )
    return Record(record.container, tuple(keys), tuple(items), record.tokens)


def _with_dynamic_item(ctx: Context, record: Record, index: Atom, value: Value) -> list[Value]:
    """The items of a list after `record[index] = value`, each the old or the new one."""
    size = len(record.items) * (len(value.items) if isinstance(value, Record) else 1)
    if size > _LONGEST or not isinstance(value, Num | Record) or not all(type(i) is type(value) for i in record.items):
        ctx.refuse(
            "an item of this list needs a constant index",
            label=describe(record),
            why="which item is meant must be known when the function is compiled",
            advice="use an array with one more dimension, or a literal index",
        )
    position = wrap(ctx, index, integer(len(record.items)))
    items: list[Value] = []
    for k, old in enumerate(record.items):
        chosen = compare(ctx, ast.Eq(), position, integer(k))
        if isinstance(value, Num) and isinstance(old, Num):
            items.append(Num(select(ctx, chosen, value.atom, old.atom)))
            continue
        new = _in_place_of(ctx, list(record.items), k, value)
        merged = branch(ctx, chosen, lambda new=new: new, lambda old=old: old, None, "item")  # type: ignore[misc]
        items.append(_same_object(old, merged))
    return items


def _in_place_of(ctx: Context, items: list[Value], k: int, value: Value) -> Value:
    """What stands at position k after it was assigned: an inner list that was changed is the same list as before,
    which must not be known elsewhere."""
    old = items[k]
    if not isinstance(value, Record) or not isinstance(old, Record) or not value.tokens & old.tokens:
        return value
    others = frozenset().union(*(tokens_in(item) for j, item in enumerate(items) if j != k))
    if old.tokens & others:
        ctx.refuse(
            "a list that stands at two places of another one is changed",
            label="changed here",
            why="both places show the change, and compiled code keeps them apart",
            advice="make the rows one by one: [[0.0] * n for _ in range(m)], or use an array",
        )
    return _same_object(old, value)


def _same_object(old: Value, new: Value) -> Value:
    if isinstance(old, Record) and isinstance(new, Record):
        return Record(new.container, new.keys, new.items, old.tokens)
    return new


@method((Record,), *LIST_METHODS)
def list_method(ctx: Context, receiver: Record, arguments: Arguments) -> Value:
    ctx.refuse(
        "this list is not a variable",
        why="only a list in a local variable can be changed",
        advice="give the list a name first",
    )


def change_list(ctx: Context, name: str, record: Record, change: str, arguments: Arguments) -> Value:
    """`name.append(x)` and its kind: the variable gets a changed list."""
    check_sole_owner(ctx, name, record)
    given = [force(ctx, value) for value in arguments.positional]
    items = list(record.items)
    result: Value = NONE
    match change, given:
        case "append", [value]:
            items.append(value)
        case "extend", [Record(items=added)]:
            items.extend(added)
        case "reverse", []:
            items.reverse()
        case "pop", [] if items:
            result = items.pop()
        case "pop", [Num(Const(int() as position))] if -len(items) <= position < len(items):
            result = items.pop(position)
        case "insert", [Num(Const(int() as position)), value]:
            items.insert(position, value)
        case _:
            ctx.refuse(
                f"{change} of a list is not compiled with these arguments",
                label=", ".join(map(describe, given)),
                why="the structure of a list must be known when the function is compiled",
                advice="fill an array: out = np.empty(n); out[i] = ...",
            )
    ctx.env[name] = Record(list, tuple(range(len(items))), tuple(items), record.tokens)
    return result


# -- methods that change nothing ----------------------------------------------------------------------------------


@method((Record,), "_replace")
def replace_fields(ctx: Context, receiver: Record, arguments: Arguments) -> Value:
    """`point._replace(x=1.0)` of a namedtuple."""
    unknown = set(arguments.keywords) - set(receiver.keys)
    if unknown or arguments.positional:
        ctx.refuse(
            "_replace takes fields of the namedtuple",
            label=", ".join(sorted(unknown)),
            why="the fields of a namedtuple are fixed",
            advice="name the fields that the namedtuple has",
        )
    pairs = zip(receiver.keys, receiver.items)
    return Record(receiver.container, receiver.keys, tuple(arguments.keywords.get(k, v) for k, v in pairs))


def _key(key: object) -> Value:
    return number(key) if isinstance(key, int) else Static(key)


@method((Record,), "keys")
def keys(ctx: Context, receiver: Record, arguments: Arguments) -> Value:
    return tuple_of([_key(k) for k in receiver.keys])


@method((Record,), "values")
def values(ctx: Context, receiver: Record, arguments: Arguments) -> Value:
    return tuple_of(receiver.items)


@method((Record,), "items")
def items(ctx: Context, receiver: Record, arguments: Arguments) -> Value:
    return tuple_of([tuple_of([_key(k), v]) for k, v in zip(receiver.keys, receiver.items)])


@method((Record,), "get")
def get(ctx: Context, receiver: Record, arguments: Arguments) -> Value:
    key, *default = arguments.positional
    match key:
        case Static(str() as name) | Num(Const(int() as name)):
            found = receiver.get(name)
            return found if found is not None else (default[0] if default else NONE)
    ctx.refuse(
        "the key must be a constant",
        label=describe(key),
        why="the structure of a dict is fixed",
        advice="write the key as a literal, or use an array indexed by integers",
    )


@method((Record,), "count")
def count(ctx: Context, receiver: Record, arguments: Arguments) -> Value:
    (wanted,) = arguments.positional
    total: Value = number(0)
    for item in receiver.items:
        equal = ctx.call(Static(operator.eq), Arguments((item, wanted)))
        total = ctx.call(Static(operator.add), Arguments((total, ctx.call(Static(int), Arguments((equal,))))))
    return total


@method((Record,), "copy")
def copied(ctx: Context, receiver: Record, arguments: Arguments) -> Value:
    return Record(receiver.container, receiver.keys, receiver.items, new_token(receiver.container))
