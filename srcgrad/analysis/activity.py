"""Activity: which values carry derivatives.

A value is *varied* when it depends differentiably on an input we differentiate with respect to, *useful* when an
output we differentiate depends differentiably on it, *active* when both. What is not active gets no adjoint code.
Memory is tracked by alias class (flow-insensitively), scalars one by one; both sets are least fixpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Call,
    Copy,
    External,
    For,
    Function,
    If,
    Let,
    Load,
    Pop,
    Product,
    Push,
    Reshape,
    Statement,
    Store,
    Sym,
    View,
    While,
)  # fmt: skip
from srcgrad.ir.types import Array, Scalar, Stack
from srcgrad.ir.visit import defined_symbols, walk


@dataclass(frozen=True, eq=False)
class Activity:
    """The active scalars, arrays and stacks."""

    active: frozenset[Sym]

    def __call__(self, atom: Atom) -> bool:
        """Does this scalar, array or stack carry derivatives?"""
        return atom in self.active


def find_activity(function: Function, inputs: Iterable[Sym], outputs: Iterable[Atom]) -> Activity:
    """Activity with respect to `inputs` (parameters) and `outputs` (results of the function)."""
    statements = tuple(walk(function.body))
    varied = _varied(function, statements, inputs)
    useful = _Flow(varied.aliases)
    useful.seed(outputs)
    useful.run(statements, _backward_edges)
    keys = varied.members & useful.members
    symbols = (*function.params, *defined_symbols(function.body))
    active = {symbol for symbol in symbols if varied.key(symbol) in keys}
    for statement in statements:
        if isinstance(statement, (For, While)):
            # a carried value is active as a whole: its result may be used where its parameter is not, and conversely
            for pair in zip(statement.parameters, statement.results, strict=True):
                if not active.isdisjoint(pair):
                    active.update(pair)
    return Activity(frozenset(active))


def varied(function: Function, inputs: Iterable[Sym]) -> Callable[[Atom], bool]:
    """Which values of the function (calls are taken to mix all they are given) change with `inputs`."""
    flow = _varied(function, tuple(walk(function.body)), inputs)
    return lambda atom: flow.key(atom) in flow.members


def _varied(function: Function, statements: tuple[Statement, ...], inputs: Iterable[Sym]) -> _Flow:
    flow = _Flow(alias_classes(function))
    flow.seed(inputs)
    flow.run(statements, _forward_edges)
    return flow


class _Flow:
    """A set of scalars and alias classes, closed under edges "if any of these is a member, so are those"."""

    def __init__(self, aliases: AliasClasses) -> None:
        self.aliases = aliases
        self.members: set[Sym] = set()

    def key(self, atom: Atom) -> Sym | None:
        """What stands for an atom in the set; `None` for what cannot carry a derivative."""
        if not isinstance(atom, Sym) or not carries_derivative(atom):
            return None
        return atom if isinstance(atom.type, Scalar) else self.aliases.root(atom)

    def seed(self, atoms: Iterable[Atom]) -> None:
        self.members |= {key for atom in atoms if (key := self.key(atom)) is not None}

    def run(self, statements: tuple[Statement, ...], edges) -> None:
        pairs = [
            (frozenset(filter(None, map(self.key, sources))), frozenset(filter(None, map(self.key, targets))))
            for statement in statements
            for sources, targets in edges(statement)
        ]
        pending = [pair for pair in pairs if pair[0] and pair[1]]
        changed = True
        while changed:
            changed = False
            rest = []
            for sources, targets in pending:
                if sources & self.members:
                    changed |= not targets <= self.members
                    self.members |= targets
                else:
                    rest.append((sources, targets))
            pending = rest


def carries_derivative(symbol: Sym) -> bool:
    """Only floating scalars, arrays and stacks can."""
    type_ = symbol.type.element if isinstance(symbol.type, Stack) else symbol.type
    return type_.is_float if isinstance(type_, (Scalar, Array)) else False


Edge = tuple[tuple[Atom, ...], tuple[Atom, ...]]


def flow_edges(statement: Statement) -> list[Edge]:
    """How derivatives flow through a statement: each edge is (sources, targets)."""
    match statement:
        case Let(result=result, op=op, arguments=arguments):
            sources = tuple(a for a, partial in zip(arguments, op.partials, strict=True) if partial is not None)
            return [(sources, (result,))]
        case Load() | Copy() | View() | Reshape():
            return [((statement.array,), (statement.result,))]
        case Store(array=array, value=value):
            return [((value,), (array,))]
        case Product(array=array, left=left, right=right):
            return [((left, right), (array,))]
        case External(procedure=procedure, outputs=outputs, inputs=inputs) if procedure.transpose is not None:
            return [(inputs[-1:], outputs)]
        case If(results=results, then=then, orelse=orelse):
            return [((a, b), (r,)) for r, a, b in zip(results, then.results, orelse.results, strict=True)]
        case For() | While():
            return _loop_edges(statement)
        case Push(stack=stack, value=value):
            return [((value,), (stack,))]
        case Pop(result=result, stack=stack):
            return [((stack,), (result,))]
        case Call(results=results, arguments=arguments):
            memory = tuple(a for a in arguments if not isinstance(a.type, Scalar))
            return [(arguments, (*results, *memory))]
        case _:
            return []


def _loop_edges(loop: For | While) -> list[Edge]:
    body: Block = loop.body
    slots = zip(loop.results, loop.parameters, loop.initial, body.results, strict=True)
    return [edge for r, p, a, y in slots for edge in (((a, y), (p,)), ((a, y), (r,)))]


_forward_edges = flow_edges


def _backward_edges(statement: Statement) -> list[Edge]:
    return [(targets, (source,)) for sources, targets in flow_edges(statement) for source in sources]
