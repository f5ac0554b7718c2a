"""Functions that call themselves or one another."""

import math

import numpy as np

from tests.harness.registry import program


@program(lambda rng: (rng.uniform(0.5, 1.5), 4), lambda rng: (0.7, 0))
def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


@program(lambda rng: (rng.uniform(0.5, 1.5), 9))
def power_by_squaring(x, n):
    if n == 0:
        return 1.0
    half = power_by_squaring(x, n // 2)
    if n % 2 == 0:
        return half * half
    return half * half * x


@program(lambda rng: (rng.uniform(0.5, 1.5), 6))
def fibonacci_like(x, n):
    if n < 2:
        return x * (n + 1)
    return fibonacci_like(x, n - 1) * 0.5 + math.sin(fibonacci_like(x, n - 2))


@program(lambda rng: (rng.uniform(0.5, 1.5), 5))
def recursion_called_from_loop(x, n):
    s = 0.0
    for k in range(n):
        s += power(x, k) * s + x
    return s


@program(lambda rng: (rng.uniform(1.5, 1.6), rng.uniform(0.5, 0.6)), lambda rng: (30.5, 0.7))
def halving_until(x, y):
    if x < 1.0:
        return x * y
    return halving_until(x * 0.5, y * x) + y


def is_even_step(x, n):
    return x if n == 0 else math.sin(is_odd_step(x, n - 1))


def is_odd_step(x, n):
    return x * x if n == 0 else is_even_step(x, n - 1) * 1.5


@program(lambda rng: (rng.uniform(0.5, 1.5), 5), lambda rng: (rng.uniform(0.5, 1.5), 4))
def mutual_recursion(x, n):
    return is_even_step(x, n) * x


def sum_range(a, lo, hi):
    if hi - lo == 1:
        return a[lo] * a[lo]
    mid = (lo + hi) // 2
    return sum_range(a, lo, mid) * 0.5 + sum_range(a, mid, hi)


@program(lambda rng: (rng.uniform(0.5, 1.5, 7),))
def divide_and_conquer(a):
    return sum_range(a, 0, len(a))


def simpson(a, b, fa, fm, fb, k, depth):
    m = 0.5 * (a + b)
    fl = math.exp(-k * (0.5 * (a + m)) ** 2)
    fr = math.exp(-k * (0.5 * (m + b)) ** 2)
    whole = (b - a) / 6.0 * (fa + 4.0 * fm + fb)
    left = (m - a) / 6.0 * (fa + 4.0 * fl + fm)
    right = (b - m) / 6.0 * (fm + 4.0 * fr + fb)
    if depth == 0 or abs(left + right - whole) < 1e-6:
        return left + right
    return simpson(a, m, fa, fl, fm, k, depth - 1) + simpson(m, b, fm, fr, fb, k, depth - 1)


@program(lambda rng: (rng.uniform(1.0, 2.0),))
def adaptive_simpson(k):
    return simpson(0.0, 2.0, 1.0, math.exp(-k), math.exp(-4.0 * k), k, 6)


def scale_tree(a, i):
    if i >= len(a):
        return 0.0
    a[i] = a[i] * a[(i - 1) // 2 if i > 0 else 0]
    return a[i] + scale_tree(a, 2 * i + 1) * scale_tree(a, 2 * i + 2)


@program(lambda rng: (rng.uniform(0.5, 1.5, 7),))
def recursion_writes_array(a):
    s = scale_tree(a, 0)
    return s * a[5] + a[2]


def pair(x, n):
    if n == 0:
        return x, 1.0
    a, b = pair(x, n - 1)
    return a * b, b + math.sin(a)


@program(lambda rng: (rng.uniform(0.5, 1.5), 4))
def recursion_returns_tuple(x, n):
    a, b = pair(x, n)
    return a * b


@program(lambda rng: (rng.uniform(0.5, 1.5), np.array([3, 2, 1])))
def recursion_with_integer_array(x, ks):
    return nested_powers(x, ks, 0)


def nested_powers(x, ks, i):
    if i == len(ks):
        return x
    return nested_powers(x, ks, i + 1) ** ks[i] + x


def butterflies(x):
    n = x.shape[0]
    if n == 1:
        return x.copy()
    even, odd = butterflies(x[::2]), butterflies(x[1::2])
    out = np.zeros(n)
    for k in range(n // 2):
        t = math.cos(k / n) * odd[k] * odd[k]
        out[k] = even[k] + t
        out[k + n // 2] = even[k] * t
    return out


@program(lambda rng: (rng.uniform(0.5, 1.0, 8),))
def recursion_returns_array(x):
    return butterflies(x)


def merge_sorted(a):
    if len(a) <= 1:
        return a
    left, right = merge_sorted(a[: len(a) // 2]), merge_sorted(a[len(a) // 2 :])
    out = np.empty(len(a))
    i = j = 0
    for k in range(len(a)):
        if j >= len(right) or (i < len(left) and left[i] <= right[j]):
            out[k] = left[i]
            i += 1
        else:
            out[k] = right[j]
            j += 1
    return out


@program(lambda rng: (rng.uniform(0.5, 1.0, 7), rng.uniform(0.5, 1.0, 7)))
def recursion_returns_its_argument_or_new_memory(a, w):
    s = merge_sorted(a)
    total = 0.0
    for i in range(len(s)):
        total += s[i] * s[i] * w[i]
    return total


def multiply_in_place(a, n):
    if n == 0:
        return a
    a[n] = a[n] * a[n - 1]
    return multiply_in_place(a, n - 1)


@program(lambda rng: (rng.uniform(0.5, 1.0, 4),))
def recursion_returns_what_it_wrote(a):
    b = a * 1.0
    c = multiply_in_place(b, 3)
    c[0] = c[0] * c[1]
    return c.sum() + b[0]


def swapped(a, b, n):
    c = a if n % 2 == 0 else b
    if n == 0:
        return c[0] * c[1]
    return swapped(b, a, n - 1) * c[2]


@program(lambda rng: (rng.uniform(0.5, 1.0, 4), rng.uniform(0.5, 1.0, 4)))
def recursion_gives_arguments_second_names(a, b):
    return swapped(a, b, 3)


def array_and_number(x, n):
    if n == 0:
        return x, 1.0
    y, s = array_and_number(x * x, n - 1)
    y[0] = y[0] * s
    return y, s + y[1]


@program(lambda rng: (rng.uniform(0.5, 1.0, 2),))
def recursion_returns_array_and_number(x):
    y, s = array_and_number(x, 2)
    return y[0] * s + y[1]


def read_then_returned(x, n):
    if n == 0:
        return x * 1.0
    r = read_then_returned(x, n - 1)
    r[1] = math.sin(r[0]) * r[1]
    return r


@program(lambda rng: (rng.uniform(0.5, 1.0, 3),))
def caller_overwrites_what_recursion_returned(x):
    r = read_then_returned(x, 3)
    s = r[0] * r[1]
    r[0] = s * s
    return r[0] * r[1]


@program(lambda rng: (rng.uniform(0.5, 1.0, 3), rng.uniform(0.5, 1.0, 3)))
def recursion_on_a_constant_array(x, y):
    fixed = np.ones(3)
    r = multiply_in_place(fixed, 2)
    return array_and_number(r * y, 1)[0][0] * x[0]
