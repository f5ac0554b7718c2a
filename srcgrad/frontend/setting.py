"""Statements about the setting a function runs in: imports, `with`, and what is refused where it is reached.

In: their nodes. Out: names bound to modules and what they contain; nothing for a `with` that changes no value; a
diagnostic for the rest.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import warnings
from typing import Any

import numpy as np

from srcgrad.frontend.constants import constant
from srcgrad.frontend.context import Arguments, Context, function, statement
from srcgrad.frontend.desugar import Enter
from srcgrad.frontend.subset import LATER
from srcgrad.frontend.values import NONE, Static, Value

_WITHOUT_EFFECT = (np.errstate, warnings.catch_warnings, contextlib.nullcontext)


@statement(*LATER)
def refused(ctx: Context, node: ast.stmt) -> None:
    found = LATER[type(node)]
    ctx.refuse(f"srcgrad does not read code with {found.word}", label="here", why=found.why, advice=found.advice)


@statement(ast.Import)
def import_(ctx: Context, node: ast.Import) -> None:
    for alias in node.names:
        module = _module(ctx, alias.name, 0)
        name = alias.asname or alias.name.partition(".")[0]
        ctx.env[name] = Static(module if alias.asname else _module(ctx, name, 0))


@statement(ast.ImportFrom)
def import_from(ctx: Context, node: ast.ImportFrom) -> None:
    module = _module(ctx, node.module or "", node.level)
    for alias in node.names:
        known = hasattr(module, alias.name)
        found = getattr(module, alias.name) if known else _module(ctx, f"{module.__name__}.{alias.name}", 0)
        value = Static(found) if callable(found) else constant(ctx, found, alias.name, None)
        ctx.env[alias.asname or alias.name] = value


def _module(ctx: Context, name: str, level: int) -> Any:
    package = ctx.scope.function.__globals__.get("__package__") if level else None
    try:
        return importlib.import_module("." * level + name, package)
    except ImportError as error:
        ctx.refuse(
            f"this import fails: {error}",
            why="modules are imported when the function is compiled",
            advice="install the module, or leave the import out",
        )


@statement(Enter)
def enter(ctx: Context, node: Enter) -> None:
    for item in node.items:
        call = item.context_expr
        target = ctx.expr(call.func) if isinstance(call, ast.Call) else None
        if not isinstance(target, Static) or target.value not in _WITHOUT_EFFECT or item.optional_vars is not None:
            ctx.refuse(
                "srcgrad does not read code with `with`",
                label="here",
                why="entering and leaving a context are effects that have no derivative",
                advice="put the `with` around the call of the function",
            )


@function(warnings.simplefilter, warnings.filterwarnings, warnings.warn, np.seterr)
def quiet(ctx: Context, arguments: Arguments) -> Value:
    """Compiled code does not warn."""
    return NONE
