"""`raise` and `assert` guards that do not fire here; what fires is tested in `tests.errors`."""

import math

from tests.harness.registry import program


def two(rng):
    return rng.uniform(0.5, 0.9), rng.uniform(1.2, 1.8)


def vector(rng):
    return (rng.uniform(0.5, 1.5, 5),)


class DomainError(ValueError):
    pass


@program(two)
def guard_at_the_top(x, y):
    if y <= 0.0:
        raise ValueError("y must be positive")
    return math.log(y) * x


@program(two)
def guard_with_formatted_message(x, y):
    if y < x:
        raise ValueError(f"need x <= y, got {x} and {y}")
    return math.sqrt(y - x)


@program(two)
def raise_in_else(x, y):
    if x < 1.0:
        z = x * y
    elif x < 2.0:
        z = x * x
    else:
        raise RuntimeError("out of range")
    return z * z


@program(vector)
def raise_in_loop(a):
    s = 0.0
    for i in range(len(a)):
        if a[i] < 0.0:
            raise ValueError("negative")
        s += math.sqrt(a[i]) * s + a[i]
    return s


@program(vector)
def raise_after_loop(a):
    x = a[0]
    for _ in range(60):
        new = 0.5 * (x + a[1] / x)
        if abs(new - x) < 1e-14:
            return new
        x = new
    raise RuntimeError("no convergence")


@program(vector)
def raise_in_loop_else(a):
    x = a[0]
    for _ in range(60):
        x = x - (x * x * x - a[1]) / (3.0 * x * x)
        if abs(x * x * x - a[1]) < 1e-14:
            break
    else:
        raise RuntimeError("no convergence")
    return x * a[2]


@program(two)
def asserts(x, y):
    assert 0.0 < x < 1.0
    assert y > 1.0, f"y is {y}"
    assert isinstance(x, float)
    return x * y


@program(two)
def not_implemented_branch(x, y):
    if x > 0.0:
        return x * y
    raise NotImplementedError


@program(lambda rng: (rng.uniform(0.5, 0.9), "fast"), lambda rng: (rng.uniform(0.5, 0.9), "slow"))
def raise_for_unknown_mode(x, mode):
    if mode == "fast":
        return x * x
    if mode == "slow":
        return x * x * x
    raise ValueError("unknown mode " + mode)


@program(vector)
def helper_that_checks(a):
    return checked(a[0]) * checked(a[1])


def checked(v):
    if v < 0.0:
        raise ArithmeticError("negative value")
    return math.sqrt(v)


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 3)),))
def shape_guard(m):
    if m.ndim != 2 or m.shape[0] != m.shape[1]:
        raise ValueError("square matrix expected")
    return m[0, 0] * m[1, 1] * m[2, 2]


@program(vector)
def own_exception_class(a):
    if len(a) < 2:
        raise DomainError("too short")
    return a[0] * a[1]
