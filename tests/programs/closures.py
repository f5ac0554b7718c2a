"""Nested functions, lambdas, closures over scalars and arrays, functions passed as arguments."""

import functools
import math

import numpy as np

from tests.harness.registry import program


def two(rng):
    return rng.uniform(0.5, 1.0), rng.uniform(1.2, 1.5)


def vector(rng):
    return (rng.uniform(0.5, 1.5, 5),)


def cubic(x, p):
    return x * x * x - p


def cubic_slope(x, p):
    return 3.0 * x * x


def oscillator(t, y, k):
    return -k * y + math.sin(t)


def make_weighted(w, table):
    def weighted(x):
        return w * x * x + table[0] * x + table[1]

    return weighted


def make_counter_free(k):
    return lambda x, y: x**k * y


def repeat(f, x, n):
    for _ in range(n):
        x = f(x)
    return x


@program(two)
def nested_function(x, y):
    def inner(t):
        return t * t * y

    return inner(x) + inner(y)


@program(two)
def nested_with_default(x, y):
    def inner(t, w=y):
        return t * w

    y = y * 2.0
    return inner(x) + inner(x, y)


@program(two)
def nested_sees_latest_value(x, y):
    def inner(t):
        return t * scale

    scale = x
    a = inner(y)
    scale = a * y
    return inner(x) + a


@program(two)
def local_lambda(x, y):
    f = lambda t: math.sin(t * y)  # noqa: E731
    return f(x) * f(f(x))


@program(vector)
def closure_over_local_array(a):
    w = np.zeros(len(a))

    def put(i, v):
        w[i] = v * a[i]

    for i in range(len(a)):
        put(i, a[i - 1] + w[i - 1])
    return w[4] * w[2]


@program(two)
def lambda_in_loop(x, y):
    s = 0.0
    for k in range(3):
        f = lambda t: t**k * y  # noqa: E731, B023
        s += f(x) * f(s + 1.0)
    return s


@program(two)
def calls_returned_closure(x, y):
    f = make_weighted_inside(y)
    return f(x) * f(y)


def make_weighted_inside(w):
    def inner(t):
        return w * t * t

    return inner


@program(two)
def function_as_local_value(x, y):
    f = math.sin if x > 0.0 else math.cos
    return repeat(square_root_step, x, 3) * f(y)


def square_root_step(x):
    return 0.5 * (x + 2.0 / x)


@program(lambda rng: (cubic, cubic_slope, 1.5, (rng.uniform(2.0, 3.0),)))
def newton_with_callbacks(f, slope, x, args):
    for _ in range(50):
        fx = f(x, *args)
        if abs(fx) < 1e-14:
            break
        x = x - fx / slope(x, *args)
    return x


@program(lambda rng: (cubic, rng.uniform(2.0, 3.0)))
def secant_with_callback(f, p):
    a, b = 1.0, 2.0
    fa, fb = f(a, p), f(b, p)
    k = 0
    while abs(b - a) > 1e-11 and k < 60:
        c = b - fb * (b - a) / (fb - fa)
        a, fa = b, fb
        b, fb = c, f(c, p)
        k += 1
    return b


@program(lambda rng: (oscillator, 0.3, (rng.uniform(0.5, 1.5),), 8))
def euler_with_args_tuple(f, y, args, n):
    t, h = 0.0, 0.1
    for _ in range(n):
        y = y + h * f(t, y, *args)
        t += h
    return y


@program(lambda rng: (cubic, rng.uniform(2.0, 3.0)))
def bisection_then_polish(f, p):
    lo, hi = 0.0, 2.0
    for _ in range(20):
        mid = 0.5 * (lo + hi)
        if f(mid, p) < 0.0:
            lo = mid
        else:
            hi = mid
    x = 0.5 * (lo + hi)
    x = x - f(x, p) / (3.0 * x * x)
    return x - f(x, p) / (3.0 * x * x)


@program(lambda rng: (lambda t, s: math.exp(-s * t * t), rng.uniform(0.5, 1.5), 10))
def trapezoid_with_lambda(f, s, n):
    h = 1.0 / n
    total = 0.5 * (f(0.0, s) + f(1.0, s))
    for i in range(1, n):
        total += f(i * h, s)
    return h * total


@program(lambda rng: (functools.partial(cubic, p=2.5), rng.uniform(0.5, 1.5)))
def partial_as_argument(f, x):
    return f(x) * x


@program(lambda rng: (None, rng.uniform(0.5, 1.5)), lambda rng: (math.sin, rng.uniform(0.5, 1.5)))
def optional_callback(f, x):
    y = x * x
    if f is not None:
        y = f(y)
    return y * x


@program(two)
def functions_in_a_tuple(x, y):
    s = 0.0
    for f in (math.sin, math.exp, square_root_step):
        s += f(x) * y
    return s


captured_scalar_and_array = program(lambda rng: (rng.uniform(0.5, 1.0),))(make_weighted(1.5, np.array([2.0, 3.0])))
captured_power = program(two)(make_counter_free(3))
