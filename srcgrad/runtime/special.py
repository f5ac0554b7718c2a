"""Special functions that generated code calls, compiled with Numba.

In: floats (or integers, where it says so). Out: float64, whatever the width of the argument. Exceptional arguments
give NumPy's inf and NaN; only the integer functions raise. Tested against mpmath. Formulas: Abramowitz and Stegun,
Handbook of Mathematical Functions, chapter 6 (equation numbers below).
"""

from __future__ import annotations

import math

import numba
import numpy as np

_njit = numba.njit(cache=True, fastmath=False, error_model="numpy")

# B(2k) / (2k), k = 1, 2, ...: the asymptotic series of digamma (6.3.18).
_DIGAMMA_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160)
# B(2k), k = 1, 2, ...: that of its derivatives (6.4.11).
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
_SERIES_FROM = 12.0

# The positive zero of digamma in two parts, and the Taylor coefficients there from the first power on: near the
# zero, the series above would lose all relative accuracy to cancellation.
_ROOT, _ROOT_REST = 1.4616321449683622, 9.549995429965697e-17
_ROOT_RADIUS = 0.3
_ROOT_SERIES = (
    0.9676722454476212, -0.4427631689835921, 0.258499760955651, -0.16394270544240652, 0.10782405069126237,
    -0.07219956125645471, 0.04880428816414311, -0.03316112647484736, 0.022597648232218104, -0.01542476590494896,
    0.010538791616612175, -0.007204534386356869, 0.004926781395729853, -0.003369801655439328, 0.002305126326734928,
    -0.0015769367714301972, 0.0010788252019162967, -0.0007380709389960052, 0.000504953265834602,
    -0.0003454680251063077, 0.00023635601564027053, -0.00016170622091974803, 0.0001106337276874741,
)  # fmt: skip

_LARGEST_SQUARED = 64  # above, repeated squaring is less accurate than the library's power
_LARGEST_FACTORIAL = 20  # of those an int64 holds


@_njit
def powi(x, n):
    """`x ** n` for an integer n: repeated squaring, unrolled by the compiler when n is known."""
    k = abs(n)
    if k > _LARGEST_SQUARED:
        return math.pow(x, np.float64(n))
    base, result = np.float64(x), 1.0
    while k != 0:
        if k & 1:
            result *= base
        base *= base
        k >>= 1
    return 1.0 / result if n < 0 else result


@_njit
def remainder(x, y):
    """IEEE 754 remainder, exactly: x - n*y for the integer n nearest to x / y, ties to even."""
    if np.isnan(x) or np.isnan(y) or np.isinf(x) or y == 0.0:
        return np.nan
    if np.isinf(y):
        return np.float64(x)
    size = np.float64(abs(y))
    rest = np.fmod(np.float64(abs(x)), size)
    other = size - rest  # exact wherever it matters below: rest lies between size / 2 and size
    if rest > other:
        rest = -other
    elif rest == other:  # a tie: the even multiple is the one whose half is a multiple of size
        rest -= 2.0 * np.fmod(0.5 * (np.float64(abs(x)) - rest), size)
    return rest if math.copysign(1.0, x) > 0.0 else -rest


@_njit
def heaviside(x, middle):
    """0 left of 0, 1 right of it, `middle` at 0."""
    if np.isnan(x):
        return np.nan
    return np.float64(middle) if x == 0.0 else (1.0 if x > 0.0 else 0.0)


@_njit
def sinc(x):
    """sin(pi x) / (pi x), 1 at 0."""
    return np.sinc(np.float64(x))


@_njit
def gamma(x):
    """The gamma function; NaN at the negative integers."""
    return math.gamma(np.float64(x))


@_njit
def lgamma(x):
    """log |gamma(x)|; inf at 0 and at the negative integers."""
    return math.lgamma(np.float64(x))


@_njit
def _digamma_positive(x):
    """`digamma` for x > 0."""
    distance = (x - _ROOT) - _ROOT_REST
    if abs(distance) < _ROOT_RADIUS:
        near = 0.0
        for k in range(len(_ROOT_SERIES) - 1, -1, -1):
            near = near * distance + _ROOT_SERIES[k]
        return near * distance
    shift = 0.0
    while x < _SERIES_FROM:  # 6.3.5
        shift += 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    tail = 0.0
    for k in range(len(_DIGAMMA_SERIES) - 1, -1, -1):
        tail = (tail + _DIGAMMA_SERIES[k]) * square
    return math.log(x) - 0.5 / x - tail - shift


@_njit
def _cot_pi(x):
    """cot(pi*x), to full relative accuracy near its zeros, too."""
    rest = x - np.rint(x)
    if abs(rest) > 0.25:
        return math.copysign(math.tan(math.pi * (0.5 - abs(rest))), rest)
    return 1.0 / math.tan(math.pi * rest)


@_njit
def digamma(x):
    """The derivative of `lgamma`; NaN at the negative integers, infinite at 0."""
    x = np.float64(x)
    if x > 0.0 or np.isnan(x):
        return _digamma_positive(x)
    if x == 0.0:
        return math.copysign(np.inf, -x)
    if x == np.floor(x):
        return np.nan
    return _digamma_positive(1.0 - x) - math.pi * _cot_pi(x)  # 6.3.7


