"""The frontend's entry point: a Python function and the specs of its arguments become an IR function.

In: a callable and one `Spec` per parameter. Out: `Lowered`. The arrays of the caller are never written: a parameter
that some store may reach is copied on entry, and a returned array that may be a parameter's memory is a copy.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.frontend.arrays import materialise
from srcgrad.frontend.closing import check_snapshots, own_results, with_copies
from srcgrad.frontend.context import Arguments, Context, Differentiate, Refused, Unknown
from srcgrad.frontend.elementwise import force
from srcgrad.frontend.ownership import reachable_helpers, written_by
from srcgrad.frontend.scalars import present, scalar
from srcgrad.frontend.source import source_of, unwrap
from srcgrad.frontend.values import (
    BOTTOM,
    NONE,
    Arr,
    Conflict,
    Num,
    NumberList,
    Record,
    Value,
    describe,
    new_token,
    whole,
)
from srcgrad.infer.captured import Captured
from srcgrad.infer.raised import Key, Raised
from srcgrad.infer.signature import Leaf, Node, Spec, Static, is_namedtuple
from srcgrad.ir.nodes import Atom, Block, Function, Sym
from srcgrad.ir.types import Array, Layout
from srcgrad.span import NOWHERE, Span


@dataclass(frozen=True)
class Lowered:
    """A function in the IR. Its parameters are the leaves of the arguments in order, then `captured_arrays`.

    `out` is the structure of the results; `written` are the positions, among the leaves of the arguments, of the
    arrays that the user's function (or one that it differentiates) writes into; `argument_names` has one name per leaf;
    `captured` are the constants read from outside the arguments; `raised` are the user's exceptions that stand for
    those of compiled code."""

    function: Function
    out: Spec
    written: tuple[int, ...]
    argument_names: tuple[str, ...]
    captured: tuple[Captured, ...] = ()
    captured_arrays: tuple[Captured, ...] = ()
    raised: tuple[tuple[Key, Raised], ...] = ()


def lower(
    function: Callable[..., Any], specs: tuple[Spec, ...], differentiate: Differentiate | None = None
) -> Lowered:
    """Lower `function` for arguments of these specs; `differentiate` makes the derivatives that it computes itself.
    Raises `Unsupported` with everything that is wrong."""
    sums: frozenset[Span] = frozenset()
    mixed_orders = False
    while True:  # again, with what was not known before
        ctx = Context(mixed_orders, sums, differentiate)
        try:
            lowered = _lowered(ctx, function, specs)
        except Unsupported:
            if ctx.more_sums_of_arrays <= sums:
                raise
            sums |= ctx.more_sums_of_arrays
            continue
        if mixed_orders or not (ctx.mixed_orders and ctx.relies_on_rows):
            return lowered
        mixed_orders = True


def _lowered(ctx: Context, function: Callable[..., Any], specs: tuple[Spec, ...]) -> Lowered:
    parameters = _parameters(ctx, function, specs)
    value: Value = BOTTOM
    try:
        value = present(ctx, force(ctx, ctx.call(Static(function), parameters.arguments), "result"))
    except Refused as refused:
        ctx.diagnostics.append(refused.diagnostic)
    except Unknown:
        pass
    ctx.finish()
    return _close(ctx, function, parameters, value)


# -- parameters ---------------------------------------------------------------------------------------------------


@dataclass
class _Parameters:
    """The parameters of the IR function, and the call they make."""

    symbols: list[Sym]
    names: list[str]
    arguments: Arguments
    units: list[tuple[Sym, int]] = field(default_factory=list)


def _parameters(ctx: Context, function: Callable[..., Any], specs: tuple[Spec, ...]) -> _Parameters:
    declared = list(inspect.signature(unwrap(function)).parameters.values())
    if len(declared) != len(specs):
        raise Unsupported(Diagnostic(f"{len(specs)} arguments are described, the function has {len(declared)}"))
    found = _Parameters([], [], Arguments())
    positional: list[Value] = []
    keywords: dict[str, Value] = {}
    for parameter, spec in zip(declared, specs):
        value = _value_of(spec, parameter.name, parameter.name, found)
        if parameter.kind is parameter.VAR_POSITIONAL:
            assert isinstance(value, Record)
            positional.extend(value.items)
        elif parameter.kind is parameter.VAR_KEYWORD:
            assert isinstance(value, Record)
            keywords.update(zip(map(str, value.keys), value.items))
        elif parameter.kind is parameter.KEYWORD_ONLY:
            keywords[parameter.name] = value
        else:
            positional.append(value)
    found.arguments = Arguments(tuple(positional), keywords)
    ctx.parameters.update(found.symbols)
    for symbol in found.symbols:
        ctx.note_parameter(symbol)
    ctx.units.update(found.units)
    return found


def _value_of(spec: Spec, name: str, hint: str, found: _Parameters) -> Value:
    match spec:
        case Leaf(type_, units):
            symbol = Sym(hint, type_)
            found.symbols.append(symbol)
            found.names.append(name)
            found.units.extend((symbol, axis) for axis in units)
            return whole(symbol) if isinstance(type_, Array) else Num(symbol)
        case Node(container, keys, children):
            items = [
                _value_of(child, _child_name(spec, name, key), f"{hint}_{key}", found)
                for key, child in zip(keys, children)
            ]
            return Record(container, keys, tuple(items), new_token(container))
        case _:
            return spec


def _child_name(spec: Node, name: str, key: object) -> str:
    if spec.container in (tuple, list, dict):
        return f"{name}[{key!r}]"
    return f"{name}.{key}"


# -- results ------------------------------------------------------------------------------------------------------


def _close(ctx: Context, function: Callable[..., Any], parameters: _Parameters, value: Value) -> Lowered:
    """The finished function, given the value of the call."""
    span = _span_of(function)
    if value is BOTTOM:
        raise Unsupported(Diagnostic(
                "this function never returns",
                span,
                "",
                "every path through it raises",
                "return a value on the paths that do not fail",
            ))
    captured = [*ctx.arrays.values()]
    symbols = (*parameters.symbols, *(c.symbol for c in captured))
    draft = Function(_name_of(function), symbols, ctx.builder.finish(), span)
    draft = replace(draft, helpers=reachable_helpers(draft.body, ctx.functions))
    stores = written_by(draft)
    for array in captured:
        if array.symbol in stores:
            raise Unsupported(_captured_write(array.captured, stores[array.symbol]))
    written = [symbol for symbol in parameters.symbols if symbol in stores]
    if value == NONE:
        value = _final_arrays(written, span)
    results: list[Atom] = []
    with ctx.block() as tail:
        out = _result(ctx, value, results, span)
    whole_body = Block((*draft.body.statements, *tail), tuple(results))
    check_snapshots(ctx, replace(draft, body=whole_body))
    body = with_copies(whole_body, written, span)
    closed = own_results(replace(draft, body=body, result_hints=tuple(_hint(a) for a in results)), span)
    apart = {*written, *ctx.kept_apart}
    positions = tuple(k for k, symbol in enumerate(parameters.symbols) if symbol in apart)
    return Lowered(
        closed, out, positions, tuple(parameters.names), tuple(ctx.constants.values()),
        tuple(c.captured for c in captured), tuple(ctx.raised.items()),
    )  # fmt: skip


def _final_arrays(written: list[Sym], span: Span) -> Value:
    """What a procedure computes: the arrays it wrote."""
    if not written:
        raise Unsupported(
            Diagnostic(
                "this function returns nothing and writes into none of its arguments",
                span,
                "",
                "there is nothing to differentiate",
                "return the result, or write it into an array argument",
            )
        )
    values = tuple(whole(symbol) for symbol in written)
    return values[0] if len(values) == 1 else Record(tuple, tuple(range(len(values))), values)


def _result(ctx: Context, value: Value, results: list[Atom], span: Span) -> Spec:
    """The structure of a result; its leaves are appended to `results`."""
    match value:
        case Num(atom):
            results.append(atom)
            return Leaf(scalar(atom))
        case Arr():
            results.append(materialise(ctx, value, "result"))
            return Leaf(Array(value.dtype, value.ndim, Layout.C))
        case NumberList(array):
            return _result(ctx, array, results, span)
        case Record(container, keys, items):
            spec_keys = keys if container is not dict else tuple(keys)
            children = tuple(_result(ctx, item, results, span) for item in items)
            kind = container if container in (tuple, list, dict) or _rebuildable(container) else tuple
            return Node(kind, spec_keys, children)
        case Static():
            return value
        case _:
            raise Unsupported(
                Diagnostic(
                    f"this function returns {describe(value)}",
                    span,
                    "",
                    value.why if isinstance(value, Conflict) else "that is not a number, an array or a tuple of these",
                    "return numbers, arrays, or tuples and dicts of these, of one structure on every path",
                )
            )


def _rebuildable(container: type) -> bool:
    return is_namedtuple(container) or hasattr(container, "__dataclass_fields__")


def _hint(atom: Atom) -> str:
    return atom.hint if isinstance(atom, Sym) else "result"


def _name_of(function: Callable[..., Any]) -> str:
    name: str = getattr(unwrap(function), "__name__", type(function).__name__)
    cleaned = "".join(c if c.isalnum() or c == "_" else "_" for c in name).strip("_")
    return cleaned if cleaned.isidentifier() else f"f_{cleaned}"


def _span_of(function: Callable[..., Any]) -> Span:
    target = unwrap(function)
    target = getattr(target, "__func__", target)
    return source_of(target).header() if inspect.isfunction(target) else NOWHERE


def _captured_write(captured: Captured, span: Span) -> Diagnostic:
    return Diagnostic(
        f"the {captured.kind.value} array {captured.name!r} is written",
        span,
        "written here",
        "it belongs to code outside the function, which would see the change",
        "pass it as an argument, or write into a copy",
    )
