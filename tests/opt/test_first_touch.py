"""First additions that become assignments, and tapes that become the result."""

from __future__ import annotations

import numpy as np
import pytest

import srcgrad
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Alloc, Function, Store
from srcgrad.ir.printer import to_text
from srcgrad.ir.types import INT64
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from srcgrad.opt.first_touch import first_touch
from srcgrad.testing import check_grads
from tests.ir.make import MATRIX, VECTOR, for_, function, num, sym

ZERO, ONE = int_const(0), int_const(1)


def changed(before: Function, *arguments: object) -> Function:
    after = first_touch(before)
    verify(after)
    assert all(np.array_equal(a, b) for a, b in zip(run(before, *arguments), run(after, *arguments), strict=True))
    assert first_touch(after) is after
    return after


def fills(function: Function) -> list[object]:
    return [s.fill for s in walk(function.body) if isinstance(s, Alloc)]


def accumulations(function: Function) -> list[bool]:
    return [s.accumulate for s in walk(function.body) if isinstance(s, Store)]


@pytest.mark.parametrize("reverse", [False, True])
def test_a_nest_over_all_elements(reverse: bool) -> None:
    b = Builder()
    x = sym("x", MATRIX)
    n, m = b.dim(x, 0), b.dim(x, 1)
    y = b.alloc((n, m), np.float64, 0.0)

    def rows(i):
        for_(b, ZERO, m, ONE, (), lambda j: b.store(y, (i, j), b.load(x, (i, j)), accumulate=True) or ())
        return ()

    for_(b, ZERO, n, ONE, (), rows, reverse=reverse)
    for_(b, ZERO, n, ONE, (), lambda i: b.store(y, (i, ZERO), num(2.0), accumulate=True) or ())
    after = changed(function(b, (x,), y), np.arange(6.0).reshape(2, 3))
    assert fills(after) == [None]
    assert accumulations(after) == [False, True]


def one_loop(start, stop, index, *, read_first=False, twice=False) -> Function:
    b = Builder()
    x = sym("x", VECTOR)
    n = b.dim(x, 0)
    y = b.alloc((n,), np.float64, 0.0)
    total = b.load(y, (ZERO,)) if read_first else num(0.0)

    def body(i):
        b.store(y, (index(b, i),), b.load(x, (i,)), accumulate=True)
        if twice:
            b.store(y, (ZERO,), num(1.0), accumulate=True)
        return ()

    for_(b, start, stop or n, ONE, (), body)
    return function(b, (x,), y, total)


@pytest.mark.parametrize(
    "made",
    [
        one_loop(ONE, None, lambda b, i: i),
        one_loop(ZERO, int_const(2), lambda b, i: i),
        one_loop(ZERO, None, lambda b, i: ZERO),
        one_loop(ZERO, None, lambda b, i: i, read_first=True),
        one_loop(ZERO, None, lambda b, i: i, twice=True),
    ],
)
def test_what_is_not_all_of_it_or_not_the_first_thing_stays(made: Function) -> None:
    assert first_touch(made) is made


def with_tape(hint: str, used_after: bool = False, shifted: bool = False) -> Function:
    b = Builder()
    x = sym("x", VECTOR)
    n = b.dim(x, 0)
    bar = b.alloc((n,), np.float64, 0.0, "x_bar")
    tape = b.alloc((n,), np.float64, None, hint)
    for_(b, ZERO, n, ONE, (), lambda i: b.store(tape, (i,), b.op("exp", b.load(x, (i,)))) or ())

    def body(i):
        if shifted:
            b.store(bar, (i,), num(3.0), accumulate=True)
            b.load(tape, (i,))
            return ()
        b.store(bar, (i,), b.op("mul", b.load(tape, (i,)), num(3.0)), accumulate=True)
        return ()

    for_(b, ZERO, n, ONE, (), body)
    last = b.load(tape, (ZERO,)) if used_after else num(1.0)
    return function(b, (x,), bar, last)


def test_a_tape_read_for_the_last_time_becomes_the_result() -> None:
    after = changed(with_tape("t_tape"), np.arange(4.0))
    assert fills(after) == [None], to_text(after)


@pytest.mark.parametrize(
    "made", [with_tape("t"), with_tape("t_tape", used_after=True), with_tape("t_tape", shifted=True)]
)
def test_other_arrays_stay_apart(made: Function) -> None:
    assert fills(changed(made, np.arange(4.0))) == [None, None]


def test_the_length_is_compared() -> None:
    b = Builder()
    x, n = sym("x", VECTOR), sym("n", INT64)
    y = b.alloc((b.dim(x, 0),), np.float64, 0.0)
    for_(b, ZERO, n, ONE, (), lambda i: b.store(y, (i,), b.load(x, (i,)), accumulate=True) or ())
    made = function(b, (x, n), y)
    assert first_touch(made) is made


def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return np.sum(np.log(e / np.sum(e, axis=1, keepdims=True)) * x)


def test_rows_that_are_used_again():
    """The first loop over a row assigns; those behind it, in the same iteration, find what it left."""
    x = np.random.default_rng(0).normal(size=(4, 5))
    source = srcgrad.grad(softmax).lower(x).source
    assert "mem.zeros" not in source, source
    check_grads(softmax, (x,))


def other_rows(x):
    """Each iteration uses the row before as well."""
    total = 0.0
    for i in range(x.shape[0]):
        s = 0.0
        for j in range(x.shape[1]):
            s += np.sin(x[i, j])
        for j in range(x.shape[1]):
            total += s * x[i - 1, j] * x[i, j]
    return total


def test_rows_of_other_iterations_stay_sums():
    check_grads(other_rows, (np.random.default_rng(0).normal(size=(4, 5)),))
