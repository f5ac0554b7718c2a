"""Statements without loops: assignments, `if`, `assert`, `raise`, nested definitions.

In: desugared statement nodes. Out: the environment changed and statements emitted.
"""

from __future__ import annotations

import ast

from srcgrad.frontend.branch import branch, nothing
from srcgrad.frontend.context import Arguments, Context, statement
from srcgrad.frontend.desugar import RESULT, SetFlag, SetReturn
from srcgrad.frontend.elementwise import force
from srcgrad.frontend.growing import change_growing
from srcgrad.frontend.iterables import iteration
from srcgrad.frontend.lower_expr import condition, narrow, operate
from srcgrad.frontend.masks import identity
from srcgrad.frontend.names import closure
from srcgrad.frontend.places import place, write_region
from srcgrad.frontend.records import change_list
from srcgrad.frontend.special_methods import special
from srcgrad.frontend.targets import bind, named, part_to_write
from srcgrad.frontend.values import Arr, ArrayExpr, GrowingList, Num, Record, Static, Value, truth, tuple_of


@statement(ast.Assign)
def assign(ctx: Context, node: ast.Assign) -> None:
    value = ctx.expr(node.value)
    first = node.targets[0]
    if isinstance(first, ast.Name):
        value = named(ctx, value, node.value, first.id)
    if len(node.targets) > 1:
        value = force(ctx, value, first.id if isinstance(first, ast.Name) else "a")
    for target in node.targets:
        bind(ctx, target, value)


@statement(ast.AnnAssign)
def annotated(ctx: Context, node: ast.AnnAssign) -> None:
    if node.value is None:
        return
    value = ctx.expr(node.value)
    if isinstance(node.target, ast.Name):
        value = named(ctx, value, node.value, node.target.id)
    bind(ctx, node.target, value)


@statement(ast.AugAssign)
def augmented(ctx: Context, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Subscript):
        target = place(ctx, node.target, at_once=identity(ctx, node.value) is None)
        old = target.read()
        target.write(_updated(ctx, node, old, ctx.expr(node.value)))
        return
    if isinstance(node.target, ast.Attribute):
        old = part_to_write(ctx, node.target)
        write_region(ctx, old, _updated(ctx, node, old, ctx.expr(node.value)))
        return
    name = node.target.id
    old = ctx.expr(ast.copy_location(ast.Name(name, ast.Load()), node.target))
    value = ctx.expr(node.value)
    growing = ctx.env.get(name)
    if isinstance(growing, GrowingList) and isinstance(node.op, ast.Add):
        items = iteration(ctx, value).items
        change_growing(ctx, name, growing, "extend", Arguments((value if items is None else tuple_of(items),)))
    elif isinstance(old, Arr):
        write_region(ctx, old, _updated(ctx, node, old, value))
    elif isinstance(old, Record) and old.container is list and isinstance(node.op, ast.Add):
        items = iteration(ctx, value).items
        added = value if items is None else tuple_of(items)
        change_list(ctx, name, old, "extend", Arguments((added,)))
    elif isinstance(old, Record) and (found := special(ctx, _IN_PLACE[type(node.op)], old, value)) is not None:
        ctx.env[name] = force(ctx, found, name)
    else:
        ctx.env[name] = force(ctx, operate(ctx, node.op, old, value, name), name)


_IN_PLACE: dict[type[ast.operator], str] = {
    ast.Add: "__iadd__", ast.Sub: "__isub__", ast.Mult: "__imul__", ast.Div: "__itruediv__", ast.Mod: "__imod__",
    ast.FloorDiv: "__ifloordiv__", ast.Pow: "__ipow__", ast.MatMult: "__imatmul__", ast.BitAnd: "__iand__",
    ast.BitOr: "__ior__", ast.BitXor: "__ixor__", ast.LShift: "__ilshift__", ast.RShift: "__irshift__",
}  # fmt: skip


def _updated(ctx: Context, node: ast.AugAssign, old: Value, value: Value) -> Value:
    """`old op value`, which must fit where `old` stands."""
    new = operate(ctx, node.op, old, value)
    if isinstance(old, Arr) and isinstance(new, ArrayExpr) and _kind(new) > _kind(old):
        ctx.refuse(
            "the result of this operation does not fit into the array",
            label=f"{new.dtype.name} into {old.dtype.name}",
            why="an in-place operation keeps the dtype of the array",
            advice=f"make it an array of {new.dtype.name}",
        )
    return new


def _kind(value: Arr | ArrayExpr) -> int:
    return {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}[value.dtype.kind]


@statement(ast.Expr)
def bare(ctx: Context, node: ast.Expr) -> None:
    if not isinstance(node.value, ast.Constant):
        ctx.expr(node.value)


@statement(ast.Pass)
def pass_(ctx: Context, node: ast.Pass) -> None:
    """Nothing to do."""


@statement(SetReturn)
def set_return(ctx: Context, node: SetReturn) -> None:
    value = ctx.expr(node.value)
    ctx.env[RESULT] = ctx.scope.returned[ctx.span] = force(ctx, named(ctx, value, node.value, "result"), "result")


@statement(SetFlag)
def set_flag(ctx: Context, node: SetFlag) -> None:
    ctx.env[node.flag] = Num(truth(node.on))


@statement(ast.FunctionDef)
def define(ctx: Context, node: ast.FunctionDef) -> None:
    value: Value = closure(ctx, node)
    for decorator in reversed(node.decorator_list):
        value = decorated(ctx, decorator, value)
    ctx.env[node.name] = value


def decorated(ctx: Context, node: ast.expr, value: Value) -> Value:
    """A nested function under a decorator: those that only compile or cache are looked through."""
    target = node.func if isinstance(node, ast.Call) else node
    decorator = ctx.expr(target)
    name = getattr(decorator.value, "__name__", "") if isinstance(decorator, Static) else ""
    if name in _TRANSPARENT:
        return value
    if isinstance(decorator, Static) and hasattr(decorator.value, "__srcgrad_derives__"):
        words = node.keywords if isinstance(node, ast.Call) else []
        return ctx.call(decorator, Arguments((value,), {word.arg: ctx.expr(word.value) for word in words if word.arg}))
    ctx.refuse(
        "this decorator of a nested function is not known",
        label="decorator",
        why="it may change what the function computes",
        advice="decorate a function at module level",
        node=node,
    )


_TRANSPARENT = frozenset({"njit", "jit", "lru_cache", "cache", "vectorize", "staticmethod", "wraps"})


@statement(ast.If)
def if_(ctx: Context, node: ast.If) -> None:
    test = condition(ctx, ctx.expr(node.test))

    def side(holds: bool, body: list[ast.stmt]) -> Value:
        narrow(ctx, node.test, holds)
        ctx.run(body)
        return nothing()

    live = ctx.scope.liveness.after[node]
    branch(ctx, test, lambda: side(True, node.body), lambda: side(False, node.orelse), live)


@statement(ast.Delete)
def delete(ctx: Context, node: ast.Delete) -> None:
    for target in node.targets:
        if not isinstance(target, ast.Name):
            ctx.refuse(
                "srcgrad deletes names only",
                why="removing an item changes a structure that is fixed",
                advice="leave the item where it is, or build a list or dict without it",
            )
        ctx.env.pop(target.id, None)


# -- raising ------------------------------------------------------------------------------------------------------
