"""Points where differences cannot judge: kinks, ties, guarded singularities. What is expected is the convention.

`abs` has derivative 0 at 0; `max(a, b)` is the branch it abbreviates (`b if b > a else a`); what a guard keeps from
being evaluated contributes nothing, not even a NaN.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import srcgrad


def sqrt_guarded(x):
    return math.sqrt(x) if x > 0.0 else 0.0


def sqrt_guarded_by_if(x):
    y = 0.0
    if x > 0.0:
        y = math.sqrt(x)
    return y * 3.0


def quotient_guarded(x):
    if x == 0.0:
        return 1.0
    return math.sin(x) / x


def entropy(x):
    return -x * math.log(x) if x > 0.0 else 0.0


def norm_guarded(x):
    s = x * x
    if s == 0.0:
        return s
    return math.sqrt(s)


def largest(x):
    return max(x, 2.0 - x)


def smallest(x):
    return min(2.0 - x, x)


def clipped(x):
    return min(max(x, 0.0), 1.0)


def skipped_in_loop(x):
    s = 0.0
    for k in range(4):
        if x * k == 0.0:
            continue
        s += math.sqrt(x * k) / (x * k)
    return s + x


def overwritten_infinity(x):
    y = math.log(x) if x > 0.0 else 1.0
    y = 2.0 * x
    return y


def power_of_zero(x):
    return x**2 + x**1 + x**0 + x**3


def run_time_power(x, n):
    return x**n


EXPECTED = [
    (sqrt_guarded, (0.0,), 0.0, 0.0),
    (sqrt_guarded, (-1.0,), 0.0, 0.0),
    (sqrt_guarded_by_if, (0.0,), 0.0, 0.0),
    (quotient_guarded, (0.0,), 1.0, 0.0),
    (entropy, (0.0,), 0.0, 0.0),
    (norm_guarded, (0.0,), 0.0, 0.0),
    (largest, (1.0,), 1.0, 1.0),
    (smallest, (1.0,), 1.0, -1.0),
    (clipped, (0.0,), 0.0, 1.0),
    (clipped, (1.0,), 1.0, 1.0),
    (clipped, (-0.5,), 0.0, 0.0),
    (clipped, (1.5,), 1.0, 0.0),
    (skipped_in_loop, (0.0,), 0.0, 1.0),
    (overwritten_infinity, (0.0,), 0.0, 2.0),
    (power_of_zero, (0.0,), 1.0, 1.0),
    (run_time_power, (0.0, 2), 0.0, 0.0),
    (run_time_power, (0.0, 1), 0.0, 1.0),
    (run_time_power, (0.0, 0), 1.0, 0.0),
    (run_time_power, (-2.0, 3), -8.0, 12.0),
]


@pytest.mark.parametrize(("fun", "args", "value", "slope"), EXPECTED, ids=lambda v: getattr(v, "__name__", str(v)))
def test_convention(fun, args, value, slope) -> None:
    assert fun(*args) == value
    assert srcgrad.value_and_grad(fun)(*args) == (value, slope)
    tangents = (1.0, *(None for _ in args[1:]))
    assert srcgrad.jvp(fun, args, tangents) == (value, slope)


def magnitude(x):
    return abs(x)


def test_abs_at_zero() -> None:
    assert srcgrad.grad(magnitude)(0.0) == 0.0
    assert srcgrad.grad(magnitude)(-0.0) == 0.0


def first_zero(a):
    s = 0.0
    for v in a:
        if v == 0.0:
            return s
        s += math.sqrt(v)
    return s


def test_elements_after_an_early_return_have_no_gradient() -> None:
    gradient = srcgrad.grad(first_zero)(np.array([4.0, 1.0, 0.0, 9.0]))
    np.testing.assert_array_equal(gradient, [0.25, 0.5, 0.0, 0.0])


def power_of_both(x, y):
    return x**y


def test_power_with_a_run_time_float_exponent_at_zero() -> None:
    gradient = srcgrad.grad(power_of_both, argnums=(0, 1))(0.0, 2.0)
    assert gradient == (0.0, 0.0)


def branch_not_taken_overflows(x):
    y = x
    for k in range(3):
        if k > 5:
            y = math.exp(1000.0 * y) * math.log(-y)
        else:
            y = y * 1.5
    return y


def test_a_branch_not_taken_leaves_no_nan() -> None:
    assert srcgrad.grad(branch_not_taken_overflows)(2.0) == 1.5**3


def uses_infinity(a):
    best = math.inf
    for v in a:
        if v < best:
            best = v
    return best


def test_infinity_as_a_start_value() -> None:
    np.testing.assert_array_equal(srcgrad.grad(uses_infinity)(np.array([3.0, 1.0, 2.0])), [0.0, 1.0, 0.0])


def test_stop_gradient() -> None:
    def weighted(x):
        return srcgrad.stop_gradient(x * x) * x

    assert srcgrad.value_and_grad(weighted)(3.0) == (27.0, 9.0)
    assert srcgrad.jvp(weighted, (3.0,), (1.0,)) == (27.0, 9.0)


def reciprocal_of_distances(a):
    r = np.sqrt(a)
    r[r > 0] = 1.0 / r[r > 0]
    with np.errstate(divide="ignore"):
        inverse = 1.0 / a
    inverse[a == 0.0] = 0.0
    return np.sum(np.triu(r, 1)) + np.sum(inverse)


def test_what_is_written_over_leaves_no_nan() -> None:
    a = np.array([[0.0, 4.0], [1.0, 0.0]])
    expected = [[0.0, -0.5 * 4.0**-1.5 - 4.0**-2], [-1.0, 0.0]]
    np.testing.assert_allclose(srcgrad.grad(reciprocal_of_distances)(a), expected)


def squares_that_are_numbers(a):
    return np.sum(np.where(np.isnan(a), 0.0, a**2))


def test_a_power_of_nan_that_is_not_chosen_leaves_no_nan() -> None:
    np.testing.assert_array_equal(srcgrad.grad(squares_that_are_numbers)(np.array([3.0, np.nan])), [6.0, 0.0])
