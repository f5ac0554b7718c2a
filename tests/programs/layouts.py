"""Arguments in C order, Fortran order and strided; transposes; no dimension or none left."""

import numpy as np

from tests.harness.registry import program


def c_order(rng):
    return (rng.uniform(0.5, 1.5, (3, 4)),)


def fortran(rng):
    return (np.asfortranarray(rng.uniform(0.5, 1.5, (3, 4))),)


def strided(rng):
    return (rng.uniform(0.5, 1.5, (6, 8))[::2, ::2],)


def backwards(rng):
    return (rng.uniform(0.5, 1.5, 7)[::-1],)


@program(c_order, fortran, strided)
def reads(m):
    s = 0.0
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            s += m[i, j] * m[i - 1, j] + s * 0.1
    return s


@program(c_order, fortran, strided)
def writes(m):
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            m[i, j] = m[i, j] * m[i - 1, j - 1]
    return m[0, 0] * m[2, 3]


@program(c_order, fortran, strided)
def rows_as_views(m):
    s = 0.0
    for i in range(3):
        row = m[i]
        row[0] = row[1] * row[2]
        s += row[0] * row[3]
    return s


@program(c_order, fortran, strided)
def copied_then_written(m):
    c = m.copy()
    z = np.zeros_like(m)
    for i in range(3):
        c[i, i] = m[i, i] * m[i, 0]
        z[i, 0] = c[i, i] * c[i, 1]
    return z


@program(c_order, fortran)
def returned_as_it_is(m):
    m[0, 1] = m[1, 0] * m[0, 1]
    return m


@program(fortran, strided)
def transposed(m):
    t = m.T
    s = 0.0
    for i in range(t.shape[0]):
        t[i, 0] = t[i, 1] * t[i, 2]
        s += t[i, 0] * m[0, i]
    return s


@program(backwards)
def negative_strides(a):
    for i in range(1, len(a)):
        a[i] = a[i] * a[i - 1]
    return a[6] * a[2]


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 4)), np.asfortranarray(rng.uniform(0.5, 1.5, (3, 4)))))
def swapped_with_different_layouts(u, v):
    for t in range(3):
        for i in range(3):
            for j in range(4):
                v[i, j] = u[i, j] * u[i - 1, j] * 0.8
        u, v = v, u
    return u[1, 1] * v[2, 2]


@program(c_order, fortran)
def layout_chosen_by_branch(m):
    n = np.ones((4, 3))
    if m[0, 0] > 0.0:
        w = m.T
    else:
        w = n
    w[1, 1] = w[0, 0] * w[1, 2]
    return w[1, 1] * m[1, 1] + n[0, 0] * m[0, 1]


@program(lambda rng: (rng.uniform(0.5, 1.5, (0, 3)), 0.7))
def no_rows(m, x):
    s = x
    for i in range(m.shape[0]):
        s += m[i, 0] * s
    return s * m.shape[1]


@program(lambda rng: (rng.uniform(0.5, 1.5, (1, 1, 1)),))
def single_element(c):
    c[0, 0, 0] *= c[-1, -1, -1]
    return c[0, 0, 0] ** 2


@program(lambda rng: (rng.uniform(0.5, 1.5, (2, 2, 2, 2)),))
def four_dimensions(q):
    s = 1.0
    for i in range(2):
        for j in range(2):
            s *= q[i, j, 0, 1] + q[1, 0, j, i]
    return s
