"""Loops: which variables they carry, of which types, and the `For` or `While` they become.

In: desugared `ForLoop` and `WhileLoop` nodes. Out: loop statements. A body is lowered in rounds, each starting from the
types the previous one ended with, until nothing gets wider; only the last round is kept. Loops over tuples are
unrolled.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from srcgrad.frontend.arrays import unit_axes
from srcgrad.frontend.branch import Lowered, branch, hint_of, join, nothing
from srcgrad.frontend.context import Context, statement
from srcgrad.frontend.desugar import ForLoop, WhileLoop
from srcgrad.frontend.growing import reserve_for
from srcgrad.frontend.iterables import Iteration, counts_up_from_zero, iteration, trips
from srcgrad.frontend.kinds import Merge, coerce, fits, like, rename
from srcgrad.frontend.lower_expr import clear, condition
from srcgrad.frontend.records import tokens_in
from srcgrad.frontend.scalars import apply, cast, compare, raise_if, scalar
from srcgrad.frontend.targets import bind
from srcgrad.frontend.unrolling import takes_apart
from srcgrad.frontend.values import (
    BOTTOM,
    Arr,
    Enumerate,
    GrowingList,
    Maybe,
    Num,
    Range,
    Reversed,
    Undefined,
    Value,
    Zip,
    integer,
    number,
    truth,
)  # fmt: skip
from srcgrad.ir.nodes import Atom, Block, Const, Dim, For, If, Let, Load, Statement, Sym, While
from srcgrad.ir.types import INT64, PY_BOOL, PY_INT
from srcgrad.ir.visit import substitute

_MOST_ROUNDS = 30
_LONGEST_UNROLLED = 256
_GOING = "going#"

LoopNode = ForLoop | WhileLoop


@dataclass
class Carried:
    """What a lowered loop carries: names with their prototypes, and the atoms that enter and leave a round."""

    protos: dict[str, Value]
    made: list[Sym]
    initial: list[Atom]
    yields: list[Atom]
    statements: list[Statement]
    definite: frozenset[str]
    units: frozenset[tuple[str, int]] = frozenset()
    """Dimensions of arrays, by variable, that have the length 1 before the loop and after each iteration."""


def converge(ctx: Context, node: LoopNode, extra: tuple[str, ...], body: Callable[[], None]) -> Carried:
    """Lower `body` (which may be called several times) until the types of the carried variables are stable."""
    facts = ctx.scope.liveness
    live = facts.head[node] | frozenset(extra)
    names = [name for name in facts.assigned[node] if name in live and name in facts.local] + [*extra]
    before = ctx.env
    start = {name: before.get(name, Undefined(name)) for name in names}
    merge = Merge()
    protos = _first_guess(ctx, node, start, merge)
    units = {(n, axis) for n, v in start.items() if isinstance(v, Arr) for axis in unit_axes(ctx, v)}
    for _ in range(_MOST_ROUNDS):
        made = frozenset(merge.made)
        mark = ctx.mark()
        ctx.scope.env = {**before, **protos}
        try:
            with ctx.block() as statements:
                _know_units(ctx, protos, units)
                body()
                out = {n: BOTTOM if ctx.terminated else ctx.env.get(n, Undefined(n)) for n in names}
                lost = {(n, axis) for n, axis in units if not _is_unit(ctx, out[n], axis)}
                stable = not lost and all(fits(out[n], protos[n], made) for n in names)
                yields = [a for n in names for a in coerce(ctx, out[n], protos[n], made)] if stable else []
        finally:
            ctx.terminated, ctx.scope.env = False, before
        if stable:
            ctx.loop_types[ctx.path(node)] = (protos, made)
            initial = [a for n in names for a in coerce(ctx, start[n], protos[n], made)]
            definite = frozenset(n for n in names if not isinstance(out[n], Undefined | Maybe))
            return Carried(protos, merge.made, initial, yields, statements, definite, frozenset(units))
        ctx.rewind(mark)
        units -= lost
        merge = Merge(made)
        protos = {n: merge.merge(protos[n], out[n], hint_of(n)) for n in names}
    ctx.refuse(
        "the types of the variables of this loop do not settle",
        why="each round makes them wider",
        advice="give the variables their final types and lengths before the loop",
    )


def _know_units(ctx: Context, protos: dict[str, Value], units: Iterable[tuple[str, int]]) -> None:
    """Let lengths of 1 be known inside the block that is open now."""
    for name, axis in units:
        value = protos[name]
        if isinstance(value, Arr) and value.whole:
            ctx.dims[-1][value.base, axis] = integer(1)


def _is_unit(ctx: Context, value: Value, axis: int) -> bool:
    return not isinstance(value, Arr) or axis in unit_axes(ctx, value)


def _first_guess(ctx: Context, node: LoopNode, start: dict[str, Value], merge: Merge) -> dict[str, Value]:
    """Numbers vary; the rest is taken to stay as it is, unless an earlier round found otherwise."""
    old, made = ctx.loop_types.get(ctx.path(node), ({}, frozenset()))
    return {n: like(merge, value, old.get(n, value), made, hint_of(n)) for n, value in start.items()}


def finish(ctx: Context, node: LoopNode, carried: Carried, runs: bool) -> tuple[list[Sym], list[int], dict[Sym, Atom]]:
    """Bind the results of a loop. Gives the result symbols, the positions of the made symbols that really vary, and
    what stands for those that do not."""
    varying = [k for k, (p, y) in enumerate(zip(carried.made, carried.yields)) if y is not p]
    same: dict[Sym, Atom] = {p: carried.initial[k] for k, p in enumerate(carried.made) if k not in varying}
    results = [Sym(carried.made[k].hint, carried.made[k].type) for k in varying]
    mapping: dict[Sym, Atom] = {**same, **{carried.made[k]: r for k, r in zip(varying, results)}}
    for name, proto in carried.protos.items():
        value = rename(proto, mapping)
        if isinstance(value, Maybe) and runs and name in carried.definite:
            value = value.value
        if isinstance(value, GrowingList):
            value = replace(value, reserved=False)
        ctx.env[name] = value
    _know_units(ctx, ctx.env, carried.units)
    for k, result in zip(varying, results):
        if carried.made[k] in ctx.nonnegative:
            ctx.nonnegative.add(result)
    return results, varying, same


# -- for ----------------------------------------------------------------------------------------------------------


@statement(ForLoop)
def for_loop(ctx: Context, node: ForLoop) -> None:
    value = ctx.expr(node.iter)
    if isinstance(value, Range) and not isinstance(value.step, Const):
        zero = compare(ctx, ast.Eq(), value.step, integer(0))
        raise_if(ctx, zero, ValueError, "range() arg 3 must not be zero")
    numbers = _known(value) if isinstance(value, Range) else None
    if numbers is not None and takes_apart(ctx, node, len(numbers)):
        _unrolled(ctx, node, value, tuple(map(number, numbers)))
        return
    if isinstance(value, Range) and not node.stop:
        _range_loop(ctx, node, value)
        return
    run = iteration(ctx, value)
    if run.items is not None:
        _unrolled(ctx, node, value, run.items)
    elif node.stop:
        _stoppable(ctx, node, run)
    else:
        _counted(ctx, node, Range(integer(0), run.length, integer(1)), run.at, "i")


def _range_loop(ctx: Context, node: ForLoop, value: Range) -> None:
    hint = hint_of(node.target.id) if isinstance(node.target, ast.Name) else "i"
    _counted(ctx, node, value, Num, hint)


def _known(value: Range) -> range | None:
    """The range, if its bounds are known when the function is compiled."""
    bounds = [int(atom.value) for atom in (value.start, value.stop, value.step) if isinstance(atom, Const)]
    return range(*bounds) if len(bounds) == 3 and bounds[2] != 0 else None


def _counted(ctx: Context, node: ForLoop, over: Range, item: Callable[[Atom], Value], hint: str) -> None:
    """A `For` over a range of integers; `item` makes the loop variable's value from the index."""
    span = ctx.span
    index = Sym(hint, PY_INT)
    if counts_up_from_zero(ctx, over):
        ctx.nonnegative.add(index)

    def body() -> None:
        bind(ctx, node.target, item(index))
        ctx.run(node.body)

    start, stop, step = (cast(ctx, atom, PY_INT) for atom in (over.start, over.stop, over.step))
    count = trips(ctx, over) if all(isinstance(a, Const) for a in (start, stop, step)) else None
    if isinstance(count, Const) and count.value <= 0:
        return  # the body may make no sense where it never runs: items of an empty tuple
    carried = converge(ctx, node, (), body)
    if reserve_for(ctx, node.body, carried.protos, lambda: trips(ctx, over)):
        carried = converge(ctx, node, (), body)
    results, varying, same = finish(ctx, node, carried, isinstance(count, Const) and count.value > 0)
    block = Block(tuple(carried.statements), tuple(carried.yields[k] for k in varying))
    ctx.builder.emit(
        For(
            tuple(results), index, start, stop, step, tuple(carried.made[k] for k in varying),
            tuple(carried.initial[k] for k in varying), substitute(block, same), span=span, parallel=over.parallel,
        )
    )  # fmt: skip


