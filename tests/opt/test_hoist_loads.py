"""Loads in front of loops: which move, under which condition, and that nothing is read that is not there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Block, For, Function, If, Load, Raise, Sym
from srcgrad.ir.printer import to_text
from srcgrad.ir.types import INT64
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from srcgrad.opt.hoist_loads import hoist_loads
from tests.ir.make import VECTOR, for_, function, num, sym

ZERO, ONE, FIVE = int_const(0), int_const(1), int_const(5)


def loop_with(body: Callable[[Builder, Sym, Sym, Sym], object], known_length: bool = False) -> Function:
    """`for i in range(n)`, with a parameter `x`, fresh memory `y` and the index at hand."""
    b = Builder()
    x, n = sym("x", VECTOR), sym("n", INT64)
    y = b.alloc((n,), np.float64, 0.0)
    stop = b.dim(x, 0) if known_length else n

    def write(i):
        body(b, x, y, i)
        return ()

    for_(b, ZERO, stop, ONE, (), write)
    return function(b, (x, n), y)


def loads_in_loops(made: Function) -> int:
    return sum(isinstance(s, Load) for loop in walk(made.body) if isinstance(loop, For) for s in walk(loop.body))


def test_a_load_that_no_iteration_changes_moves_under_the_condition_that_there_is_one() -> None:
    made = loop_with(lambda b, x, y, i: b.store(y, (i,), b.load(x, (FIVE,))))
    after = hoist_loads(made)
    verify(after)
    assert loads_in_loops(after) == 0, to_text(after)
    assert any(isinstance(s, If) for s in after.body.statements)
    np.testing.assert_array_equal(run(after, np.arange(8.0), 2)[0], [5.0, 5.0])
    assert run(after, np.zeros(0), 0)[0].size == 0  # x[5] is not read
    assert hoist_loads(after) is after


def test_a_load_in_range_moves_unconditionally_and_from_branches_too() -> None:
    b = Builder()
    x = sym("x", VECTOR)
    n = b.dim(x, 0)
    y = b.alloc((n,), np.float64, 0.0)

    def outer(i):
        def inner(j):
            with b.block() as then:
                b.store(y, (j,), b.load(x, (i,)), accumulate=True)
            b.if_(b.op("lt", j, ONE), Block(tuple(then)), Block(()), ())
            return ()

        for_(b, ZERO, n, ONE, (), inner)
        return ()

    for_(b, ZERO, n, ONE, (), outer)
    made = function(b, (x,), y)
    after = hoist_loads(made)
    verify(after)
    inner_loop = next(s for s in walk(after.body) if isinstance(s, For) and s not in after.body.statements)
    assert not any(isinstance(s, Load) for s in walk(inner_loop.body)), to_text(after)
    np.testing.assert_array_equal(run(after, np.arange(3.0))[0], run(made, np.arange(3.0))[0])


def changed_by_the_loop(b, x, y, i):
    b.store(y, (i,), b.load(y, (ZERO,)))


def moves_with_the_loop(b, x, y, i):
    b.store(y, (i,), b.load(x, (i,)))


def after_a_check(b, x, y, i):
    failing = Block((Raise(ValueError, "too far"),))
    b.if_(b.op("gt", i, ONE), failing, Block(()), ())
    b.store(y, (i,), b.load(x, (FIVE,)))


@pytest.mark.parametrize("body", [changed_by_the_loop, moves_with_the_loop, after_a_check])
def test_what_must_stay(body) -> None:
    made = loop_with(body)
    assert hoist_loads(made) is made


def test_numbers_are_what_they_were() -> None:
    made = loop_with(lambda b, x, y, i: b.store(y, (i,), b.op("add", b.load(x, (ZERO,)), num(1.0))), known_length=True)
    after = hoist_loads(made)
    verify(after)
    np.testing.assert_array_equal(run(after, np.arange(1.0, 4.0), 3)[0], [2.0, 2.0, 2.0])
