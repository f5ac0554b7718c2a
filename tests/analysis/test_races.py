"""`prange` loops that race are refused with the line; those that do not are not."""

from __future__ import annotations

import numpy as np
import pytest
from numba import prange

import srcgrad

X = np.linspace(0.5, 1.5, 6)


def one_cell(x):
    y = np.zeros(2)
    for i in prange(len(x)):
        y[0] = x[i]
    return y


def neighbours(x):
    y = np.zeros(len(x) + 1)
    for i in prange(len(x)):
        y[i] = x[i]
        y[i + 1] = 2.0 * x[i]
    return y


def recurrence(x):
    for i in prange(1, len(x)):
        x[i] = x[i - 1] * 2.0
    return x


def carried(x):
    last = 0.0
    y = np.zeros_like(x)
    for i in prange(len(x)):
        y[i] = x[i] - last
        last = x[i]
    return y


def two_ways_to_fold(x):
    total = 1.0
    for i in prange(len(x)):
        total = total * x[i] + 1.0
    return total


def difference_turned_around(x):
    total = 1.0
    for i in prange(len(x)):
        total = x[i] - total
    return total


@pytest.mark.parametrize(
    "function", [one_cell, neighbours, recurrence, carried, two_ways_to_fold, difference_turned_around],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_races_are_refused(function):
    for transform in (srcgrad.differentiable, lambda f: srcgrad.vjp(f, X)):
        with pytest.raises(srcgrad.Unsupported, match="prange loop need one another") as caught:
            made = transform(function)
            made(X.copy())
        assert "test_races.py" in str(caught.value)
        assert "instead:" in str(caught.value)


def test_the_same_loops_in_order_are_fine():
    def in_order(x):
        for i in range(1, len(x)):
            x[i] = x[i - 1] * 2.0
        return x

    np.testing.assert_allclose(srcgrad.differentiable(in_order)(X.copy()), in_order(X.copy()))


def limited(x):
    total = 0.0
    for i in prange(len(x)):
        if total < 2.0:
            total += x[i]
    return total


def counted_while_it_grows(x):
    best, count = 0.0, 0.0
    for i in prange(len(x)):
        if x[i] > best:
            best = x[i]
            count += 1.0
    return count


def greater_of_what_grew(x):
    best = 0.0
    for i in prange(len(x)):
        grew = x[i] > best
        best += 0.5
        best = x[i] if grew else best
    return best


@pytest.mark.parametrize("function", [limited, counted_while_it_grows, greater_of_what_grew], ids=lambda f: f.__name__)
def test_what_depends_on_the_running_value_is_no_sum(function):
    with pytest.raises(srcgrad.Unsupported, match="prange loop need one another"):
        srcgrad.grad(function)(X)
