"""Short ways to write IR by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import srcgrad.ops
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import Atom, Block, Const, For, Function, Sym, While
from srcgrad.ir.types import FLOAT64, INT64, Array, Layout, Type

assert srcgrad.ops
Body = Callable[..., tuple[Atom, ...]]


def array(ndim: int = 1, dtype: type = np.float64, layout: Layout = Layout.C) -> Array:
    return Array(np.dtype(dtype), ndim, layout)


def real(value: float) -> Const:
    return Const(value, FLOAT64)


class Made:
    """A function under construction: `b` writes into it."""

    def __init__(self, **params: Type) -> None:
        self.b = Builder()
        self.params = tuple(Sym(name, type_) for name, type_ in params.items())

    def done(self, *results: Atom, name: str = "f", helpers: tuple[Function, ...] = ()) -> Function:
        return Function(name, self.params, self.b.finish(results), helpers=helpers)

    def loop(
        self, body: Body, *initial: Atom, start: Atom | int = 0, stop: Atom | int = 3, step: Atom | int = 1,
        reverse: bool = False, hints: str = "",
    ) -> tuple[Sym, ...]:  # fmt: skip
        """A `For` whose body is called with its index and parameters and returns what it yields."""
        names = hints.split() or [f"p{k}" for k in range(len(initial))]
        parameters = tuple(Sym(h, a.type) for h, a in zip(names, initial, strict=True))
        index = Sym("i", INT64)
        with self.b.block() as statements:
            yielded = tuple(body(index, *parameters))
        results = tuple(Sym(h, a.type) for h, a in zip(names, initial))
        bounds = [int_const(x) if isinstance(x, int) else x for x in (start, stop, step)]
        block = Block(tuple(statements), yielded)
        self.b.emit(For(results, index, *bounds, parameters, initial, block, reverse))
        return results

    def while_(self, test: Body, body: Body, *initial: Atom, hints: str = "") -> tuple[Sym, ...]:
        """A `While`; `test` and `body` are called with the counter and the parameters. Its results and trips."""
        names = hints.split() or [f"p{k}" for k in range(len(initial))]
        parameters = tuple(Sym(h, a.type) for h, a in zip(names, initial, strict=True))
        counter = Sym("k", INT64)
        with self.b.block() as tests:
            condition = test(counter, *parameters)
        with self.b.block() as statements:
            yielded = body(counter, *parameters)
        results, trips = tuple(Sym(h, a.type) for h, a in zip(names, initial)), Sym("trips", INT64)
        self.b.emit(
            While(results, trips, counter, parameters, initial, Block(tuple(tests), condition),
                  Block(tuple(statements), yielded))
        )  # fmt: skip
        return (*results, trips)

    def branch(self, condition: Atom, then: Body, orelse: Body, hints: str) -> tuple[Sym, ...]:
        blocks = []
        for body in (then, orelse):
            with self.b.block() as statements:
                results = body()
            blocks.append(Block(tuple(statements), results))
        return self.b.if_(condition, *blocks, hints=tuple(hints.split()))
