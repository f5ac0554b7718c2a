"""The parameters of what a derivative inside a function is taken of, and how a call's arguments meet them.

In: a callee (a function, closure, method or derivative) and evaluated arguments. Out: a value for each parameter, by
name, and the way back to a call.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass

from srcgrad.frontend.context import Arguments, Context
from srcgrad.frontend.parameters import bind_parameters, defaults_of
from srcgrad.frontend.source import Source, argument_names, source_of, unwrap
from srcgrad.frontend.values import (
    Closure,
    Derived,
    Record,
    Static,
    Value,
    describe,
)  # fmt: skip


@dataclass(frozen=True)
class Bound:
    """The arguments of a callee by parameter (a method's object left out)."""

    function: str
    names: list[str]
    values: list[Value]
    arguments: Callable[[list[Value]], Arguments]
    starred: int | None = None


def bound_to(ctx: Context, callee: Value, arguments: Arguments) -> Bound:
    """The arguments of a call by the callee's parameters."""
    found = _signature(ctx, callee)
    if found is None:  # a function of a library: it has no names for its parameters
        if arguments.keywords:
            ctx.refuse(
                "keyword arguments cannot be told apart here",
                label=describe(callee),
                why="this function's parameters have no names",
                advice="give the arguments by position",
            )
        names = [f"x{k}" for k in range(len(arguments.positional))]
        return Bound(describe(callee), names, list(arguments.positional), lambda values: Arguments(tuple(values)))
    source, defaults, receiver = found
    env = bind_parameters(ctx, source, defaults, Arguments((*receiver, *arguments.positional), arguments.keywords))
    names = argument_names(source.node)[len(receiver) :]
    a = source.node.args
    stars = [a.vararg.arg] if a.vararg else []
    by_name = {arg.arg for arg in a.kwonlyargs} | ({a.kwarg.arg} if a.kwarg else set())

    def arrange(values: list[Value]) -> Arguments:
        positional: list[Value] = []
        keywords: dict[str, Value] = {}
        for name, value in zip(names, values):
            if name in stars and isinstance(value, Record):
                positional += value.items
            elif name in by_name and a.kwarg and name == a.kwarg.arg and isinstance(value, Record):
                keywords.update(zip(map(str, value.keys), value.items))
            elif name in by_name:
                keywords[name] = value
            else:
                positional.append(value)
        return Arguments(tuple(positional), keywords)

    starred = names.index(stars[0]) if stars else None
    return Bound(source.name, names, [env[name] for name in names], arrange, starred)


def _signature(ctx: Context, callee: Value) -> tuple[Source, dict[str, Value], tuple[Value, ...]] | None:
    """The source of a callee, its defaults, and the object it is a method of, if any."""
    match callee:
        case Closure(source, _, defaults):
            return source, dict(defaults), ()
        case Derived(inner):
            return _signature(ctx, inner)
        case Static(target):
            if (known := getattr(target, "__srcgrad_derivation__", None)) is not None:
                return _signature(ctx, Static(known[0]))
            target = unwrap(target) if callable(target) else target
            if isinstance(target, types.FunctionType):
                return source_of(target), defaults_of(ctx, target), ()
            if isinstance(target, types.MethodType) and isinstance(target.__func__, types.FunctionType):
                return source_of(target.__func__), defaults_of(ctx, target.__func__), (Static(target.__self__),)
    return None
