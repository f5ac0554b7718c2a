"""Work arrays: allocated once, used by every iteration of a loop, and filled in whole, in part or too late."""

import math

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 6),)


def matrix(rng):
    return (rng.uniform(0.5, 1.5, (4, 5)),)


@program(vector)
def element_of_each_iteration_is_read_by_later_ones(x):
    w = np.zeros(len(x))
    s = 0.0
    for i in range(len(x)):
        w[i] = x[i] ** 2
        for j in range(i):
            s += w[j] * x[i]
    return s


@program(matrix)
def mirror_element_is_not_written_yet(x):
    n = x.shape[1]
    w = np.zeros(n)
    s = 0.0
    for k in range(x.shape[0]):
        for i in range(n):
            w[i] = x[k, i] ** 2
            s += w[i] * w[n - 1 - i]
    return s


@program(matrix)
def only_the_diagonal_is_filled(x):
    n = x.shape[1]
    w = np.zeros((n, n))
    s = 0.0
    for k in range(x.shape[0]):
        for i in range(n):
            w[i, i] = math.sin(x[k, i])
        for i in range(n):
            for j in range(n):
                s += w[i, j] * w[j, i] * x[k, j]
        w[0, 1] += x[k, 0] ** 2
        w[1, 0] += x[k, 1] ** 2
    return s


@program(matrix)
def column_is_read_while_rows_are_filled(x):
    n = x.shape[1]
    w = np.zeros((n, n))
    s = 0.0
    for k in range(x.shape[0]):
        for i in range(n):
            for j in range(n):
                w[i, j] = x[k, i] * x[k, j]
            for j in range(n):
                s += w[j, 0] * x[k, j]
    return s


@program(matrix)
def last_element_is_left_by_the_iteration_before(x):
    n = x.shape[1]
    w = np.zeros(n)
    s = 0.0
    for k in range(x.shape[0]):
        for i in range(n - 1):
            w[i] = x[k, i] ** 2
        for i in range(n - 1):
            s += w[i - 1] * w[i] * x[k, i]
        w[n - 1] = x[k, 1]
    return s


LEVELS = np.array([0.5, 1.5, 0.8])


@program(vector)
def copy_of_a_constant_is_written(x):
    c = LEVELS.copy()
    first = math.sin(c[0]) * c[1]
    c[1] = x[0] * first
    return c[1] * c[2] + c[0]
