"""Whose memory is written, and whose is returned.

In: a function whose helpers are attached. Out: the parameters that are stored into (through views, branches, loops
and calls), and the symbols that may name memory of a parameter or only part of an array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from srcgrad.ir.nodes import (
    Alloc,
    Block,
    Call,
    Callee,
    Copy,
    For,
    Function,
    Product,
    Reshape,
    Statement,
    Store,
    Sym,
    View,
    While,
    blocks,
    operands,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.param_writes import flows, reached_from
from srcgrad.ir.types import Array
from srcgrad.ir.visit import walk
from srcgrad.span import Span

_Written = dict[Callee, frozenset[int]]


def reachable_helpers(body: Block, functions: Mapping[Callee, Function]) -> tuple[Function, ...]:
    """The helpers that a body calls, directly or through one another."""
    found: dict[Callee, Function] = {}
    pending = [body]
    while pending:
        for statement in walk(pending.pop()):
            if isinstance(statement, Call) and statement.callee not in found:
                function = functions[statement.callee]
                found[statement.callee] = function
                pending.append(function.body)
    return tuple(found.values())


def written_by(function: Function) -> dict[Sym, Span]:
    """The array parameters that may be stored into, each with the place of a store."""
    written: _Written = {helper.callee: frozenset() for helper in function.helpers if helper.callee}
    while True:
        wider = {
            helper.callee: frozenset(k for k, p in enumerate(helper.params) if p in _stored(helper, written))
            for helper in function.helpers
            if helper.callee
        }
        if wider == written:
            return _stored(function, written)
        written = wider


def _stored(function: Function, written: _Written) -> dict[Sym, Span]:
    targets: dict[Sym, Span] = {}
    for statement in walk(function.body):
        match statement:
            case Store(array=array, span=span) | Product(array=array, span=span):
                targets.setdefault(array, span)
            case Call(callee=callee, arguments=arguments, span=span):
                for position in written.get(callee, ()):
                    argument = arguments[position]
                    if isinstance(argument, Sym):
                        targets.setdefault(argument, span)
            case _:
                pass
    found: dict[Sym, Span] = {}
    edges = _edges(function)
    for param in function.params:
        if isinstance(param.type, Array):
            hit = next((s for s in reached_from(param, edges) if s in targets), None)
            if hit is not None:
                found[param] = targets[hit]
    return found


def _edges(function: Function) -> dict[Sym, list[Sym]]:
    """Who may name whose memory: from a symbol to those that may be it, or part of it."""
    edges: dict[Sym, list[Sym]] = {}
    for source, target in flows(function):
        edges.setdefault(source, []).append(target)
    for statement in walk(function.body):
        if isinstance(statement, Call):
            arrays = [a for a in statement.arguments if isinstance(a, Sym) and isinstance(a.type, Array)]
            for argument in arrays:
                edges.setdefault(argument, []).extend(r for r in statement.results if isinstance(r.type, Array))
    return edges


def may_be_memory_of(function: Function) -> frozenset[Sym]:
    """Symbols that may be (part of) a parameter, or are a view of something (of all of it, if that is a result too)."""
    edges = _edges(function)
    starts = [p for p in function.params if isinstance(p.type, Array)]
    starts += [s.result for s in walk(function.body) if isinstance(s, View)]
    results = set(function.body.results)
    reshapes = [s for s in walk(function.body) if isinstance(s, Reshape)]
    starts += [s.result for s in reshapes if len(results & reached_from(s.array, edges)) > 1]
    return frozenset(s for start in starts for s in reached_from(start, edges))


@dataclass(frozen=True)
class _Place:
    """Where a statement stands: its number in program order, and the loops around it."""

    number: int
    loops: frozenset[int]


_START = _Place(-1, frozenset())


def change_of(function: Function, original: Sym | None, made: Sym, span: Span) -> Span | None:
    """A store into `made` that did not fill it (those stand at `span`), or one into `original` after which the copy
    may still be read; the callers of a recursive function may store, and read what it returns, at any time."""
    edges = _edges(function)
    copies = reached_from(made, edges)
    roots = _roots(original, edges) if original is not None else set()
    originals = {s for root in roots for s in reached_from(root, edges)}
    order = list(_in_order(function.body, frozenset()))
    handed = any(atom in copies for atom in function.body.results)
    if handed and function.callee is not None and not originals.isdisjoint(function.params):
        return span
    copied = next((_Place(k, loops) for k, (s, loops) in enumerate(order) if _makes(s, made)), _START)
    loops_with_state = [s for s, _ in order if isinstance(s, For | While)]
    anew = copied.loops - {id(s) for s in loops_with_state if not copies.isdisjoint(s.parameters)}
    reads = [_Place(k, loops) for k, (s, loops) in enumerate(order) if _reads(s, copies)]
    reads += [_Place(len(order), frozenset())] if handed else []
    for k, (statement, loops) in enumerate(order):
        stored = _Place(k, loops)
        for target in _targets(statement):
            if target in copies and statement.span != span:
                return statement.span
            if target in originals and any(_may_see(copied, anew, stored, read) for read in reads):
                return statement.span
    return None


def _makes(statement: Statement, made: Sym) -> bool:
    return isinstance(statement, Alloc | Copy | Reshape) and statement.result is made


def _reads(statement: Statement, copies: set[Sym]) -> bool:
    """Whether the statement reads the copy, or hands it on (the results of the function are handed on last)."""
    handed = [atom for block in blocks(statement) for atom in block.results]
    atoms = operands(statement)[1:] if isinstance(statement, Store | Product) else operands(statement)
    return any(atom in copies for atom in (*atoms, *handed) if isinstance(atom, Sym))


def _may_see(copied: _Place, anew: frozenset[int], stored: _Place, read: _Place) -> bool:
    """Whether what is read of a copy may be older than a store into what was copied: the store lies between the two,
    or in a loop with the read that does not make the copy anew (`anew` are those that do)."""
    between = copied.number < stored.number <= read.number
    return between or bool(stored.loops & read.loops - anew)


def _roots(symbol: Sym, edges: Mapping[Sym, list[Sym]]) -> set[Sym]:
    """The symbols that `symbol` may be memory of."""
    backwards: dict[Sym, list[Sym]] = {}
    for source, targets in edges.items():
        for target in targets:
            backwards.setdefault(target, []).append(source)
    return reached_from(symbol, backwards)


def _in_order(block: Block, loops: frozenset[int]) -> Iterator[tuple[Statement, frozenset[int]]]:
    """Statements in program order, each with the loops around it; a compound statement after what it holds."""
    for statement in block.statements:
        inside = loops | {id(statement)} if isinstance(statement, For | While) else loops
        for inner in blocks(statement):
            yield from _in_order(inner, inside)
        yield statement, loops


def _targets(statement: Statement) -> Iterator[Sym]:
    """The arrays a statement may write into."""
    yield from (a for a in written_arrays(statement) if isinstance(a.type, Array))
