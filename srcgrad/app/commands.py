"""The commands that look into anyone's function: `show`, `report`, `check`.

In: what the command line said. Out: text on stdout and an exit status: 0 all is well, 1 the check found a wrong
derivative. Everything that stops a command (`TargetError`, `SrcgradError`) is left to the caller to print.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from srcgrad.app.check import rows, table
from srcgrad.app.targets import Arguments, TargetError, find
from srcgrad.config import Transform
from srcgrad.differences import copy_tree
from srcgrad.infer.signature import describe
from srcgrad.pipeline import Built, build
from srcgrad.transforms import Request


@dataclass(frozen=True)
class Query:
    """A function, the text of its arguments, and which derivative is wanted."""

    target: str
    arguments: str
    transform: Transform = Transform.GRAD
    argnums: tuple[int, ...] = (0,)


def show(query: Query) -> int:
    """Print the generated source."""
    print(_built(query).source)
    return 0


def report(query: Query) -> int:
    """Print what the reverse sweep keeps."""
    print(_built(query).report)
    return 0


def check(query: Query) -> int:
    """Print reverse mode, forward mode and finite differences side by side; 1 where they disagree."""
    _built(query)  # what is refused is refused before anything runs
    function, values = _call(query)
    _try(function, values)
    found = list(rows(function, tuple(inspect.signature(function).parameters), values, query.argnums))
    if not found:
        raise TargetError("the arguments to check hold no floating-point numbers")
    print(table(found))
    wrong = sum(not row.right for row in found)
    print(f"{wrong} of {len(found)} directions disagree" if wrong else f"all {len(found)} directions agree")
    return 1 if wrong else 0


def _built(query: Query) -> Built:
    function, values = _call(query)
    specs = tuple(map(describe, values))
    _check_argnums(query.argnums, values)
    return build(Request(function, specs, query.transform, query.argnums))


def _call(query: Query) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The function and one value for each of its parameters, defaults filled in."""
    target = find(query.target)
    function = getattr(target.function, "py_func", target.function)
    return function, _bind(function, target.arguments(query.arguments))


def _bind(function: Callable[..., Any], arguments: Arguments) -> tuple[Any, ...]:
    signature = inspect.signature(function)
    try:
        bound = signature.bind(*arguments.positional, **arguments.keyword)
    except TypeError as error:
        name = getattr(function, "__name__", "the function")
        raise TargetError(f"--args does not fit {name}{signature}: {error}") from error
    bound.apply_defaults()
    return tuple(bound.arguments.values())


def _try(function: Callable[..., Any], values: tuple[Any, ...]) -> None:
    """Run the function itself once, so that its own exceptions are not taken for ours."""
    try:
        function(*copy_tree(values))
    except Exception as error:
        name = getattr(function, "__name__", "the function")
        raise TargetError(f"{name} itself fails for these arguments: {type(error).__name__}: {error}") from error


def _check_argnums(argnums: tuple[int, ...], values: tuple[Any, ...]) -> None:
    for position in argnums:
        if not 0 <= position < len(values):
            raise TargetError(f"--argnums {position}: the function has {len(values)} arguments, counted from 0")
