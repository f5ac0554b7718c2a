"""Running sums, as loops that threads can share.

In: an array of integers. Out: statements that give an array with, at k, the sum of the first k of them.
"""

from __future__ import annotations

from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import Atom, Block, For, Sym
from srcgrad.ir.types import INT64

_CHUNK = 256  # elements that one thread adds up


def sums_before(builder: Builder, numbers: Sym, length: Atom) -> tuple[Sym, Atom]:
    """The array of `length` + 1 sums, and the sum of all."""
    up = builder.op("add", length, int_const(_CHUNK - 1))
    chunks = builder.op("floordiv", up, int_const(_CHUNK), hint="chunks")
    parts = builder.alloc((chunks,), INT64.dtype, None, "part")
    starts = builder.alloc((chunks,), INT64.dtype, None, "start")
    sums = builder.alloc((builder.op("add", length, int_const(1)),), INT64.dtype, None, "first")

    def over_chunk(inner: Builder, chunk: Sym, initial: Atom, record: bool) -> Sym:
        """The sum of the numbers of a chunk, and what is there already."""
        begin = inner.op("mul", chunk, int_const(_CHUNK), hint="begin")
        size = inner.op("minimum", int_const(_CHUNK), inner.op("sub", length, begin))
        k, so_far, result = Sym("k", INT64), Sym("sum", INT64), Sym("sum", INT64)
        with inner.block() as statements:
            place = inner.op("add", begin, k)
            if record:
                inner.store(sums, (place,), so_far)
            after = inner.op("add", so_far, inner.load(numbers, (place,)))
        body = Block(tuple(statements), (after,))
        zero, one = int_const(0), int_const(1)
        inner.emit(For((result,), k, zero, size, one, (so_far,), (initial,), body, span=builder.span))
        return result

    with builder.loop(int_const(0), chunks, "chunk", parallel=True) as chunk:
        builder.store(parts, (chunk,), over_chunk(builder, chunk, int_const(0), record=False))
    total = _starts(builder, parts, starts, chunks)
    with builder.loop(int_const(0), chunks, "chunk", parallel=True) as chunk:
        over_chunk(builder, chunk, builder.load(starts, (chunk,)), record=True)
    builder.store(sums, (length,), total)
    return sums, total


def _starts(builder: Builder, parts: Sym, starts: Sym, chunks: Atom) -> Sym:
    """The sums of the chunks in front of each, one after the other; and the sum of all."""
    chunk, so_far, total = Sym("chunk", INT64), Sym("sum", INT64), Sym("total", INT64)
    with builder.block() as statements:
        builder.store(starts, (chunk,), so_far)
        after = builder.op("add", so_far, builder.load(parts, (chunk,)))
    zero, one = int_const(0), int_const(1)
    body = Block(tuple(statements), (after,))
    builder.emit(For((total,), chunk, zero, chunks, one, (so_far,), (zero,), body, span=builder.span))
    return total
