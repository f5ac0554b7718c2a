"""Functions of single elements, and tests of whole arrays."""

from __future__ import annotations

import math

import numpy as np

from srcgrad.library.quoting import quotes, refuse


@quotes(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    if not copy:
        refuse("np.nan_to_num(copy=False) is not compiled: write a[:] = np.nan_to_num(a)")
    if np.iscomplexobj(x):
        return nan_to_num(x.real, copy, nan, posinf, neginf) + 1j * nan_to_num(x.imag, copy, nan, posinf, neginf)
    high = 1.7976931348623157e308 if posinf is None else posinf
    low = -1.7976931348623157e308 if neginf is None else neginf
    return np.where(np.isnan(x), nan, np.where(x == math.inf, high, np.where(x == -math.inf, low, x)))


@quotes(np.isposinf)
def isposinf(x):
    return x == math.inf


@quotes(np.isneginf)
def isneginf(x):
    return x == -math.inf


@quotes(np.modf)
def modf(x):
    whole = np.trunc(x)
    return np.copysign(np.where(np.isinf(x), 0.0, x - whole), x), whole


@quotes(np.fix)
def fix(x):
    return np.trunc(x)


@quotes(np.positive)
def positive(x):
    return x * 1


@quotes(np.divmod)
def divmod_(x1, x2):
    return x1 // x2, x1 % x2


@quotes(np.logical_xor)
def logical_xor(x1, x2):
    return np.logical_not(x1) != np.logical_not(x2)


@quotes(np.bitwise_and)
def bitwise_and(x1, x2):
    return x1 & x2


@quotes(np.bitwise_or)
def bitwise_or(x1, x2):
    return x1 | x2


@quotes(np.bitwise_xor)
def bitwise_xor(x1, x2):
    return x1 ^ x2


@quotes(np.left_shift)
def left_shift(x1, x2):
    return x1 << x2


@quotes(np.right_shift)
def right_shift(x1, x2):
    return x1 >> x2


@quotes(np.allclose)
def allclose(a, b, rtol=1e-05, atol=1e-08):
    return np.all((np.abs(a - b) <= atol + rtol * np.abs(b)) | (a == b))


@quotes(np.array_equal)
def array_equal(a1, a2):
    if a1.shape != a2.shape:
        return False
    return np.all(a1 == a2)


@quotes(np.select)
def select(condlist, choicelist, default=0):
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        result = np.where(condition, choice, result)
    return result
