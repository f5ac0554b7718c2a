"""Functions whose guards fire. (In a module of their own: pytest rewrites the asserts of test modules.)"""

import math


def guarded(x, y):
    if y <= 0.0:
        raise ValueError("y must be positive")
    assert x < 5.0, "x is too large"
    for _ in range(3):
        x = x * math.log(y + 1.0)
        if x > 4.0:
            raise OverflowError("diverged")
    return x * y


def bare(x):
    if x < 0.0:
        raise RuntimeError
    assert x < 5.0
    return x * x


def perhaps_unassigned(x):
    if x > 10.0:
        y = x * x
    return y


def in_a_helper(x):
    return checked(x) * x


def checked(x):
    if x < 0.0:
        raise ArithmeticError("negative")
    return x * x


def number_or_nothing(x):
    if x > 0.0:
        return x * x
    return None
