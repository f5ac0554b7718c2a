"""Arrays written element by element: overwritten memory, recurrences, computed and negative subscripts."""

import math

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 6),)


def matrix(rng):
    return (rng.uniform(0.5, 1.5, (4, 4)),)


@program(vector)
def read_then_overwrite(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i] * a[i]
        a[i] = s
    return s * a[2]


@program(vector)
def overwrite_then_read(a):
    for i in range(len(a)):
        a[i] = math.sin(a[i])
    s = 0.0
    for i in range(len(a)):
        s += a[i] * a[i]
    return s


@program(vector)
def recurrence_forwards(a):
    for i in range(1, len(a)):
        a[i] = a[i] * a[i - 1] + math.sin(a[i - 1])
    return a[len(a) - 1]


@program(vector)
def recurrence_backwards(a):
    for i in range(len(a) - 2, -1, -1):
        a[i] = a[i] * a[i + 1] + math.cos(a[i])
    return a[0]


@program(vector)
def prefix_products_in_place(a):
    for i in range(1, len(a)):
        a[i] *= a[i - 1]
    s = 0.0
    for v in a:
        s += v * v
    return s


@program(vector)
def same_element_overwritten_repeatedly(a):
    for _ in range(4):
        a[0] = a[0] * a[0] * 0.5 + a[1]
        a[1] = math.sin(a[0] * a[1])
    return a[0] * a[1]


@program(vector)
def overwritten_with_a_constant(a):
    y = a[2] * a[2]
    a[2] = 1.5
    z = a[2] * a[3] * y
    a[3] = 0.0
    return z + a[3] * a[2]


@program(vector)
def shift_left(a):
    for t in range(3):
        first = a[0]
        for i in range(len(a) - 1):
            a[i] = a[i + 1] * a[i]
        a[len(a) - 1] = first
    return a[0] + a[3] * a[5]


@program(vector)
def shift_right_backwards(a):
    for i in range(len(a) - 1, 0, -1):
        a[i] = a[i - 1] * a[i - 1]
    a[0] = a[1] * a[2]
    return a[0] * a[1] + a[5]


@program(vector)
def augmented_with_itself(a):
    for i in range(len(a)):
        a[i] += a[i] * a[i]
        a[i] *= a[(i + 1) % len(a)]
        a[i] -= 0.5 * a[i]
        a[i] /= 1.0 + a[i]
        a[i] **= 2
    return a[0] + a[1] * a[5]


@program(vector)
def accumulate_into_one_element(a):
    for i in range(1, len(a)):
        a[0] += a[i] * a[0]
    return a[0]


@program(vector)
def negative_subscripts(a):
    a[-1] = a[-2] * a[-3]
    a[-6] = a[-1] * a[0]
    return a[-1] * a[-6] + a[-5]


@program(vector)
def wrap_around_at_zero(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i] * a[i - 1]
        a[i] = a[i - 2] * a[i]
    return s + a[0] * a[-1]


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), np.array([4, 0, 0, 5, 2, 0])))
def gather_by_index_array(a, idx):
    s = 1.0
    for i in range(len(idx)):
        s = s * 0.5 + a[idx[i]] * a[i]
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), np.array([1, 0, 1, 2, 1, -1])))
def scatter_with_repeated_indices(a, idx):
    out = np.zeros(3)
    for i in range(len(idx)):
        out[idx[i]] += a[i] * a[i]
    return out[0] * out[1] + out[2] ** 2


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), np.array([1, 0, 1, 2, 1, -1])))
def overwrite_with_repeated_indices(a, idx):
    out = np.ones(3)
    for i in range(len(idx)):
        out[idx[i]] = out[idx[i]] * a[i] + out[0] * out[0]
    return out[0] * out[1] + out[2]


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), np.array([1, 3, 1, 5, 0, 3])))
def nested_subscripts(a, idx):
    for k in range(len(idx)):
        a[idx[idx[k]]] = a[idx[k]] * a[k] + 0.1
    return a[0] * a[1] + a[3] * a[5]


@program(lambda rng: (rng.uniform(0.1, 2.9, 6), rng.uniform(0.5, 1.5, 3)))
def subscript_from_float_data(a, table):
    s = 0.0
    for v in a:
        s += table[int(v)] * v
        table[int(v)] *= 1.1
    return s * table[0]


@program(vector)
def overwritten_in_outer_needed_in_inner(a):
    s = 0.5
    for t in range(3):
        for i in range(len(a)):
            for j in range(2):
                s = math.sin(a[i] * s) * a[j] + 0.3
        for i in range(len(a)):
            a[i] = math.sin(a[i] * a[i]) + 0.1 * s
    return s


@program(vector)
def in_place_gauss_seidel_sweeps(a):
    for t in range(3):
        for i in range(1, len(a) - 1):
            a[i] = 0.5 * a[i - 1] * a[i + 1] + 0.2 * a[i] * a[i]
    return a[1] * a[2] + a[4]


