"""Whose numbers results are: the dtypes of NumPy 2 (NEP 50), found by running the function itself.

`v` is a float32 array, `n` an int32 array: a Python float leaves `v[0] * y` a float32, a NumPy float64 does not.
"""

import math
import operator

import numpy as np
import pytest

from srcgrad.errors import Unsupported
from tests.frontend.running import check, lowered

V = np.array([0.25, 0.75, 1.5], dtype=np.float32)
N = np.array([3, 2, 4], dtype=np.int32)

PYTHON = {
    "sin": lambda v, n: math.sin(v[0]),
    "sin_of_an_int": lambda v, n: math.sin(n[0]),
    "float": lambda v, n: float(v[0]),
    "float_of_float64": lambda v, n: float(np.float64(v[0])),
    "int": lambda v, n: int(n[0]),
    "item": lambda v, n: v[1].item() + v.item(0),
    "log_with_base": lambda v, n: math.log(v[2], 2.5),
    "hypot": lambda v, n: math.hypot(v[0], v[1], v[2]),
    "pow": lambda v, n: math.pow(v[2], v[0]),
    "atan2": lambda v, n: math.atan2(v[0], v[1]),
    "fabs": lambda v, n: math.fabs(v[0]),
    "fsum": lambda v, n: math.fsum([v[0], v[1]]) + math.fsum(v),
    "dist": lambda v, n: math.dist((v[0], v[1]), (v[2], v[0])),
    "modf": lambda v, n: math.modf(v[2])[0],
    "floor": lambda v, n: math.floor(v[2]),
    "round": lambda v, n: round(v[2]),
    "prod_of_floats": lambda v, n: math.prod([2.0, 3.0]),
    "accumulated": lambda v, n: sum(math.sin(x) * 2 for x in v),
}

NUMPY = {
    "sin": lambda v, n: np.sin(v[0]),
    "sqrt_of_a_literal": lambda v, n: np.sqrt(2.0),
    "sqrt_of_a_python_float": lambda v, n: np.sqrt(math.sin(v[0])),
    "exp_of_an_int": lambda v, n: np.exp(n.shape[0]),
    "maximum_of_weak": lambda v, n: np.maximum(float(v[0]), 1),
    "maximum_of_weak_and_float32": lambda v, n: np.maximum(v[0], 0.5),
    "maximum_of_ints": lambda v, n: np.maximum(2, len(v)),
    "abs": lambda v, n: np.abs(-2.0),
    "add": lambda v, n: np.add(1.0, 2),
    "power": lambda v, n: np.power(2.0, 3),
    "float_power": lambda v, n: np.float_power(v[2], 2),
    "clip": lambda v, n: np.clip(2.5, 0.0, 1.0),
    "clip_float32": lambda v, n: np.clip(v[2], 0.0, 1.0),
    "where": lambda v, n: np.where(v[0] > 1.0, 1.0, 2.0) * 1.0,
    "round": lambda v, n: np.round(2.75),
    "round_float32": lambda v, n: np.round(v[2], 1),
    "argmax": lambda v, n: np.argmax(v),
    "sum": lambda v, n: np.sum(v),
    "mean": lambda v, n: np.mean(v),
    "mean_of_ints": lambda v, n: np.mean(n),
    "sum_of_ints": lambda v, n: np.sum(n),
    "prod_of_a_list": lambda v, n: np.prod([2.0, 3.0]),
    "dot": lambda v, n: np.dot(v, v),
    "norm": lambda v, n: np.linalg.norm(v),
    "float64": lambda v, n: np.float64(2.0),
    "hypot": lambda v, n: np.hypot(3.0, 4.0),
    "pi": lambda v, n: np.pi,
    "size": lambda v, n: np.size(v) + np.ndim(v) + np.shape(v)[0],
}

GIVEN = {
    "abs": lambda v, n: abs(v[0]) + abs(-1.5),
    "max": lambda v, n: max(v[0], v[1]),
    "sum": lambda v, n: sum(v),
    "prod": lambda v, n: math.prod(v),
    "round_to_digits": lambda v, n: round(v[2], 1),
    "operator": lambda v, n: operator.mul(v[0], 2.0),
}

CASES = [
    pytest.param(function, id=f"{family}-{name}")
    for family, table in {"python": PYTHON, "numpy": NUMPY, "given": GIVEN}.items()
    for name, function in table.items()
]


def dtypes_match(function):
    """The result alone, and what it makes of the numbers it meets."""
    with np.errstate(all="ignore"):
        check(lambda v, n: (function(v, n), function(v, n) * v[0], function(v, n) * n[0], function(v, n) * 1.5), V, N)


@pytest.mark.parametrize("function", CASES)
def test_dtypes_are_numpys(function):
    dtypes_match(function)


def test_a_sum_of_python_floats_stays_in_double_precision():
    def f(v):
        s = 0.0
        for x in v:
            s += math.sin(x) * 2
        return s

    check(f, V)


def test_a_python_float_adapts_to_float32_after_all():
    def f(v):
        s = 0.0
        for x in v:
            s += math.sin(x) * x
        return s

    check(f, V)


def test_a_function_of_math_takes_no_array():
    with pytest.raises(Unsupported, match=r"np\.sin"):
        lowered(lambda v: math.sin(v)[0], V)
