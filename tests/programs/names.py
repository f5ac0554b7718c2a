"""Names of the user's that generated code might want for itself, or that Python has already."""

import math

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 4),)


def two(rng):
    return rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)


@program(two)
def bars(x, x_bar):
    y_bar = x * x_bar
    y = y_bar * x
    for x_bar_1 in range(3):
        y = y * x_bar + x_bar_1 * y_bar
    return y


@program(vector)
def tapes(tape):
    n = 0
    trips = tape[0]
    stack = np.zeros(3)
    while trips < 4.0:
        trips = trips * 1.5
        stack[n % 3] = trips * tape[n % 4]
        n += 1
    result = stack[0] * stack[1]
    return result * trips


@program(two)
def builtin_names(max, min):
    sum = max * min
    len = sum * max
    for int in range(3):
        float = len * 0.5
        len = float + int * sum
    range_ = len
    return range_ * float


@program(vector)
def shadowed_range(a):
    s = 0.0
    for i in range(4):
        s += a[i] ** 2
    range_ = s
    abs = s * a[0]
    return abs * range_


@program(two)
def named_like_modules(x, numpy):
    math_ = math.sin(x)
    numba = numpy * math_
    np_1 = numba * numba
    return np_1 * numpy


@program(two)
def np_is_a_number(x, np):
    y = x
    for i in range(3):
        y = y * np + i
    return y * math.sin(np)


@program(two)
def unicode_names(α, μ):
    σ = α * μ
    for θ in range(3):
        σ = math.sin(σ) + θ * α
    return σ * μ


@program(two)
def one_letter_clashes(t, i):
    t_1 = t * i
    i_1 = t_1
    for t_2 in range(2):
        i_1 = math.sin(i_1 * t) + t_2
    return i_1 * t_1


@program(two)
def private_and_dunder(_x, __y):
    _ = _x * __y
    __ = _ * _
    return _ * __


@program(two)
def function_named_like_argument(f, g):
    def h(f):
        return f * g

    return h(h(f)) * f


@program(two)
def entry(entry, bind):
    return entry * bind * bind


@program(vector)
def comprehension_variable_does_not_leak(a):
    v = a[0]
    s = sum(v * v for v in a)
    return s * v
