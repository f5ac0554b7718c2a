"""The problems, as their users write them, and arguments of benchmark size; some are those of the GPU's list."""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from benchmarks.gpu.problems import Problem, forces, heat, heston, scattered
from benchmarks.problems import stencil


def _paths(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    shape = int(1e5 * scale), 100
    return 0.04, 1.5, 0.04, 0.3, -0.6, rng.normal(size=shape), rng.normal(size=shape)


def _bodies(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    n = int(2000 * scale**0.5)
    return *(rng.normal(size=n) for _ in range(3)), rng.uniform(0.5, 1.5, n)


def _grid(scale: float) -> tuple:
    return np.random.default_rng(0).random((int(1000 * scale**0.5),) * 2), 0.1, 20


def _waves(scale: float) -> tuple:
    return stencil.inputs(int(1000 * scale**0.5), 50)


def _particles(scale: float) -> tuple:
    rng = np.random.default_rng(0)
    n = int(2e6 * scale)
    return rng.normal(size=n), rng.integers(0, 1000, n), 1000


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
    n, d, k = int(20_000 * scale), 10, 25
    return rng.normal(size=(n, d)), rng.normal(size=k), rng.normal(size=(k, d)), rng.uniform(0.5, 1.5, (k, d))


PROBLEMS = {
    "heston": Problem(heston, _paths, (0, 1, 2, 3, 4)),
    "forces": Problem(forces, _bodies, (0, 1, 2, 3)),
    "heat": Problem(heat, _grid, (0, 1)),
    "stencil": Problem(stencil.primal, _waves, (0,)),
    "mixture": Problem(mixture, _points, (1, 2, 3)),
    "scatter": Problem(scattered, _particles, (0,)),
}
