"""Names and literals, and the functions defined inside the compiled one.

In: `Name`, `Constant`, `NamedExpr` and `Lambda` nodes. Out: values: a variable is looked up where it is read, then
in the functions around it, then among the cells, globals and builtins of the Python function.
"""

from __future__ import annotations

import ast
import builtins
from types import CellType

from srcgrad.frontend.constants import constant
from srcgrad.frontend.context import Context, Scope, Unknown, expression
from srcgrad.frontend.elementwise import force
from srcgrad.frontend.growing import as_number_list
from srcgrad.frontend.values import Bottom, Closure, Conflict, GrowingList, Maybe, Static, Undefined, Value, number
from srcgrad.infer.captured import Captured, Kind
from srcgrad.ir.nodes import Atom, Block, Const, If, Raise


@expression(ast.Name)
def name(ctx: Context, node: ast.Name) -> Value:
    return lookup(ctx, node.id)


def lookup(ctx: Context, name: str) -> Value:
    """The value of a variable where it is read."""
    scope = home(ctx, name)
    if name in scope.env:
        return _read(ctx, scope, name)
    if name in scope.liveness.local:
        ctx.unknown(name)
    return _free(ctx, scope, name)


def home(ctx: Context, name: str) -> Scope:
    """The innermost scope that the variable belongs to, or the outermost one, around which only Python's own are."""
    scope = ctx.scope
    while name not in scope.env and name not in scope.liveness.local and scope.outer is not None:
        scope = scope.outer
    return scope


def _read(ctx: Context, scope: Scope, name: str) -> Value:
    value = scope.env[name]
    match value:
        case Undefined() | Bottom():
            ctx.unknown(name)
        case Conflict(why, advice, lacks):
            title = f"the variable {name!r} has no one {lacks}"
            if any((found.title, found.why) == (title, why) for found in ctx.diagnostics):
                raise Unknown  # one cause, one diagnostic
            ctx.refuse(title, label="used here", why=why, advice=advice)
        case Maybe(inner, defined):
            _check_defined(ctx, defined, name)
            if scope is ctx.scope:
                scope.env[name] = inner
            return inner
        case GrowingList():
            return as_number_list(value)
    return value


def _check_defined(ctx: Context, defined: Atom, name: str) -> None:
    if not isinstance(defined, Const):
        message = f"cannot access local variable '{name}' where it is not associated with a value"
        failing = Block((Raise(UnboundLocalError, message, (), ctx.span),))
        ctx.builder.emit(If((), defined, Block(()), failing, ctx.span))


def is_free(scope: Scope, name: str) -> bool:
    """Whether a name is a cell that has a value, or a global, of the Python function."""
    function = scope.function
    if name in function.__code__.co_freevars:
        cell = (function.__closure__ or ())[function.__code__.co_freevars.index(name)]
        return not _is_empty(cell)
    return name in function.__globals__


def _is_empty(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return True
    return False


def _free(ctx: Context, scope: Scope, name: str) -> Value:
    """A name from the cells, globals or builtins of the Python function."""
    function = scope.function
    code, cells = function.__code__, function.__closure__ or ()
    if name in code.co_freevars:
        cell = cells[code.co_freevars.index(name)]
        if _is_empty(cell):
            ctx.unknown(name)
        found = cell.cell_contents
        return constant(ctx, found, name, Captured(Kind.CELL, cell, name, found))
    if name in function.__globals__:
        found = function.__globals__[name]
        return constant(ctx, found, name, Captured(Kind.GLOBAL, function.__globals__, name, found))
    if hasattr(builtins, name):
        return Static(getattr(builtins, name))
    ctx.refuse(
        f"the name {name!r} is not defined",
        label="looked up here",
        why="no variable or global has this name",
        advice="check the spelling, or define it before srcgrad compiles the function",
    )


@expression(ast.Constant)
def literal(ctx: Context, node: ast.Constant) -> Value:
    return number(node.value) if isinstance(node.value, bool | int | float | complex) else Static(node.value)


@expression(ast.NamedExpr)
def walrus(ctx: Context, node: ast.NamedExpr) -> Value:
    value = force(ctx, ctx.expr(node.value), node.target.id)
    ctx.env[node.target.id] = value
    return value


@expression(ast.Lambda)
def lambda_(ctx: Context, node: ast.Lambda) -> Value:
    return closure(ctx, node)


def closure(ctx: Context, node: ast.Lambda | ast.FunctionDef) -> Closure:
    """A nested function; its defaults are evaluated now."""
    a = node.args
    positional = [*a.posonlyargs, *a.args]
    with_default = [*zip(positional[len(positional) - len(a.defaults) :], a.defaults)]
    with_default += [(arg, d) for arg, d in zip(a.kwonlyargs, a.kw_defaults) if d is not None]
    defaults = tuple((arg.arg, force(ctx, ctx.expr(default))) for arg, default in with_default)
    return Closure(ctx.scope.source.nested(node), ctx.scope, defaults)
