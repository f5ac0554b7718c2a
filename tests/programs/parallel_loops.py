"""`prange` loops: whose iterations need nothing of one another, but for what they add up."""

import numpy as np
from numba import prange

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 9),)


def grid(rng):
    return (rng.uniform(0.5, 1.5, (5, 6)),)


@program(vector)
def own_elements(x):
    y = np.empty_like(x)
    for i in prange(len(x)):
        y[i] = np.sin(x[i]) * x[i]
    return y


@program(vector)
def pairs_of_elements(x):
    y = np.zeros(len(x) + 1)
    for i in prange(0, len(x), 2):
        y[i] = x[i] ** 2
        y[i + 1] = x[i] * y[i]
    return y


@program(vector)
def neighbours_are_read(x):
    y = np.zeros_like(x)
    for i in prange(1, len(x) - 1):
        y[i] = x[i - 1] * x[i + 1] - 2.0 * x[i] ** 2
    return y


@program(grid)
def sum_of_row_products(a):
    total = 1.0
    for i in prange(a.shape[0]):
        product = 1.0
        for j in range(a.shape[1]):
            product *= a[i, j]
        if product > 0.2:
            total += product
    return total


@program(grid)
def paths_with_their_own_arrays(a):
    n, m = a.shape
    out = np.empty(n)
    for i in prange(n):
        path = np.empty(m + 1)
        path[0] = 1.0
        for j in range(m):
            path[j + 1] = path[j] * np.exp(0.1 * a[i, j] * path[j])
        out[i] = np.maximum(path[m] - 1.2, 0.0)
    return out.mean()


@program(grid)
def columns_are_added_up(a):
    total = np.zeros(a.shape[1])
    for i in prange(a.shape[0]):
        total += a[i] ** 2
    return total


@program(lambda rng: (rng.uniform(0.5, 1.5, 8), np.array([3, 0, 3, 1, 0, 2, 3, 1])))
def collected_by_a_table(x, bins):
    counts = np.zeros(4)
    for i in prange(len(x)):
        counts[bins[i]] += x[i] ** 2
    return counts


@program(lambda rng: (rng.uniform(0.5, 1.5, 8), np.array([3, 0, 7, 1, 6, 2, 5, 4])))
def scattered_by_a_permutation(x, order):
    y = np.zeros_like(x)
    for i in prange(len(x)):
        y[order[i]] = x[i] ** 3
    return y


@program(grid)
def largest_of_each(a):
    best = -1e9
    for i in prange(a.shape[0]):
        best = max(best, np.sum(a[i] ** 2))
    return best


@program(grid)
def time_steps_around(a):
    for _ in range(3):
        b = a.copy()
        for i in prange(1, a.shape[0] - 1):
            for j in range(1, a.shape[1] - 1):
                a[i, j] = 0.25 * (b[i - 1, j] + b[i + 1, j] + b[i, j - 1] * b[i, j + 1])
    return a


@program(lambda rng: (rng.uniform(0.5, 1.5, 9), np.array([0, 2, 2, 1, 0, 2, 3, 3, 3])))
def sums_into_a_table(x, places):
    table = np.zeros(4)
    for i in prange(len(x)):
        table[places[i]] += x[i] ** 2
    return table


@program(lambda rng: (rng.uniform(0.5, 1.5, (6, 3)), rng.uniform(0.5, 1.5, 3)))
def weights_that_all_share(x, w):
    total = 0.0
    for i in prange(x.shape[0]):
        z = 0.0
        for k in range(x.shape[1]):
            z += w[k] * x[i, k]
        total += np.log(1.0 + np.exp(z))
    return total


@program(lambda rng: (rng.normal(size=6), rng.uniform(0.5, 1.5, 6)))
def all_pairs(x, m):
    energy = 0.0
    for i in prange(len(x)):
        for j in range(len(x)):
            energy += m[i] * m[j] / np.sqrt((x[i] - x[j]) ** 2 + 0.1)
    return energy


@program(lambda rng: (rng.uniform(0.5, 1.5, 9), 0.3, 0), lambda rng: (rng.uniform(0.5, 1.5, 9), 0.3, 1))
def two_names_that_may_be_one(u, c, k):
    x = u * 1.0
    z = u * 2.0
    b = z if k else x
    s = 0.0
    for i in range(len(x)):
        y = x[i] * c
        b[i] = b[i] * c + y
        s += x[i] * y
    return s + np.sum(x * z)


@program(vector)
def as_many_steps_as_each_takes(x):
    total = 0.0
    for i in prange(len(x)):
        v = x[i]
        while v > 0.1:
            v = 0.5 * v * np.sin(v)
        total += v
    return total


@program(grid)
def steps_in_branches_kept(x):
    out = np.zeros(x.shape[0])
    for i in prange(x.shape[0]):
        for j in range(x.shape[1]):
            v = x[i, j]
            while v > 0.2:
                if v > 0.6:
                    v = v * np.cos(v) * 0.9
                else:
                    v = 0.7 * v * v
            out[i] += v * x[i, j]
    return out


@program(lambda rng: (rng.uniform(0.5, 1.5, 16),))
def halves(x):
    """As far apart as the loop is long: no two iterations meet."""
    y = x.copy()
    for t in prange(8):
        y[t] = y[t] * y[t + 8]
    out = np.zeros(16)
    for t in prange(8):
        out[t] = y[t] ** 2
        out[t + 8] = np.sin(y[t]) * x[t + 8]
    return out


SHIFTS = (0, 1, -1, 2)


@program(lambda rng: (rng.uniform(0.5, 1.5, (4, 5, 6)),))
def periodic(f):
    """Neighbours around the edge, each from a layer of its own: what is added up is added by one iteration only."""
    out = np.zeros(f.shape[1:])
    for i in prange(f.shape[1]):
        for j in range(f.shape[2]):
            for k in range(4):
                here = f[k, (i - SHIFTS[k]) % f.shape[1], (j + SHIFTS[k]) % f.shape[2]]
                out[i, j] += here * here
            out[i, j] *= f[0, i, j]
    return out


@program(vector)
def around_the_edge(x):
    """Two distances: here two iterations do add to one element."""
    n = len(x)
    out = np.empty(n)
    for i in prange(n):
        out[i] = x[(i + 1) % n] * x[(i - 2) % n] + x[(3 - i) % n] ** 3
    return out
