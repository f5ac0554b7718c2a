"""Loops that make new arrays in each iteration, whose shadows only the reverse sweep makes; and what looks like it."""

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 6),)


def vector_and_count(rng):
    return (rng.uniform(0.5, 1.5, 6), 4)


@program(vector_and_count, lambda rng: (rng.uniform(0.5, 1.5, 6), 0), lambda rng: (rng.uniform(0.5, 1.5, 6), 1))
def stepped(u, steps):
    for _ in range(steps):
        u = u + 0.1 * np.sin(u) * u[::-1]
    return np.sum(u * u)


@program(vector_and_count, lambda rng: (rng.uniform(0.5, 1.5, 6), 0))
def the_array_itself(u, steps):
    for _ in range(steps):
        new = u.copy()
        new[1:-1] = u[1:-1] + 0.2 * (u[2:] * u[:-2] - u[1:-1])
        u = new
    return u


@program(vector_and_count, lambda rng: (rng.uniform(0.5, 1.5, 6), 0), lambda rng: (rng.uniform(0.5, 1.5, 6), 1))
def leapfrog(x, steps):
    before = x * 1.0
    now = x * 1.1
    for _ in range(steps):
        then = 2.0 * now - before - 0.1 * np.sin(now)
        before = now
        now = then
    return np.sum(now * before)


@program(vector_and_count, lambda rng: (rng.uniform(0.5, 1.5, 6), 0))
def three_levels(x, steps):
    a, b, c = x * 1.0, x * 2.0, x * 3.0
    for _ in range(steps):
        new = 0.3 * a + 0.2 * b * c
        a, b, c = b, c, new
    return np.sum(a * b + c)


@program(vector_and_count, lambda rng: (rng.uniform(0.5, 1.5, 6), 0))
def started_twice_from_one(x, steps):
    before = x
    now = x
    for _ in range(steps):
        then = now * 0.9 + before * before * 0.1
        before = now
        now = then
    return np.sum(now * before)


@program(vector_and_count)
def two_new_ones(x, steps):
    u, v = x * 1.0, np.cos(x)
    for _ in range(steps):
        u, v = u + 0.1 * v * v, v - 0.1 * np.sin(u)
    return np.sum(u * v)


@program(vector_and_count)
def changing_lengths(x, steps):
    for _ in range(steps):
        x = x[1:] * x[:-1]
    return np.sum(x)


@program(vector_and_count)
def growing(x, steps):
    for _ in range(steps):
        x = np.concatenate((x * 0.5, x[:2] * x[1:3]))
    return np.sum(x * x)


@program(vector_and_count)
def written_into_what_was_given(x, steps):
    u = x * 1.0
    for k in range(steps):
        u[k] = u[k] * u[k + 1]
        u = u * 1.1 + 0.1 * u[::-1]
    return np.sum(u * u)


@program(vector_and_count, lambda rng: (rng.uniform(0.5, 1.5, 6), 0))
def the_start_is_written_meanwhile(x, steps):
    start = x * 1.0
    u = start
    for k in range(steps):
        start[k] = 2.0 * start[k]
        u = u * 0.5 + start * u[::-1]
    return np.sum(u * start)


@program(vector_and_count, lambda rng: (rng.uniform(0.5, 1.5, 6), 0))
def written_after_the_loop(x, steps):
    start = x * 1.0
    u = start
    for _ in range(steps):
        u = u * u[::-1]
    u[0] = u[1] * 3.0
    return np.sum(u * start)


@program(vector_and_count)
def read_by_its_first_name(x, steps):
    u = x
    for _ in range(steps):
        u = u * x + 0.1 * u
    return np.sum(u * x)


@program(vector_and_count, lambda rng: (rng.uniform(0.5, 1.5, 6), 0))
def sometimes_the_old_one(x, steps):
    u = x * 1.0
    for k in range(steps):
        new = u * u[::-1]
        if k % 2 == 0:
            u = new
    return np.sum(u * u)


@program(vector_and_count)
def views_of_it(x, steps):
    u = np.outer(x, x[:3])
    for _ in range(steps):
        rows = u.T
        new = 0.5 * u
        new[1:] += 0.1 * u[0] * u[:-1]
        new[:, 0] += rows[1] * rows[2]
        u = new
    last = u[2:]
    return np.sum(last * last)


