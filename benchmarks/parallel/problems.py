"""The problems, as their users write them, and arguments of benchmark size; some are those of the GPU's list."""

from __future__ import annotations

import numpy as np

from benchmarks.gpu.problems import Problem, forces, heat, heston, mixture, scattered
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
