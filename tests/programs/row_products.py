"""Products of one vector after another with a matrix, or with a part of it."""

import numpy as np

from tests.harness.registry import program


def matrix(rng):
    return (rng.uniform(0.5, 1.5, (3, 7)),)


def matrix_and_index(rng):
    return rng.uniform(0.5, 1.5, (3, 7)), np.array([3, -6, 1, -2, 0, 1, -1])


def two(rng):
    return rng.uniform(0.5, 1.5, (3, 7)), rng.uniform(0.5, 1.5, (3, 4))


def many_columns(rng):
    return (rng.uniform(0.5, 1.5, (2, 67)),)


@program(matrix)
def covariance(a):
    n, m = a.shape
    a = a - a.mean(axis=0)
    out = np.zeros((m, m))
    for i in range(m):
        out[i:m, i] = out[i, i:m] = a[:, i] @ a[:, i:m] / (n - 1.0)
    return out


@program(matrix)
def above_the_diagonal(a):
    m = a.shape[1]
    out = np.eye(m)
    for i in range(m - 1):
        out[i + 1 :, i] = out[i, i + 1 :] = a[:, i] @ a[:, i + 1 :]
    return out


@program(many_columns)
def more_than_one_block(a):
    m = a.shape[1]
    out = np.zeros(m)
    for i in range(m):
        out[i:] += np.sin(a[:, i] @ a[:, i:])
    return out


@program(many_columns)
def carried_over_blocks(a):
    total = 1.0
    for i in range(a.shape[1] - 1):
        p = a[:, i] @ a[:, i + 1 :]
        total = 0.5 * total + p[0] * p[-1] / len(p)
    return total


@program(two)
def with_all_of_another(a, b):
    out = np.zeros(b.shape[1])
    for i in range(a.shape[1]):
        p = a[:, i] @ b
        out += p * p
    return out


@program(two)
def columns_of_the_other(a, b):
    total = 0.0
    for i in range(b.shape[1]):
        p = b[:, i] @ a
        for j in range(len(p)):
            total += p[j] ** 2 * (i + j)
    return total


@program(two)
def rows_times_rows(a, b):
    c = a.T.copy()
    out = np.zeros((7, 4))
    for i in range(c.shape[0]):
        out[i] = c[i] @ b
    return out


@program(two)
def two_products(a, b):
    out = 0.0
    for i in range(b.shape[1]):
        out += (b[:, i] @ a[:, i:]).sum() * (a[:, i] @ b)[i]
    return out


@program(matrix)
def of_a_stack(a):
    s = np.stack((a, a * a))
    out = np.zeros(7)
    for b in range(2):
        for i in range(a.shape[1]):
            out[i:] += s[b, :, i] @ s[b, :, i:]
    return out


@program(matrix)
def written_by_hand(a):
    n, m = a.shape
    out = np.zeros(m)
    for i in range(m):
        p = np.zeros(m - i)
        for k in range(n):
            for j in range(m - i):
                p[j] += a[k, i] * a[k, i + j]
        for j in range(m - i):
            out[j] += p[j] ** 2
    return out


@program(matrix)
def longer_than_the_part(a):
    out = np.zeros(7)
    for i in range(a.shape[1]):
        p = a[:, i] @ a[:, i:5]
        for j in range(len(p)):
            out[i + j] += p[j] * i
    return out


@program(matrix_and_index)
def at_an_index(a, k):
    total = 0.0
    for i in range(a.shape[1]):
        p = a[:, i] @ a[:, i:]
        total += p[k[i]] ** 2 * i + p[-1]
    return total


@program(matrix)
def in_a_band(a):
    total = 0.0
    for i in range(a.shape[1] - 2):
        total += np.sum((a[:, i] @ a[:, i : i + 2]) ** 2)
    return total


@program(matrix)
def while_it_changes(a):
    for i in range(a.shape[1] - 1):
        p = a[:, i] @ a[:, i:]
        a[0, i:] = np.sin(p)
    return a


@program(matrix)
def the_product_is_written(a):
    out = np.zeros((7, 7))
    for i in range(a.shape[1]):
        p = a[:, i] @ a[:, i:]
        p[0] = p[-1] ** 2
        out[i, i:] = p
    return out


@program(matrix)
def the_product_is_carried(a):
    last = np.zeros(7)
    total = 0.0
    for i in range(a.shape[1]):
        total += last.sum() * a[0, i]
        last = a[:, i] @ a
    return total + last[0] ** 2


@program(matrix)
def the_best_of_the_products(a):
    best = np.zeros(a.shape[1])
    total = 0.0
    for i in range(a.shape[1]):
        p = a[:, i] @ a
        if p[0] > 3.0:
            best = p
        total += p[1]
    return total + np.sum(best**2)
