"""Elementary functions."""

from __future__ import annotations

import numpy as np
import scipy.special

from . import error_function, exponential, inverse, logarithm, trigonometric
from .machine import compiled


def _plain(function, *arguments):
    if not all(isinstance(a, np.float32) for a in arguments):
        arguments = tuple(np.float64(a) for a in arguments)
    with np.errstate(all="ignore"):
        return function(*arguments)


@compiled(exponential.exp)
def exp(x):
    return _plain(np.exp, x)


@compiled(exponential.exp2)
def exp2(x):
    return _plain(np.exp2, x)


@compiled(exponential.expm1)
def expm1(x):
    return _plain(np.expm1, x)


@compiled(exponential.sinh)
def sinh(x):
    return _plain(np.sinh, x)


@compiled(exponential.cosh)
def cosh(x):
    return _plain(np.cosh, x)


@compiled(exponential.tanh)
def tanh(x):
    return _plain(np.tanh, x)


@compiled(exponential.expit)
def expit(x):
    return _plain(scipy.special.expit, x)


@compiled(logarithm.log)
def log(x):
    return _plain(np.log, x)


@compiled(logarithm.log2)
def log2(x):
    return _plain(np.log2, x)


@compiled(logarithm.log10)
def log10(x):
    return _plain(np.log10, x)


@compiled(logarithm.log1p)
def log1p(x):
    return _plain(np.log1p, x)


@compiled(logarithm.pow, 2)
def pow(x, y):
    return _plain(np.power, x, y)


@compiled(trigonometric.sin)
def sin(x):
    return _plain(np.sin, x)


@compiled(trigonometric.cos)
def cos(x):
    return _plain(np.cos, x)


@compiled(trigonometric.tan)
def tan(x):
    return _plain(np.tan, x)


@compiled(error_function.erf)
def erf(x):
    return _plain(scipy.special.erf, x)


@compiled(error_function.erfc)
def erfc(x):
    return _plain(scipy.special.erfc, x)


@compiled(inverse.asin)
def asin(x):
    return _plain(np.arcsin, x)


@compiled(inverse.acos)
def acos(x):
    return _plain(np.arccos, x)


@compiled(inverse.atan)
def atan(x):
    return _plain(np.arctan, x)


@compiled(inverse.atan2, 2)
def atan2(y, x):
    return _plain(np.arctan2, y, x)


@compiled(inverse.cbrt)
def cbrt(x):
    return _plain(np.cbrt, x)


@compiled(inverse.hypot, 2)
def hypot(x, y):
    return _plain(np.hypot, x, y)


@compiled(logarithm.asinh)
def asinh(x):
    return _plain(np.arcsinh, x)


@compiled(logarithm.acosh)
def acosh(x):
    return _plain(np.arccosh, x)


@compiled(logarithm.atanh)
def atanh(x):
    return _plain(np.arctanh, x)
