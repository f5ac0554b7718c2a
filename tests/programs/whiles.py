"""`while` loops: on data, on counters, with break, continue and else."""

import math

from tests.harness.registry import program


@program(lambda rng: (rng.uniform(3.0, 3.5),), lambda rng: (0.4,), lambda rng: (rng.uniform(30.0, 31.0),))
def halve_until_small(x):
    y = x
    while y > 1.0:
        y = y * 0.5 + 0.01 * x
    return y * y


@program(lambda rng: (rng.uniform(2.0, 3.0),))
def newton_square_root(a):
    x = a
    while abs(x * x - a) > 1e-13:
        x = 0.5 * (x + a / x)
    return x


@program(lambda rng: (rng.uniform(0.5, 1.5), 5), lambda rng: (0.7, 0))
def while_with_counter(x, n):
    i = 0
    y = 1.0
    while i < n:
        y = y * x + i
        i += 1
    return y


@program(lambda rng: (rng.uniform(0.5, 1.5), 9))
def counting_down_by_two(x, n):
    y = x
    while n > 0:
        y = math.sin(y) + x * n
        n -= 2
    return y * n


@program(lambda rng: (rng.uniform(1.1, 1.2),), lambda rng: (rng.uniform(1.5, 1.6),))
def while_true_with_break(x):
    y = x
    k = 0
    while True:
        y = y * x
        k += 1
        if y > 3.0:
            break
        y = y + 0.01
    return y * k


@program(lambda rng: (rng.uniform(0.5, 0.9), 6))
def while_with_continue(x, n):
    i = 0
    s = 0.0
    while i < n:
        i += 1
        if i % 2 == 0:
            s = s * x
            continue
        s = s + x**i
    return s


@program(lambda rng: (rng.uniform(1.1, 1.2), 3), lambda rng: (rng.uniform(1.1, 1.2), 30))
def while_else(x, n):
    y = x
    i = 0
    while i < n:
        y = y * x
        if y > 4.0:
            break
        i += 1
    else:
        y = math.sin(y)
    return y * x


@program(lambda rng: (rng.uniform(2.0, 2.1), 3))
def nested_whiles(x, n):
    s = 0.0
    i = 0
    while i < n:
        y = x + i
        while y > 1.0:
            y = math.sqrt(y) * 0.9
        s += y * x
        i += 1
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 6), 2.0), lambda rng: (rng.uniform(0.5, 1.5, 6), 100.0))
def two_conditions(a, limit):
    s = 0.0
    i = 0
    while i < len(a) and s < limit:
        s += a[i] * a[i] + 0.1 * s
        i += 1
    return s * i


@program(lambda rng: (rng.uniform(2.0, 3.0),))
def condition_reads_carried_pair(x):
    a = 0.0
    b = x
    while b - a > 0.5:
        m = 0.5 * (a + b)
        if m * m > 2.0:
            b = m + 0.01 * a
        else:
            a = m * 1.01
    return a * b


@program(lambda rng: (rng.uniform(0.8, 0.9),))
def series_until_term_is_small(x):
    term = x
    s = 0.0
    k = 0
    while abs(term) > 1e-12:
        s += term
        k += 1
        term = -term * x * x / ((2 * k) * (2 * k + 1))
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 5),))
def while_writes_array(a):
    i = 1
    while i < len(a):
        a[i] = a[i] * a[i - 1] + math.sin(a[i])
        i += 1
    return a[len(a) - 1]


@program(lambda rng: (rng.uniform(0.2, 0.3), 0.1), lambda rng: (rng.uniform(0.2, 0.3), 0.01), argnums=0)
def adaptive_step(y, tol):
    t = 0.0
    h = 0.2
    while t < 1.0:
        if t + h > 1.0:
            h = 1.0 - t
        full = y + h * y * (1.0 - y)
        half = y + 0.5 * h * y * (1.0 - y)
        half = half + 0.5 * h * half * (1.0 - half)
        if abs(full - half) > tol * h:
            h = h * 0.5
        else:
            t = t + h
            y = half
            h = h * 1.3
    return y


@program(lambda rng: (rng.uniform(0.3, 0.4),))
def collatz_like_integer_state(x):
    n = 7
    y = x
    while n != 1:
        if n % 2 == 0:
            n = n // 2
            y = y * 1.1 + x
        else:
            n = 3 * n + 1
            y = math.sin(y)
    return y


@program(lambda rng: (rng.uniform(0.5, 1.5),))
def flag_controlled(x):
    go = True
    y = x
    k = 0
    while go:
        y = y * 1.3 + 0.1 * x
        k += 1
        go = y < 5.0 and k < 10
    return y


@program(lambda rng: (rng.uniform(3.0, 4.0),))
def not_condition(x):
    done = False
    while not done:
        x = 0.5 * x + 0.1 * math.sin(x)
        done = x < 0.5
    return x * x
