"""Calls and returns as the user's function declares them: parameters bound to arguments, and one kind of result.

In: a function's `Source` and the evaluated arguments. Out: the variables it starts with; refusals that name the
function.
"""

from __future__ import annotations

import types
from typing import NoReturn

from srcgrad.errors import Diagnostic
from srcgrad.frontend.constants import constant
from srcgrad.frontend.context import Arguments, Context, Refused
from srcgrad.frontend.source import Source
from srcgrad.frontend.values import Num, Record, Value, describe, tuple_of
from srcgrad.infer.captured import Captured, Kind


def defaults_of(ctx: Context, target: types.FunctionType) -> dict[str, Value]:
    """The default values of a Python function's parameters."""
    names = target.__code__.co_varnames[: target.__code__.co_argcount]
    values = target.__defaults__ or ()
    found = {}
    for position, (name, value) in enumerate(zip(names[len(names) - len(values) :], values)):
        found[name] = constant(ctx, value, name, Captured(Kind.ITEM, values, position, value))
    for name, value in (target.__kwdefaults__ or {}).items():
        found[name] = constant(ctx, value, name, Captured(Kind.ITEM, target.__kwdefaults__, name, value))
    return found


def bind_parameters(
    ctx: Context, source: Source, defaults: dict[str, Value], arguments: Arguments
) -> dict[str, Value]:
    """The variables a function starts with."""
    a = source.node.args
    positional = [arg.arg for arg in (*a.posonlyargs, *a.args)]
    env = dict(zip(positional, arguments.positional))
    extra = arguments.positional[len(positional) :]
    if a.vararg is not None:
        env[a.vararg.arg] = tuple_of(extra)
    elif extra:
        given = len(arguments.positional)
        _refuse_call(ctx, source, f"takes {len(positional)} positional arguments, {given} are given")
    known = {arg.arg for arg in (*a.args, *a.kwonlyargs)}
    others = {name: value for name, value in arguments.keywords.items() if name not in known}
    for name, value in arguments.keywords.items():
        if name in env and name in known:
            _refuse_call(ctx, source, f"gets the argument {name!r} twice")
        if name in known:
            env[name] = value
    if a.kwarg is not None:
        env[a.kwarg.arg] = Record(dict, tuple(others), tuple(others.values()))
    elif others:
        _refuse_call(ctx, source, f"has no parameter {next(iter(others))!r}")
    for name in (*positional, *(arg.arg for arg in a.kwonlyargs)):
        if name not in env:
            if name not in defaults:
                _refuse_call(ctx, source, f"needs the argument {name!r}")
            env[name] = defaults[name]
    return env


def _refuse_call(ctx: Context, source: Source, what: str) -> None:
    a = source.node.args
    names = ", ".join(arg.arg for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs)) or "none"
    why, advice = "the call does not fit the function", f"its parameters are: {names}"
    raise Refused(Diagnostic(f"{source.name} {what}", ctx.span, "called here", why, advice))


def refuse_results(ctx: Context, source: Source) -> NoReturn:
    """The `return` statements give values that cannot be one."""
    (first_span, first), *others = ctx.scope.returned.items()
    kind = _kind_of(first)
    span, second = next((pair for pair in others if _kind_of(pair[1]) != kind), (first_span, first))
    raise Refused(
        Diagnostic(
            f"{source.name} returns {kind} on one path and {_kind_of(second)} on another",
            span,
            f"{_kind_of(second)} here",
            "the structure of a result is the same on every path of compiled code",
            "return the same structure everywhere, as a tuple filled up with zeros or nan",
            (f"{first_span} returns {kind}",),
        )
    )


def _kind_of(value: Value) -> str:
    if isinstance(value, Record) and value.container is dict:
        return f"a dict with the keys {', '.join(map(repr, value.keys)) or 'none'}"
    return "a number" if isinstance(value, Num) else describe(value)
