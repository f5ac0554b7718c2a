"""`is`, names that nested functions read, lists with several owners, items by run-time index."""

import numpy as np

from tests.harness.registry import program


def number(rng):
    return (rng.uniform(1.5, 2.5),)


def vector(rng):
    return (rng.uniform(0.5, 1.5, 4),)


@program(lambda rng: (rng.uniform(1.5, 2.5), True), lambda rng: (rng.uniform(1.5, 2.5), False))
def is_true(x, flag):
    return x * x if flag is True else x


@program(number)
def while_flag_is_false(x):
    done = False
    while done is False:
        x = x * x
        done = x > 100.0
    return x


@program(lambda rng: (rng.uniform(1.5, 2.5), True), lambda rng: (rng.uniform(1.5, 2.5), False))
def is_second_function(x, square):
    plain, squared = lambda z: z, lambda z: z * z
    chosen = squared if square else plain
    return chosen(x) * 2.0 if chosen is squared else x


@program(number)
def nested_function_reads_what_is_assigned_later(x):
    v = x
    t = np.zeros(3)

    def put(i):
        t[i] = v

    for i in range(3):
        put(i)
        v = 2.0 * i * x
    v = 0.0
    return t[0] + t[1] * 10.0 + t[2] * 100.0 + v


@program(number)
def lambda_reads_what_a_branch_assigned(x):
    v = x
    get = lambda: v
    if x > 1.0:
        v = x * x
    y = get()
    v = 1.0
    return y * v


@program(vector)
def starred_head(a):
    x, *y = a
    return x + sum(y) + y[1] * y[2]


@program(vector)
def starred_tail(a):
    *y, x = a
    return x * len(y) + y[0]


@program(vector)
def starred_middle(a):
    p, *q, r = a
    return p * r + q[0] * q[1]


@program(number)
def list_extended_in_place(x):
    items = [x, x]
    items += [3.0]
    items += (x * x,)
    return x * len(items) + items[-1]


@program(lambda rng: (rng.uniform(0.5, 1.5), 1234), lambda rng: (rng.uniform(0.5, 1.5), -1350))
def round_to_hundreds(x, n):
    return x * round(n, -2) + round(1250, -2)


@program(vector)
def numpy_truth_values_add_as_or(a):
    g = np.array([True, False, True, True])
    return np.sum((g + g) * a) + (g[0] + g[2]) * a[0] + np.sum((g * g) * a)


@program(lambda rng: (rng.uniform(0.5, 1.5), 2), lambda rng: (rng.uniform(0.5, 1.5), 6), lambda rng: (0.7, 7))
def membership_of_a_number(x, n):
    return x if n in {1, 2, 3} else x * x if n in range(2, 8, 2) else 7.0 * x


@program(number)
def nested_list_filled_by_loops(x):
    b = [[0.0] * 3 for _ in range(3)]
    for i in range(3):
        for j in range(3):
            b[i][j] = x * i + j
    return b[2][1]


@program(lambda rng: (rng.uniform(0.5, 1.5), 1))
def flip_flop_buffers_in_a_list(x, cur):
    b = [np.zeros(2), np.zeros(2)]
    b[1 - cur][0] = x
    for _ in range(3):
        b[cur][0] = b[1 - cur][0] * x
        cur = 1 - cur
    return b[1 - cur][0]


def fill_first(r, x):
    r[0] = x * x
    r[1] += x


@program(lambda rng: (rng.uniform(0.5, 1.5), 1), lambda rng: (rng.uniform(0.5, 1.5), 2))
def array_of_a_tuple_by_run_time_index(x, i):
    b = (np.zeros(2), np.ones(2), np.ones(2))
    r = b[i]
    r[0] = x
    fill_first(b[i - 1], x)
    b[i][:] += x
    return b[0][0] + 10.0 * b[1][0] + 100.0 * b[2][0] + b[1][1] * 7.0 + b[0][1] * 3.0


@program(lambda rng: ([rng.uniform(0.5, 1.5, 2), rng.uniform(0.5, 1.5, 2)], rng.uniform(0.5, 1.5), 1))
def arrays_of_an_argument_by_run_time_index(b, x, i):
    b[i][0] = x * b[1 - i][0]
    return b[0][0] + b[1][0] * b[0][1]


@program(lambda rng: ([[1.1, 2.0], [3.0, 4.0]], rng.uniform(0.5, 1.5), 1))
def lists_of_an_argument_by_run_time_index(b, x, i):
    b[i][1] = x * b[1 - i][0]
    b[0][0] += x
    return b[0][0] + b[1][0] * b[0][1]


@program(lambda rng: (rng.uniform(0.5, 1.5, (2, 2)), rng.uniform(0.5, 1.5), 1))
def list_of_rows_by_run_time_index(a, x, i):
    rows = [a[0], a[1]]
    rows[i][0] = x
    return a[0, 0] * a[1, 0]


@program(number)
def nested_dicts(x):
    d = {"a": {"b": x}, "c": 1.0}
    d["a"]["b"] *= x
    d["a"]["z"] = 2.0
    return d["a"]["b"] * d["a"]["z"]


@program(number)
def import_inside(x):
    import math as m
    from math import pi
    from math import sin as s

    return m.cos(x) * pi * s(x)


@program(number)
def harmless_with(x):
    with np.errstate(all="ignore"):
        y = x * x
        if y > 3.0:
            return y
    return y * 2.0


@program(number)
def what_is_refused_but_never_reached(x, inner=None):
    if inner is not None:
        try:
            x = inner(x)
        except ValueError:
            pass
    return x * x
