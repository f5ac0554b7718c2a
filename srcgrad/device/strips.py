"""Sums down the columns of a nest: each thread adds up a strip of rows before it adds to what all share.

    for i in range(0, n, 1):                      for s in range(0, (n + 31) // 32, 1):
        for j in range(0, m, 1):                      for j in range(0, m, 1):
            store y[j] += f(i, j)         =>              for r in range(0, min(32, n - 32 * s), 1) carrying t = 0:
                                                              yield t + f(32 * s + r, j)
                                                          store y[j] += t

In, out: a function that is otherwise done. There are fewer atomic additions by as much, and neighbouring threads still
touch neighbouring elements.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.device.passing import Passing
from srcgrad.ir.build import Builder, const_like, int_const
from srcgrad.ir.nodes import Atom, Block, For, Function, Let, Statement, Store, Sym
from srcgrad.ir.types import INT64, Scalar
from srcgrad.ir.visit import defined_symbols, rebuild
from srcgrad.ops.registry import by_name
from srcgrad.opt.rewrite import exchanged
from srcgrad.parallel.iterations import count, index_statements, is_numbered

ROWS = 32
"""Rows of a strip: enough for atomic additions to be few, and few enough for threads to be many."""


def strips(function: Function) -> Function:
    """The function with such nests in strips; the same object where there are none."""
    return rebuild(function, _Stripper(function).block(function.body))


class _Stripper(Passing):
    def loop(self, builder: Builder, loop: For) -> None:
        found = self.chooser.inner(loop, loop)
        if found is None or self.chooser.independence.work_arrays(loop):
            builder.emit(loop)
            return
        prefix, inner = found
        shared = list(dict.fromkeys(self.chooser.independence.sums(loop)))
        stores = [s for s in shared if s in inner.body.statements and self._is_fixed(loop, inner, s)]
        if stores:
            _write(builder, loop, prefix, inner, stores)
        else:
            builder.emit(loop)

    def _is_fixed(self, loop: For, inner: For, store: Store) -> bool:
        """Do all rows add to the same elements?"""
        inside = {loop.index, *defined_symbols(loop.body)} - {inner.index}
        return not any(atom in inside for atom in (store.array, *store.index))


def _write(
    builder: Builder, loop: For, prefix: tuple[Statement, ...], inner: For, stores: list[Store]
) -> None:  # fmt: skip
    rows = count(builder, loop)
    number = builder.op("floordiv", builder.op("add", rows, int_const(ROWS - 1)), int_const(ROWS), hint="strips")
    strip = Sym("strip", INT64)
    across = Builder()
    first = across.op("mul", strip, int_const(ROWS), hint="first")
    length = across.op("minimum", int_const(ROWS), across.op("sub", rows, first), hint="length")
    carried = _fresh(inner.parameters)
    summing = _summing(loop, prefix, inner, stores, (first, length), carried)
    across.emit(summing)
    for s, total in zip(stores, summing.results[len(carried) :]):
        across.span = s.span
        across.store(s.array, s.index, total, accumulate=True)
    starts = _fresh(loop.parameters)
    body = across.finish(summing.results[: len(carried)])
    columns = replace(inner, results=_fresh(inner.results), parameters=carried, initial=starts, body=body)
    builder.emit(
        replace(
            loop, index=strip, start=int_const(0), stop=number, step=int_const(1), parameters=starts, reverse=False,
            body=Block((columns,), columns.results),
        )
    )  # fmt: skip


def _summing(
    loop: For, prefix: tuple[Statement, ...], inner: For, stores: list[Store], strip: tuple[Atom, Atom],
    initial: tuple[Sym, ...],
) -> For:  # fmt: skip
    """The rows of a strip (its first one and how many), one after the other; what the stores add is carried."""
    first, length = strip
    row = Sym("row", INT64)
    number = loop.index if is_numbered(loop) else Sym(loop.index.hint, INT64)
    builder = Builder()
    builder.emit(Let(number, by_name("add"), (first, row), loop.span))
    builder.extend([] if number is loop.index else index_statements(loop, number))
    builder.extend(prefix)
    builder.extend(exchanged(inner.body, dict.fromkeys(stores)).statements)
    totals = tuple(Sym(f"{s.array.hint}_sum", s.value.type) for s in stores)
    zeros = tuple(const_like(0.0, t.type) for t in totals if isinstance(t.type, Scalar))
    after = tuple(builder.op("plus", total, s.value) for total, s in zip(totals, stores))
    parameters = (*inner.parameters, *totals)
    body = builder.finish((*inner.body.results, *after))
    starts: tuple[Atom, ...] = (*initial, *zeros)
    return For(_fresh(parameters), row, int_const(0), length, int_const(1), parameters, starts, body, span=loop.span)


def _fresh(symbols: tuple[Sym, ...]) -> tuple[Sym, ...]:
    return tuple(Sym(s.hint, s.type) for s in symbols)
