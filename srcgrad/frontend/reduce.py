"""Loops that the user did not write: reductions of arrays, of iterables and of generator expressions.

In: what to run over and how to combine. Out: the combined value. The loops are built as desugared statements in a small
scope of their own and lowered like the user's, so that types settle in the same way.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from srcgrad.frontend.branch import branch
from srcgrad.frontend.context import Context, Scope, statement
from srcgrad.frontend.desugar import Computed, Emit, ForLoop
from srcgrad.frontend.elementwise import force
from srcgrad.frontend.liveness import liveness
from srcgrad.frontend.scalars import not_, raise_if
from srcgrad.frontend.values import BOTTOM, Generator, Maybe, Num, Range, Undefined, Value, integer, truth
from srcgrad.ir.nodes import Atom

ACC = "acc#"
FOUND = "found#"
Sink = Callable[[Value], None]


@statement(Emit)
def emit(ctx: Context, node: Emit) -> None:
    node.sink(ctx.expr(node.elt))


def run_loops(
    ctx: Context, over: Value, sink: Sink, start: dict[str, Value], stop: tuple[str, ...] = ()
) -> dict[str, Value]:
    """Run over `over` and hand every item to `sink`, which may change the variables in `start`."""
    names = tuple(start)
    if isinstance(over, Generator):
        node = over.source
        body = _generator_loops(node, _emit(node.elt, names, sink, node.elt), stop)
        return _run(ctx, over.scope, body, start)
    item = ast.Name("item#", ast.Store())
    read = ast.Name("item#", ast.Load())
    loop = _loop(item, computed(lambda: over), [_emit(read, names, sink, None)], stop)
    return _run(ctx, ctx.scope, [loop], start)


def run_nest(
    ctx: Context, lengths: tuple[Atom, ...], element: Callable[[tuple[Atom, ...]], Value], sink: Sink,
    start: dict[str, Value], stop: tuple[str, ...] = (),
) -> dict[str, Value]:  # fmt: skip
    """The same over all elements of an array of this shape."""
    names = [f"{'ijkl'[axis] if axis < 4 else f'i{axis}'}#" for axis in range(len(lengths))]

    def at() -> Value:
        return element(tuple(_atom(ctx.env[name]) for name in names))

    body: list[ast.stmt] = [_emit(computed(at), tuple(start), sink, None)]
    for name, length in reversed(list(zip(names, lengths))):
        body = [_loop(ast.Name(name, ast.Store()), _up_to(length), body, stop)]
    return _run(ctx, ctx.scope, body, start)


def _atom(value: Value) -> Atom:
    assert isinstance(value, Num)
    return value.atom


def _run(ctx: Context, outer: Scope, body: list[ast.stmt], start: dict[str, Value]) -> dict[str, Value]:
    facts = liveness(body, list(start), tuple(start))
    ctx.scopes.append(Scope(outer.source, facts, outer, outer.function, dict(start)))
    try:
        ctx.run(body)
        return {name: BOTTOM if ctx.terminated else ctx.env[name] for name in start}
    finally:
        ctx.scopes.pop()


def computed(compute: Callable[[], Any]) -> Computed:
    node = Computed()
    node.compute = compute
    return node


def _up_to(length: Atom) -> Computed:
    return computed(lambda: Range(integer(0), length, integer(1)))


def _emit(elt: ast.expr, names: tuple[str, ...], sink: Sink, at: ast.AST | None) -> Emit:
    node = Emit()
    node.elt, node.names, node.sink = elt, names, sink
    return ast.copy_location(node, at) if at is not None else node


def _loop(target: ast.expr, over: ast.expr, body: list[ast.stmt], stop: tuple[str, ...]) -> ForLoop:
    node = ForLoop()
    node.target, node.iter, node.body, node.stop = target, over, body, stop
    return node


def _generator_loops(
    node: ast.GeneratorExp | ast.ListComp, innermost: Emit, stop: tuple[str, ...]
) -> list[ast.stmt]:
    """The loops of a comprehension around its element."""
    body: list[ast.stmt] = [innermost]
    for clause in reversed(node.generators):
        for test in reversed(clause.ifs):
            body = [ast.copy_location(ast.If(test, body, []), test)]
        body = [ast.copy_location(_loop(clause.target, clause.iter, body, stop), clause.iter)]
    return body


# -- reductions ---------------------------------------------------------------------------------------------------


def combining(
    ctx: Context, combine: Callable[[Value, Value], Value], first: Callable[[Value], Value] = lambda value: value
) -> Sink:
    """A sink that combines every item into the accumulator; what `first` makes of the first one starts it if nothing
    else did."""

    def sink(value: Value) -> None:
        old = ctx.env.get(ACC, BOTTOM)
        value = force(ctx, value)
        match old:
            case Undefined():
                new = first(value)
            case Maybe(inner, defined):
                new = branch(ctx, defined, lambda: combine(inner, value), lambda: first(value), None, "acc")
            case _:
                new = combine(old, value)
        ctx.env[ACC] = new

    return sink


def result_of(ctx: Context, found: dict[str, Value], name: str, empty: str = "") -> Value:
    """The accumulator; that of an empty iterable without a start raises (what `empty` says)."""
    value = found[ACC]
    if isinstance(value, Undefined):
        ctx.refuse(
            f"{name} of nothing",
            why="it needs at least one value",
            advice="test the length first, or give a start value",
        )
    if isinstance(value, Maybe):
        raise_if(ctx, not_(ctx, value.defined), ValueError, empty or f"{name}() of an empty sequence")
        return value.value
    return value


def fold(
    ctx: Context, over: Value, combine: Callable[[Value, Value], Value], start: Value | None, name: str,
    first: Callable[[Value], Value] = lambda value: value, empty: str = "",
) -> Value:  # fmt: skip
    """`functools.reduce(combine, over, start)`; without a start, from what `first` makes of the first item."""
    found = run_loops(ctx, over, combining(ctx, combine, first), {ACC: Undefined(name) if start is None else start})
    return result_of(ctx, found, name, empty)


def quantify(ctx: Context, over: Value, universal: bool, test: Callable[[Value], Atom]) -> Value:
    """`all` (universal) or `any`: stops at the first item that decides."""

    def sink(value: Value) -> None:
        atom = test(value)
        ctx.env[FOUND] = Num(not_(ctx, atom) if universal else atom)

    found = run_loops(ctx, over, sink, {FOUND: Num(truth(False))}, (FOUND,))[FOUND]
    assert isinstance(found, Num)
    return Num(not_(ctx, found.atom)) if universal else found
