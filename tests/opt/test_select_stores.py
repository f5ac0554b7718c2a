"""Stores under conditions that become choices of values, and those that must stay."""

from __future__ import annotations

import numpy as np
import pytest

from srcgrad import value_and_grad
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Block, Function, If, Store
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from srcgrad.opt.select_stores import select_stores
from srcgrad.testing import check_grads
from tests.ir.make import VECTOR, function, num, sym

ZERO, ONE = int_const(0), int_const(1)


def stores_in_branches(function: Function) -> int:
    branches = [b for s in walk(function.body) if isinstance(s, If) for b in (s.then, s.orelse)]
    return sum(isinstance(s, Store) for b in branches for s in walk(b))


def conditional(*, in_else: bool = False, read: bool = False, other: bool = False, elsewhere: bool = False) -> Function:
    """`out[0] = x[0]; if x[0] > 0: out[0] = 2 x[0]`, with something in the way."""
    b = Builder()
    x = sym("x", VECTOR)
    out = b.alloc((b.dim(x, 0),), np.dtype(float), 5.0, "out")
    value = b.load(x, (ZERO,))
    b.store(out, (ZERO,), value)
    total = b.load(out, (ONE,)) if read else value
    positive = b.op("gt", value, num(0.0))
    with b.block() as taken:
        b.store(out, (ONE if elsewhere else ZERO,), b.op("mul", value, num(2.0)))
    with b.block() as untouched:
        if other:
            b.store(out, (ONE,), num(1.0))
    branches = (Block(tuple(untouched)), Block(tuple(taken)))
    then, orelse = branches if in_else else branches[::-1]
    b.if_(positive, then, orelse, ())
    return function(b, (x,), out, total)


@pytest.mark.parametrize("in_else", [False, True])
def test_a_choice(in_else: bool) -> None:
    before = conditional(in_else=in_else)
    after = select_stores(before)
    verify(after)
    assert stores_in_branches(before) == 1 and stores_in_branches(after) == 0
    for first in (-1.0, 3.0):
        arguments = np.array([first, 7.0])
        assert np.array_equal(run(before, arguments)[0], run(after, arguments)[0])
    assert select_stores(after) is after


@pytest.mark.parametrize("obstacle", ["read", "other", "elsewhere"])
def test_what_stays(obstacle: str) -> None:
    before = conditional(**{obstacle: True})
    assert select_stores(before) is before


def rectified(x):
    y = x * x - 0.5
    y[y > 0] = np.sqrt(y[y > 0])
    y[y < -0.3] = -1.0
    return np.sum(y * x)


def test_a_masked_update_needs_no_memory() -> None:
    x = np.linspace(-1.0, 1.0, 9)
    check_grads(rectified, (x + 0.01,))
    source = value_and_grad(rectified).lower(x).source
    assert [line.split()[0] for line in source.splitlines() if "mem." in line] == ["x_bar"]