@_njit
def _polygamma_positive(x, n):
    """|polygamma(x, n)| for x > 0."""
    factorial = 1.0  # (n - 1)!
    for k in range(2, n):
        factorial *= k
    shift = 0.0
    while x < _SERIES_FROM + n:  # 6.4.6
        shift += powi(x, -n - 1)
        x += 1.0
    term = factorial * powi(x, -n)  # (2k + n - 1)! / ((2k)! x**(2k + n)), at k = 0
    total = term * (1.0 + 0.5 * n / x)
    for k in range(len(_BERNOULLI)):
        m = 2 * k + n
        term *= m * (m + 1.0) / ((2 * k + 1.0) * (2 * k + 2.0) * x * x)
        total += _BERNOULLI[k] * term
    return total + factorial * n * shift


@_njit
def _cotangent_derivative(x, n):
    """The n-th derivative of cot at pi*x over pi**n: a polynomial in c = cot(pi*x), since cot' = -(1 + cot**2)."""
    coefficients = np.zeros(n + 2)
    coefficients[1] = 1.0
    for degree in range(1, n + 1):
        slope = np.zeros(n + 2)
        for k in range(1, degree + 1):
            slope[k - 1] -= k * coefficients[k]
            slope[k + 1] -= k * coefficients[k]
        coefficients = slope
    c = _cot_pi(x)
    value = 0.0
    for k in range(n + 1, -1, -1):
        value = value * c + coefficients[k]
    return value


@_njit
def polygamma(x, n):
    """The n-th derivative of `digamma` (NaN for n < 0); at the poles inf for odd n, NaN for even n."""
    if n <= 0:
        return digamma(x) if n == 0 else np.nan
    x = np.float64(x)
    odd = n % 2 == 1
    if np.isnan(x):
        return x
    if np.isinf(x):
        return (0.0 if odd else -0.0) if x > 0.0 else np.nan
    if x > 0.0:
        size = _polygamma_positive(x, n)
        return size if odd else -size
    if x == np.floor(x):
        return np.inf if odd else np.nan
    # 6.4.7; the sign of polygamma(1 - x, n) and the one in front of it cancel to -1
    return -_polygamma_positive(1.0 - x, n) - powi(math.pi, n + 1) * _cotangent_derivative(x, n)


@_njit
def expit(x):
    """1 / (1 + exp(-x)), without overflow."""
    small = math.exp(-abs(np.float64(x)))
    return 1.0 / (1.0 + small) if x >= 0.0 else small / (1.0 + small)


@_njit
def log_expit(x):
    """log(expit(x)), without cancellation."""
    x = np.float64(x)
    return min(x, 0.0) - math.log1p(math.exp(-abs(x)))


@_njit
def logit(x):
    """log(x / (1 - x))."""
    x = np.float64(x)
    if 0.3 <= x <= 0.65:  # near the zero at 1/2, in a variable that is exact there
        return math.log1p((2.0 * x - 1.0) / (1.0 - x))
    return math.log(x / (1.0 - x))


@_njit
def xlogy(x, y):
    """x * log(y), 0 where x is 0 (and y is not NaN)."""
    return 0.0 if x == 0.0 and not np.isnan(y) else x * math.log(np.float64(y))


@_njit
def xlog1py(x, y):
    """x * log1p(y), 0 where x is 0 (and y is not NaN)."""
    return 0.0 if x == 0.0 and not np.isnan(y) else x * math.log1p(np.float64(y))


@_njit
def entr(x):
    """-x * log(x), 0 at 0, -inf left of it."""
    if x < 0.0:
        return -np.inf
    return 0.0 if x == 0.0 else -x * math.log(np.float64(x))


@_njit
def rel_entr(x, y):
    """x * log(x / y), 0 where x is 0; inf outside of x >= 0, y > 0."""
    if np.isnan(x) or np.isnan(y):
        return np.nan
    if x > 0.0 and y > 0.0:
        return x * math.log(np.float64(x) / np.float64(y))
    return 0.0 if x == 0.0 and y >= 0.0 else np.inf


@_njit
def factorial(n):
    """n! of an integer. Raises where Python does, and `OverflowError` where it does not fit an int64."""
    if n < 0:
        raise ValueError("factorial() not defined for negative values")
    if n > _LARGEST_FACTORIAL:
        raise OverflowError("the factorial does not fit in 64 bits")
    result = np.int64(1)
    for k in range(2, n + 1):
        result *= k
    return result


@_njit
def _gcd(a, b):
    while b != 0:
        a, b = b, a % b
    return a


@_njit
def comb(n, k):
    """Binomial coefficient. Raises where Python does, and `OverflowError` where it does not fit an int64."""
    if n < 0 or k < 0:
        raise ValueError("comb() not defined for negative values")
    if k > n:
        return np.int64(0)
    k = min(k, n - k)
    result = np.int64(1)
    for j in range(1, k + 1):  # result * (n - k + j) / j, reduced first so that only the value itself can overflow
        factor, divisor = np.int64(n - k + j), np.int64(j)
        common = _gcd(factor, divisor)
        factor, divisor = factor // common, divisor // common
        result //= divisor  # exact: divisor and factor have no common factor, and j divides the product
        if result > np.int64(9223372036854775807) // factor:
            raise OverflowError("the binomial coefficient does not fit in 64 bits")
        result *= factor
    return result


@_njit
def isqrt(n):
    """The integer part of the square root of an integer >= 0."""
    if n < 0:
        raise ValueError("isqrt() argument must be nonnegative")
    root = np.int64(math.sqrt(np.float64(n)))
    while root > 0 and root > n // root:
        root -= 1
    while root + 1 <= n // (root + 1):
        root += 1
    return root
