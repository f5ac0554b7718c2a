"""`math` and the scalar functions of NumPy, in groups small enough that a failure names the culprit."""

import math
from math import exp, log, pi, sqrt

import numpy as np

from tests.harness.registry import program


def unit(rng):
    return (rng.uniform(0.2, 0.8),)


def two(rng):
    return rng.uniform(0.2, 0.8), rng.uniform(1.2, 1.8)


def signed(rng):
    return (rng.uniform(-0.8, -0.2),)


@program(unit)
def exponentials(x):
    return math.exp(x) + math.expm1(x) * math.exp2(x)


@program(unit)
def logarithms(x):
    return math.log(x) + math.log2(x) * math.log10(x) + math.log1p(x)


@program(two)
def logarithm_to_a_base(x, y):
    return math.log(x, 3.0) + math.log(x, y) + math.log(8.0, y)


@program(unit, signed)
def trigonometric(x):
    return math.sin(x) * math.cos(x) + math.tan(x)


@program(unit, signed)
def inverse_trigonometric(x):
    return math.asin(x) + math.acos(x) * math.atan(x)


@program(two, lambda rng: (-0.5, 0.7), lambda rng: (-0.5, -0.7), lambda rng: (0.0, 0.7))
def atan2_in_all_quadrants(x, y):
    return math.atan2(x, y) * y


@program(unit, signed)
def hyperbolic(x):
    return math.sinh(x) + math.cosh(x) * math.tanh(x)


@program(unit)
def inverse_hyperbolic(x):
    return math.asinh(x) + math.acosh(1.0 + x) * math.atanh(x)


@program(unit)
def roots(x):
    return math.sqrt(x) * math.cbrt(x) + x**0.25 + pow(x, 1.5)


@program(signed)
def cube_root_of_negative(x):
    return math.cbrt(x)


@program(two)
def hypot_and_dist(x, y):
    return math.hypot(x, y) * math.hypot(y, 3.0)


@program(unit, signed)
def error_functions(x):
    return math.erf(x) + math.erfc(x) * x


@program(unit)
def gamma_functions(x):
    return math.gamma(x) + math.lgamma(x + 2.0) * x


@program(lambda rng: (rng.uniform(-1.8, -1.2),))
def gamma_of_negative(x):
    return math.gamma(x) * math.lgamma(x)


@program(two, lambda rng: (-0.4, 1.3))
def power_functions(x, y):
    return math.pow(abs(x), y) + y**x + math.pow(y, 2)


@program(two, lambda rng: (-0.4, 1.3), lambda rng: (0.4, -1.3))
def copysign_and_fabs(x, y):
    return math.copysign(x, y) * math.fabs(x * y)


@program(lambda rng: (3.7, 1.5), lambda rng: (-3.7, 1.5))
def fmod_and_remainder(x, y):
    return math.fmod(x, y) * x


@program(lambda rng: (3.7,), lambda rng: (-3.7,))
def floor_ceil_trunc(x):
    return math.floor(x) * x + math.ceil(x) * x * x + math.trunc(x) * x


@program(unit)
def degrees_and_radians(x):
    return math.degrees(x) * math.sin(math.radians(x * 30.0))


@program(unit)
def constants_of_math(x):
    return math.sin(math.pi * x) + x**math.e + math.tau * x + pi


@program(unit)
def names_imported_from_math(x):
    return exp(x) * log(x) + sqrt(x)


@program(unit)
def numpy_scalar_functions(x):
    return np.exp(x) * np.sin(x) + np.sqrt(x) + np.log1p(x) - np.tanh(x) + np.arctan(x) * np.pi


@program(two)
def numpy_two_argument_functions(x, y):
    return np.hypot(x, y) + np.arctan2(x, y) + np.power(x, y) + np.maximum(x, y) * np.minimum(x, y)


@program(unit)
def isfinite_checks(x):
    y = math.log(x)
    if math.isnan(y) or math.isinf(y):
        return 0.0
    if not math.isfinite(y):
        return 1.0
    return y * y


@program(unit)
def infinity_as_start(x):
    best = math.inf
    for k in range(4):
        v = (x - 0.1 * k) ** 2 + x
        if v < best:
            best = v
    return best


@program(lambda rng: (rng.uniform(0.2, 0.8), 3))
def ldexp_and_factorial(x, n):
    return math.ldexp(x, n) * x / math.factorial(n)


@program(two)
def fused_chain(x, y):
    return math.exp(-((x - y) ** 2) / (2.0 * y * y)) / (y * math.sqrt(2.0 * math.pi))
