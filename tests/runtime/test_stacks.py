"""Stacks that functions hand on: they grow, give back in order, and are freed."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from numba.core.runtime import rtsys
from numba.core.runtime._nrt_python import memsys_disable_stats, memsys_enable_stats

from srcgrad.runtime import stacks


def fill(stack, n, first):
    for k in range(n):
        stack.append(first + k)


def maker(kind, compiled):
    filling = compiled(fill)

    def through(n, first):
        stack = stacks.new(kind)
        filling(stack, n, first)
        found = np.empty(n, kind)
        for k in range(n):
            found[k] = stack.pop()
        filling(stack, 3, first)
        return found, stack.pop()

    return compiled(through)


def as_it_is(function):
    return function


@pytest.mark.parametrize("n", [0, 1, 511, 512, 513, 5000])
@pytest.mark.parametrize("kind", [np.int64, np.float64, np.float32, np.int32])
def test_last_in_first_out(kind, n):
    for compiled in (numba.njit, as_it_is):
        found, last = maker(kind, compiled)(n, kind(2))
        np.testing.assert_array_equal(found, np.arange(2, 2 + n, dtype=kind)[::-1])
        assert last == 4


@numba.njit
def truths(n):
    stack = stacks.new(np.bool_)
    for k in range(n):
        stack.append(k % 3 == 0)
    count = 0
    for _ in range(n):
        count += stack.pop()
    return count


def test_truth_values():
    assert truths(1000) == truths.py_func(1000) == 334


def test_memory_is_given_back():
    through = maker(np.float64, numba.njit)
    through(10, 1.0)
    memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        through(100_000, 1.0)
        after = rtsys.get_allocation_stats()
    finally:
        memsys_disable_stats()
    assert after.alloc > before.alloc
    assert after.alloc - before.alloc == after.free - before.free
    assert after.mi_alloc - before.mi_alloc == after.mi_free - before.mi_free
