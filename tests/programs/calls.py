"""Calls to other functions: helpers in this module and another, writing into arguments, jitted, keyword arguments."""

import math

import numba
import numpy as np

from tests.harness.registry import program
from tests.programs import library
from tests.programs.library import scaled_square as imported_square


def square(x):
    return x * x


def polynomial(x, a=2.0, b=1.0, *, c=0.5):
    return a * x * x + b * x + c


def minmax(x, y):
    if x < y:
        return x, y
    return y, x


def scale_in_place(a, w):
    for i in range(len(a)):
        a[i] *= w


def fill_from(out, a):
    for i in range(len(a)):
        out[i] = a[i] * a[i - 1]
    return out


def chain(x):
    return square(square(x) + 1.0) * 0.1


@numba.njit
def jitted_helper(x, y):
    return x * math.sin(y)


@numba.njit
def jitted_array_helper(a, i):
    a[i] = a[i] * a[i - 1]
    return a[i]


shifted = lambda x, s: math.sin(x + s)  # noqa: E731


def two(rng):
    return rng.uniform(0.5, 1.0), rng.uniform(1.2, 1.5)


def vector(rng):
    return (rng.uniform(0.5, 1.5, 5),)


@program(two)
def plain_helper(x, y):
    return square(x) * square(y) + square(x * y)


@program(two)
def helper_in_loop(x, y):
    for i in range(4):
        x = polynomial(x, 0.1) * y
    return x


@program(two)
def keywords_and_defaults(x, y):
    return polynomial(x, b=y) + polynomial(y, c=x, a=x) + polynomial(a=y, x=x)


@program(two)
def tuple_from_helper(x, y):
    lo, hi = minmax(x * x, y)
    return lo * lo - hi


@program(vector)
def helper_writes_argument(a):
    scale_in_place(a, a[0])
    scale_in_place(a, 0.5)
    return a[1] * a[2]


@program(vector)
def helper_writes_and_returns(a):
    out = np.zeros(len(a))
    same = fill_from(out, a)
    out[0] = same[1] * same[2]
    fill_from(a, out)
    return a[0] * same[0] + a[3]


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 4)),))
def helper_writes_a_row(m):
    for i in range(1, 3):
        scale_in_place(m[i], m[i - 1, 0])
    return m[2, 0] * m[1, 1] + m[2, 3]


@program(two)
def helpers_calling_helpers(x, y):
    return chain(x) * chain(chain(y))


@program(two)
def module_attribute_call(x, y):
    return library.scaled_square(x, y) + library.nested.cube(y)


@program(two)
def name_imported_from_module(x, y):
    return imported_square(x, factor=y) * x


@program(two)
def jitted_scalar_helper(x, y):
    return jitted_helper(x, y) * jitted_helper(y, x * x)


@program(vector)
def jitted_helper_writes(a):
    s = 0.0
    for i in range(len(a)):
        s += jitted_array_helper(a, i) ** 2
    return s


@program(two)
def global_lambda(x, y):
    return shifted(x, y) * shifted(y, s=x)


@program(vector)
@numba.njit
def itself_jitted(a):
    s = 0.0
    for i in range(len(a)):
        s = s * 0.5 + square_jitted(a[i])
    return s


@numba.njit
def square_jitted(x):
    return x * x * math.cos(x)


@program(two)
def early_return_in_helper(x, y):
    s = 0.0
    for k in range(4):
        s += library.piecewise(x * k) * y
    return s


@program(vector)
def helper_with_loop_and_break(a):
    return library.sum_until(a, 1.7) * library.sum_until(a, 100.0)


@program(two)
def helper_result_unused(x, y):
    square(x)
    z = chain(y)
    del z
    return x * y


@program(two)
def argument_reassigned_in_helper(x, y):
    return library.reassigns(x, 3) * x + library.reassigns(y, 0)


@program(vector)
def varargs(a):
    return library.total(a[0], a[1], a[2]) * library.total(a[3]) + library.total()


@program(two)
def starred_call(x, y):
    pair = (x, y)
    return jitted_helper(*pair) + polynomial(x, **{"a": y})
