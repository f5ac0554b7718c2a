"""Recursive functions: inlined until they call themselves, then made helpers that stay calls.

In: an `Activation`: a function about to be lowered with given arguments. Out: its value. The key of an activation is
the function with the structure and the dtypes of its arguments; meeting a key again while it is being inlined shows
the recursion. A helper's result type is found in rounds: unknown at first, so that the base case decides it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from srcgrad.frontend.context import Context, Helper, Scope, Snapshot, Unknown
from srcgrad.frontend.kinds import Merge, coerce, fits, rename
from srcgrad.frontend.source import Source
from srcgrad.frontend.values import BOTTOM, Arr, Choice, Num, NumberList, Record, Value
from srcgrad.ir.nodes import Atom, Block, Call, Callee, Function, Statement, Sym
from srcgrad.ir.types import Array, Layout, Type
from srcgrad.ir.visit import clone_block, free_symbols, map_atoms, walk

_MOST_ROUNDS = 20
_DEEPEST = 150


class Recursion(Exception):
    """The activation with this key calls itself: it has to be lowered as a helper."""

    def __init__(self, key: object) -> None:
        super().__init__("recursion")
        self.key = key


@dataclass(frozen=True)
class Activation:
    """A function with its arguments bound. `body` lowers it given its variables."""

    key: object
    name: str
    values: dict[str, Value]
    body: Callable[[dict[str, Value]], Value]


def key_of(source: Source, outer: Scope | None, values: dict[str, Value]) -> object:
    """What two activations that can share one helper have in common."""
    return (source, outer, tuple((name, _structure(value)) for name, value in values.items()))


def _structure(value: Value) -> object:
    match value:
        case Num():
            return value.type.dtype.str
        case Arr():
            return (value.dtype.str, value.ndim)
        case NumberList(array):
            return ("list", array.dtype.str, array.ndim)
        case Record(container, keys, items):
            return (container, keys, tuple(map(_structure, items)))
        case _:  # functions with what they are bound to, ranges, constants: the very same ones
            return value


def call_recursive(ctx: Context, activation: Activation) -> Value:
    """The value of an activation: inlined, or through a helper where it is recursive."""
    key = activation.key
    helper = ctx.helpers.get(key)
    if helper is not None:
        return _call(ctx, helper, activation)
    if key in ctx.inlining:
        raise Recursion(key)
    if len(ctx.inlining) >= _DEEPEST:
        ctx.refuse(
            "calls are nested too deeply",
            why="every call is inlined, and this nesting does not seem to end",
            advice="write the recursion as a loop",
        )
    mark, scopes, calls, terminated = ctx.mark(), len(ctx.scopes), len(ctx.calls), ctx.terminated
    depth = len(ctx.inlining)
    ctx.inlining.append(key)
    ctx.calls.append((ctx.span, activation.name))
    try:
        with ctx.block() as statements:
            value = activation.body(dict(activation.values))
    except Recursion as recursion:
        if recursion.key != key:
            raise
        del ctx.scopes[scopes:], ctx.calls[calls:], ctx.inlining[depth:]
        ctx.rewind(mark)
        ctx.terminated = terminated
        return _through_helper(ctx, activation)
    finally:
        del ctx.calls[calls:], ctx.inlining[depth:]
    ctx.builder.extend(statements)
    return value


# -- helpers ------------------------------------------------------------------------------------------------------


def _through_helper(ctx: Context, activation: Activation) -> Value:
    """Make the function a helper and call it."""
    helper = Helper(activation.key, activation.name)
    ctx.helpers[activation.key] = helper
    try:
        make(ctx, helper, activation)
    except BaseException:
        del ctx.helpers[activation.key]
        raise
    value = _call(ctx, helper, activation)
    if helper.captured:  # a later call may see other values of the variables around the function
        del ctx.helpers[activation.key]
    return value


def make(ctx: Context, helper: Helper, activation: Activation) -> None:
    """Lower a helper in rounds until the type of its result is stable."""
    merge = Merge()
    params = {name: _open_parameter(merge, value, name) for name, value in activation.values.items()}
    helper.params, helper.param_symbols = params, tuple(merge.made)
    result: Value = BOTTOM
    made: tuple[Sym, ...] = ()
    for _ in range(_MOST_ROUNDS):
        helper.result, helper.result_symbols = result, made
        types: tuple[tuple[Type, ...], ...] = tuple(tuple(s.type for s in g) for g in (helper.param_symbols, made))
        helper.callee = Callee(activation.name, types[0], types[1])
        mark = ctx.mark()
        value, statements = _round(ctx, activation, params)
        if value is not BOTTOM and result is not BOTTOM and fits(value, result, frozenset(made)):
            _finish(ctx, helper, activation, value, statements)
            return
        ctx.rewind(mark)
        if value is BOTTOM and result is BOTTOM:
            break
        merge = Merge(frozenset(made))
        result = merge.merge(result, value, "result")
        made = tuple(merge.made)
    ctx.refuse(
        f"the recursion of {activation.name} has no type",
        label="called here",
        why="no path through the function returns a value without calling it again",
        advice="add a path that returns without a further call",
    )


def _open_parameter(merge: Merge, value: Value, hint: str) -> Value:
    """A parameter of a helper: any layout will do. A function or a range is no parameter: the key fixes which one
    it is, and the symbols in it are captured."""
    if not isinstance(value, Num | Arr | NumberList | Record | Choice):
        return value
    opened = merge.open(value, hint)
    for position, symbol in enumerate(merge.made):
        if isinstance(symbol.type, Array) and symbol.type.layout is not Layout.ANY:
            general = Sym(symbol.hint, replace(symbol.type, layout=Layout.ANY))
            merge.made[position] = general
            opened = rename(opened, {symbol: general})
    return opened


def _round(
    ctx: Context, activation: Activation, params: dict[str, Value]
) -> tuple[Value, list[Statement]]:
    """Lower the body once, apart from what surrounds the call."""
    dims, terminated = ctx.dims, ctx.terminated
    ctx.dims, ctx.terminated = [{}], False
    ctx.calls.append(activation.key)
    try:
        with ctx.builder.block() as statements:
            value = activation.body(dict(params))
    finally:
        ctx.dims, ctx.terminated = dims, terminated
        ctx.calls.pop()
    return value, statements


def _finish(
    ctx: Context, helper: Helper, activation: Activation, value: Value, statements: list[Statement]
) -> None:
    """Close the helper: what its body uses from around it becomes further parameters."""
    made = frozenset(helper.result_symbols)
    with ctx.builder.block() as tail:
        results = coerce(ctx, value, helper.result, made)
    block = Block((*statements, *tail), tuple(results))
    captured = free_symbols(block, helper.param_symbols)
    assert helper.callee is not None
    old = helper.callee
    new = Callee(old.name, (*old.parameters, *(s.type for s in captured)), old.results)
    block = _pass_on(block, old, new, captured)
    if captured and any(isinstance(s, Call) and s.callee is not new for s in walk(block)):
        ctx.refuse(
            "functions that call one another and share variables of an enclosing function are not compiled",
            why="which variables each of them needs is not known before the other is compiled",
            advice="pass the variables as arguments",
        )
    helper.callee, helper.captured = new, captured
    function = Function(
        activation.name, (*helper.param_symbols, *captured), block, ctx.span, (), new, ()
    )
    mapping: dict[Sym, Atom] = {}
    ctx.functions[new] = _own_symbols(function, mapping)
    ctx.snapshots += [_renamed(shot, mapping) for shot in ctx.snapshots if shot.made in mapping]


def _pass_on(block: Block, old: Callee, new: Callee, captured: tuple[Sym, ...]) -> Block:
    """Every call of `old` calls `new`, with the captured symbols after its arguments."""

    def rewrite(inner: Block) -> Block:
        return Block(tuple(map(change, inner.statements)), inner.results)

    def change(statement: Statement) -> Statement:
        if isinstance(statement, Call) and statement.callee is old:
            return replace(statement, callee=new, arguments=(*statement.arguments, *captured))
        return map_atoms(statement, lambda atom: atom, rewrite)

    return rewrite(block)


def _renamed(shot: Snapshot, mapping: Mapping[Sym, Atom]) -> Snapshot:
    """What must not change, by the symbols that a function has of its own."""
    original, made = (mapping.get(s, s) if s is not None else None for s in (shot.original, shot.made))
    assert isinstance(made, Sym) and (original is None or isinstance(original, Sym))
    return replace(shot, original=original, made=made)


def _own_symbols(function: Function, mapping: dict[Sym, Atom]) -> Function:
    """The function with symbols of its own for all it defines: its captured parameters are the caller's. `mapping`
    is told which symbol stands for which."""
    params = []
    for old in function.params:
        new = Sym(old.hint, old.type)
        mapping[old] = new
        params.append(new)
    return replace(function, params=tuple(params), body=clone_block(function.body, mapping))


def _call(ctx: Context, helper: Helper, activation: Activation) -> Value:
    """A `Call` of a helper (finished, or the one that is being made)."""
    if helper.result is BOTTOM:
        raise Unknown
    params = frozenset(helper.param_symbols)
    atoms: list[Atom] = []
    for name, value in activation.values.items():
        atoms += coerce(ctx, value, helper.params[name], params)
    results = {s: Sym(s.hint, s.type) for s in helper.result_symbols}
    assert helper.callee is not None
    ctx.wrote(None)
    ctx.builder.emit(
        Call(tuple(results.values()), helper.callee, (*atoms, *helper.captured), ctx.span)
    )
    return rename(helper.result, results)
