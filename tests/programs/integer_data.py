"""Integers and bools as data: index arrays, masks, counters, tables, bit operations."""

import math

import numpy as np

from tests.harness.registry import program


@program(
    lambda rng: (
        rng.uniform(0.5, 1.5, 6),
        np.array([0, 2, 3, 6]),
        np.array([1, 3, 0, 0, 2, 3]),
        rng.uniform(0.5, 1.5, 4),
    )
)
def sparse_matrix_vector(data, indptr, indices, x):
    s = 0.0
    for i in range(len(indptr) - 1):
        y = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            y += data[k] * x[indices[k]]
        s += y * y
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), np.array([True, False, True, True, False, True])))
def mask(a, keep):
    s = 0.0
    for i in range(len(a)):
        if keep[i]:
            s += a[i] ** 2
        else:
            a[i] = s
    return s * a[1]


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), np.array([0, 1, 0, 2, 1, 0], dtype=np.int32)))
def int32_labels(a, label):
    total = np.zeros(3)
    count = np.zeros(3)
    for i in range(len(a)):
        total[label[i]] += a[i]
        count[label[i]] += 1.0
    s = 0.0
    for k in range(3):
        s += (total[k] / count[k]) ** 2
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 8), 5))
def bit_operations(a, n):
    s = 0.0
    for i in range(len(a)):
        j = (i ^ n) & 7
        k = (i << 1 | 1) % 8
        s += a[j] * a[k] * (i >> 1)
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5), 10, 4))
def gcd_loop(x, n, m):
    y = x
    while m:
        n, m = m, n % m
        y = math.sin(y) * n
    return y


@program(lambda rng: (rng.uniform(0.5, 1.5, 5), np.array([[0, 1], [1, 2], [2, 4], [3, 0]])))
def edges_of_a_graph(x, edges):
    e = 0.0
    for k in range(edges.shape[0]):
        i = edges[k, 0]
        j = edges[k, 1]
        d = x[i] - x[j]
        e += d * d * d * d + x[i]
    return e


@program(lambda rng: (rng.uniform(0.5, 1.5, 5), np.array([3, 1, 4, 0, 2])))
def permutation_applied_in_place(a, p):
    b = a.copy()
    for i in range(len(p)):
        a[p[i]] = b[i] * a[i]
    return a[0] * a[1] + a[4] * a[2]


@program(lambda rng: (rng.uniform(0.5, 1.5, 5), np.array([0.5, 1.0, 2.0, 3.0])), argnums=0)
def table_search(a, grid):
    s = 0.0
    for v in a:
        k = 0
        while k < len(grid) - 2 and grid[k + 1] < v:
            k += 1
        w = (v - grid[k]) / (grid[k + 1] - grid[k])
        s += (1.0 - w) * grid[k] ** 2 + w * grid[k + 1] ** 2
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), 7, 11))
def pseudo_random_indices(a, seed, n):
    s = 0.0
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) % 2147483648
        i = seed % 6
        a[i] = a[i] * a[seed // 7 % 6]
        s += a[i]
    return s


@program(lambda rng: (np.array([1, 2, 3]), rng.uniform(0.5, 1.5)))
def integer_array_times_float(k, x):
    s = 0
    for i in range(3):
        s += k[i] * x ** k[i]
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), np.arange(6, dtype=np.uint8)))
def unsigned_indices(a, k):
    s = 0.0
    for i in range(6):
        s += a[k[i]] * a[5 - k[i]] * (i + 1)
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 4),))
def float_compared_with_int(a):
    s = 0.0
    for i in range(4):
        if a[i] * 3 > i:
            s += a[i] * i
        else:
            s -= a[i] ** 2
    return s
