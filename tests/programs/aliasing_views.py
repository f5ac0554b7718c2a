"""Two names for one memory: views, rows, tuples of arrays, references carried and chosen."""

import math

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 6),)


def matrix(rng):
    return (rng.uniform(0.5, 1.5, (4, 3)),)


@program(vector)
def second_name(a):
    b = a
    b[0] = a[1] * a[2]
    a[1] = b[0] * b[0]
    return a[0] * b[1]


@program(vector)
def second_name_then_copy(a):
    b = a
    c = a.copy()
    b[0] = c[0] * c[1]
    c[1] = a[0] * 3.0
    return a[0] * c[1] * b[1]


@program(matrix)
def row_view_read(m):
    s = 0.0
    for i in range(m.shape[0]):
        row = m[i]
        s += row[0] * row[1] * row[2]
    return s


@program(matrix)
def row_view_written(m):
    for i in range(1, m.shape[0]):
        row = m[i]
        above = m[i - 1]
        for j in range(row.shape[0]):
            row[j] = row[j] * above[j] + above[j - 1]
    return m[3, 0] * m[3, 1] + m[2, 2]


@program(matrix)
def row_view_and_base_mixed(m):
    row = m[1]
    row[0] = m[0, 0] * row[1]
    m[1, 1] = row[0] * row[0]
    row[2] = row[1] * m[1, 0]
    return row[2] * m[1, 1]


@program(vector)
def slice_view_written(a):
    b = a[1:4]
    b[0] = a[0] * a[2]
    a[2] = b[0] * b[2]
    return b[1] * a[1]


@program(vector)
def overlapping_slices(a):
    left = a[:-1]
    right = a[1:]
    for i in range(len(left)):
        right[i] = left[i] * right[i]
    return a[5] * left[2]


@program(vector)
def strided_slice_view(a):
    even = a[::2]
    odd = a[1::2]
    for i in range(len(odd)):
        even[i] = even[i] * odd[i]
        odd[i] = even[i] + odd[i - 1]
    return a[0] * a[1] + a[4] * a[5]


@program(vector)
def reversed_slice_view(a):
    r = a[::-1]
    for i in range(len(r)):
        r[i] = r[i] * a[i]
    return a[0] * a[1] + a[2] * a[5]


@program(matrix)
def column_view(m):
    col = m[:, 1]
    for i in range(len(col)):
        col[i] = col[i] * m[i, 0] + col[i - 1]
    return m[0, 1] * m[3, 1] + m[1, 1]


@program(matrix)
def transposed_view_written(m):
    t = m.T
    for i in range(t.shape[0]):
        for j in range(1, t.shape[1]):
            t[i, j] = t[i, j - 1] * m[j, i]
    return m[3, 0] + m[2, 1] * m[3, 2]


@program(matrix)
def view_of_a_view(m):
    block = m[1:, 1:]
    col = block[:, 0]
    col[0] = m[0, 0] * col[1]
    block[1, 1] = m[1, 1] * col[2]
    return m[2, 2] * m[1, 1]


@program(matrix)
def swap_rows_by_copy(m):
    tmp = m[0].copy()
    for j in range(3):
        m[0, j] = m[2, j] * m[1, j]
        m[2, j] = tmp[j] * m[0, j]
    return m[0, 0] * m[2, 1] + m[2, 2]


@program(matrix)
def row_names_swapped(m):
    u = m[0]
    v = m[1]
    for k in range(3):
        u[k] = u[k] * v[k]
        u, v = v, u
    return u[0] * v[1] + u[2] * v[2]


@program(vector, lambda rng: (rng.uniform(1.5, 2.5, 6),))
def reference_chosen_by_condition(a):
    b = np.ones(6)
    if a[0] > 1.5:
        c = a
    else:
        c = b
    c[1] = a[1] * a[2] + b[1]
    c[2] *= c[1]
    return a[1] * b[1] * c[2] + a[2]


@program(matrix)
def row_chosen_by_data(m):
    s = 0.0
    for k in range(4):
        row = m[0] if k % 2 == 0 else m[k]
        row[1] = row[0] * row[1] + 0.1
        s += row[1] * row[2]
        m[0, 0] = s * 0.3
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1.5, 3)))
def tuple_of_references(a, b):
    pair = (a, b)
    pair[0][1] = pair[1][0] * a[0]
    for p in pair:
        p[2] = p[1] * p[0]
    return a[2] * b[2]


@program(matrix)
def view_taken_before_overwrite(m):
    row = m[1]
    y = row[0] * row[1]
    for j in range(3):
        m[1, j] = m[0, j] * 2.0
    return y * row[0] * row[2]


@program(matrix)
def rows_of_a_loop_carried(m):
    last = m[0]
    for i in range(1, 4):
        row = m[i]
        for j in range(3):
            row[j] = row[j] * last[j]
        last = row
    return last[0] * last[1] + last[2]


@program(lambda rng: (rng.uniform(0.5, 1.5, (2, 3, 2)),))
def plane_views(c):
    for i in range(2):
        plane = c[i]
        for j in range(3):
            row = plane[j]
            row[0] = row[1] * plane[j - 1, 0]
            row[1] = math.sin(row[0])
    return c[0, 2, 0] * c[1, 2, 1] + c[1, 0, 0]


@program(lambda rng: (rng.uniform(0.5, 1.5, 8), 2))
def window_views(a, w):
    s = 0.0
    for i in range(len(a) - w):
        win = a[i : i + w + 1]
        win[w] = win[0] * win[1] + 0.5 * win[w]
        s += win[w] * s + win[0]
    return s


@program(vector)
def element_aliased_through_two_slices(a):
    left = a[:4]
    right = a[2:]
    left[2] = left[0] * left[1]
    s = right[0] * right[0]
    right[1] = s * left[3]
    return left[3] * left[2]


@program(vector)
def empty_slice(a):
    e = a[2:2]
    s = 0.0
    for v in e:
        s += v
    for i in range(len(e)):
        e[i] = 0.0
    return s + a[2] * a[2]


@program(vector)
def returns_the_same_array_twice(a):
    a[0] = a[1] * a[2]
    return a, a


@program(matrix)
def returns_view_and_base(m):
    row = m[1]
    row[0] = row[1] * m[0, 0]
    return m, row, m[:, 1]


@program(lambda rng: (rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1.5)))
def returns_argument_untouched(a, x):
    return a, x, x * a[0]


@program(vector)
def returns_view_of_argument(a):
    return a[1:5:2]


@program(vector)
def returned_array_written_after_copy(a):
    b = a.copy()
    c = b
    c[0] = b[1] * b[0]
    return b, c[0] * a[0]


@program(matrix)
def row_returned_by_helper(m):
    row = choose(m, 2)
    row[0] = row[1] * m[2, 2]
    return m[2, 0] * choose(m, 0)[1]


def choose(m, i):
    return m[i]


@program(
    lambda rng: (rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1.5, 3)),
    lambda rng: (rng.uniform(1.5, 2.5, 3), rng.uniform(0.5, 1.5, 3)),
)
def helper_returns_one_of_two(a, b):
    c = larger(a, b)
    c[1] = a[0] * b[0]
    d = larger(b, a)
    d[2] = c[1] * a[1]
    return a[1] * b[1] + a[2] * b[2]


def larger(a, b):
    if a[0] > b[0]:
        return a
    return b
