"""The demonstration's model: a mixture of two bivariate normals, as plain loops over the data.

`theta` holds 11 free numbers, none of them constrained: the logit of the first component's weight, then for each
component its mean (2), and the Cholesky factor of its covariance as log l00, l10, log l11.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


def log_normal(x, y, p):
    """Log density of a bivariate normal at (x, y); `p` is mean_x, mean_y, log l00, l10, log l11."""
    u = (x - p[0]) * math.exp(-p[2])
    v = (y - p[1] - p[3] * u) * math.exp(-p[4])
    return -math.log(2.0 * math.pi) - p[2] - p[4] - 0.5 * (u * u + v * v)


def negative_log_likelihood(theta, data):
    """Minus the log likelihood of the mixture `theta` for the rows of `data`."""
    log_weight_a = -math.log1p(math.exp(-theta[0]))
    log_weight_b = -math.log1p(math.exp(theta[0]))
    total = 0.0
    for i in range(data.shape[0]):
        a = log_weight_a + log_normal(data[i, 0], data[i, 1], theta[1:6])
        b = log_weight_b + log_normal(data[i, 0], data[i, 1], theta[6:11])
        top = max(a, b)
        total += top + math.log(math.exp(a - top) + math.exp(b - top))
    return -total


class Component(NamedTuple):
    """One normal of the mixture, in the terms of the data."""

    weight: float
    mean: np.ndarray
    covariance: np.ndarray


def starting_point(data: np.ndarray) -> np.ndarray:
    """Equal weights, means half a standard deviation to either side of the centre, the covariance of all the data."""
    mean, spread = data.mean(axis=0), data.std(axis=0)
    factor = np.linalg.cholesky(np.cov(data.T))
    shape = [math.log(factor[0, 0]), factor[1, 0], math.log(factor[1, 1])]
    return np.array([0.0, *(mean - spread / 2), *shape, *(mean + spread / 2), *shape])


def components(theta: np.ndarray) -> tuple[Component, Component]:
    """The two normals that `theta` stands for, in the order of their first mean."""
    weight = 1.0 / (1.0 + math.exp(-theta[0]))
    first, second = _component(weight, theta[1:6]), _component(1.0 - weight, theta[6:11])
    return (first, second) if first.mean[0] <= second.mean[0] else (second, first)


def _component(weight: float, p: np.ndarray) -> Component:
    factor = np.array([[math.exp(p[2]), 0.0], [p[3], math.exp(p[4])]])
    return Component(weight, p[:2].copy(), factor @ factor.T)
