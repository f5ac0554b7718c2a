"""Which array parameters of a function are stored into, directly or under another name.

In: a `Function`. Out: pairs (parameter, span of the store). References flow forward only (base to view, branch or
loop value to result, pushed to popped), so memory that merely meets a parameter in a phi is not blamed on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from srcgrad.ir.nodes import (
    Atom,
    External,
    For,
    Function,
    If,
    Pop,
    Product,
    Push,
    Reshape,
    Store,
    Sym,
    View,
    While,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import Array, Stack
from srcgrad.ir.visit import walk
from srcgrad.span import Span


def written_params(function: Function) -> list[tuple[Sym, Span]]:
    """Parameters that a `Store`, `Product` or `External` may write into. Calls are not looked at."""
    stores = [s for s in walk(function.body) if isinstance(s, (Store, Product, External))]
    arrays = [p for p in function.params if isinstance(p.type, (Array, Stack))]
    if not stores or not arrays:
        return []
    targets: dict[Sym, list[Sym]] = {}
    for source, target in flows(function):
        targets.setdefault(source, []).append(target)
    found: list[tuple[Sym, Span]] = []
    for param in arrays:
        reached, pending = {param}, [param]
        while pending:
            for target in targets.get(pending.pop(), ()):
                if target not in reached:
                    reached.add(target)
                    pending.append(target)
        found.extend((param, store.span) for store in stores if not reached.isdisjoint(written_arrays(store)))
    return found


def reached_from(start: Sym, targets: Mapping[Sym, list[Sym]]) -> set[Sym]:
    """`start` and every symbol that its memory may have got to."""
    reached, pending = {start}, [start]
    while pending:
        for target in targets.get(pending.pop(), ()):
            if target not in reached:
                reached.add(target)
                pending.append(target)
    return reached


def flows(function: Function) -> Iterator[tuple[Sym, Sym]]:
    """Pairs (source, target): the target may name the source's memory (or hold it, for a stack)."""
    for statement in walk(function.body):
        match statement:
            case View(result=result, array=array) | Reshape(result=result, array=array):
                yield array, result
            case If(results=results, then=then, orelse=orelse):
                for result, a, b in zip(results, then.results, orelse.results):
                    yield from _references((a, b), result)
            case For() | While():
                rows = zip(statement.results, statement.parameters, statement.initial, statement.body.results)
                for result, parameter, initial, yielded in rows:
                    yield from _references((initial, yielded), parameter)
                    yield from _references((initial, yielded), result)
            case Push(stack=stack, value=value):
                yield from _references((value,), stack)
            case Pop(result=result, stack=stack):
                if isinstance(result.type, Array):
                    yield stack, result
            case _:
                pass


def _references(sources: tuple[Atom, ...], target: Sym) -> Iterator[tuple[Sym, Sym]]:
    if isinstance(target.type, (Array, Stack)):
        yield from ((source, target) for source in sources if isinstance(source, Sym))
