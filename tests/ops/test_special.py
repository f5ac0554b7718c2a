"""The compiled special functions against mpmath at 40 digits, and at the places where formulas change or fail."""

import math

import mpmath
import numpy as np
import pytest

from srcgrad.runtime import special

DIGITS = 40
POSITIVE = [
    1e-300, 1e-8, 0.01, 0.3, 0.9, 1.0, 1.2, 1.4, 1.45, 1.4616, 1.47, 1.6, 1.75, 1.77, 2.0, 3.5, 11.99, 12.0, 40.0,
    1e3, 1e10,
]  # fmt: skip
NEGATIVE = [-1e-8, -0.1, -0.45, -0.5, -0.99, -1.3, -2.5, -7.25, -11.9, -12.1, -50.4, -1000.3]


def _close(found: float, expected, rel: float, absolute: float = 0.0) -> None:
    expected = float(expected)
    assert found == pytest.approx(expected, rel=rel, abs=absolute), (found, expected)


@pytest.mark.parametrize("x", POSITIVE)
def test_digamma_positive(x):
    with mpmath.workdps(DIGITS):
        _close(special.digamma(x), mpmath.digamma(mpmath.mpf(x)), 1e-14)


@pytest.mark.parametrize("x", NEGATIVE)
def test_digamma_negative(x):
    """Left of 0 the zeros lie between the poles: an absolute error of rounding is all that can be asked."""
    with mpmath.workdps(DIGITS):
        _close(special.digamma(x), mpmath.digamma(mpmath.mpf(x)), 2e-13, 1e-14)


