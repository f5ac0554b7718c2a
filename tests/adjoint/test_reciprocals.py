"""Divisions by what does not change, as products; and divisions that stay."""

from __future__ import annotations

import numpy as np
import pytest

from srcgrad import grad, value_and_grad
from srcgrad.testing import check_grads


def scaled(x: np.ndarray, h: float) -> float:
    total = 0.0
    for i in range(1, x.shape[0] - 1):
        total += ((x[i + 1] - x[i - 1]) / (2.0 * h)) ** 2
    return total


def bounded(x: np.ndarray, h: float) -> float:
    total = 0.0
    for i in range(x.shape[0]):
        y = x[i] / h
        total += y * y if y > 1.0 else 3.0 * y
    return total


def test_the_reverse_sweep_multiplies() -> None:
    x = np.linspace(0.0, 2.0, 9) ** 2
    call = value_and_grad(scaled, argnums=(0, 1))
    source = call.lower(x, 0.3).source
    assert source.count("_inverse = 1.0 / ") == 1
    check_grads(scaled, (x, 0.3))


def test_what_decides_is_divided() -> None:
    """The quotient of 1/3 and 1/3 is 1, that of 49/49 computed with a reciprocal is not."""
    for h in (49.0, 3.0, 1.1):
        x = np.array([h, np.nextafter(h, 100.0), np.nextafter(h, 0.0)])
        expected = [2.0 * (v / h) / h if v / h > 1.0 else 3.0 / h for v in x]
        np.testing.assert_allclose(grad(bounded)(x, h), expected, rtol=1e-14)


@pytest.mark.parametrize("h", [0.0, np.inf, 1e-300, 1e300])
def test_extreme_divisors(h: float) -> None:
    def mean(x: np.ndarray, h: float) -> float:
        total = 0.0
        for i in range(x.shape[0]):
            total += x[i] / h
        return total

    with np.errstate(divide="ignore"):
        expected = np.full(3, 1.0 / np.float64(h))
    np.testing.assert_allclose(grad(mean)(np.ones(3), h), expected, rtol=1e-14)
