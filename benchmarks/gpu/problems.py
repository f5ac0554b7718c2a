"""Programs as their users write them, and arguments of benchmark size.

Each problem is a function of arrays and numbers with one floating result; `make(scale)` gives the arguments, `argnums`
those to differentiate with respect to.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import prange
from scipy.special import erf


@dataclass(frozen=True)
class Problem:
    """`traffic(arguments)` is about the least number of bytes that a gradient reads and writes, where memory is what
    limits it; 0 elsewhere."""

    function: Callable[..., float]
    make: Callable[[float], tuple]
    argnums: tuple[int, ...]
    traffic: Callable[..., int] = lambda *arguments: 0


def black_scholes(spot, strike, time, rate, volatility):
    root = volatility * np.sqrt(time)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility * volatility) * time) / root
    d2 = d1 - root
    scale = math.sqrt(0.5)
    n1 = 0.5 * (1.0 + erf(d1 * scale))
    n2 = 0.5 * (1.0 + erf(d2 * scale))
    return np.sum(spot * n1 - strike * np.exp(-rate * time) * n2)


def _options(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    n = int(1e7 * scale)
    spot, strike = rng.uniform(80, 120, n), rng.uniform(80, 120, n)
    return spot, strike, rng.uniform(0.1, 2.0, n), 0.02, rng.uniform(0.1, 0.5, n)


def heat(u, k, steps):
    for _ in range(steps):
        new = u.copy()
        new[1:-1, 1:-1] = u[1:-1, 1:-1] + k * (
            u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]
        )
        u = new
    return np.sum(u * u * u)


def heston(v0, kappa, theta, xi, rho, z1, z2):
    paths, steps = z1.shape
    dt = 1.0 / steps
    other = math.sqrt(1.0 - rho * rho)
    total = 0.0
    for i in prange(paths):
        s, v = 0.0, v0
        for t in range(steps):
            positive = max(v, 0.0)
            root = math.sqrt(positive * dt)
            s += -0.5 * positive * dt + root * z1[i, t]
            v += kappa * (theta - positive) * dt + xi * root * (rho * z1[i, t] + other * z2[i, t])
        total += max(math.exp(s) - 1.0, 0.0)
    return total / paths


def _paths(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    shape = int(1e5 * scale), 100
    return 0.04, 1.5, 0.04, 0.3, -0.6, rng.normal(size=shape), rng.normal(size=shape)


def forces(x, y, z, mass):
    n = len(x)
    energy = 0.0
    for i in prange(n):
        own = 0.0
        for j in range(n):
            dx, dy, dz = x[i] - x[j], y[i] - y[j], z[i] - z[j]
            own += mass[j] / math.sqrt(dx * dx + dy * dy + dz * dz + 0.01)
        energy += own * mass[i]
    return -0.5 * energy


def _bodies(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    n = int(2e4 * scale**0.5)
    return *(rng.normal(size=n) for _ in range(3)), rng.uniform(0.5, 1.5, n)


def mixture(points, weights, means, precisions):
    """The log likelihood of a mixture of normals with axes along those of the points."""
    n, d = points.shape
    k = len(weights)
    total = 0.0
    for i in prange(n):
        most = -1e300
        logs = np.empty(k)
        for c in range(k):
            exponent = weights[c]
            for j in range(d):
                z = (points[i, j] - means[c, j]) * precisions[c, j]
                exponent += math.log(precisions[c, j]) - 0.5 * z * z
            logs[c] = exponent
            most = max(most, exponent)
        sum_ = 0.0
        for c in range(k):
            sum_ += math.exp(logs[c] - most)
        total += most + math.log(sum_)
    return total


def _points(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    n, d, k = int(1e6 * scale), 10, 25
    return rng.normal(size=(n, d)), rng.normal(size=k), rng.normal(size=(k, d)), rng.uniform(0.5, 1.5, (k, d))


def scattered(x, place, cells):
    grid = np.zeros(cells)
    for i in prange(len(x)):
        grid[place[i]] += x[i] * x[i]
    return np.sum(np.sqrt(grid + 1.0))


def _particles(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    n = int(1e7 * scale)
    return rng.normal(size=n), rng.integers(0, 100_000, n), 100_000


def lookup(energy, nuclide, grid, table, density):
    """Cross sections between the points of a table, as XSBench looks them up: a binary search for each."""
    total = 0.0
    points = grid.shape[1]
    for i in prange(len(energy)):
        e = energy[i]
        row = nuclide[i]
        low, high = 0, points - 1
        while high - low > 1:
            middle = (low + high) // 2
            if grid[row, middle] > e:
                high = middle
            else:
                low = middle
        f = (grid[row, high] - e) / (grid[row, high] - grid[row, low])
        total += density[row] * (f * table[row, low] + (1.0 - f) * table[row, high])
    return total / len(energy)


def _lookups(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    n, nuclides, points = int(1e6 * scale), 64, 10_000
    grid = np.sort(rng.uniform(0.0, 1.0, (nuclides, points)), axis=1)
    grid[:, 0], grid[:, -1] = 0.0, 1.0
    return (
        rng.uniform(0.0, 1.0, n), rng.integers(0, nuclides, n), grid, rng.uniform(size=grid.shape),
        rng.uniform(size=nuclides),
    )  # fmt: skip


CX = (0, 1, 0, -1, 0, 1, -1, -1, 1)
CY = (0, 0, 1, 0, -1, 1, 1, -1, -1)
WEIGHTS = (4 / 9, 1 / 9, 1 / 9, 1 / 9, 1 / 9, 1 / 36, 1 / 36, 1 / 36, 1 / 36)


def lattice(f, omega):
    """One step of a lattice-Boltzmann method in two dimensions (D2Q9): stream, and relax to equilibrium."""
    _, n, m = f.shape
    out = np.empty_like(f)
    for i in prange(n):
        for j in range(m):
            density = 0.0
            x = 0.0
            y = 0.0
            for k in range(9):
                here = f[k, (i - CX[k]) % n, (j - CY[k]) % m]
                density += here
                x += CX[k] * here
                y += CY[k] * here
            x /= density
            y /= density
            for k in range(9):
                along = 3.0 * (CX[k] * x + CY[k] * y)
                rest = WEIGHTS[k] * density * (1.0 + along + 0.5 * along * along - 1.5 * (x * x + y * y))
                here = f[k, (i - CX[k]) % n, (j - CY[k]) % m]
                out[k, i, j] = here + omega * (rest - here)
    return np.sum(out * out)


def _lattice(scale: float) -> tuple:
    n = int(2048 * scale**0.5)
    return np.random.default_rng(0).uniform(0.9, 1.1, (9, n, n)), 1.2


def dense(x, w1, b1, w2, y):
    hidden = np.tanh(x @ w1 + b1)
    error = hidden @ w2 - y
    return np.mean(error * error)


def _layers(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    n, d, h = int(16384 * scale), 512, 1024
    return (
        rng.normal(size=(n, d)), rng.normal(size=(d, h)) * 0.05, rng.normal(size=h), rng.normal(size=(h, 16)) * 0.05,
        rng.normal(size=(n, 16)),
    )  # fmt: skip


def softmax(scores, labels):
    """Cross-entropy of the softmax of each row."""
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    return -np.sum(labels * np.log(p)) / scores.shape[0]


def _scores(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    n, classes = int(16384 * scale), 2048
    labels = rng.uniform(size=(n, classes))
    return rng.normal(size=(n, classes)), labels / labels.sum(axis=1, keepdims=True)


def absorbed(start, drift, pull):
    """Particles that move until they are absorbed, each after a number of steps of its own."""
    total = 0.0
    for i in prange(len(start)):
        x = start[i]
        age = 0.0
        while x > 0.05 and age < 3.0:
            x -= 0.01 * (pull * x + drift * math.sin(3.0 * x))
            age += 0.01
        total += x * x + age * x
    return total


def chain(x, y):
    return np.sum(np.sin(x) * np.exp(-0.1 * x * x) + x * y)


def _vectors(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    n = int(5e7 * scale)
    return rng.normal(size=n), rng.normal(size=n)


def _sizes(*arrays: Any) -> int:
    return sum(a.nbytes for a in arrays if hasattr(a, "nbytes"))


PROBLEMS = {
    "chain": Problem(chain, _vectors, (0, 1), lambda *a: 2 * _sizes(*a)),
    "black_scholes": Problem(black_scholes, _options, (0, 1, 2, 4), lambda *a: 2 * _sizes(*a)),
    "heat": Problem(heat, lambda s: (np.random.default_rng(0).random((int(4096 * s**0.5),) * 2), 0.1, 20), (0, 1)),
    "heston": Problem(heston, _paths, (0, 1, 2, 3, 4)),
    "forces": Problem(forces, _bodies, (0, 1, 2, 3)),
    "mixture": Problem(mixture, _points, (1, 2, 3)),
    "scatter": Problem(scattered, _particles, (0,)),
    "lookup": Problem(lookup, _lookups, (0, 3, 4)),
    "lattice": Problem(lattice, _lattice, (0, 1), lambda f, omega: 2 * f.nbytes),
    "absorbed": Problem(absorbed, lambda s: (np.random.default_rng(0).random(int(1e6 * s)), 0.4, 1.1), (0, 1, 2)),
    "softmax": Problem(softmax, _scores, (0,), lambda scores, labels: 3 * scores.nbytes),
    "dense": Problem(dense, _layers, (1, 2, 3)),
}
