"""Sums of what was set to zero before: the same numbers for every region, and no more than the rest is read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from srcgrad import grad
from srcgrad.adjoint.uncovered import uncovered
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Atom, Function, Sym
from srcgrad.ir.types import INT64, Array
from srcgrad.ir.verify import verify
from srcgrad.opt import optimise
from tests.ir.make import num

LOWS = (0, 1, 3)
LENGTHS = (-2, 0, 1, 2, 5)


def sums_after_zeros(ndim: int, lows: tuple[int, ...], turned: bool) -> Function:
    """f(x0, y0, lengths...) -> (x, y): x is set to zero over so many elements, from `lows` on, and added to y."""
    kind = Array(np.dtype(np.float64), ndim)
    x0, y0 = Sym("x0", kind), Sym("y0", kind)
    lengths = [Sym("m", INT64) for _ in range(ndim)]
    b = Builder()
    x, y = b.copy(x0, "x"), b.copy(y0, "y")
    ranges: list[tuple[Atom, Atom]] = [(int_const(0), m) for m in lengths]
    _nest(b, ranges, lambda i: b.store(x, tuple(b.op("add", k, int_const(n)) for k, n in zip(i, lows)), num(0.0)))
    order = range(ndim)[:: -1 if turned else 1]
    whole: list[tuple[Atom, Atom]] = [(int_const(0), b.dim(x, axis)) for axis in order]

    def add(index):
        place = index[::-1] if turned else index
        b.store(y, place, b.load(x, place), accumulate=True)

    _nest(b, whole, add)
    return Function("f", (x0, y0, *lengths), b.finish((x, y)))


def _nest(b: Builder, ranges: list[tuple[Atom, Atom]], body, *index: Sym) -> None:
    if not ranges:
        body(index)
        return
    with b.loop(*ranges[0], "ijk"[len(index)]) as symbol:
        _nest(b, ranges[1:], body, *index, symbol)


@pytest.mark.parametrize("guarded", [False, True], ids=["around", "guarded"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("ndim", [1, 2])
def test_same_numbers(ndim: int, turned: bool, guarded: bool) -> None:
    rng = np.random.default_rng(0)
    for lows in itertools.product(LOWS, repeat=ndim):
        function = sums_after_zeros(ndim, lows, turned)
        new = uncovered(function, guarded)
        assert new is not function
        verify(new)
        clean = optimise(new, final=True)
        for lengths in itertools.product(LENGTHS, repeat=ndim):
            runs = all(m > 0 for m in lengths)
            least = [max(low + m, 0) if runs else 0 for low, m in zip(lows, lengths)]
            for more in (0, 2):
                shape = tuple(n + more for n in least)
                given = rng.normal(size=shape), rng.normal(size=shape), *lengths
                for a, b, c in zip(run(function, *given), run(new, *given), run(clean, *given)):
                    np.testing.assert_array_equal(a, b)
                    np.testing.assert_array_equal(a, c)


def heat(u, steps):
    for _ in range(steps):
        new = u.copy()
        new[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u = new
    return np.sum(u * u)


def kept(u, steps):
    old = u * 1.0
    for _ in range(steps):
        new = old.copy()
        new[1:-1] = old[2:] * old[:-2]
        u = u + new
        old = new
    return np.sum(u * old)


def test_the_zeros_themselves_are_left_out() -> None:
    """Nothing knows the shadow of an array that the next iteration made anew."""
    source = grad(heat).lower(np.ones(8), 3).source
    assert "= 0.0" not in source.replace("u_bar_2[i] = 0.0", ""), source
    assert "mem.zeros" not in source
    assert "mem.zeros" in grad(kept).lower(np.ones(8), 3).source  # an array that more is added to later
