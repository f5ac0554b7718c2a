"""None, strings and functions as compile-time constants; defaults; ints and bools that are not."""

import math

import numpy as np

from tests.harness.registry import program


def number(rng):
    return rng.uniform(0.5, 1.5)


@program(lambda rng: (number(rng),), lambda rng: (number(rng), 3.0))
def none_default(x, w=None):
    if w is None:
        w = 2.0
    return w * x * x


@program(lambda rng: (number(rng), None), lambda rng: (number(rng), rng.uniform(0.5, 1.5, 3)))
def optional_array(x, weights):
    s = x
    for i in range(3):
        s = s * (x if weights is None else weights[i])
    return s


@program(lambda rng: (number(rng), "sin"), lambda rng: (number(rng), "exp"), lambda rng: (number(rng), "other"))
def string_selects(x, kind):
    if kind == "sin":
        y = math.sin(x)
    elif kind in ("exp", "log"):
        y = math.exp(x)
    else:
        y = x
    return y * x


@program(lambda rng: (number(rng),), lambda rng: (number(rng), False, 2), lambda rng: (number(rng), True, 5))
def bool_and_int_defaults(x, flag=True, n=3):
    y = x
    for _ in range(n):
        y = y * x if flag else y + x
    return y


@program(lambda rng: (number(rng), "forward", None), lambda rng: (number(rng), "backward", 0.3))
def string_and_none_in_loop(x, scheme, damping=None):
    y = x
    for i in range(4):
        step = 0.1 * y * y
        if scheme == "forward":
            y = y + step
        else:
            y = y - step
        if damping is not None:
            y = y * (1.0 - damping)
    return y


@program(lambda rng: (number(rng), math.sin), lambda rng: (number(rng), math.exp))
def function_argument(x, f):
    return f(x) * f(x * x)


@program(lambda rng: (number(rng), 3), lambda rng: (number(rng), rng.uniform(0.5, 1.5, 3)))
def isinstance_of_argument(x, w):
    if isinstance(w, np.ndarray):
        return x * w[0] * w[1]
    elif isinstance(w, int):
        return x**w
    return x


@program(lambda rng: (number(rng), None), lambda rng: (number(rng), 2.0))
def none_or_float(x, y):
    z = x * x if y is None else x * y
    return z if y is None or y > 1.0 else -z


@program(lambda rng: (number(rng), True), lambda rng: (number(rng), False))
def flag_returns_other_value(x, twice):
    if twice:
        return 2.0 * x * x
    return x


@program(lambda rng: (number(rng), 2, "ij"))
def static_used_in_helper(x, n, order):
    return helper(x, n, order=order) * helper(x, n, order="ji")


def helper(x, n, order="ij", extra=None):
    if extra is not None:
        x = x * extra
    return x**n if order == "ij" else x * n


@program(lambda rng: (number(rng), number(rng)), lambda rng: (number(rng), number(rng), 0.5))
def keyword_only_with_default(x, y, z=1.5, *, scale=2.0, name="none"):
    return x * y * z * scale


@program(
    lambda rng: (
        (rng.uniform(-1, 1, (4, 3)), rng.uniform(-1, 1, (2, 4))), [rng.uniform(-1, 1, 4), 0.5], rng.uniform(-1, 1, 3),
    )
)  # fmt: skip
def layers_by_number(weights, biases, x):
    for k in range(len(weights)):
        x = np.tanh(weights[k] @ x + biases[k])
        if k == 5:
            break
    for k in range(len(())):
        x = x * ()[k]
    return x
