"""Functions that the programs of `calls` find in another module; and a namespace beside them."""

import math
import types


def scaled_square(x, factor=2.0):
    return factor * x * x


def _cube(x):
    return x * x * x


nested = types.SimpleNamespace(cube=_cube)


def piecewise(x):
    if x < 0.7:
        return x * x
    if x < 1.9:
        return math.sin(x)
    return 1.0 / x


def sum_until(a, limit):
    s = 0.0
    for v in a:
        s += v * v
        if s > limit:
            break
    return s


def reassigns(x, n):
    for _ in range(n):
        x = math.sin(x) * x
    return x


def total(*values):
    s = 0.0
    for v in values:
        s = s + v * v
    return s


SCALE = 1.75
COUNT = 3