def test_digamma_next_to_its_zero():
    x = 1.4616321449683622
    with mpmath.workdps(DIGITS):
        for k in range(-3, 4):
            y = x + k * 2.0**-50
            _close(special.digamma(y), mpmath.digamma(mpmath.mpf(y)), 1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("x", [x for x in POSITIVE if x > 1e-30])
def test_polygamma_positive(x, n):
    with mpmath.workdps(DIGITS):
        _close(special.polygamma(x, n), mpmath.polygamma(n, mpmath.mpf(x)), 2e-14)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("x", [x for x in NEGATIVE if x > -100])
def test_polygamma_negative(x, n):
    with mpmath.workdps(60):
        expected = mpmath.polygamma(n, mpmath.mpf(x))
        scale = abs(mpmath.diff(mpmath.cot, mpmath.pi * mpmath.mpf(x), n)) * mpmath.pi ** (n + 1)
    _close(special.polygamma(x, n), expected, 1e-12, 1e-13 * float(scale))


def test_polygamma_of_order_0_is_digamma():
    assert special.polygamma(0.7, 0) == special.digamma(0.7)


@pytest.mark.parametrize(
    "function, poles", [(special.digamma, math.nan), (special.gamma, math.nan), (special.lgamma, math.inf)]
)
def test_poles(function, poles):
    for x in (-1.0, -2.0, -100.0):
        np.testing.assert_equal(function(x), poles)


def test_exceptional_arguments():
    inf, nan = math.inf, math.nan
    np.testing.assert_equal(special.digamma(0.0), -inf)
    np.testing.assert_equal(special.digamma(-0.0), inf)
    np.testing.assert_equal(special.digamma(inf), inf)
    np.testing.assert_equal(special.digamma(-inf), nan)
    np.testing.assert_equal(special.digamma(nan), nan)
    np.testing.assert_equal(special.polygamma(0.0, 1), inf)
    np.testing.assert_equal(special.polygamma(-3.0, 3), inf)
    np.testing.assert_equal(special.polygamma(-3.0, 2), nan)
    np.testing.assert_equal(special.polygamma(inf, 1), 0.0)
    np.testing.assert_equal(special.polygamma(-inf, 1), nan)
    np.testing.assert_equal(special.polygamma(nan, 1), nan)
    np.testing.assert_equal(special.gamma(200.0), inf)
    np.testing.assert_equal(special.lgamma(inf), inf)
    np.testing.assert_equal(special.expit(inf), 1.0)
    np.testing.assert_equal(special.expit(-inf), 0.0)
    np.testing.assert_equal(special.expit(nan), nan)
    np.testing.assert_equal(special.log_expit(-1e300), -1e300)
    np.testing.assert_equal(special.log_expit(nan), nan)
    np.testing.assert_equal(special.logit(0.0), -inf)
    np.testing.assert_equal(special.logit(1.0), inf)
    np.testing.assert_equal(special.logit(1.5), nan)
    np.testing.assert_equal(special.xlogy(0.0, 0.0), 0.0)
    np.testing.assert_equal(special.xlogy(0.0, nan), nan)
    np.testing.assert_equal(special.entr(-1.0), -inf)
    np.testing.assert_equal(special.rel_entr(0.0, 1.0), 0.0)
    np.testing.assert_equal(special.rel_entr(1.0, 0.0), inf)
    np.testing.assert_equal(special.heaviside(nan, 0.5), nan)
    np.testing.assert_equal(special.powi(0.0, -1), inf)
    np.testing.assert_equal(special.powi(-0.0, -1), -inf)
    np.testing.assert_equal(special.powi(0.0, -100), inf)
    np.testing.assert_equal(special.powi(nan, 0), 1.0)


@pytest.mark.parametrize("x", [-700.0, -40.0, -1.0, -1e-9, 0.0, 0.3, 5.0, 36.0, 700.0])
def test_expit_and_its_logarithm(x):
    with mpmath.workdps(400):
        exact = 1 / (1 + mpmath.exp(-mpmath.mpf(x)))
        _close(special.expit(x), exact, 4e-16)
        _close(special.log_expit(x), mpmath.log(exact), 1e-15)


@pytest.mark.parametrize("p", [1e-300, 1e-5, 0.2999, 0.3, 0.31, 0.4999, 0.5 + 1e-12, 0.6, 0.65, 0.66, 0.999, 1 - 1e-13])
def test_logit(p):
    with mpmath.workdps(DIGITS):
        exact = mpmath.log(mpmath.mpf(p) / (1 - mpmath.mpf(p)))
    _close(special.logit(p), exact, 1e-15)


@pytest.mark.parametrize("n", [-200, -65, -64, -7, -2, -1, 0, 1, 2, 3, 10, 63, 64, 65, 301])
@pytest.mark.parametrize("x", [-1.7, -1.0, 0.3, 1.0000001, 9.5])
def test_powi(x, n):
    with mpmath.workdps(DIGITS):
        _close(special.powi(x, n), mpmath.mpf(x) ** n, 2e-14)


def test_remainder_is_exact():
    rng = np.random.default_rng(3)
    pairs = [(rng.uniform(-50, 50), rng.uniform(-4, 4)) for _ in range(300)]
    pairs += [(k * 0.5, y) for k in range(-12, 13) for y in (1.0, -1.0, 2.0, 0.5, 3.0)]  # ties among them
    pairs += [(1e308, 3.0), (5e-324, 1.5e-323), (1.0, 1e308), (1.7e308, 1.7e308), (3.0, math.inf), (-0.0, 2.0)]
    for x, y in pairs:
        found, expected = special.remainder(x, y), math.remainder(x, y)
        assert (found, math.copysign(1, found)) == (expected, math.copysign(1, expected)), (x, y)
    for x, y in [(math.inf, 1.0), (1.0, 0.0), (math.nan, 1.0), (1.0, math.nan)]:
        assert math.isnan(special.remainder(x, y))


def test_counting_equals_python():
    assert [special.factorial(n) for n in range(21)] == [math.factorial(n) for n in range(21)]
    assert all(special.comb(n, k) == math.comb(n, k) for n in range(62) for k in range(64))
    assert special.comb(10**9, 2) == math.comb(10**9, 2)
    roots = [0, 1, 2, 3, 4, 15, 16, 10**12 - 1, 10**12, 2**52 - 1, 3037000499**2, 3037000499**2 - 1, 2**63 - 1]
    assert [special.isqrt(n) for n in roots] == [math.isqrt(n) for n in roots]


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda: special.factorial(21), OverflowError), (lambda: special.factorial(-1), ValueError),
        (lambda: special.comb(70, 35), OverflowError), (lambda: special.comb(-1, 2), ValueError),
        (lambda: special.comb(5, -2), ValueError), (lambda: special.isqrt(-1), ValueError),
    ],
)  # fmt: skip
def test_counting_refuses_what_does_not_fit(call, error):
    with pytest.raises(error):
        call()


def test_float32_arguments_are_computed_in_float64():
    x = np.float32(0.7)
    for function in (special.digamma, special.gamma, special.lgamma, special.expit, special.logit, special.entr):
        assert function(x) == function(float(x)), function
