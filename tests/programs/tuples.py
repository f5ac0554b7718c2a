"""Tuples as results, as carried values, unpacking, swaps, namedtuples."""

import math
from typing import NamedTuple

import numpy as np

from tests.harness.registry import program


class Point(NamedTuple):
    x: float
    y: float


def two(rng):
    return rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)


@program(two)
def returns_two(x, y):
    return x * y, math.sin(x)


@program(two)
def returns_nested(x, y):
    return (x * y, (x, y * y)), 3


@program(lambda rng: (rng.uniform(0.5, 1.5), 3))
def returns_int_and_bool_beside(x, n):
    return x * n, n + 1, x > 1.0


@program(two)
def unpacking(x, y):
    (a, b), c = (x * x, y), x + y
    return a * b * c


@program(two)
def starred_unpacking(x, y):
    first, *rest = (x, y, x * y)
    return first * rest[0] + rest[1] * rest[-1]


@program(two)
def tuple_indexing(x, y):
    t = (x * x, y * y, x * y)
    return t[0] * t[-1] + t[1]


@program(two)
def tuple_carried_through_loop(x, y):
    state = (x, y)
    for i in range(4):
        a, b = state
        state = (math.sin(a * b), a + 0.5 * b)
    return state[0] * state[1]


@program(two)
def tuple_chosen_in_branch(x, y):
    if x > y:
        t = (x * x, y)
    else:
        t = (y, x * y)
    return t[0] + t[1] ** 2


@program(lambda rng: (Point(rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)),))
def namedtuple_argument(p):
    return p.x * p.y + p[0] ** 2


@program(two)
def namedtuple_result(x, y):
    return Point(x * y, y=x - y * y)


@program(two)
def namedtuple_in_loop(x, y):
    p = Point(x, y)
    for _ in range(3):
        p = Point(p.y * 0.9, p.x * p.y)
    return p.x + p.y * p.x


@program(lambda rng: ((rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5, 3)), 2.0))
def tuple_argument(t, w):
    x, a = t
    return x * a[0] * a[1] + w * a[2]


@program(lambda rng: ((rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1.5, 2)),))
def tuple_of_arrays_written(ab):
    a, b = ab
    a[0] = a[1] * b[0]
    b[1] = a[0] * b[1]
    return a[0] * b[1]


@program(two)
def rotation_of_three(x, y):
    a, b, c = x, y, x * y
    for _ in range(5):
        a, b, c = b, c, a * 0.5 + b
    return a * b - c


@program(two)
def concatenation_and_len(x, y):
    t = (x, y) + (x * y,)
    return t[2] * len(t) + t[0]


@program(lambda rng: (rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1.5, 3)))
def swap_arrays(a, b):
    a, b = b, a
    a[0] = b[1] * a[0]
    s = 0.0
    for i in range(3):
        s += a[i] * b[i]
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 3),))
def returns_array_and_scalar(a):
    b = np.zeros(3)
    for i in range(3):
        b[i] = a[i] * a[0]
    return b, b[2] * a[1]


@program(lambda rng: (rng.uniform(0.5, 1.5, 4),))
def swap_elements(a):
    a[0], a[3] = a[3] * a[0], a[0]
    a[1], a[2] = a[2], a[1] + a[2] * a[0]
    return a[0] * a[1] + a[2] * a[3]


@program(lambda rng: (rng.uniform(0.5, 1.5, 4), 1))
def swap_with_dependent_index(a, i):
    i, a[i] = 2, a[0] * a[i]
    return a[i] * a[1]
