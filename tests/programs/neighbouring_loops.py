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


def block(rng):
    return (rng.uniform(0.5, 1.5, (3, 4, 5)), rng.uniform(0.5, 1.5, (3, 4)))


@program(block)
def recurrence_along_rows(a, w):
    n = a.shape[2]
    for k in range(1, n):
        b = a[:, :, k - 1] * w
        a[:, :, k] = a[:, :, k] * b + a[:, :, k - 1]
    for k in range(n - 2, -1, -1):
        w[:] = a[:, :, k] - 0.1 * w
        a[:, :, k] = w * a[:, :, k + 1]
    return a


@program(block)
def recurrence_that_couples_the_slabs(a, w):
    for k in range(1, a.shape[2]):
        a[1:, :, k] = a[1:, :, k] * a[:-1, :, k - 1]
        a[0, :, k] = w[0] * a[1, :, k]
    return a


@program(block)
def sums_along_the_way(a, w):
    total = 0.0
    for k in range(1, a.shape[2]):
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                a[i, j, k] = a[i, j, k - 1] * w[i, j]
                total += a[i, j, k] * total * 0.1 + a[i, j, k]
    return total


@program(block)
def columns_outside(a, w):
    b = np.zeros((3, 5))
    for k in range(5):
        x = w[0, 1] * k
        for i in range(3):
            b[i, k] = a[i, 1, k] * x + a[i, 2, k]
    return b


@program(block)
def columns_of_two_arrays(a, w):
    b = np.zeros((3, 5))
    c = np.ones((5, 3))
    for k in range(5):
        for i in range(3):
            b[i, k] = a[i, 1, k] * w[i, 1]
            c[k, i] = b[i, k] * b[i, k]
    return b @ c


@program(lambda rng: (rng.uniform(0.5, 1.5, 3), 0, 3, 5))
def checked_in_a_loop_that_does_not_run(a, n, m, k):
    s = 0.0
    for _ in range(n):
        for _ in range(m):
            if k > 3:
                raise ValueError("bad")
            s += a[0]
    for j in range(m):
        s += a[j]
        if k > 3:
            s = s * 2
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 3), np.zeros(0), 3.0))
def lengths_that_differ_where_nothing_runs(p, q, x):
    s = x * len(p)
    for i in range(p.shape[0]):
        s += p[i]
    for _ in range(q.shape[0]):
        s = np.sum(p - q) * s
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 3), np.zeros(0), 3))
def flag_that_a_loop_would_have_set(p, q, k):
    b = k > 2
    c = b
    for i in range(len(q)):
        if b:
            raise ValueError("x")
        c = p[i] > q[i]
    return p * 2 if c else p