@program(vector)
def undo_through_conditionals(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i] * a[i]
        if a[i] > 1.0:
            a[i] = a[i] * s
            if s > 3.0:
                a[0] = s
        else:
            a[i - 1] = math.sin(a[i])
        s += a[i] * a[i - 1]
    return s


@program(matrix)
def matrix_in_place(m):
    for i in range(1, 4):
        for j in range(1, 4):
            m[i, j] = m[i - 1, j] * m[i, j - 1] + 0.3 * m[i - 1, j - 1] * m[i, j]
    return m[3, 3]


@program(matrix)
def double_bracket_subscripts(m):
    for i in range(3):
        m[i][i] = m[i][i + 1] * m[i + 1][i]
    return m[0][0] * m[1][1] * m[2][2]


@program(matrix)
def transpose_in_place(m):
    for i in range(4):
        for j in range(i):
            m[i, j], m[j, i] = m[j, i] * 0.5, m[i, j] * m[i, i]
    return m[0, 1] * m[3, 2] + m[2, 0]


@program(lambda rng: (rng.uniform(0.5, 1.5, (2, 3, 2)),))
def three_dimensional(c):
    s = 0.0
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            for k in range(c.shape[2]):
                c[i, j, k] *= c[i - 1, j - 1, k - 1]
                s += c[i, j, k] ** 2
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1.5, 4)))
def outer_product_loop(a, b):
    m = np.empty((3, 4))
    for i in range(3):
        for j in range(4):
            m[i, j] = a[i] * b[j]
    s = 0.0
    for i in range(3):
        for j in range(4):
            s += m[i, j] * m[i, j] * (i + j)
    return s


@program(vector)
def procedure_writes_argument(a):
    for i in range(1, len(a)):
        a[i] = a[i] * a[i - 1]


@program(lambda rng: (rng.uniform(0.5, 1.5, 4), rng.uniform(0.5, 1.5, 4), 0.3))
def procedure_writes_two(a, b, w):
    for i in range(4):
        t = a[i]
        a[i] = b[i] * w
        b[i] = t * b[i]


@program(lambda rng: (rng.uniform(0.5, 1.5, 4), np.zeros(4)))
def procedure_fills_output(a, out):
    for i in range(4):
        out[i] = a[i] * a[i - 1]


@program(vector)
def returns_written_argument(a):
    for i in range(len(a)):
        a[i] = a[i] * a[i]
    return a


@program(vector)
def returns_value_after_writing(a):
    y = a[0] * a[1]
    a[0] = 7.0
    return y * a[0]


@program(vector)
def long_array_few_writes(a):
    out = np.zeros(50)
    for i in range(len(a)):
        out[7 * i] = a[i] * out[7 * i - 7 if i > 0 else 0] + a[i]
    return out[35] * out[14]


@program(vector)
def insertion_sort(a):
    for i in range(1, len(a)):
        v = a[i]
        j = i - 1
        while j >= 0 and a[j] > v:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = v
    s = 0.0
    for i in range(len(a)):
        s += (i + 1) * a[i] * a[i]
    return s


@program(vector)
def bubble_sort_with_swaps(a):
    n = len(a)
    for i in range(n):
        for j in range(n - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return a[0] * a[1] + a[n - 1] ** 2 * a[2]


@program(lambda rng: (rng.uniform(0.5, 1.5, 8),))
def butterfly(a):
    n = len(a)
    h = 1
    while h < n:
        for i in range(0, n, 2 * h):
            for j in range(i, i + h):
                x = a[j]
                y = a[j + h]
                a[j] = x + y * math.cos(0.1 * j)
                a[j + h] = (x - y) * x
        h *= 2
    return a[0] * a[5] + a[7]


@program(vector)
def element_kept_in_scalar_across_overwrite(a):
    old = a[3]
    a[3] = old * old
    new = a[3]
    a[3] = new * old
    return a[3] * new * old


@program(vector)
def value_stored_and_loaded_back(a):
    b = np.zeros(2)
    y = a[0]
    for i in range(5):
        b[i % 2] = y
        y = math.sin(b[i % 2] * a[i]) + b[i % 2 - 1]
    return y * b[0]


@program(lambda rng: (rng.uniform(0.5, 1.5, 5), rng.uniform(0.5, 1.5)))
def scalar_and_array_interleaved(a, x):
    for i in range(len(a)):
        x = x * a[i]
        a[i] = x + a[i]
        x = math.sin(a[i])
    return x * a[0] + a[4]


@program(lambda rng: (rng.uniform(0.5, 1.5, 5), np.array([1, 2, 3, 4, 5])))
def integer_array_written_beside(a, ks):
    s = 0.0
    for i in range(len(ks)):
        ks[i] = ks[i] * 2 % 5
        s += a[ks[i]] ** ks[i - 1]
    return s
