"""The functions that threads of a GPU call: NumPy's meaning, for scalars of one floating type.

`functions` makes them for a type, given what the target has of its own (`native`) and what compiles a function for it:
`numba.cuda` with libdevice for the device, `numba.njit` with NumPy's functions for the emulation of it, nothing at all
for plain Python. All constants are of the type: one bare float64 would make a float32 kernel calculate in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

NATIVE = (
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos", "cosh", "erf",
    "erfc", "exp", "exp2", "expm1", "fabs", "floor", "fmod", "gamma", "hypot", "lgamma", "log", "log10", "log1p",
    "log2", "pow", "rint", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
)  # fmt: skip
"""What every target has of its own."""


def functions(real: Any, compiled: Callable[[Callable], Any], native: dict[str, Any]) -> dict[str, Any]:
    """The functions by name, for numbers of type `real` (`np.float64` or `np.float32`)."""
    zero, half, one, two = real(0.0), real(0.5), real(1.0), real(2.0)
    inf, nan = real(np.inf), real(np.nan)
    exp, log, log1p, fabs = native["exp"], native["log"], native["log1p"], native["fabs"]
    fmod, floor, pow_ = native["fmod"], native["floor"], native["pow"]
    sin, copysign = native["sin"], native["copysign"]
    pi, log_of_2 = real(np.pi), real(np.log(2.0))
    degree, per_degree = real(np.pi / 180.0), real(180.0 / np.pi)
    low, high = real(0.3), real(0.65)

    def isnan(x):
        return x != x

    def isinf(x):
        return fabs(x) == inf

    def isfinite(x):
        return x - x == zero

    def signbit(x):
        return copysign(one, x) < zero

    def square(x):
        return x * x

    def reciprocal(x):
        return one / x

    def sign(x):
        return one if x > zero else -one if x < zero else x - x if x == x else x

    def heaviside(x, middle):
        return x if x != x else middle if x == zero else one if x > zero else zero

    def minimum(x, y):
        return x if x != x or x < y else y

    def maximum(x, y):
        return x if x != x or x > y else y

    def fmin(x, y):
        return x if y != y or x < y else y

    def fmax(x, y):
        return x if y != y or x > y else y

    def mod(x, y):
        rest = fmod(x, y)
        if rest != zero and (rest < zero) != (y < zero):
            rest += y
        return copysign(zero, y) if rest == zero and y == y else rest

    def floordiv(x, y):
        rest = fmod(x, y)
        if rest != zero and (rest < zero) != (y < zero):
            rest += y
        return floor((x - rest) / y + half) if y != zero else x / y

    def remainder(x, y):
        if x - x != zero or y != y or y == zero:
            return nan
        if fabs(y) == inf:
            return x
        size = fabs(y)
        rest = fmod(fabs(x), size)
        other = size - rest
        if rest > other or (rest == other and fmod((fabs(x) - rest) / size, two) != zero):
            rest = -other
        return rest if not copysign(one, x) < zero else -rest

    def powi(x, n):
        k = n if n >= 0 else -n
        base, result = x, one
        while k > 0:
            if k & 1:
                result *= base
            base *= base
            k >>= 1
        return result if n >= 0 else one / result

    def half_pow(x, y):
        return pow_(x, y)

    def degrees(x):
        return x * per_degree

    def radians(x):
        return x * degree

    def logaddexp(x, y):
        if x == y:
            return x + log_of_2
        return x + log1p(exp(y - x)) if x > y else y + log1p(exp(x - y)) if y > x else x - y

    def sinc(x):
        return one if x == zero else sin(pi * x) / (pi * x)

    def expit(x):
        small = exp(-fabs(x))
        return one / (one + small) if x >= zero else small / (one + small)

    def log_expit(x):
        return (x if x < zero else zero if x == x else x) - log1p(exp(-fabs(x)))

    def logit(x):
        if low <= x and x <= high:  # near the zero at 1/2, in a variable that is exact there
            return log1p((two * x - one) / (one - x))
        return log(x / (one - x))

    def xlogy(x, y):
        return zero if x == zero and y == y else x * log(y)

    def xlog1py(x, y):
        return zero if x == zero and y == y else x * log1p(y)

    def entr(x):
        return -inf if x < zero else zero if x == zero else -x * log(x)

    def rel_entr(x, y):
        if x != x or y != y:
            return nan
        if x > zero and y > zero:
            return x * log(x / y)
        return zero if x == zero and y >= zero else inf

    own: list[Callable] = [
        isnan, isinf, isfinite, signbit, square, reciprocal, sign, heaviside, minimum, maximum, fmin, fmax, mod,
        floordiv, remainder, powi, half_pow, degrees, radians, logaddexp, sinc, expit, log_expit, logit, xlogy, xlog1py,
        entr, rel_entr,
    ]  # fmt: skip
    made = {f.__name__: compiled(f) for f in own}
    return {**{name: native[name] for name in NATIVE}, **made, "greater": made["maximum"], "lesser": made["minimum"]}


def integer_functions(compiled: Callable[[Callable], Any]) -> dict[str, Any]:
    """The functions of integers."""

    def minimum(x, y):
        return min(x, y)

    def maximum(x, y):
        return max(x, y)

    def sign(x):
        return (x > 0) - (x < 0)

    def square(x):
        return x * x

    def ipow(x, n):
        result = x - x + 1
        while n > 0:
            if n & 1:
                result *= x
            x *= x
            n >>= 1
        return result

    def mod(x, y):  # a GPU divides numbers of 32 bits several times as fast
        if 0 <= x < limit and 0 < y < limit:
            return np.int64(np.uint32(x) % np.uint32(y))
        return x % y

    def floordiv(x, y):
        if 0 <= x < limit and 0 < y < limit:
            return np.int64(np.uint32(x) // np.uint32(y))
        return x // y

    limit = 2**31
    own: list[Callable] = [minimum, maximum, sign, square, ipow, mod, floordiv]
    made = {f.__name__: compiled(f) for f in own}
    return {**made, "greater": made["maximum"], "lesser": made["minimum"]}
