"""Which array symbols may name the same memory.

In: a `Function` (its helpers are not entered). Out: `AliasClasses`, a partition of its array and stack symbols.
Two symbols in different classes never share an element. Sharing arises through `View`, `Reshape`, the values of `If`,
`For` and `While`, `Push`/`Pop` (a stack is in the class of the references it holds) and `Call` (a result may be any of
the arguments). Parameters of the function a user calls are distinct unless connected; those of a helper may be
handed the same array twice, so they are one class per dtype.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from srcgrad.ir.nodes import (
    Atom,
    Block,
    Call,
    For,
    Function,
    If,
    Pop,
    Push,
    Reshape,
    Statement,
    Sym,
    View,
    While,
    blocks,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Array, Stack, same_value_type
from srcgrad.ir.visit import walk


class AliasClasses:
    """Union-find over array and stack symbols; a symbol that nothing is known of is alone."""

    def __init__(self) -> None:
        self._parent: dict[Sym, Sym] = {}

    def root(self, symbol: Sym) -> Sym:
        """The representative of the class of `symbol`."""
        parent = self._parent
        top = symbol
        while (above := parent.get(top, top)) is not top:
            top = above
        while symbol is not top:  # path compression
            symbol, parent[symbol] = parent.get(symbol, symbol), top
        return top

    def same(self, a: Sym, b: Sym) -> bool:
        """Whether the two may share memory."""
        return self.root(a) is self.root(b)

    def touches(self, statement: Statement, array: Sym) -> bool:
        """May the statement, or one inside it, have to do with the memory of `array`?"""
        for inner in walk(Block((statement,))):
            handed = [a for block in blocks(inner) for a in block.results]
            for atom in (*operands(inner), *handed):
                if isinstance(atom, Sym) and is_reference(atom) and self.same(atom, array):
                    return True
        return False

    def join(self, a: Sym, b: Sym) -> None:
        """Record that the two may share memory."""
        a, b = self.root(a), self.root(b)
        if a is not b:
            self._parent[b] = a

    def _join_references(self, target: Sym, sources: Iterable[Atom]) -> None:
        if is_reference(target):
            for source in sources:
                if isinstance(source, Sym):
                    self.join(target, source)


def is_reference(atom: Atom) -> bool:
    """Arrays and stacks are references to something that can change."""
    return isinstance(atom.type, (Array, Stack))


def memory_dtype(symbol: Sym) -> np.dtype | None:
    """The dtype of the array elements that a symbol leads to; `None` when it leads to none."""
    held = symbol.type.element if isinstance(symbol.type, Stack) else symbol.type
    return held.dtype if isinstance(held, Array) else None


def alias_classes(function: Function) -> AliasClasses:
    """The partition of the array and stack symbols of one function."""
    classes = AliasClasses()
    if function.callee is not None:
        _join_by_dtype(classes, [p for p in function.params if is_reference(p)])
    for statement in walk(function.body):
        match statement:
            case View(result=result, array=array) | Reshape(result=result, array=array):
                classes.join(array, result)
            case If(results=results, then=then, orelse=orelse):
                for result, *sources in zip(results, then.results, orelse.results):
                    classes._join_references(result, sources)
            case For() | While():
                rows = zip(statement.results, statement.parameters, statement.initial, statement.body.results)
                for result, *sources in rows:
                    classes._join_references(result, sources)
            case Push(stack=stack, value=value) if is_reference(value):
                classes._join_references(stack, (value,))
            case Pop(result=result, stack=stack) if is_reference(result):
                classes.join(stack, result)
            case Call(results=results, arguments=arguments):
                _join_call(classes, results, [a for a in arguments if isinstance(a, Sym) and is_reference(a)])
            case _:
                pass
    return classes


def _join_by_dtype(classes: AliasClasses, symbols: list[Sym]) -> None:
    """Connect all symbols that lead to memory of the same dtype (no view changes the dtype)."""
    first: dict[np.dtype, Sym] = {}
    for symbol in symbols:
        dtype = memory_dtype(symbol)
        if dtype is not None:
            classes.join(first.setdefault(dtype, symbol), symbol)


def _join_call(classes: AliasClasses, results: tuple[Sym, ...], arguments: list[Sym]) -> None:
    """A result may be any argument, or what a stack among them holds; a helper may push any argument."""
    stacks = [a for a in arguments if isinstance(a.type, Stack)]
    for target in (*results, *stacks):
        dtype = memory_dtype(target)
        for source in arguments:
            if dtype is not None and dtype == memory_dtype(source):
                classes.join(target, source)
    for result in results:
        for stack in stacks:
            if same_value_type(result.type, stack.type):  # a helper may hand back the stack it was given
                classes.join(result, stack)
