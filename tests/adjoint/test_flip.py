"""Loops that run forward: which are turned round, and that only the rounding changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from srcgrad.adjoint.flip import flip
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Atom, For, Function, Sym
from srcgrad.ir.printer import to_text
from srcgrad.ir.types import INT64
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from tests.adjoint.making import same_results
from tests.ir.make import VECTOR, for_, function, num, sym

Body = Callable[[Builder, Sym, Sym, Sym, Atom], Atom]


def reversed_loop(body: Body) -> Function:
    """A loop from n - 1 down to 0 over `x`, writing into a copy `y`, that carries one number."""
    b = Builder()
    x, n = sym("x", VECTOR), sym("n", INT64)
    y = b.copy(x, "y")
    write = lambda i, s: (body(b, x, y, i, s),)
    (total,) = for_(b, int_const(0), n, int_const(1), (num(0.5),), write, reverse=True)
    return function(b, (x, n), y, total)


def adds_to_memory(b: Builder, x: Sym, y: Sym, i: Sym, s: Atom) -> Atom:
    t = b.load(x, (i,))
    b.store(y, (int_const(0),), t, accumulate=True)
    return b.op("sub", b.op("add", t, s), b.op("mul", t, t))


def own_element(b: Builder, x: Sym, y: Sym, i: Sym, s: Atom) -> Atom:
    b.store(y, (i,), b.op("mul", b.load(y, (i,)), num(3.0)))
    return s


def reads_what_it_adds_to(b: Builder, x: Sym, y: Sym, i: Sym, s: Atom) -> Atom:
    b.store(y, (int_const(0),), b.load(y, (i,)), accumulate=True)
    return s


def shifts(b: Builder, x: Sym, y: Sym, i: Sym, s: Atom) -> Atom:
    b.store(y, (i,), b.load(y, (int_const(1),)))
    return s


def product(b: Builder, x: Sym, y: Sym, i: Sym, s: Atom) -> Atom:
    return b.op("add", b.op("mul", s, b.load(x, (i,))), num(1.0))


def uses_the_sum(b: Builder, x: Sym, y: Sym, i: Sym, s: Atom) -> Atom:
    b.store(y, (i,), s)
    return b.op("add", s, b.load(x, (i,)))


def last_one(b: Builder, x: Sym, y: Sym, i: Sym, s: Atom) -> Atom:
    return b.load(x, (i,))


@pytest.mark.parametrize("body", [adds_to_memory, own_element])
def test_order_does_not_matter(body: Body) -> None:
    before = reversed_loop(body)
    after = flip(before)
    verify(after)
    assert not any(isinstance(s, For) and s.reverse for s in walk(after.body)), to_text(after)
    x = np.array([0.3, 1.7, -0.4])
    for n in (0, 1, 3):
        assert same_results(run(before, x, n), run(after, x, n))
    assert flip(after) is after


@pytest.mark.parametrize("body", [reads_what_it_adds_to, shifts, product, uses_the_sum, last_one])
def test_order_matters(body: Body) -> None:
    before = reversed_loop(body)
    assert flip(before) is before
