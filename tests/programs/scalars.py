"""Scalar arithmetic, names assigned more than once, promotions."""

import math

import numpy as np

from tests.harness.registry import program


def two(rng):
    return rng.uniform(0.5, 2.0), rng.uniform(0.5, 2.0)


def one(rng):
    return (rng.uniform(0.5, 2.0),)


@program(two)
def product_rule(x, y):
    return x * y + x / y - y


@program(one)
def identity(x):
    return x


@program(one)
def constant_result(x):
    x = 3.0
    return x


@program(two)
def unused_argument(x, y):
    return math.sin(x)


@program(one)
def reassigned_many_times(x):
    x = x * x
    x = math.sin(x) + x
    x = x * x - 1.0
    x += x * 0.5
    x /= 1.0 + x * x
    return x


@program(two)
def powers(x, y):
    return x**2 + x**-1 + x**0.5 + x**y + 2.0**y + x**3


@program(lambda rng: (-rng.uniform(0.5, 2.0), 3), lambda rng: (-rng.uniform(0.5, 2.0), 2))
def negative_base_integer_power(x, n):
    return x**n + x**-2 * x**0 + x**1


@program(lambda rng: (rng.uniform(0.5, 2.0), 3), lambda rng: (rng.uniform(0.5, 2.0), -2))
def integer_arithmetic_beside(x, n):
    k = n * 2 + 1
    m = k // 3 - n % 4
    return x * m + x**k / (2 + m * m)


@program(lambda rng: (rng.uniform(0.5, 2.0), 2))
def int_accumulator_becomes_float(x, n):
    s = 0
    s = s + n
    s = s + x * x
    s = s * x
    return s


@program(lambda rng: (rng.uniform(0.5, 2.0), 4))
def int_division_is_float(x, n):
    h = 1 / n
    return h * x + n / 2 * math.exp(-x)


@program(lambda rng: (rng.uniform(0.5, 2.0), 3))
def same_name_different_meaning(x, n):
    t = n + 1
    y = x * t
    t = math.cos(y)
    z = t * t
    t = n > 2
    if t:
        z = z * y
    return z


@program(two)
def swap_scalars(a, b):
    a, b = b, a
    a, b = a * b, a + b
    a, b = b, a
    return a * a - b


@program(lambda rng: (rng.uniform(0.5, 2.0), True), lambda rng: (rng.uniform(0.5, 2.0), False))
def bool_times_float(x, flag):
    return flag * x * x + (not flag) * math.exp(x)


@program(lambda rng: (rng.uniform(3.2, 3.8),), lambda rng: (-rng.uniform(3.2, 3.8),))
def int_of_float_has_no_gradient(x):
    n = int(x)
    return x * n + n


@program(lambda rng: (rng.uniform(3.2, 3.8), 1.5), lambda rng: (-rng.uniform(3.2, 3.8), 1.5))
def modulo_and_floor_division(x, y):
    return (x % y) * x + (x // y) * y


@program(lambda rng: (rng.uniform(3.2, 3.8), 1.5))
def divmod_of_floats(x, y):
    q, r = divmod(x, y)
    return q * x + r * r


@program(two)
def unary_operators(x, y):
    return -x * +y - (-(x * y * y))


@program(two)
def chained_assignment(x, y):
    a = b = x * y
    a += 1.0
    return a * b * b


@program(two)
def walrus(x, y):
    z = (w := x * y) + w * w
    return z * w


@program(lambda rng: (np.float64(rng.uniform(0.5, 2.0)), rng.uniform(0.5, 2.0)))
def numpy_scalar_beside_python_float(x, y):
    return np.sin(x) * y + x * np.exp(y)


@program(two)
def conditional_expression(x, y):
    return x * y if x < 10.0 else x / y


@program(one)
def deep_expression(x):
    return math.sin(math.cos(math.sin(math.cos(x * x) + x) * x) - x) * math.exp(-(x**2))


@program(one)
def annotated_and_documented(x: float) -> float:
    """A docstring."""
    y: float = x * x
    z: float
    z = y + 1.0
    return z * y


@program(two)
def print_and_assert_keep_working(x, y):
    assert x > 0.0, "x must be positive"
    z = x * y
    assert z != 0.0
    return z * z


@program(one)
def underscore_and_pass(x):
    _ = x * 2.0
    pass
    ...
    return _ * x