def _unrolled(ctx: Context, node: ForLoop, over: Value, items: tuple[Value, ...]) -> None:
    if len(items) > _LONGEST_UNROLLED:
        ctx.refuse(
            "a loop over a long tuple is not unrolled",
            label=f"{len(items)} items",
            why="every item would become code of its own",
            advice="make it an array",
        )
    live = ctx.scope.liveness.head[node]
    before = dict(ctx.env)
    for position, item in enumerate(items):

        def side(item: Value = item) -> Value:
            bind(ctx, node.target, item)
            ctx.run(node.body)
            return nothing()

        ctx.calls.append((node, position))
        branch(ctx, clear(ctx, node.stop), side, nothing, live)
        ctx.calls.pop()
        if ctx.terminated:
            return
        if position + 1 < len(items):
            _check_not_changed(ctx, over, before)


def _check_not_changed(ctx: Context, over: Value, before: dict[str, Value]) -> None:
    """A list that is looped over must stay as it is meanwhile: the loop has its items already."""
    tokens = _iterated_tokens(over)
    for name, value in before.items():
        now = ctx.env.get(name)
        if tokens & tokens_in(value) and now != value:
            ctx.refuse(
                "a list is changed while a loop runs over it",
                label="this list",
                why="the items of a list are taken apart when the function is compiled",
                advice="loop over range(len(...)), or over a copy",
            )


