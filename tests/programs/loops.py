"""`for` loops: bounds, steps, nesting, carried values, what a loop runs over."""

import math

import numpy as np

from tests.harness.registry import program


def vector(n, low=0.5, high=1.5):
    return lambda rng: (rng.uniform(low, high, n),)


@program(lambda rng: (rng.uniform(0.5, 1.5), 5), lambda rng: (0.7, 0), lambda rng: (0.7, -3))
def power_by_loop(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


@program(lambda rng: (rng.uniform(0.5, 1.5), 7))
def nonlinear_recurrence(x, n):
    y = x
    for i in range(n):
        y = math.sin(y) * x + 0.1 * i
    return y


@program(lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5), 6))
def two_carried_values(x, y, n):
    for i in range(n):
        x, y = x + math.cos(y), y + 0.1 * x * x
    return x * y


@program(vector(6), vector(0), vector(1))
def sum_of_squares(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i] ** 2
    return s


@program(vector(6))
def loop_over_elements(a):
    s = 0.0
    for v in a:
        s += v * s + math.sin(v)
    return s


@program(vector(6))
def enumerate_elements(a):
    s = 0.0
    for i, v in enumerate(a):
        s += (i + 1) * v * v
    return s


@program(vector(5))
def enumerate_with_start(a):
    s = 1.0
    for i, v in enumerate(a, start=2):
        s *= v + 1.0 / i
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 5), rng.uniform(0.5, 1.5, 5)))
def zip_two(a, b):
    s = 0.0
    for u, v in zip(a, b):
        s += u * v * v
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 5), rng.uniform(0.5, 1.5, 3)))
def zip_of_unequal_lengths(a, b):
    s = 0.0
    for i, (u, v) in enumerate(zip(a, b)):
        s = s * u + v * i
    return s


@program(vector(5))
def reversed_elements(a):
    s = 0.0
    for v in reversed(a):
        s = s * 0.5 * v + v
    return s


@program(vector(5))
def reversed_range(a):
    s = 0.0
    for i in reversed(range(1, len(a))):
        s = s * a[i] + a[i - 1]
    return s


@program(vector(7), vector(1))
def negative_step(a):
    s = 1.0
    for i in range(len(a) - 1, -1, -2):
        s = s * a[i] + i
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 9), 3), lambda rng: (rng.uniform(0.5, 1.5, 9), -2))
def step_of_unknown_sign(a, k):
    s = 0.0
    start = 0 if k > 0 else len(a) - 1
    stop = len(a) if k > 0 else -1
    for i in range(start, stop, k):
        s = math.sin(s + a[i])
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 4)),))
def nested_loops(m):
    s = 0.0
    for i in range(m.shape[0]):
        row = 1.0
        for j in range(m.shape[1]):
            row *= m[i, j]
        s += math.log(row) * row
    return s


@program(vector(5))
def triangular_loop(a):
    s = 0.0
    for i in range(len(a)):
        for j in range(i):
            s += a[i] * math.sin(a[j])
    return s


@program(vector(5))
def triangular_with_carry(a):
    s = 0.3
    for i in range(len(a)):
        t = s
        for j in range(i, len(a)):
            t = t * a[j] + math.sin(t)
        s = s + 0.01 * t * a[i]
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5), 3, 2), lambda rng: (0.8, 3, 0), lambda rng: (0.8, 0, 3))
def three_deep(x, n, m):
    y = x
    for i in range(n):
        for j in range(m):
            for k in range(j + 1):
                y = math.sin(y * x + i - k)
            y = y + x * j
        y = y * x
    return y


@program(lambda rng: (rng.uniform(0.5, 1.5), 4), lambda rng: (0.9, 0))
def loop_variable_after_loop(x, n):
    i = 10
    for i in range(n):
        x = x * 1.1
    return x * i


@program(lambda rng: (rng.uniform(0.5, 1.5), 4))
def loop_variable_reassigned(x, n):
    s = x
    for i in range(n):
        i = i * 2 + 1
        s = s * math.sin(x * i)
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5), 5))
def bounds_evaluated_once(x, n):
    y = x
    for i in range(n):
        n = n - 1
        y = y * x + n
    return y * (n + 2)


@program(lambda rng: (rng.uniform(0.5, 1.5),))
def loop_over_tuple(x):
    s = 0.0
    for w in (1.0, 0.5, x, 0.25):
        s = s * x + w * math.sin(w * x)
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)))
def loop_over_tuple_of_tuples(x, y):
    s = 0.0
    for a, (b, c) in ((x, (1, 2)), (y, (3, 4))):
        s += a**b * c
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5), np.array([3, 1, 2])))
def loop_over_integer_array(x, ks):
    s = 0.0
    for k in ks:
        s += x**k
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 2)),))
def loop_over_rows(m):
    s = 0.0
    for row in m:
        s += row[0] * math.exp(-row[1])
    return s


@program(vector(5))
def carried_through_two_loops(a):
    s = 0.0
    p = 1.0
    for i in range(len(a)):
        p *= a[i]
        s += p
    for i in range(len(a)):
        s = s * a[i] - p
        p = p / a[i]
    return s + p


@program(lambda rng: (rng.uniform(0.5, 1.5), 6))
def delayed_carry(x, n):
    a = x
    b = 0.5
    c = 0.25
    for i in range(n):
        a, b, c = b * c, a + 0.1 * b, math.sin(a)
    return a + b * c


@program(lambda rng: (rng.uniform(0.5, 1.5), 5))
def unused_final_value(x, n):
    s = 0.0
    for i in range(n):
        y = x * i
        s += y * y
        y = math.exp(y)
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5), 4))
def defined_in_loop_used_after(x, n):
    for i in range(n):
        y = x * (i + 1)
    return y * y


@program(lambda rng: (rng.uniform(0.5, 1.5), 4), lambda rng: (0.7, 0))
def loop_else_without_break(x, n):
    for i in range(n):
        x = x * 1.1
    else:
        x = math.sin(x)
    return x


@program(vector(4))
def integer_counter_beside(a):
    s = 0.0
    k = 0
    for i in range(len(a)):
        for j in range(3):
            k += 1
            s += a[i] ** 2 / k
    return s * k


@program(vector(6))
def float_loop_bound_from_data(a):
    s = 1.0
    n = int(a[0] * 0.0 + 4)
    for i in range(n):
        s *= a[i]
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5), 20))
def single_value_many_uses(x, n):
    y = x * x
    s = 0.0
    for i in range(n):
        s += y * math.cos(i * x)
    return s * y
