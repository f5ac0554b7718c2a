"""Shorthand for IR written by hand in tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import Atom, Block, Const, For, Function, If, Sym, While
from srcgrad.ir.types import FLOAT64, INT64, Array, Type

VECTOR = Array(np.dtype(np.float64), 1)
MATRIX = Array(np.dtype(np.float64), 2)


def sym(hint: str, type_: Type = FLOAT64) -> Sym:
    return Sym(hint, type_)


def num(value: float) -> Const:
    return Const(float(value), FLOAT64)


def function(b: Builder, params: Sequence[Sym], *results: Atom) -> Function:
    return Function("f", tuple(params), b.finish(results))


def block(b: Builder, write: Callable[..., Sequence[Atom]], *bound: Sym) -> Block:
    """The block that `write(*bound)` emits, yielding what it returns."""
    with b.block() as statements:
        results = tuple(write(*bound))
    return Block(tuple(statements), results)


def for_(
    b: Builder, start: Atom, stop: Atom, step: Atom, initial: Sequence[Atom], write: Callable[..., Sequence[Atom]],
    reverse: bool = False,
) -> tuple[Sym, ...]:
    """Emit a loop; `write(index, *parameters)` emits its body and returns what it yields."""
    index = Sym("i", INT64)
    parameters = tuple(Sym("p", a.type) for a in initial)
    results = tuple(Sym("r", a.type) for a in initial)
    body = block(b, write, index, *parameters)
    b.emit(For(results, index, start, stop, step, parameters, tuple(initial), body, reverse))
    return results


def while_(
    b: Builder, initial: Sequence[Atom], test: Callable[..., Atom], write: Callable[..., Sequence[Atom]]
) -> tuple[Sym, ...]:
    """Emit a while loop; gives its results and then its trip count."""
    counter, trips = Sym("k", INT64), Sym("trips", INT64)
    parameters = tuple(Sym("p", a.type) for a in initial)
    results = tuple(Sym("r", a.type) for a in initial)
    condition = block(b, lambda *bound: (test(*bound),), counter, *parameters)
    body = block(b, write, counter, *parameters)
    b.emit(While(results, trips, counter, parameters, tuple(initial), condition, body))
    return (*results, trips)


def if_(
    b: Builder, condition: Atom, then: Callable[[], Sequence[Atom]], orelse: Callable[[], Sequence[Atom]] = tuple
) -> tuple[Sym, ...]:
    """Emit a branch."""
    first, second = block(b, then), block(b, orelse)
    results = tuple(Sym("r", a.type) for a in first.results)
    b.emit(If(results, condition, first, second))
    return results
