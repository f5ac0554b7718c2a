"""Comprehensions and generator expressions.

In: `ListComp`, `GeneratorExp` and `DictComp` nodes. Out: a record, where how many items there are is known at compile
time, else a `Generator`, which `sum`, `max`, `np.array`, ... turn into a loop.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping

import numpy as np

from srcgrad.frontend.arrays import allocate, subscript
from srcgrad.frontend.context import Context, Scope, Unknown, expression
from srcgrad.frontend.elementwise import assign, expr_of, force, stack_items
from srcgrad.frontend.iterables import iteration
from srcgrad.frontend.liveness import liveness
from srcgrad.frontend.lower_expr import condition
from srcgrad.frontend.reduce import run_loops
from srcgrad.frontend.scalars import plus
from srcgrad.frontend.statics import static_object
from srcgrad.frontend.targets import bind
from srcgrad.frontend.values import (
    Arr,
    ArrayExpr,
    Generator,
    Num,
    NumberList,
    Record,
    Value,
    describe,
    integer,
    number,
    tuple_of,
)  # fmt: skip
from srcgrad.infer import promote
from srcgrad.ir.nodes import Atom, Block, Const, Dim, Let, Statement, Sym, definitions
from srcgrad.ir.visit import walk

_LONGEST = 64
COUNT = "count#"

Comprehension = ast.ListComp | ast.GeneratorExp | ast.DictComp


@expression(ast.GeneratorExp)
def generator(ctx: Context, node: ast.GeneratorExp) -> Value:
    return Generator(node, ctx.scope)


@expression(ast.ListComp)
def list_comprehension(ctx: Context, node: ast.ListComp) -> Value:
    items = unrolled(ctx, node, ctx.scope)
    return Generator(node, ctx.scope) if items is None else tuple_of(items, list)


@expression(ast.DictComp)
def dict_comprehension(ctx: Context, node: ast.DictComp) -> Value:
    keys = unrolled(ctx, _with_element(node, node.key), ctx.scope)
    values = unrolled(ctx, _with_element(node, node.value), ctx.scope)
    if keys is None or values is None:
        ctx.refuse(
            "a dict of run-time size is not compiled",
            why="its structure must be known when compiling",
            advice="use an array indexed by integers, or a dict with literal keys",
        )
    return Record(dict, tuple(static_object(k) for k in keys), tuple(values))


def _with_element(node: ast.DictComp, element: ast.expr) -> ast.ListComp:
    return ast.copy_location(ast.ListComp(element, node.generators), node)


def collect(ctx: Context, value: Generator, container: type) -> Value:
    """`list(generator)` or `tuple(generator)`."""
    items = unrolled(ctx, value.source, value.scope)
    if items is not None:
        return tuple_of(items, container)
    made = array_from(ctx, value, None) if container is list else None
    if not isinstance(made, Arr) or made.ndim != 1:
        ctx.refuse(
            f"a {container.__name__} of run-time length is not compiled",
            label=describe(value),
            why="its structure must be known when the function is compiled",
            advice="fill an array in a loop",
        )
    return NumberList(made)


def unrolled(ctx: Context, node: ast.ListComp | ast.GeneratorExp, outer: Scope) -> list[Value] | None:
    """The items of a comprehension, one by one; None when their number is known at run time only."""
    facts = liveness([], [n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)])
    items: list[Value] = []
    ctx.scopes.append(Scope(outer.source, facts, outer, outer.function))
    mark, depth = ctx.mark(), len(ctx.calls)
    try:
        with ctx.block() as statements:
            known = _clause(ctx, node, 0, items)
    finally:
        ctx.scopes.pop()
        del ctx.calls[depth:]
    if not known:
        ctx.rewind(mark)
        return None
    ctx.builder.extend(statements)
    return items


def _clause(ctx: Context, node: ast.ListComp | ast.GeneratorExp, depth: int, items: list[Value]) -> bool:
    """Run the clauses from `depth` on. False when a length or a condition is not known."""
    if depth == len(node.generators):
        items.append(force(ctx, ctx.expr(node.elt)))
        return True
    clause = node.generators[depth]
    run = iteration(ctx, ctx.expr(clause.iter))
    values = run.items
    if values is None:
        if not isinstance(run.length, Const) or run.length.value > _LONGEST:
            return False
        values = tuple(run.at(integer(k)) for k in range(int(run.length.value)))
    for position, value in enumerate(values):
        bind(ctx, clause.target, value)
        ctx.calls.append((node, depth, position))
        tests = [condition(ctx, ctx.expr(test)) for test in clause.ifs]
        if not all(isinstance(test, Const) for test in tests):
            return False
        if all(test.value for test in tests if isinstance(test, Const)) and not _clause(ctx, node, depth + 1, items):
            return False
        del ctx.calls[-1]
    return True


def array_from(ctx: Context, value: Generator, dtype: np.dtype | None) -> Value:
    """`np.array([... for x in ...])`: an array filled by a loop."""
    items = unrolled(ctx, value.source, value.scope)
    if items is not None:
        return stack_items(ctx, tuple(items), dtype)
    clauses = value.source.generators
    if len(clauses) > 1 or clauses[0].ifs:
        ctx.refuse(
            "how many elements this array has is known at run time only",
            label=describe(value),
            why="memory is laid out before the elements are computed",
            advice="count first, then fill an array in a loop",
        )
    found: list[tuple[tuple[Atom, ...], np.dtype]] = []
    mark = ctx.mark()
    with ctx.block() as tried:
        length = _clause_length(ctx, value)
        run_loops(ctx, value, lambda item: found.append(_element_shape(ctx, _element(ctx, item))), {COUNT: number(0)})
    if not found:  # nothing is known of an element, and why not is noted
        raise Unknown
    ctx.rewind(mark)
    inner, kind = found[-1]
    made = {symbol: s for s in walk(Block(tuple(tried))) for symbol in definitions(s)}
    inner = tuple(_known_before(ctx, atom, made) for atom in inner)
    length = _clause_length(ctx, value)
    result = allocate(ctx, (length, *inner), dtype or kind, None)

    def sink(item: Value) -> None:
        position = ctx.env[COUNT]
        assert isinstance(position, Num)
        row = subscript(ctx, result, (position.atom,))
        assign(ctx, row, _element(ctx, item))
        ctx.env[COUNT] = Num(plus(ctx, position.atom, integer(1)))

    run_loops(ctx, value, sink, {COUNT: number(0)})
    return result


def _clause_length(ctx: Context, value: Generator) -> Atom:
    scope = value.scope
    ctx.scopes.append(Scope(scope.source, scope.liveness, scope.outer, scope.function, scope.env))
    try:
        return iteration(ctx, ctx.expr(value.source.generators[0].iter)).length
    finally:
        ctx.scopes.pop()


def _element(ctx: Context, item: Value) -> Value:
    """An element, which a comprehension inside the comprehension makes an array."""
    return array_from(ctx, item, None) if isinstance(item, Generator) else force(ctx, item)


def _known_before(ctx: Context, length: Atom, made: Mapping[Sym, Statement]) -> Atom:
    """A length of an element, computed in front of the loop over the elements."""
    if not isinstance(length, Sym) or length not in made:
        return length
    match made[length]:
        case Dim(array=array, axis=axis) if array not in made:
            return ctx.builder.dim(array, axis)
        case Let(op=op, arguments=arguments):
            return ctx.builder.op(op, *(_known_before(ctx, atom, made) for atom in arguments))
        case _:
            ctx.refuse(
                "the length of an element is known in the loop only",
                why="an array is laid out before its elements are computed",
                advice="allocate it and fill it in a loop",
            )


def _element_shape(ctx: Context, item: Value) -> tuple[tuple[Atom, ...], np.dtype]:
    """The shape and dtype of one element of an array under construction."""
    match item:
        case Num():
            return (), item.type.dtype
        case Record(items=parts) if parts and all(isinstance(p, Num) for p in parts):
            kinds = [p.type for p in parts if isinstance(p, Num)]
            return (integer(len(parts)),), functools.reduce(promote.join, kinds).dtype
        case Arr() | ArrayExpr() | Record():
            made = expr_of(ctx, item)
            return made.shape, made.dtype
        case _:
            ctx.refuse(
                "an array is built of numbers and arrays",
                label=describe(item),
                advice="allocate it and fill it in a loop",
            )
