"""Loops one behind the other that become one loop, and such that must not."""

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 7),)


def matrix(rng):
    return (rng.uniform(0.5, 1.5, (5, 4)),)


@program(vector)
def inside(a):
    b = np.zeros_like(a)
    b[1:-1] = 2.0 * a[1:-1]
    c = np.zeros_like(a)
    c[1:-1] = b[1:-1] * a[1:-1]
    return c


@program(matrix)
def both_borders(a):
    a[0, :] = a[1, :] ** 2
    a[-1, :] = a[0, :] + a[2, :]
    a[1:-1, 0] = a[1:-1, 2] * a[1:-1, 1]
    a[1:-1, -1] = a[1:-1, 0] * a[1:-1, 1]
    return a


@program(vector)
def at_another_place(a):
    b = np.zeros_like(a)
    b[1:-1] = 2.0 * a[1:-1]
    c = np.zeros_like(a)
    c[1:-1] = b[2:] * a[1:-1]
    return c


@program(vector)
def wrapping_around(a):
    n = len(a)
    b = np.ones_like(a)
    for i in range(n):
        b[i - 1] = 2.0 * a[i]
    for i in range(n):
        b[i - 1] = b[i - 1] * a[i] * b[i - 2]
    return b


@program(vector)
def written_twice(a):
    n = len(a)
    b = np.ones_like(a)
    for i in range(n - 1):
        b[i] = a[i] ** 2
    for i in range(n - 1):
        b[i + 1] = a[i] * 3.0
    return b
