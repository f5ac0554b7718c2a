"""Python evaluates from left to right, once, and lazily: seen by helpers that write into arrays."""

import math

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 4),)


def bump(a):
    a[0] = a[0] * a[1] + 0.1
    return a[0]


def advance(a, i):
    a[i] = a[i] * a[i]
    return i + 1


@program(vector)
def read_before_and_after_a_call(a):
    return a[0] * 2.0 + bump(a) * 3.0 + a[0] * 5.0


@program(vector)
def product_of_two_calls(a):
    return bump(a) * bump(a) - a[0]


@program(vector)
def arguments_from_left_to_right(a):
    return two(a[0], bump(a)) + two(bump(a), a[0])


def two(x, y):
    return x * x - y


@program(vector)
def tuple_from_left_to_right(a):
    x, y, z = a[0], bump(a), a[0]
    return x * y - z * z


@program(vector)
def index_computed_by_a_writing_call(a):
    a[advance(a, 0)] += a[0]
    a[advance(a, 1)] = a[1] * bump(a)
    return a[0] * a[1] + a[2]


@program(vector)
def value_before_subscript(a):
    a[advance(a, 2)] = a[2] * 3.0
    return a[3] * a[2]


@program(vector)
def chained_targets_from_left_to_right(a):
    i = 0
    i, a[i] = 2, a[1] * 2.0
    a[i] = i = 1
    return a[0] * a[1] + a[2] * i


@program(vector, lambda rng: (rng.uniform(1.5, 2.5, 4),))
def short_circuit_skips_the_call(a):
    y = 0.0
    if a[1] > 1.5 and bump(a) > 0.0:
        y = a[0]
    if a[1] < 1.5 or bump(a) > 100.0:
        y = y + a[0] * a[2]
    return y * a[0] + a[0]


@program(vector, lambda rng: (rng.uniform(1.5, 2.5, 4),))
def unchosen_side_is_not_run(a):
    y = bump(a) if a[2] > 1.5 else a[3]
    return y * a[0]


@program(vector)
def middle_of_a_chain_runs_once(a):
    y = 1.0
    if 0.0 < bump(a) < 100.0:
        y = a[0] * 2.0
    return y * a[0]


@program(lambda rng: (-rng.uniform(0.3, 0.5),), lambda rng: (rng.uniform(0.3, 0.5),))
def unchosen_side_is_not_defined(x):
    y = math.sqrt(x) if x > 0.0 else 0.5 * x
    z = x * math.log(x) if x > 0.0 else 0.0
    return y * y + z + x


@program(lambda rng: (rng.uniform(-1.0, 1.0, 5),))
def unchosen_side_is_not_defined_in_a_loop(a):
    s = 0.0
    for v in a:
        if v > 0.0:
            s += math.sqrt(v) * v
        elif v < -0.5:
            s += math.log(-v) * s
        s += v if v > 0.0 else 1.0 / (v - 1.0)
    return s


@program(vector)
def augmented_element_reads_first(a):
    a[0] += bump(a)
    a[1] *= bump(a)
    return a[0] * a[1]


@program(vector)
def while_condition_writes(a):
    n = 0
    while bump(a) < 5.0 and n < 3:
        n += 1
        a[1] = a[1] * 1.2
    return a[0] * a[1] * n


@program(vector)
def default_and_bounds_with_calls(a):
    s = 0.0
    for i in range(advance(a, 0), 4):
        s = s * a[0] + a[i]
        a[0] = s
    return s
