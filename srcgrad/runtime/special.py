"""Special functions that generated code calls, compiled with Numba; all follow NumPy on exceptional arguments.

`digamma` and `polygamma` use upward recurrence into the range of the asymptotic series (Abramowitz and Stegun 6.3.5,
6.3.18, 6.4.6, 6.4.11).
"""

from __future__ import annotations

import math

import numba
import numpy as np

_njit = numba.njit(cache=True, fastmath=False, error_model="numpy")

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_SERIES_FROM = 12.0


@_njit
def erf(x):
    """The error function."""
    return math.erf(x)


@_njit
def erfc(x):
    """1 - erf(x), accurate for large x."""
    return math.erfc(x)


@_njit
def gamma(x):
    """The gamma function; NaN at the negative integers, inf at 0 and where it overflows."""
    if x < 0.0 and x == np.floor(x):
        return x * np.nan
    if x == 0.0:
        return np.copysign(np.inf, x) + x
    if x > 171.7:
        return x * np.inf
    return math.gamma(x)


@_njit
def lgamma(x):
    """log |gamma(x)|; inf at 0 and at the negative integers."""
    if x <= 0.0 and x == np.floor(x):
        return x * x + np.inf
    return math.lgamma(x)


@_njit
def digamma(x):
    """The derivative of log gamma; NaN at 0 and at the negative integers."""
    if np.isnan(x) or (x <= 0.0 and x == np.floor(x)):
        return x * np.nan
    if x < -_SERIES_FROM:  # reflection: psi(x) = psi(1 - x) - pi / tan(pi x)
        return digamma_positive(1.0 - x) - math.pi / math.tan(math.pi * (x - np.floor(x)))
    return digamma_positive(x)


@_njit
def digamma_positive(x):
    """`digamma` by recurrence from x, which is no pole, up to the series."""
    total = 0.0
    while x < _SERIES_FROM:
        total -= 1.0 / x
        x += 1.0
    inverse = 1.0 / (x * x)
    tail = 0.0
    for k in range(len(_BERNOULLI) - 1, -1, -1):
        tail = inverse * (_BERNOULLI[k] / (2 * k + 2) + tail)
    return total + math.log(x) - 0.5 / x - tail


@_njit
def polygamma(x, n):
    """The n-th derivative of `digamma`, n >= 1; inf at 0 and at the negative integers."""
    sign = 1.0 if n % 2 == 1 else -1.0
    factorial = 1.0  # (n - 1)!
    for k in range(1, n):
        factorial *= k
    total = 0.0
    start = _SERIES_FROM + n
    while x < start:
        total += factorial * n / x ** (n + 1)
        x += 1.0
    term = factorial / x**n
    total += term + 0.5 * n * term / x
    power = term / (x * x)  # (2k + n - 1)! / ((2k)! x**(2k + n)), advanced with k
    power *= n * (n + 1) / 2.0
    for k in range(len(_BERNOULLI)):
        total += _BERNOULLI[k] * power
        m = 2 * k + 2
        power *= (m + n) * (m + n + 1) / ((m + 1.0) * (m + 2.0) * x * x)
    return sign * total


@_njit
def expit(x):
    """1 / (1 + exp(-x)), without overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


@_njit
def logaddexp(x, y):
    """log(exp(x) + exp(y)), without overflow."""
    if x == y:
        return x + math.log(2.0)
    high, low = (x, y) if x > y else (y, x)
    if np.isnan(x) or np.isnan(y):
        return x + y
    return high + math.log1p(math.exp(low - high))


@_njit
def remainder(x, y):
    """IEEE 754 remainder: x - n*y for the integer n nearest to x / y (ties to even)."""
    if np.isnan(x) or np.isnan(y) or np.isinf(x) or y == 0.0:
        return x * np.nan
    if np.isinf(y):
        return x
    y = abs(y)
    rest = np.fmod(abs(x), 2.0 * y)
    if rest > y:
        rest -= 2.0 * y
    if rest > 0.5 * y:
        rest -= y
    elif rest < -0.5 * y:
        rest += y
    return np.copysign(rest, x) if rest == 0.0 else (rest if x > 0.0 else -rest)
