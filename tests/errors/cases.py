"""One function per refusal, with the arguments to try it on. The diagnostics are in `golden/`."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.special

import srcgrad

TOTAL = 0.0


@dataclass(frozen=True)
class Refusal:
    """`transform(function)` called with `args` must raise."""

    name: str
    function: Callable
    args: tuple
    transform: Callable = field(default=srcgrad.grad)

    def provoke(self) -> Any:
        return self.transform(self.function)(*self.args)


REFUSALS: list[Refusal] = []


def refused(*args: Any, transform: Callable = srcgrad.grad) -> Callable[[Callable], Callable]:
    def register(function: Callable) -> Callable:
        REFUSALS.append(Refusal(function.__name__, function, args, transform))
        return function

    return register


class Body:
    mass = 1.0


BODY = Body()


# -- syntax that is not read ------------------------------------------------------------------------------------------


@refused(1.0)
def try_statement(x):
    try:
        y = math.sqrt(x)
    except ValueError:
        y = 0.0
    return y


@refused(1.0)
def with_statement(x):
    with open("nothing") as _:
        y = x * x
    return y


@refused(1.0)
def generator_function(x):
    yield x * x


@refused(1.0)
async def async_function(x):
    return x * x


@refused(1.0)
def global_assignment(x):
    global TOTAL
    TOTAL = x * x
    return TOTAL


def _make_nonlocal():
    total = 0.0

    @refused(1.0)
    def nonlocal_assignment(x):
        nonlocal total
        total = x * x
        return total

    return nonlocal_assignment


_make_nonlocal()


@refused(1.0)
def attribute_write(x):
    BODY.mass = x * x
    return BODY.mass


@refused(1.0)
def attribute_augmented(x):
    BODY.mass += x
    return BODY.mass * x


@refused(1.0)
def class_inside(x):
    class Local:
        pass

    return x * x


@refused(1.0)
def import_inside(x):
    import no_such_module

    return no_such_module.sin(x)


@refused(1.0)
def match_statement(x):
    match x:
        case 1.0:
            return x
    return x * x


@refused(1.0)
def set_display(x):
    s = {x, 2.0}
    return x * len(s)


@refused(1.0)
def two_refusals_at_once(x):
    try:
        y = x
    finally:
        y = x * x
    with open("nothing") as _:
        pass
    return y


@refused(1.0)
def refused_in_a_helper(x):
    return _helper_with_try(x) * x


def _helper_with_try(x):
    try:
        return x * x
    except ValueError:
        return x


# -- values that are not computed with ---------------------------------------------------------------------------------


@refused(1.0)
def unbounded_dict(x):
    d = {}
    for i in range(3):
        d[i] = x * i
    return d[0] + d[2]


@refused(1.0, np.array([1, 2]))
def dict_with_run_time_key(x, ks):
    d = {1: x, 2: x * x}
    d[ks[0]] = x
    return d[1]


@refused(np.array([1.0, None], dtype=object))
def object_array(a):
    return a[0] * a[0]


@refused(1.0, np.array(["a", "b"]))
def string_array(x, names):
    return x * len(names)


@refused(1.0 + 2.0j)
def complex_result(z):
    return z * z


@refused(1.0 + 2.0j)
def complex_order(z):
    return abs(z) if z > 1 else 0.0


@refused(1.0 + 2.0j)
def complex_in_a_real_array(z):
    a = np.zeros(3)
    a[0] = z
    return a.sum()


@refused(1.0 + 2.0j)
def complex_part_of_a_number(z):
    z.real = 2.0
    return abs(z)


@refused(np.array([1.0 + 2.0j]))
def complex_remainder(z):
    return np.sum(z % 2.0).real


@refused(np.array([1.0 + 2.0j]))
def function_of_real_numbers(z):
    return np.cbrt(z)[0].real


@refused(1.0)
def operation_without_a_rule(x):
    return scipy.special.jv(1.5, x) * x


@refused(np.ones(3))
def numpy_function_without_a_rule(a):
    return np.spacing(a)[0]


@refused(np.ones(3))
def mode_of_a_numpy_function(a):
    return np.sum(np.pad(a, 1, mode="empty"))


@refused(1.0)
def unknown_name(x):
    return x * undefined_name  # noqa: F821


@refused(1.0)
def unknown_attribute(x):
    return x * math.no_such_function(x)


@refused(1.0)
def none_in_arithmetic(x):
    y = None
    return x * y


@refused(1.0, "text")
def string_in_arithmetic(x, s):
    return x * s


@refused(1.0)
def results_of_different_lengths(x):
    if x > 0.0:
        return x, x
    return x


@refused(1.0, 3)
def number_before_a_pair(x, n):
    if n < 2:
        return float("nan")
    return x, x * n


@refused(1.0)
def pair_of_different_parts(x):
    if x > 0.0:
        return x, (x, x)
    return x, x


@refused(1.0)
def dicts_of_different_keys(x):
    if x > 0.0:
        return {"a": x}
    return {"b": x}


@refused(np.ones(3))
def array_given_to_math(a):
    return math.sin(a)


@refused(np.ones(3))
def list_grown_under_a_condition(a):
    out = []
    for v in a:
        if v > 0.0:
            out.append((v, v * v))
    return out[0][0]


@refused(np.ones(3))
def array_or_number(a):
    if a[0] > 0.0:
        y = a
    else:
        y = a[0]
    return y[0]


@refused(np.ones((2, 2)))
def too_many_subscripts(m):
    return m[0, 0, 0]


@refused(np.ones(3))
def float_as_subscript(a):
    return a[a[0]]


@refused(1.0)
def growing_list(x):
    values = []
    for i in range(3):
        values.append(np.ones(2) * x * i)
    return values[0][0] * values[2][1]


@refused(1.0)
def wrong_number_of_arguments(x):
    return _two(x)


def _two(x, y):
    return x * y


# -- calls that are wrong --------------------------------------------------------------------------------------------


def _no_source():
    scope: dict[str, Any] = {}
    exec("def no_source(x):\n    return x * x\n", scope)
    return scope["no_source"]


refused(1.0)(_no_source())

_BUFFER = np.ones(4)


@refused(_BUFFER[:3], _BUFFER[1:])
def overlapping_arguments_written(a, b):
    for i in range(3):
        a[i] = a[i] * b[i]
    return a[0]


@refused(np.ones(3))
def array_given_to_grad(a):
    b = a.copy()
    b[0] = a[0] * a[1]
    return b


@refused(1.0)
def tuple_given_to_grad(x):
    return x, x * x


@refused(3.5)
def integer_result_given_to_grad(x):
    return int(x) * 2


@refused(1.0, 3, transform=lambda f: srcgrad.grad(f, argnums=1))
def integer_argument(x, n):
    return x * n


@refused(1.0, True, transform=lambda f: srcgrad.grad(f, argnums=(0, 1)))
def bool_argument(x, flag):
    return x * flag


@refused("text", 1.0)
def string_argument(s, x):
    return x


@refused(1.0, transform=lambda f: srcgrad.grad(f, argnums=3))
def argnums_out_of_range(x):
    return x


@refused(1.0, transform=lambda f: srcgrad.grad(f, argnames="z"))
def argnames_unknown(x):
    return x


@refused(1.0, transform=lambda f: srcgrad.grad(f, has_aux=True))
def has_aux_without_a_pair(x):
    return x * x


@refused(1.0, transform=lambda f: srcgrad.grad(f, speed=True))
def unknown_option(x):
    return x


@refused(1.0, transform=lambda f: lambda x: srcgrad.vjp(f, x)[1]((x, x)))
def cotangent_of_wrong_structure(x):
    return x * x


@refused(np.ones(3), transform=lambda f: lambda a: srcgrad.jvp(f, (a,), (np.ones(4),)))
def tangent_of_wrong_shape(a):
    return a[0] * a[1]


@refused(1.0, transform=lambda f: srcgrad.grad(3.0))
def not_a_function(x):
    return x
