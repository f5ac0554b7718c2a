"""Copies that are read after the original has changed, and arrays of which each iteration uses a part."""

import numpy as np

from tests.harness.registry import program


def grid(rng):
    return (rng.uniform(0.5, 1.5, (5, 4)), 0.1)


def matrix(rng):
    return (rng.uniform(0.2, 1.5, (4, 3)),)


def vector(rng):
    return (rng.uniform(0.5, 1.5, 6),)


@program(grid)
def copied_in_front_of_a_step(u, dt):
    for _ in range(3):
        un = u.copy()
        slope = np.zeros(u.shape)
        slope[1:-1, 1:-1] = (u[1:-1, 2:] - u[1:-1, :-2]) * u[1:-1, 1:-1]  # u is still its copy
        u[1:-1, 1:-1] = un[1:-1, 1:-1] - dt * slope[1:-1, 1:-1] * u[2:, 1:-1]
        u[0, :] = 0.0
        u[:, -1] = u[:, -2] * u[:, 0]
    return u


@program(vector)
def original_changed_before_it_is_read(u):
    old = u.copy()
    u[2] = u[0] * u[1]
    total = u[2] * old[2]
    u[3] *= 2.0
    return total + np.sum(u * u * old)


@program(vector)
def original_changed_in_one_branch(u):
    old = u.copy()
    if u[0] > 1.0:
        u[1] = u[0] ** 2
    total = u[1] * u[2]
    u[2] = 0.0
    return total + np.sum(u * old)


@program(vector)
def original_changed_later_in_the_loop(u):
    old = u.copy()
    total = 0.0
    for k in range(3):
        total += u[k] * u[k + 1]  # the copy's from the second iteration on no more
        u[k + 1] = total * u[k]
    return total + np.sum(old)


@program(vector)
def copy_changed_too(u):
    old = u.copy()
    total = u[0] * u[1] * old[1]
    old[0] = 3.0
    u[1] = u[0] * old[0]
    return total + np.sum(u) + np.sum(old * old)


@program(vector)
def copies_exchanged_in_a_while(u):
    k = 0
    while np.sum(u) < 40.0 and k < 5:
        old = u.copy()
        for i in range(1, u.shape[0] - 1):
            u[i] = u[i] * u[i - 1] + 0.5 * old[i + 1] ** 2
        u[0] = u[-1] * 1.1
        k += 1
    return u


@program(vector)
def two_values_kept_for_one_on_a_stack(u):
    x, k = 0.1, 0
    while x < 30.0 and k < 3:
        for i in range(1, u.shape[0] - 1):
            x += 0.1 * (u[i + 1] - u[i - 1]) ** 2
        for i in range(u.shape[0]):
            u[i] = 0.9 * u[i] + 0.1 * x
        k += 1
    return x * np.sum(u)


@program(matrix)
def softmax_of_rows(a):
    e = np.exp(a - np.max(a, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


@program(matrix)
def standardised_rows(a):
    centred = a - np.mean(a, axis=1, keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-3)


@program(matrix)
def part_that_is_added_to_before_it_is_set(a):
    n, m = a.shape
    work = np.zeros((n, m))
    out = np.zeros(n)
    for i in range(n):
        for j in range(m):
            work[i, j] += a[i, j] ** 2
            work[i, (j + 1) % m] += a[i, j]
        for j in range(m):
            out[i] += work[i, j] * work[i, m - 1 - j]
    return out


@program(matrix)
def part_of_ones(a):
    n, m = a.shape
    work = np.ones((n, m))
    total = 0.0
    for i in range(n):
        for j in range(1, m):
            work[i, j] = work[i, j] * a[i, j] * work[i, j - 1]
        total += np.sum(work[i] * a[i])
    return total


@program(matrix)
def part_by_column(a):
    n, m = a.shape
    work = np.empty((n, m))
    total = 0.0
    for j in range(m):
        for i in range(n):
            work[i, j] = np.cos(a[i, j])
        for i in range(1, n):
            total += work[i, j] * work[i - 1, j]
    return total


@program(matrix)
def part_of_the_row_before(a):
    n, m = a.shape
    work = np.zeros((n, m))
    for i in range(1, n):
        for j in range(m):
            work[i, j] = a[i, j] * (1.0 + work[i - 1, j])  # not a part of one iteration
    return np.sum(work * a)


@program(matrix)
def part_in_a_loop_that_runs_backwards(a):
    n, m = a.shape
    work = np.empty((n, m))
    total = 0.0
    for i in range(n - 1, -1, -1):
        for j in range(m):
            work[i, j] = a[i, j] * (total + 1.0)
        for j in range(m):
            total += work[i, j] * a[i, 0]
    return total


@program(vector)
def odd_multiples_of_a_half(x):
    return np.sum(x**0.5 + x**1.5 - x**2.5 + x**-0.5 * x**-1.5 + x**-2.5)


@program(lambda rng: (rng.uniform(0.5, 1.5, (6, 5)),))
def boundary_columns(u):
    v = np.zeros(u.shape)
    v[1:-1, 0] = u[2:, 0] * u[:-2, -1] + u[1:-1, 1]
    v[1:-1, -1] = u[2:, 1] * u[:-2, 1] + u[1:-1, -2] ** 2
    return v


@program(matrix)
def argument_written_in_vain(a):
    total = np.sum(a * a[::-1])
    a[:] = np.exp(a)  # nobody reads it
    return total


@program(lambda rng: (2, 3, rng.uniform(0.5, 1.5, (2, 3, 2)), rng.uniform(0.5, 1.5, (2, 2))))
def reshaped_as_arguments_say(n, m, a, b):
    a[:] = np.reshape(np.reshape(a, (n, m, 1, 2)) @ b, (n, m, 2))
    return a
