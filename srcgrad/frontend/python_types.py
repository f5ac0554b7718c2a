"""Builtins that ask about values, and `print`: `isinstance`, `type`, `getattr`, `hasattr`, `callable`, `str`.

In: evaluated arguments. Out: answers, known when the function is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import srcgrad.frontend.attributes as attributes
from srcgrad.frontend.context import Arguments, Context, function
from srcgrad.frontend.python_calls import unpack
from srcgrad.frontend.special_methods import native
from srcgrad.frontend.statics import is_dynamic, static_object
from srcgrad.frontend.values import (
    NONE,
    Arr,
    ArrayExpr,
    Closure,
    Num,
    Partial,
    Range,
    Record,
    Shown,
    Static,
    Text,
    Value,
    describe,
    truth,
)  # fmt: skip
from srcgrad.ir.nodes import Atom, Print


@function(isinstance)
def isinstance_(ctx: Context, arguments: Arguments) -> Value:
    value, kind = arguments.positional
    kinds = static_object(kind)
    if is_dynamic(kinds):
        ctx.refuse(
            "isinstance needs a type known at compile time",
            label=describe(kind),
            why="the question is answered when the function is compiled",
            advice="name the type, as isinstance(x, float)",
        )
    return Num(truth(_is_instance(value, kinds)))


def _is_instance(value: Value, kinds: Any) -> bool:
    if isinstance(kinds, tuple | list):
        return any(_is_instance(value, k) for k in kinds)
    return isinstance(value.value, kinds) if isinstance(value, Static) else issubclass(type_of(value), kinds)


def type_of(value: Value) -> type:
    """The Python type of a value."""
    match value:
        case Num(atom):
            kind = atom.type.dtype  # type: ignore[union-attr]
            if not atom.type.weak:  # type: ignore[union-attr]
                return kind.type
            return {"f": float, "c": complex, "i": int, "u": int, "b": bool}[kind.kind]
        case Arr() | ArrayExpr():
            return np.ndarray
        case Record(container):
            return container
        case Static(obj):
            return type(obj)
        case Range():
            return range
        case Closure() | Partial():
            return type(type_of)
        case _:
            return object


@function(type)
def type_(ctx: Context, arguments: Arguments) -> Value:
    (value,) = unpack(ctx, arguments, "type", "object")
    return Static(type_of(value or NONE))


@function(callable)
def callable_(ctx: Context, arguments: Arguments) -> Value:
    (value,) = arguments.positional
    known = isinstance(value, Closure | Partial) or (isinstance(value, Static) and callable(value.value))
    return Num(truth(known))


@function(getattr)
def getattr_(ctx: Context, arguments: Arguments) -> Value:
    receiver, name, *default = arguments.positional
    text = static_object(name)
    if not isinstance(text, str):
        ctx.refuse(
            "getattr needs a name known at compile time",
            label=describe(name),
            why="attributes are looked up when the function is compiled",
            advice="write the attribute out, or pick among them with if",
        )
    found = attributes.find(ctx, receiver, text)
    if found is not None:
        return found
    _watch_for(ctx, receiver, text)
    return default[0] if default else attributes.get(ctx, receiver, text)


@function(hasattr)
def hasattr_(ctx: Context, arguments: Arguments) -> Value:
    receiver, name = arguments.positional
    text = str(static_object(name))
    found = attributes.find(ctx, receiver, text)
    if found is None:
        _watch_for(ctx, receiver, text)
    return Num(truth(found is not None))


def _watch_for(ctx: Context, receiver: Value, name: str) -> None:
    """Notice when an object gets an attribute that it has not got now."""
    if isinstance(receiver, Static):
        native(ctx, receiver, partial(_has, name))


def _has(name: str, obj: object) -> bool:
    return hasattr(obj, name)


def _spaced(parts: tuple[str | Shown, ...]) -> Iterator[str | Atom]:
    """The parts of a text for `print`, which sets a space between two items."""
    last = len(parts) - 1
    for k, part in enumerate(parts):
        if isinstance(part, Shown):
            yield part.atom
        elif kept := part[k > 0 and part[0] == " " : len(part) - (k < last and part[-1] == " " and len(part) > 1)]:
            yield kept


@function(print)
def print_(ctx: Context, arguments: Arguments) -> Value:
    items: list[str | Atom] = []
    for value in arguments.positional:
        match value:
            case Num(atom):
                items.append(atom)
            case Text(parts):
                items.extend(_spaced(parts))
            case Arr() if value.whole:
                items.append(value.base)
            case Static(obj):
                items.append(str(obj))
            case _:
                items.append(f"<{describe(value)}>")
    ctx.builder.emit(Print(tuple(items), ctx.span))
    return NONE
