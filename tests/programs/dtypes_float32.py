"""float32: scalars, arrays, mixtures with float64 and Python numbers.

Differences are taken with float32 inputs promoted to float64, so these programs do not say float32 themselves, but
for the ones that say so."""

import math

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 5).astype(np.float32),)


def scalars(rng):
    return np.float32(rng.uniform(0.5, 1.5)), np.float32(rng.uniform(0.5, 1.5))


@program(scalars)
def scalar_expression(x, y):
    return x * y + np.sin(x) / y - 2.0 * x


@program(vector)
def reduction(a):
    s = a[0] * 0
    for v in a:
        s += v * v
    return s


@program(vector)
def recurrence(a):
    for i in range(1, len(a)):
        a[i] = a[i] * a[i - 1] + np.float32(0.5)
    return a[4] * a[2]


@program(vector)
def python_accumulator_is_float64(a):
    s = 0.0
    for i in range(len(a)):
        s = s + a[i] * math.exp(a[i])
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 4).astype(np.float32), rng.uniform(0.5, 1.5, 4)))
def mixed_with_float64(a, b):
    s = 0.0
    for i in range(4):
        b[i] = a[i] * b[i]
        s += b[i] * a[i - 1]
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 4).astype(np.float32), rng.uniform(0.5, 1.5)))
def float64_scalar_stored_into_float32(a, x):
    for i in range(4):
        a[i] = x * a[i] + x * x
    return a[0] * a[3]


@program(vector)
def like_makers(a):
    out = np.zeros_like(a)
    for i in range(len(a)):
        out[i] = a[i] * a[i - 1]
    return out


@program(scalars, lambda rng: (np.float32(1.7), np.float32(0.3)))
def branches(x, y):
    if x > y:
        z = x * x
    else:
        z = y
    return max(z, y) * x


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 3)).astype(np.float32), 2))
def ping_pong(u, steps):
    v = u.copy()
    for t in range(steps):
        for i in range(3):
            for j in range(3):
                v[i, j] = u[i, j] * u[i - 1, j] * 0.5 + u[i, j - 1]
        u, v = v, u
    return u[1, 1] * v[2, 2]


@program(lambda rng: (np.float32(rng.uniform(0.5, 1.5)), 3))
def beside_integers(x, n):
    return x**n + n * x + x**2 / n


@program(scalars)
def math_functions_widen(x, y):
    return math.sin(x) * y + math.sqrt(y)
