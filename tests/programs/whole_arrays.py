"""Slices and whole arrays beside loops: reads, writes, overlapping sides, broadcasting, reductions."""

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 6),)


def matrix(rng):
    return (rng.uniform(0.5, 1.5, (4, 3)),)


def pair(rng):
    return rng.uniform(0.5, 1.5, 5), rng.uniform(0.5, 1.5, 5)


@program(pair)
def elementwise(a, b):
    c = a * b + np.sin(a) / b - 2.0
    return c


@program(pair)
def dot_product_operator(a, b):
    return (a @ b) * a[0] + np.dot(a, a)


@program(vector)
def slice_assigned(a):
    a[1:4] = a[0] * a[3:6]
    return a[1] * a[2] + a[3]


@program(vector)
def overlapping_sides(a):
    a[1:] = a[:-1] * a[1:]
    a[:-1] = a[1:]
    a[::-1] = a * a[0]
    return a[0] * a[5] + a[2]


@program(vector)
def slice_augmented(a):
    a[::2] *= a[1::2]
    a[1:3] += 0.5
    a[-2:] -= a[:2] * a[0]
    return a[0] * a[1] + a[4] * a[5]


@program(vector)
def filled_with_a_number(a):
    s = a[2] * a[3]
    a[:] = s
    a[1:3] = 2.0
    return a[0] * a[1] * a[4]


@program(matrix)
def row_assigned(m):
    for i in range(1, m.shape[0]):
        m[i] = m[i] * m[i - 1] + m[0, 0]
    return m[3, 0] * m[2, 1]


@program(matrix)
def column_assigned(m):
    m[:, 0] = m[:, 1] * m[:, 2]
    m[:, 1] += m[:, 0]
    return m[0, 0] * m[3, 1]


@program(matrix)
def rows_swapped_by_slices(m):
    tmp = m[0].copy()
    m[0] = m[2]
    m[2] = tmp * m[1]
    return m[0, 0] * m[2, 1] + m[2, 2]


@program(matrix)
def two_dimensional_slices(m):
    m[1:-1, 1:] = 0.25 * (m[:-2, 1:] + m[2:, 1:]) * m[1:-1, :-1]
    return m[1, 1] * m[2, 2] + m[1, 2]


@program(lambda rng: (rng.uniform(0.5, 1.5, 8), 4))
def heat_by_slices(u, steps):
    for _ in range(steps):
        u[1:-1] = u[1:-1] + 0.1 * (u[:-2] - 2.0 * u[1:-1] + u[2:]) * u[1:-1]
    return u[3] * u[4]


@program(lambda rng: (rng.uniform(0.5, 1.5, 8), 4))
def ping_pong_by_slices(u, steps):
    v = u.copy()
    for _ in range(steps):
        v[1:-1] = u[1:-1] - 0.1 * u[1:-1] * (u[2:] - u[:-2])
        u, v = v, u
    return u[3] * v[4]


@program(lambda rng: (rng.uniform(0.5, 1.5, 8), 4))
def copied_by_slice(u, steps):
    v = np.zeros_like(u)
    for _ in range(steps):
        v[:] = u * u * 0.9
        u[:] = v
    return u[3] * v[4]


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 4)), rng.uniform(0.5, 1.5, 4), rng.uniform(0.5, 1.5)))
def broadcasting(m, row, x):
    return m * row + x * m - row * x


@program(matrix)
def reductions(m):
    return m.sum() * m.mean() + np.sum(m * m)


@program(matrix)
def reductions_along_axes(m):
    return m.sum(axis=0) * m.mean(axis=0) + np.sum(m * m, axis=0)


@program(vector)
def largest_and_smallest(a):
    return a.max() * a.min() + np.max(a * a)


@program(vector)
def sum_of_a_slice(a):
    s = 0.0
    for i in range(1, len(a)):
        s += np.sum(a[:i]) * a[i]
    return s


@program(matrix)
def norm_of_each_row(m):
    s = 0.0
    for i in range(m.shape[0]):
        d = m[i] - m[i - 1]
        s += np.sqrt(d @ d + 0.1)
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 4)), rng.uniform(0.5, 1.5, 4)))
def matrix_vector(m, x):
    y = m @ x
    return y * y[0]


@program(lambda rng: (rng.uniform(-0.5, 0.5, 6),))
def where_and_maximum(a):
    return np.where(a > 0.05, a * a, -a) + np.maximum(a, 0.3)


@program(vector)
def value_kept_while_its_array_changes(a):
    b = a * a
    a[:] = 0.5
    a[0] = b[0] * b[1]
    c = a + b
    return c[0] * c[1]


@program(vector)
def view_changed_after_expression(a):
    v = a[1:4]
    w = v * 2.0
    v[:] = w * a[0]
    w[0] = v[1] * a[2]
    return w[0] * a[1] + w[1]


@program(matrix)
def transposed_expression(m):
    return (m.T * m[:, 0]) * 0.5


@program(vector)
def outer_by_none(a):
    return a[:, None] * a[None, :] + a


@program(pair)
def arrays_swapped_then_written(a, b):
    a, b = b, a
    a[:] = a * b
    b[1:] = a[:-1]
    return a[0] * b[1] + b[0]


@program(vector)
def augmented_name_writes_in_place(a):
    b = a
    b *= a
    b += 1.0
    return a[0] * b[1]


@program(matrix)
def row_augmented(m):
    for i in range(3):
        m[i] += m[i + 1] * m[i]
        m[i, :] *= m[i, 0]
    return m[0] * m[2]


@program(lambda rng: (rng.uniform(0.5, 1.5, (2, 3)), rng.uniform(0.5, 1.5, (3, 3))))
def reshaped_into_itself(a, c):
    a[:] = np.reshape(np.reshape(a, (2, 1, 3)) @ c, (2, 3))
    for k in range(3):
        b = a.reshape(6)
        a[0, 0] += b[5] * k
    return a


@program(lambda rng: (3, rng.uniform(0.5, 1.5)))
def memory_from_the_constructor(n, x):
    k = np.ndarray(n, dtype=np.float64)
    k[:] = x
    c = np.ndarray((2, n))
    c[:] = k * k
    return np.sum(c)


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 4)), rng.uniform(0.5, 1.5, 4)))
def chain_of_array_statements(a, b):
    t = a * b
    u = np.exp(-t) + t
    row = u.sum(axis=1)
    v = u / row[:, None]
    w = v - b
    w[0] = 1.0
    n = a.shape[0]
    total = 0.0
    for i in range(n):
        for j in range(4):
            total += w[i, j] * v[n - 1 - i, j]
    return total + np.max(v) * np.sum(w * t)
