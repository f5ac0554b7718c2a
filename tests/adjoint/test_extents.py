"""Tapes of loops whose bounds move with the loops around them."""

from __future__ import annotations

import numpy as np
import pytest

from srcgrad import value_and_grad
from srcgrad.testing import check_grads


def triangle(x: np.ndarray, n: int) -> float:
    y, total = x.copy(), 0.0
    for k in range(n):
        for j in range(k + 1, x.shape[0]):
            y[j] = np.sin(y[j] * y[k])
            total += y[j]
    return total


def pyramid(x: np.ndarray, n: int) -> float:
    y, total = x.copy(), 0.0
    for k in range(n):
        for j in range(k, 2 * k + 1):
            for i in range(j - k, x.shape[0] - k):
                y[i] = np.sin(y[i] * y[k])
                total += y[i]
    return total


def empty_inside(x: np.ndarray, n: int) -> float:
    y, total = x.copy(), 0.0
    for k in range(n):
        for j in range(3, k - 2):
            y[j] = np.sin(y[j] * y[k])
            total += y[j] * y[0]
    return total + y[0]


def downwards(x: np.ndarray, n: int) -> float:
    y, total = x.copy(), 0.0
    for k in range(n):
        for j in range(x.shape[0] - 1, k, -1):
            y[j] = np.sin(y[j] * y[k])
            total += y[j]
    return total


@pytest.mark.parametrize("function", [triangle, pyramid, empty_inside, downwards])
@pytest.mark.parametrize("n", [0, 1, 2, 6])
def test_gradients(function, n: int) -> None:
    check_grads(function, (np.linspace(0.4, 1.3, 6), n))


@pytest.mark.parametrize("function", [triangle, pyramid, empty_inside])
def test_no_stack(function) -> None:
    source = value_and_grad(function).lower(np.ones(6), 6).source
    assert ".append(" not in source


def test_a_length_that_is_computed_is_kept_on_a_stack() -> None:
    def ragged(x, lengths):
        y, total = x.copy(), 0.0
        for k in range(lengths.shape[0]):
            for j in range(lengths[k]):
                y[j] = np.sin(y[j] * y[0])
                total += y[j]
        return total

    call = value_and_grad(ragged)
    assert ".append(" in call.lower(np.ones(6), np.array([2, 0, 6])).source
    check_grads(ragged, (np.linspace(0.4, 1.3, 6), np.array([2, 0, 6])))
