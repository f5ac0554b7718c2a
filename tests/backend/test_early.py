"""What checks at the top of a function raise, without running it; and what that spares."""

from __future__ import annotations

import numpy as np
import pytest

import srcgrad
from srcgrad.analysis.early import checks_of, early_failure
from srcgrad.ir.nodes import For, Load, Store
from srcgrad.ir.visit import walk

COLUMN, ROWS = np.ones((4, 1)), np.ones((4, 3))


def scaled(a, b):
    return np.sum(np.exp(a) * b)


def guarded(a, n):
    if n < 2 or a.shape[0] // n < 1:
        raise ValueError("too few")
    total = 0.0
    for i in range(n):
        if i > a.shape[1]:
            raise ValueError("in a loop")
        total += a[i, 0]
    return total


def ir(function, *arguments):
    """What is left of the function to look at; it says what the whole function does."""
    whole = srcgrad.grad(function).lower(*arguments).function
    part = checks_of(whole)
    assert early_failure(part, arguments) == early_failure(whole, arguments)
    assert not any(isinstance(s, (For, Load, Store)) for s in walk(part.body))
    return part


def test_lengths_that_differ():
    function = ir(scaled, ROWS, ROWS)
    assert early_failure(function, (ROWS, ROWS)) is None
    assert early_failure(function, (COLUMN, ROWS)) == "operands could not be broadcast together"


@pytest.mark.parametrize("n, expected", [(1, "too few"), (5, "too few"), (3, None), (4, None)])
def test_the_users_own_checks(n, expected):
    assert early_failure(ir(guarded, ROWS, 3), (ROWS, n)) == expected


def compiled_variants(function) -> int:
    return sum(each.is_compiled for each in function._variants._by_specs.values())


def test_a_column_that_is_repeated_is_compiled_once():
    gradient = srcgrad.grad(scaled)
    np.testing.assert_allclose(gradient(COLUMN, ROWS), 3 * np.e * COLUMN)
    np.testing.assert_allclose(gradient(2 * COLUMN, ROWS), 3 * np.e**2 * COLUMN)
    assert compiled_variants(gradient) == 1


def test_columns_that_fit_are_not_told_apart():
    gradient = srcgrad.grad(scaled)
    gradient(COLUMN, COLUMN)
    gradient(ROWS, ROWS)
    assert len(gradient._variants._by_specs) == 1
    np.testing.assert_allclose(gradient(COLUMN, ROWS), 3 * np.e * COLUMN)  # now they are
