"""Masks, index arrays into the array that is assigned, lengths of 1 that are repeated."""

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.0, 1.0, 9),)


def matrix(rng):
    return (rng.uniform(0.0, 1.0, (4, 3)),)


@program(lambda rng: (rng.uniform(0.5, 1.5, 4), np.array([2, 0, 1, 0])))
def gather_into_itself(a, k):
    a[:] = a[k]
    return a


@program(lambda rng: (rng.uniform(0.5, 1.5, 4), np.array([2, 0, 1, 0])))
def gather_added_to_itself(a, k):
    a += 0.5 * a[k]
    return a


@program(vector)
def roll_into_itself(a):
    a[:] = np.roll(a, 1)
    return a


@program(vector)
def outer_into_itself(a):
    a[:] = np.outer(a, a)[1]
    return a


@program(vector)
def mask_read(a):
    return np.sum(a[a > 0.5] ** 2)


@program(vector)
def mask_set_to_number(a):
    b = a * 2.0
    b[b < 1.0] = 0.0
    return np.sum(b * b)


@program(vector)
def mask_updated_by_mask(a):
    b = a * 2.0
    b[a > 0.5] *= a[a > 0.5]
    return np.sum(b * b)


@program(matrix)
def mask_of_rows(a):
    b = a * 1.0
    b[a[:, 0] > 0.5] += a[0]
    b[a < 0.3] = 2.0
    return np.sum(b * a) + np.sum(a[a[:, 1] > 0.4, 0])


@program(matrix)
def nonzero_and_where(a):
    i, j = np.where(a > 0.5)
    k = np.flatnonzero(a > 0.6)
    return np.sum(a[i, j] ** 3) + a.ravel()[k].sum() * np.count_nonzero(a > 0.5)


@program(matrix)
def mask_written_in_place(a):
    m = a > 0.5
    a[m] = a[m] * a[m]
    a[~m] = -1.0
    a[:, a[0] > 0] *= 2.0
    return a


@program(matrix)
def slice_of_one_column_repeated(a):
    return np.sum((a - a[:, :1]) ** 2) + np.sum(a * a[:1] * a[-1:])


@program(matrix)
def slice_of_one_column_added(a):
    a[:, 1:] += a[:, :1]
    return a


@program(vector)
def call_of_array_results_inside_an_expression(a):
    def products(x, y):
        out = np.empty(3)
        for i in range(3):
            out[i] = x[i] * y[i]
        return out

    return np.sum(np.maximum(products(a, a) + a[:3], 0.4))


@program(lambda rng: (np.ones(3), rng.uniform(0.5, 1.5)))
def std_of_equal_numbers_beside_others(a, x):
    b = np.zeros(3)
    b += 2.0
    return np.std(b * 1.0) + x * a[0]


@program(lambda rng: (rng.normal(size=9), rng.uniform(0.5, 1.5, 9)))
def elements_under_one_mask(a, b):
    m = a > 0.1
    a[m] = b[m] * 2 + a[m] ** 2
    b[m] += a[m] * 3.0
    b[~m] = a[~m] * b[~m]
    a[np.isfinite(a)] = a[np.isfinite(a)] * 2
    return np.sum(a * b) + a[m].mean() * np.sum(np.exp(b[m]) * a[m])


@program(lambda rng: (rng.normal(size=9),))
def elements_under_a_mask_of_their_neighbours(a):
    m = a[1:] > 0
    c = a[1:]
    c[m] = a[:-1][m] * 2
    a[a > 0] = 1 / a[a > 0]
    return a


@program(lambda rng: (rng.uniform(0.5, 1.5, 6),))
def elements_that_change_while_a_mask_is_applied(a):
    m = a > 0.9

    def lowered():
        a[1] = 7.0
        return 2.0

    a[m] *= lowered()
    return a


@program(lambda rng: (rng.uniform(0.0, 1.0, (3, 4)),))
def masked_elements_times_their_sum(a):
    a[a > 0.5] = a[a > 0.5] * a[a > 0.5].sum()
    return a
