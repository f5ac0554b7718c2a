"""Special methods of the user's records: `__getitem__`, `__len__`, `__add__` and their like.

In: a record (a dataclass, a namedtuple) and the name of a special method. Out: the value of calling it, where the class
defines it in Python; None where it does not, so that the meaning is that of the structure.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from srcgrad.frontend.context import Arguments, Context
from srcgrad.frontend.values import NONE, Record, Static, Value
from srcgrad.infer.captured import Captured, Kind

_PLAIN = (tuple, list, dict)


def special(ctx: Context, name: str, value: Value | None, *arguments: Value, **keywords: Value) -> Value | None:
    """`value.name(*arguments, **keywords)`, if `value` is a record whose class says what that means."""
    if not isinstance(value, Record) or value.container in _PLAIN:
        return None
    owner = next((c for c in value.container.__mro__ if name in vars(c) and c.__module__ != "builtins"), None)
    if owner is None:
        return None
    method = vars(owner)[name]
    if isinstance(method, types.FunctionType) and method.__code__.co_filename == "<string>":
        return None  # made by @dataclass: compares or hashes the fields
    ctx.capture(Captured(Kind.ATTRIBUTE, owner, name, method))
    if not isinstance(method, types.FunctionType):
        ctx.refuse(
            f"{value.container.__name__}.{name} is not a plain function",
            why="what the operation means is looked up in the class",
            advice="define the method with def, without a decorator",
        )
    return ctx.call(Static(method), Arguments((value, *arguments), keywords))


def either(ctx: Context, name: str, reflected: str, left: Value, right: Value) -> Value | None:
    """`left op right` by `name` of the left or `reflected` of the right operand. (`NotImplemented` is not followed.)"""
    found = special(ctx, name, left, right)
    return special(ctx, reflected, right, left) if found is None else found


def native(ctx: Context, value: Static, compute: Callable[[Any], Any]) -> Any:
    """What `compute` gives for an object known at compile time; noticed when it gives something else later."""
    result = compute(value.value)
    if value != NONE and not isinstance(value.value, str | range | type):
        ctx.capture(Captured(Kind.RESULT, value.value, compute, result))
    return result
