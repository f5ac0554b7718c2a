"""Scattering nests in IR: what the adjoint of a stencil looks like before it is gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import Atom, Block, For, Function, Sym
from srcgrad.ir.types import Array
from tests.ir.make import num


@dataclass(frozen=True)
class Stencil:
    """A nest over range(low, size - high) in each dimension that adds `weight * t * c` at each offset, where t is the
    element of `v` that the iteration owns (and sets to `clear` unless that is None) and c that of a coefficient."""

    offsets: tuple[tuple[int, ...], ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    clear: float | None = 0.0
    coefficient: bool = False
    reverse: bool = True
    second: bool = False  # every other offset belongs to another array
    zeros: bool = False  # what is added to is an array of zeros
    clamped: bool = False  # the loops start at 0 and run to max(size - low - high, 0), as those of slices do

    @property
    def ndim(self) -> int:
        return len(self.low)

    def shape(self, cells: Sequence[int]) -> tuple[int, ...]:
        return tuple(max(0, a + n + b) for a, n, b in zip(self.low, cells, self.high, strict=True))


def scatter(stencil: Stencil) -> Function:
    """f(u0, w0, v0, c) -> (u, w, v): copies of the arguments after the nest."""
    kind = Array(np.dtype(np.float64), stencil.ndim)
    params = tuple(Sym(hint, kind) for hint in ("u0", "w0", "v0", "c"))
    b = Builder()
    v = b.copy(params[2], "v")
    u, w = (b.alloc_like(v, 0.0, h) if stencil.zeros else b.copy(p, h) for p, h in zip(params, "uw"))
    write(b, stencil, u, w if stencil.second else u, v, params[3])
    return Function("f", params, b.finish((u, w, v)))


def write(b: Builder, stencil: Stencil, u: Sym, w: Sym, v: Sym, c: Sym) -> None:
    """The nest itself."""
    ranges = [_range(b, stencil, b.dim(v, axis), axis) for axis in range(stencil.ndim)]
    _level(b, stencil, ranges, (), (u, w, v, c))


def _range(b: Builder, stencil: Stencil, size: Sym, axis: int) -> tuple[Atom, Atom]:
    low, high = stencil.low[axis], stencil.high[axis]
    if stencil.clamped:
        return int_const(0), b.op("maximum", b.op("sub", size, int_const(low + high)), int_const(0))
    return int_const(low), b.op("sub", size, int_const(high))


def _level(b: Builder, stencil: Stencil, ranges: list, indices: tuple[Atom, ...], arrays: tuple[Sym, ...]) -> None:
    if len(indices) == len(ranges):
        _body(b, stencil, indices, *arrays)
        return
    start, stop = ranges[len(indices)]
    index = "ijk"[len(indices)]
    with b.loop(start, stop, index, reverse=stencil.reverse) as symbol:
        _level(b, stencil, ranges, (*indices, symbol), arrays)


def _body(b: Builder, stencil: Stencil, indices: tuple[Atom, ...], u: Sym, w: Sym, v: Sym, c: Sym) -> None:
    if stencil.clamped:
        indices = tuple(b.op("add", x, int_const(low)) if low else x for x, low in zip(indices, stencil.low))
    t: Atom = b.load(v, indices)
    if stencil.clear is not None:
        b.store(v, indices, num(stencil.clear))
    if stencil.coefficient:
        t = b.op("mul", t, b.load(c, indices))
    for number, offset in enumerate(stencil.offsets):
        value = b.op("mul", t, num(1.0 + number))
        place = tuple(b.op("add", x, int_const(o)) if o else x for x, o in zip(indices, offset, strict=True))
        b.store(w if number % 2 else u, place, value, accumulate=True)


def arguments(stencil: Stencil, cells: Sequence[int], seed: int = 0) -> list[np.ndarray]:
    """Random arguments whose domain has so many cells in each dimension."""
    rng = np.random.default_rng([seed, *(n + 9 for n in cells)])
    return [rng.normal(size=stencil.shape(cells)) for _ in range(4)]


def time_loop(stencil: Stencil, steps: int) -> Function:
    """The nest in a loop that exchanges u and v, as ping-pong buffers do."""
    kind = Array(np.dtype(np.float64), stencil.ndim)
    u0, v0, c = (Sym(hint, kind) for hint in ("u0", "v0", "c"))
    u, v, out_u, out_v = (Sym(hint, kind) for hint in ("u", "v", "u", "v"))
    b = Builder()
    first, second = b.copy(u0), b.copy(v0)
    with b.block() as statements:
        write(b, stencil, u, u, v, c)
    body = Block(tuple(statements), (v, u))
    step = Sym("t", int_const(0).type)
    zero, one = int_const(0), int_const(1)
    b.emit(For((out_u, out_v), step, zero, int_const(steps), one, (u, v), (first, second), body))
    return Function("f", (u0, v0, c), b.finish((out_u, out_v)))


