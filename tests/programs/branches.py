"""`if`, conditional expressions, boolean logic, in and around loops."""

import math

import numpy as np

from tests.harness.registry import program


def low(rng):
    return (rng.uniform(0.2, 0.8),)


def high(rng):
    return (rng.uniform(1.2, 1.8),)


def vector(rng):
    return (rng.uniform(-1.0, 1.0, 8),)


@program(low, high)
def two_ways(x):
    if x < 1.0:
        y = x * x
    else:
        y = math.exp(-x)
    return y * x


@program(low, high)
def one_way(x):
    y = x
    if x > 1.0:
        y = y * y * x
    return y


@program(low, high, lambda rng: (rng.uniform(2.2, 2.8),))
def elif_chain(x):
    if x < 1.0:
        y = x
    elif x < 2.0:
        y = x * x
    elif x < 3.0:
        y = x * x * x
    else:
        y = 0.0
    return y + x


@program(low, high)
def nested_branches(x):
    if x < 1.0:
        if x < 0.1:
            y = 3.0
        else:
            y = math.sin(x)
            if y > 0.0:
                y = y * x
    else:
        y = x
        if y > 1.5:
            y = y * y
    return y


@program(low, high)
def overwritten_in_a_branch(x):
    y = math.sin(x)
    z = y * y
    if x > 1.0:
        y = y * z
        z = y + x
    return y * z * x


@program(low, high)
def assigned_constant_in_a_branch(x):
    y = x * x
    if x > 1.0:
        y = 2.0
    return y * x


@program(low, high)
def swap_in_a_branch(x):
    a = x
    b = 2.0 * x * x
    if x < 1.0:
        a, b = b, a
    return a - b * b


@program(low, high)
def conditional_expressions_nested(x):
    y = x if x < 0.5 else x * x if x < 1.5 else x**3
    return y * (1.0 if x > 1.0 else x)


@program(low, high)
def chained_comparison(x):
    y = 0.0
    if 0.5 < x <= 1.5:
        y = x * x
    if not 0.5 < x < 5.0:
        y += x
    if 0.0 < x < 1.0 < 2.0 * x < 10.0:
        y *= x
    return y + x


@program(low, high, lambda rng: (-0.5,))
def and_or_not(x):
    if x > 0.0 and math.sqrt(x) < 1.0:
        y = x * x
    elif x < 0.0 or not x < 1.5:
        y = -x
    else:
        y = x * 3.0
    return y * x


@program(low, high)
def or_gives_a_value(x):
    y = (x > 1.0 and x * x) or x * 3.0
    return y


@program(lambda rng: (rng.uniform(0.5, 1.5), True, 2), lambda rng: (rng.uniform(0.5, 1.5), False, 0))
def flags_and_ints_as_conditions(x, flag, n):
    y = x
    if flag:
        y *= x
    if n:
        y += math.sin(y)
    if not flag or n > 1:
        y *= y
    return y


@program(low, high)
def bool_variable(x):
    big = x > 1.0
    very = big and x > 1.5
    y = x
    if big:
        y = y * y
    if very == big:
        y = math.sin(y)
    return y


@program(vector)
def branch_in_loop(a):
    s = 0.0
    for i in range(len(a)):
        if a[i] > 0.0:
            s += a[i] * a[i]
        else:
            s -= a[i] * s
    return s


@program(vector)
def branch_on_carried_value(a):
    s = 0.5
    for v in a:
        if s > 0.4:
            s = s * v
        elif s < -0.4:
            s = math.sin(s) + v
        else:
            s = s + v * v
    return s


@program(vector)
def branch_on_index(a):
    s = 0.0
    for i in range(len(a)):
        if i % 3 == 0:
            s = s + a[i] ** 2
        elif i % 3 == 1:
            s = s * a[i]
        if i == len(a) - 1:
            s = s * 2.0
    return s


@program(vector)
def loop_in_a_branch(a):
    s = a[0]
    if a[1] < 2.0:
        for v in a:
            s = s * v + v
    else:
        s = 0.0
    return s


@program(vector)
def running_maximum(a):
    m = a[0]
    s = 0.0
    for i in range(1, len(a)):
        if a[i] > m:
            m = a[i]
        s += m * m
    return s


@program(vector)
def running_maximum_by_max(a):
    m = -10.0
    s = 0.0
    for v in a:
        m = max(m, v)
        s = s + m * v
    return s


@program(vector)
def index_of_largest(a):
    best = 0
    for i in range(1, len(a)):
        if a[i] > a[best]:
            best = i
    return a[best] ** 2 * best


@program(vector)
def clipped(a):
    s = 0.0
    for v in a:
        w = min(max(v, -0.5), 0.5)
        s += w * v
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5), 9))
def state_machine(x, n):
    state = 0
    y = x
    for i in range(n):
        if state == 0:
            y = y * x
            state = 1 if y > 0.5 else 2
        elif state == 1:
            y = math.sin(y)
            state = 2
        else:
            y = y + 0.1 * x
            if i % 2 == 0:
                state = 0
    return y * (state + 1)


@program(low, high)
def defined_in_both_branches_only(x):
    if x < 1.0:
        u = x * 2.0
        v = u * u
    else:
        v = x
    return v * v


@program(vector)
def undefined_until_first_positive(a):
    found = False
    s = 0.0
    for v in a:
        if found:
            s += last * v  # noqa: F821
        if v > 0.0:
            last = v * v  # noqa: F841
            found = True
    return s


@program(lambda rng: (0.0, rng.uniform(0.5, 1.5)), lambda rng: (2.0, rng.uniform(0.5, 1.5)))
def guarded_singularity(x, y):
    if abs(x) < 0.1:
        r = y
    else:
        r = y * math.sin(x) / x
    return r * y


@program(lambda rng: (-0.3,), lambda rng: (1.7,))
def guarded_square_root(x):
    r = 0.0
    if x > 1e-300:
        r = math.sqrt(x) * x
    return r


@program(lambda rng: (rng.uniform(-1.0, 1.0, 6), np.array([1, -1, 0, 1, 0, -1])))
def branch_on_integer_data(a, kind):
    s = 1.0
    for i in range(len(a)):
        if kind[i] > 0:
            s *= 1.0 + a[i]
        elif kind[i] < 0:
            s += a[i] * a[i]
        else:
            continue
        s = math.sin(s)
    return s


@program(low, high)
def both_sides_same_value(x):
    if x > 1.0:
        y = x * x
    else:
        y = x * x
    return y


@program(low, high)
def dead_code_in_branch(x):
    if x > 1.0:
        unused = x**5
        unused = unused * 2
    return x * x


@program(vector)
def loop_with_a_bound_from_its_branch(x):
    n = x.shape[0]
    y = x * 1.0
    if n > 4:
        for i in range(1, n - 1):
            y[i] *= math.cos(y[i])
    return np.sum(y)


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), 7), lambda rng: (rng.uniform(0.5, 1.5, 6), 2))
def recurrence_with_a_bound_from_its_branch(x, count):
    s = 1.0
    if count > 2:
        for i in range(count - 3):
            s = math.sin(s) * x[i]
    return s


@program(vector)
def loops_of_branches_in_a_loop(x):
    total = 0.0
    for i in range(x.shape[0]):
        s = x[i]
        if i > 1:
            for j in range(i * 2 - 1):
                s = math.sin(s) * x[j % 8] + x[i - 1]
        else:
            for _ in range(i, 3 + i):
                s = math.cos(s * x[i])
                while s > 0.5:
                    s = s * 0.7 * math.cos(x[0]) ** 2
        total += s * s
    return total