def _iterated_tokens(over: Value) -> frozenset[int]:
    match over:
        case Enumerate(inner) | Reversed(inner):
            return _iterated_tokens(inner)
        case Zip(inners):
            return frozenset().union(*map(_iterated_tokens, inners))
        case _:
            return tokens_in(over)


# -- while --------------------------------------------------------------------------------------------------------


def _stoppable(ctx: Context, node: ForLoop, run: Iteration) -> None:
    """A `for` that may end early: a `While` that counts."""
    counter = Sym("k", INT64)
    ctx.nonnegative.add(counter)

    def test() -> Atom:
        return apply(ctx, "lt", (counter, cast(ctx, run.length, INT64)), PY_BOOL, "test")

    def body() -> None:
        bind(ctx, node.target, run.at(counter))
        ctx.run(node.body)

    _while(ctx, node, counter, test, body, ())


@statement(WhileLoop)
def while_loop(ctx: Context, node: WhileLoop) -> None:
    counter = Sym("k", INT64)
    ctx.nonnegative.add(counter)

    def test() -> Atom:
        return condition(ctx, ctx.expr(node.test))

    if not _is_pure(ctx, node, test):
        _rotated(ctx, node, counter, test)
        return
    _while(ctx, node, counter, test, lambda: ctx.run(node.body), ())


def _is_pure(ctx: Context, node: WhileLoop, test: Callable[[], Atom]) -> bool:
    """Can the condition be computed between rounds without any effect?"""
    if any(isinstance(n, ast.NamedExpr) for n in ast.walk(node.test)):
        return False
    mark, before = ctx.mark(), dict(ctx.env)
    names = [n for n in ctx.scope.liveness.assigned[node] if n in before]
    merge = Merge()
    ctx.scope.env = {**before, **{n: merge.open(before[n], hint_of(n)) for n in names}}
    side = Lowered(ctx, lambda: Num(test()))
    ctx.scope.env = before
    ctx.rewind(mark)
    return not side.terminated and all(map(_pure, side.statements))


def _pure(s: Statement) -> bool:
    if isinstance(s, If):
        return all(map(_pure, (*s.then.statements, *s.orelse.statements)))
    return isinstance(s, Let | Dim | Load)


def _rotated(ctx: Context, node: WhileLoop, counter: Sym, test: Callable[[], Atom]) -> None:
    """A condition with effects moves into the body, which then runs once more and only finds it false."""
    ctx.env[_GOING] = Num(truth(True))
    live = ctx.scope.liveness.head[node] | {_GOING}

    def going() -> Atom:
        value = ctx.env[_GOING]
        assert isinstance(value, Num)
        return value.atom

    def body() -> None:
        atom = test()
        ctx.env[_GOING] = Num(atom)

        def rest() -> Value:
            ctx.run(node.body)
            return nothing()

        branch(ctx, atom, rest, nothing, live)

    _while(ctx, node, counter, going, body, (_GOING,))
    ctx.env.pop(_GOING, None)


def _while(
    ctx: Context,
    node: LoopNode,
    counter: Sym,
    test: Callable[[], Atom],
    body: Callable[[], None],
    extra: tuple[str, ...],
) -> None:
    """A `While` that runs `body` as long as no stop flag is set and `test` holds."""
    span = ctx.span
    blocks: list[Block] = []

    def whole() -> None:
        with ctx.block() as statements:
            atom = _guarded(ctx, node.stop, test)
        blocks.append(Block(tuple(statements), (atom,)))
        body()

    carried = converge(ctx, node, extra, whole)
    results, varying, same = finish(ctx, node, carried, False)
    block = Block(tuple(carried.statements), tuple(carried.yields[k] for k in varying))
    ctx.builder.emit(
        While(
            tuple(results), Sym("trips", INT64), counter, tuple(carried.made[k] for k in varying),
            tuple(carried.initial[k] for k in varying), substitute(blocks[-1], same), substitute(block, same), span,
        )
    )  # fmt: skip


def _guarded(ctx: Context, stop: tuple[str, ...], test: Callable[[], Atom]) -> Atom:
    """`not stopped and test()`, without evaluating the test after the stop."""
    free = clear(ctx, stop)
    if isinstance(free, Const):
        return test() if free.value else free
    side = Lowered(ctx, lambda: Num(test()))
    if isinstance(side.value, Num) and all(isinstance(s, Let) for s in side.statements):
        ctx.builder.extend(side.statements)
        atom = side.value.atom
        if isinstance(atom, Const):
            return free if atom.value else atom
        return apply(ctx, "and_", (free, atom), scalar(atom), "test")
    value = join(ctx, free, (side, Lowered(ctx, lambda: Num(truth(False)))), None, "test")
    return value.atom if isinstance(value, Num) else truth(True)
