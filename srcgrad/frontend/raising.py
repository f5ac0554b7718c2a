"""`raise` and `assert`.

In: their nodes. Out: a `Raise` of a builtin exception, and in `Context.raised` what the user's exception is, where that
is more than a builtin one with a constant text.
"""

from __future__ import annotations

import ast
from typing import NoReturn

from srcgrad.frontend.context import Context, Refused, Unknown, statement
from srcgrad.frontend.lower_expr import condition
from srcgrad.frontend.scalars import not_, settle
from srcgrad.frontend.statics import is_dynamic, static_object
from srcgrad.frontend.text import template, text_parts
from srcgrad.frontend.values import Num, Shown, Static, Value
from srcgrad.infer.raised import Argument, Raised, Template
from srcgrad.ir.nodes import Atom, Block, Const, If, Raise
from srcgrad.ir.types import Scalar


@statement(ast.Assert)
def assert_(ctx: Context, node: ast.Assert) -> None:
    failed = not_(ctx, condition(ctx, ctx.expr(node.test)))
    if isinstance(failed, Const) and not failed.value:
        return
    with ctx.block() as failing:
        _emit(ctx, AssertionError, [node.msg] if node.msg is not None else [], [])
    ctx.builder.emit(If((), failed, Block(tuple(failing)), Block(()), ctx.span))
    ctx.terminated = isinstance(failed, Const)


@statement(ast.Raise)
def raise_(ctx: Context, node: ast.Raise) -> None:
    if node.exc is None:
        ctx.refuse(
            "a bare raise needs an exception that is being handled",
            why="try is not compiled",
            advice="raise an exception by its name",
        )
    call = node.exc if isinstance(node.exc, ast.Call) else None
    value = ctx.expr(call.func if call else node.exc)
    raised = value.value if isinstance(value, Static) else None
    if isinstance(raised, BaseException) and call is None:
        _emit_known(ctx, raised)
    elif isinstance(raised, type) and issubclass(raised, BaseException):
        _emit(ctx, raised, call.args if call else [], call.keywords if call else [])
    else:
        _refuse(ctx)
    ctx.terminated = True


def _refuse(ctx: Context) -> NoReturn:
    ctx.refuse(
        "this is not an exception known at compile time",
        label="raised here",
        why="compiled code raises exception classes only",
        advice="raise a class of exceptions, as ValueError",
    )


def _builtin(exception: type[BaseException]) -> type[BaseException]:
    found = next(c for c in exception.__mro__ if c.__module__ == "builtins")
    assert issubclass(found, BaseException)
    return found


def _emit_known(ctx: Context, exception: BaseException) -> None:
    builtin, message = _builtin(type(exception)), str(exception)
    ctx.raised.setdefault((builtin, message), Raised(exception))
    ctx.builder.emit(Raise(builtin, message, (), ctx.span))


def _emit(
    ctx: Context, exception: type[BaseException], positional: list[ast.expr], keywords: list[ast.keyword]
) -> None:
    """Raise an exception with the arguments of a call."""
    message: list[str] = []
    atoms: list[Atom] = []

    def argument(node: ast.expr) -> Argument:
        value = _value(ctx, node)
        parts = ("{...}",) if value is None else text_parts(value)
        shown = [part.atom for part in parts if isinstance(part, Shown)]
        obj = static_object(value) if value is not None else None
        if not shown:
            found: Argument = parts[0] if value is None or is_dynamic(obj) else obj
            message.append(str(found))
            return found
        message.append(template(parts))
        atoms.extend(shown)
        dtypes = tuple(None if a.type.weak else a.type.dtype for a in shown if isinstance(a.type, Scalar))
        return Template(message[-1], dtypes, is_number=isinstance(value, Num))

    arguments = tuple(map(argument, positional))
    found = Raised(exception, arguments, tuple((k.arg or "", argument(k.value)) for k in keywords))
    builtin, text = _builtin(exception), " ".join(message)
    plain = not arguments or (len(arguments) == 1 and isinstance(arguments[0], str))
    if exception is not builtin or keywords or not plain:
        ctx.raised.setdefault((builtin, text), found)
    ctx.builder.emit(Raise(builtin, text, tuple(atoms), ctx.span))


def _value(ctx: Context, node: ast.expr) -> Value | None:
    """An argument of an exception; None for one that is not compiled, which shows as `{...}`."""
    mark = ctx.mark()
    try:
        return settle(ctx, ctx.expr(node))
    except (Refused, Unknown):
        ctx.rewind(mark)
        return None
