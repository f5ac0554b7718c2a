"""Reductions whose loops can run forward and backward at once, and the ones that only look like it."""

import math

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 6),)


def matrix(rng):
    return (rng.uniform(0.5, 1.5, (4, 3)),)


@program(vector)
def plain_sum(a):
    s = 0.0
    for i in range(len(a)):
        t = math.sin(a[i])
        s += t * t
    return s


@program(vector)
def sum_scaled_afterwards(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i] ** 2
    return 0.5 * s + 3.0


@program(vector)
def sum_used_nonlinearly(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i] ** 2
    return math.sqrt(s)


@program(vector)
def two_sums_multiplied(a):
    s = 0.0
    t = 0.0
    for i in range(len(a)):
        s += a[i] ** 2
        t += math.sin(a[i])
    return s * t


@program(vector)
def sum_read_inside(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i] ** 2
        if s > 2.0:
            s += a[i]
    return s


@program(vector)
def signed_sum(a):
    s = 0.0
    for i in range(len(a)):
        if i % 2:
            s -= a[i] ** 3
        else:
            s += a[i] ** 2
    return s


@program(vector)
def work_array_filled_and_read(a):
    w = np.zeros(3)
    s = 0.0
    for i in range(len(a)):
        for k in range(3):
            w[k] = a[i] ** (k + 1)
        for k in range(3):
            s += w[k] * w[k - 1]
    return s


@program(vector)
def work_array_read_before_it_is_filled(a):
    w = np.zeros(3)
    s = 0.0
    for i in range(len(a)):
        for k in range(3):
            s += w[k] * a[i]
            w[k] = a[i] ** (k + 1)
    return s


@program(vector)
def work_array_filled_in_part(a):
    w = np.ones(6)
    s = 0.0
    for i in range(len(a)):
        w[i] = a[i] ** 2
        for j in range(i):
            s += w[j] * a[i]
    return s


@program(vector)
def work_array_read_ahead(a):
    w = np.ones(7)
    s = 0.0
    for i in range(len(a)):
        w[i] = a[i] ** 2
        s += w[i + 1] * w[i]
    return s


@program(vector)
def work_array_filled_conditionally(a):
    w = np.ones(2)
    s = 0.0
    for i in range(len(a)):
        for k in range(2):
            if (i + k) % 2:
                w[k] = a[i] ** 2
        for k in range(2):
            s += w[k] * a[i]
    return s


@program(vector)
def array_written_in_a_reduction(a):
    s = 0.0
    for i in range(len(a)):
        a[i] = math.sin(a[i]) * a[i]
        s += a[i] ** 2
    return s


@program(vector)
def array_written_ahead_in_a_reduction(a):
    s = 0.0
    for i in range(len(a) - 1):
        a[i + 1] = math.sin(a[i]) * a[i + 1]
        s += a[i] ** 2
    return s


@program(vector)
def carried_beside_a_sum(a):
    s = 0.0
    p = 1.0
    for i in range(len(a)):
        p = math.sin(p * a[i])
        s += p
    return s


@program(vector)
def counted_value_beside_a_sum(a):
    s = 0.0
    t = 0.0
    for i in range(len(a)):
        t += 0.1
        s += a[i] * math.exp(-t * a[i])
    return s


@program(matrix)
def log_sum_exp_of_rows(m):
    total = 0.0
    z = np.empty(m.shape[1])
    for i in range(m.shape[0]):
        top = -math.inf
        for j in range(m.shape[1]):
            z[j] = m[i, j] * m[i, 0]
            top = max(top, z[j])
        s = 0.0
        for j in range(m.shape[1]):
            s += math.exp(z[j] - top)
        total += top + math.log(s)
    return total


@program(matrix)
def pairs_of_rows(m):
    e = 0.0
    for i in range(m.shape[0]):
        for j in range(i):
            r2 = 0.0
            for k in range(3):
                r2 += (m[i, k] - m[j, k]) ** 2
            if r2 > 1.0:
                continue
            e += 1.0 / (r2 + 0.1)
    return e


@program(vector)
def sum_with_break(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i] ** 2
        if i == 3:
            break
    return s


@program(vector)
def sum_until_data_says_stop(a):
    s = 0.0
    for i in range(len(a)):
        if a[i] > 1.3:
            break
        s += a[i] ** 2
    return s + a[0]


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), np.array([0, 1, 1, 0, 1, 0])))
def scatter_then_sum(a, k):
    w = np.zeros(2)
    s = 0.0
    for i in range(len(a)):
        w[k[i]] += a[i]
        s += w[k[i]] ** 2
    return s


@program(vector)
def scalar_parameter_in_a_sum(a):
    x = a[0] * a[1]
    s = 0.0
    for i in range(len(a)):
        s += math.sin(x * a[i])
    return s


@program(vector)
def sum_of_sums(a):
    s = 0.0
    for i in range(len(a)):
        t = 0.0
        for j in range(len(a)):
            t += a[i] * a[j] ** 2
        s += t
    return s


@program(vector)
def mean_subtracted(a):
    m = 0.0
    for v in a:
        m += v / len(a)
    s = 0.0
    for v in a:
        s += (v - m) ** 3
    return s


@program(vector)
def sum_started_with_data(a):
    s = a[0] * a[1]
    for i in range(len(a)):
        s += a[i] * a[-1]
    return s


@program(vector)
def sum_returned_twice(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i] ** 2
    a[0] = s
    return s + a[0] * a[1]


@program(matrix)
def accumulate_into_elements(m):
    w = np.zeros(3)
    for i in range(m.shape[0]):
        for j in range(3):
            w[j] += m[i, j] ** 2
    return w[0] * w[1] + w[2]


@program(vector)
def diagonal_filled(a):
    w = np.ones((3, 3))
    s = 0.0
    for i in range(len(a)):
        for k in range(3):
            w[k, k] = a[i] + k
        for k in range(3):
            s += w[k, 0] * w[0, k] * a[i]
    return s
