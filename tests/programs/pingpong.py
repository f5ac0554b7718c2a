"""Two buffers exchanged in a time loop: by swapping names, by copying, by a leading index, conditionally."""

import math

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 6), 3)


def with_zero_steps(rng):
    return (rng.uniform(0.5, 1.5, 6), 0)


@program(vector, with_zero_steps)
def linear_by_copying(u, steps):
    new = np.zeros(len(u))
    for t in range(steps):
        for i in range(1, len(u) - 1):
            new[i] = 0.3 * (u[i - 1] + u[i] + u[i + 1])
        for i in range(1, len(u) - 1):
            u[i] = new[i]
    return u[2] * u[3]


@program(vector, with_zero_steps)
def nonlinear_by_copying(u, steps):
    new = u.copy()
    for t in range(steps):
        for i in range(1, len(u) - 1):
            new[i] = u[i] - 0.1 * u[i] * (u[i + 1] - u[i - 1])
        for i in range(1, len(u) - 1):
            u[i] = new[i]
    return u[2] * u[3]


@program(vector, with_zero_steps)
def nonlinear_by_swapping(u, steps):
    v = u.copy()
    for t in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = u[i] - 0.1 * u[i] * (u[i + 1] - u[i - 1])
        u, v = v, u
    return u[2] * u[3] + v[2]


@program(vector, with_zero_steps)
def swapping_empty_buffer(u, steps):
    v = np.empty_like(u)
    for t in range(steps):
        for i in range(len(u)):
            v[i] = math.sin(u[i] * u[i - 1])
        u, v = v, u
    s = 0.0
    for x in u:
        s += x * x
    return s


@program(vector, with_zero_steps)
def three_buffers_rotated(u, steps):
    old = u.copy()
    new = np.zeros(6)
    for t in range(steps):
        for i in range(1, 5):
            new[i] = 2.0 * u[i] - old[i] + 0.2 * (u[i - 1] - 2.0 * u[i] + u[i + 1]) * u[i]
        old, u, new = u, new, old
    return u[2] * old[3] + new[1]


@program(vector)
def leading_time_index(u, steps):
    h = np.zeros((2, 6))
    for i in range(6):
        h[0, i] = u[i]
    for t in range(steps):
        now = t % 2
        for i in range(6):
            h[1 - now, i] = h[now, i] * h[now, i - 1] + 0.1
    return h[steps % 2, 2] * h[0, 1]


@program(vector)
def whole_history(u, steps):
    h = np.zeros((steps + 1, 6))
    for i in range(6):
        h[0, i] = u[i]
    for t in range(steps):
        for i in range(6):
            h[t + 1, i] = h[t, i] * math.cos(h[t, i - 1])
    return h[steps, 0] * h[steps - 1, 3]


@program(vector)
def swapped_conditionally(u, steps):
    v = u.copy()
    for t in range(steps):
        for i in range(len(u)):
            v[i] = u[i] * u[i - 1] + 0.1 * v[i]
        if v[0] > u[0]:
            u, v = v, u
        else:
            u[1] = v[1] * 0.5
    return u[0] * v[1] + u[5]


@program(vector)
def swapped_every_other_step(u, steps):
    v = np.ones(6)
    for t in range(steps + 2):
        for i in range(6):
            v[i] = u[i] * v[i] * 0.9
        if t % 2 == 0:
            u, v = v, u
    return u[2] * v[3]


@program(lambda rng: (rng.uniform(0.5, 1.5, (4, 4)), 2))
def jacobi_two_dimensional(a, steps):
    b = a.copy()
    for t in range(steps):
        for i in range(1, 3):
            for j in range(1, 3):
                b[i, j] = 0.2 * (a[i, j] + a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])
        for i in range(1, 3):
            for j in range(1, 3):
                a[i, j] = 0.2 * (b[i, j] + b[i - 1, j] + b[i + 1, j] + b[i, j - 1] + b[i, j + 1])
    return a[1, 1] * a[2, 2]


@program(vector)
def while_swap_until_small(u, steps):
    v = u.copy()
    change = 1.0
    while change > 0.2:
        change = 0.0
        for i in range(1, 5):
            v[i] = 0.5 * (u[i - 1] + u[i + 1]) * 0.9
            change += abs(v[i] - u[i])
        u, v = v, u
    return u[2] * u[3] + change


@program(vector)
def swap_then_break(u, steps):
    v = np.zeros(6)
    for t in range(10):
        for i in range(6):
            v[i] = 0.8 * u[i] * u[i]
        u, v = v, u
        if u[0] < 0.2:
            break
    return u[0] + v[1] * u[1]