@program(vector)
def until_it_is_small(x):
    u = x * 1.0
    while np.sum(u * u) > 0.5:
        u = 0.6 * u * np.cos(0.3 * u)
    return np.sum(u * x)


@program(vector_and_count)
def an_array_for_each_iteration_around(x, steps):
    total = 0.0
    for k in range(3):
        u = x * (1.0 + k)
        for _ in range(steps):
            u = 0.5 * u + 0.1 * u * u
        total += np.sum(u)
    return total


@program(vector_and_count)
def products_of_matrices(x, steps):
    a = np.outer(x, x) * 0.1
    u = np.eye(6)
    for _ in range(steps):
        u = u @ a + 0.1 * u
    return np.sum(u * u)


@program(vector_and_count)
def with_numbers_beside(x, steps):
    u = x * 1.0
    scale = 1.0
    for _ in range(steps):
        u = u * scale + 0.01 * np.sum(u)
        scale = 0.5 * scale + 0.1 * u[0]
    return scale * np.sum(u)


@program(vector_and_count)
def one_loop_after_another(x, steps):
    u = x * 1.0
    for _ in range(steps):
        u = 0.9 * u + 0.1 * u * u
    middle = np.sum(u)
    for _ in range(steps):
        u = np.sin(u) + 0.1 * u[::-1]
    return middle * np.sum(u * u)


@program(vector_and_count)
def kept_in_a_table(x, steps):
    table = np.zeros((steps + 1, len(x)))
    u = x * 1.0
    table[0] = u
    for k in range(steps):
        u = u + 0.1 * np.sin(u * u[::-1])
        table[k + 1] = u
    return np.sum(table * table[::-1])


def plane_and_count(*shape, steps=3):
    return lambda rng: (rng.uniform(0.5, 1.5, shape), steps)


@program(plane_and_count(4, 5), plane_and_count(1, 3), plane_and_count(2, 2), plane_and_count(3, 4, steps=0))
def inside_of_a_copy(u, steps):
    for _ in range(steps):
        new = u.copy()
        new[1:-1, 1:-1] = u[1:-1, 1:-1] + 0.1 * (u[2:, 1:-1] * u[:-2, 1:-1] + u[1:-1, 2:] - u[1:-1, :-2])
        u = new
    return np.sum(u * u)


@program(plane_and_count(4, 5), plane_and_count(1, 1), plane_and_count(2, 2))
def corner_of_a_copy(u, steps):
    for _ in range(steps):
        new = u.copy()
        new[:2, 1:] = 0.5 * u[:2, 1:] * u[:2, :-1]
        u = new
    return np.sum(u * u)


@program(vector_and_count, lambda rng: (rng.uniform(0.5, 1.5, 2), 2), lambda rng: (rng.uniform(0.5, 1.5, 6), 0))
def ends_and_inside_of_a_copy(u, steps):
    for _ in range(steps):
        new = u.copy()
        new[1:-1] = u[2:] * u[:-2]
        new[0] = u[1] * 0.5
        u = new
    return np.sum(u * u)


@program(vector_and_count, lambda rng: (rng.uniform(0.5, 1.5, 6), 0), lambda rng: (rng.uniform(0.5, 1.5, 6), 1))
def overwritten_and_still_used(x, steps):
    first = x * 1.5
    u = first
    total = 0.0
    for _ in range(steps):
        new = u.copy()
        new[1:-1] = u[2:] * u[:-2]
        total += np.sum(new * u)
        u = new
    return total + np.sum(u * first)


@program(plane_and_count(4, 4), plane_and_count(2, 2), plane_and_count(1, 1))
def inside_of_a_turned_copy(u, steps):
    for _ in range(steps):
        new = u.T.copy()
        new[1:-1, 1:] = u[1:-1, 1:] * u[:-2, :-1]
        u = new[::-1].copy()
    return np.sum(u * u)


@program(lambda rng: (rng.uniform(0.5, 1.5, 7), 2, 5), lambda rng: (rng.uniform(0.5, 1.5, 3), 1, 0),
         lambda rng: (rng.uniform(0.5, 1.5, 1), 0, 1))  # fmt: skip
def some_of_a_copy(u, low, high):
    new = u.copy()
    for i in range(low + 1, high - 1):
        new[i] = u[i - 1] * u[i + 1]
    return np.sum(new * new)
