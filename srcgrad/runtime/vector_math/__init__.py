"""Elementary functions that compiled loops evaluate with vector instructions.

In: a float64 or a float32; integers and truth values count as float64, and of two arguments with different types so
does the float32. Out: the same type; the float32 functions compute in float32. Called in Numba's nopython mode, a
function is straight-line code (see `machine`), part of the calling loop, which LLVM can then vectorise. A plain call
gives what NumPy or Python give.

For every argument (subnormal, huge, and exceptional ones too) the result differs from the exact one by less than 2
units in the last place, and signs of 0, infinities and NaN are NumPy's. The caller's `fastmath` flags do not change
that, unless they promise that there are neither infinities nor NaN. Largest errors seen, in units in the last place:

          f64  f32           f64  f32           f64  f32           f64  f32           f64  f32
    exp   1.00 1.03    exp2  1.38 1.23    expm1 1.24 1.06    log   0.85 0.83    log2  0.86 0.89
    log10 0.73 0.77    log1p 0.88 0.88    pow   1.08 0.79    sin   0.84 0.85    cos   0.84 0.84
    tan   1.06 1.07    sinh  1.70 1.73    cosh  1.14 1.20    tanh  0.98 0.90    expit 1.42 1.48
    erf   0.90 1.00    erfc  1.17 1.21    asin  0.65 0.68    acos  0.64 0.64    atan  1.59 1.43
    atan2 1.42 1.36    asinh 1.22 1.26    acosh 0.80 0.85    atanh 0.81 0.83    cbrt  0.51 0.51
    hypot 1.18 1.17    half_pow 2.24 2.15 (of x**-2.5; of the others 1.93)

Mathematics: Muller et al., Handbook of Floating-Point Arithmetic (pairs, argument reduction); Cody and Waite, Software
Manual for the Elementary Functions; the polynomials are near-minimax fits made with mpmath for this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from srcgrad.runtime.vector_math import error_function, exponential, inverse, logarithm, trigonometric
from srcgrad.runtime.vector_math.registration import compiled


def _plain(function, *arguments):
    """The function of another library, of arguments that are float32 or else made float64."""
    if not all(getattr(a, "dtype", None) == np.float32 for a in arguments):
        arguments = tuple(np.float64(a) for a in arguments)
    with np.errstate(all="ignore"):
        return function(*arguments)


def _expit(x):
    return 1 / (1 + np.exp(-x))


def _of_python(function: Callable[[float], float]) -> Callable:
    """A function of Python's floats on NumPy's numbers and arrays. (SciPy's would take longer to import than Numba.)"""
    each = np.frompyfunc(function, 1, 1)
    return lambda x: np.asarray(each(x), dtype=x.dtype)[()]


@compiled(lambda machine, x, y: machine.sum_in_any_order(x, y), 2)
def add(x, y):
    """x + y. A loop that adds up so may do it in any order, several partial sums at a time."""
    return x + y


@compiled(lambda machine, x, y: machine.call("maximum", x, y), 2)
def greater(x, y):
    """The greater number; NaN where there is one. A loop that looks for the greatest may do it in any order."""
    return _plain(np.maximum, x, y)


@compiled(lambda machine, x, y: machine.call("minimum", x, y), 2)
def lesser(x, y):
    """The lesser number; NaN where there is one. A loop that looks for the least may do it in any order."""
    return _plain(np.minimum, x, y)


@compiled(exponential.exp)
def exp(x):
    """e**x."""
    return _plain(np.exp, x)


@compiled(exponential.exp2)
def exp2(x):
    """2**x."""
    return _plain(np.exp2, x)


@compiled(exponential.expm1)
def expm1(x):
    """e**x - 1, without cancellation near 0."""
    return _plain(np.expm1, x)


@compiled(exponential.sinh)
def sinh(x):
    """The hyperbolic sine."""
    return _plain(np.sinh, x)


@compiled(exponential.cosh)
def cosh(x):
    """The hyperbolic cosine."""
    return _plain(np.cosh, x)


@compiled(exponential.tanh)
def tanh(x):
    """The hyperbolic tangent."""
    return _plain(np.tanh, x)


@compiled(exponential.expit)
def expit(x):
    """1 / (1 + e**-x), the logistic function."""
    return _plain(_expit, x)


@compiled(logarithm.log)
def log(x):
    """The natural logarithm; -inf at 0, NaN left of it."""
    return _plain(np.log, x)


@compiled(logarithm.log2)
def log2(x):
    """The logarithm to base 2."""
    return _plain(np.log2, x)


@compiled(logarithm.log10)
def log10(x):
    """The logarithm to base 10."""
    return _plain(np.log10, x)


@compiled(logarithm.log1p)
def log1p(x):
    """log(1 + x), without cancellation near 0."""
    return _plain(np.log1p, x)


@compiled(logarithm.pow, 2)
def pow(x, y):
    """x**y, with the special cases of C99 (annex F.9.4.4): also `pow(nan, 0) == pow(1, nan) == 1`."""
    return _plain(np.power, x, y)


@compiled(logarithm.half_pow, 2)
def half_pow(x, y):
    """x**y for y = 0.5, 1.5, 2.5 and their negatives, as `pow`, by a square root."""
    return _plain(np.power, x, y)


@compiled(logarithm.asinh)
def asinh(x):
    """The inverse hyperbolic sine."""
    return _plain(np.arcsinh, x)


@compiled(logarithm.acosh)
def acosh(x):
    """The inverse hyperbolic cosine; NaN left of 1."""
    return _plain(np.arccosh, x)


@compiled(logarithm.atanh)
def atanh(x):
    """The inverse hyperbolic tangent; infinite at -1 and 1."""
    return _plain(np.arctanh, x)


@compiled(trigonometric.sin)
def sin(x):
    """The sine of x, of any size."""
    return _plain(np.sin, x)


@compiled(trigonometric.cos)
def cos(x):
    """The cosine of x, of any size."""
    return _plain(np.cos, x)


@compiled(trigonometric.tan)
def tan(x):
    """The tangent of x, of any size."""
    return _plain(np.tan, x)


@compiled(inverse.asin)
def asin(x):
    """The inverse sine; NaN where |x| > 1."""
    return _plain(np.arcsin, x)


@compiled(inverse.acos)
def acos(x):
    """The inverse cosine; NaN where |x| > 1."""
    return _plain(np.arccos, x)


@compiled(inverse.atan)
def atan(x):
    """The inverse tangent."""
    return _plain(np.arctan, x)


@compiled(inverse.atan2, 2)
def atan2(y, x):
    """The angle of the point (x, y), from -pi to pi."""
    return _plain(np.arctan2, y, x)


@compiled(inverse.cbrt)
def cbrt(x):
    """The cube root, also of negative numbers."""
    return _plain(np.cbrt, x)


@compiled(inverse.hypot, 2)
def hypot(x, y):
    """sqrt(x**2 + y**2), also where the squares overflow."""
    return _plain(np.hypot, x, y)


@compiled(error_function.erf)
def erf(x):
    """The error function."""
    return _plain(_of_python(math.erf), x)


@compiled(error_function.erfc)
def erfc(x):
    """1 - erf(x), without cancellation for large x."""
    return _plain(_of_python(math.erfc), x)
