"""Elementary functions."""

from __future__ import annotations

import numpy as np
import scipy.special

from . import exponential, logarithm, trigonometric
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
