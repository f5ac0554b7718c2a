"""Log likelihood of a mixture of normals with a Wishart prior.

The inverse covariance of a component is Q^T Q, where Q has exp(q) on its diagonal and below it `lower`, column by
column."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.gradbench.function import Function
from srcgrad import differentiable, grad


def log_sum_exp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def factor(q, lower):
    """Q of one component."""
    d = q.shape[0]
    result = np.zeros((d, d))
    at = 0
    for j in range(d):
        result[j, j] = math.exp(q[j])
        for i in range(j + 1, d):
            result[i, j] = lower[at]
            at += 1
    return result


def log_gamma_distribution(a, p):
    result = 0.25 * p * (p - 1) * math.log(math.pi)
    for j in range(1, p + 1):
        result += math.lgamma(a + 0.5 * (1 - j))
    return result


def log_wishart_prior(d, gamma, m, q, lower):
    n = d + m + 1
    constant = n * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma_distribution(0.5 * n, d)
    frobenius = np.sum(np.exp(q) ** 2) + np.sum(lower**2)
    return q.shape[0] * constant - 0.5 * gamma * gamma * frobenius + m * np.sum(q)


def log_posterior(alpha, mu, q, lower, x, gamma, m):
    k, d = mu.shape
    n = x.shape[0]
    terms = np.empty((n, k))
    for c in range(k):
        scaled = (x - mu[c]) @ factor(q[c], lower[c]).T
        terms[:, c] = alpha[c] + np.sum(q[c]) - 0.5 * np.sum(scaled * scaled, axis=1)
    total = 0.0
    for i in range(n):
        total += log_sum_exp(terms[i])
    constant = -n * d * 0.5 * math.log(2.0 * math.pi)
    return constant + total - n * log_sum_exp(alpha) + log_wishart_prior(d, gamma, m, q, lower)


def _prepare(sent: Any) -> tuple:
    arrays = [np.array(sent[name], dtype=np.float64) for name in ("alpha", "mu", "q", "l", "x")]
    return (*arrays, float(sent["gamma"]), int(sent["m"]))


def _present(gradient: tuple[np.ndarray, ...]) -> dict[str, list]:
    return {name: part.tolist() for name, part in zip(("alpha", "mu", "q", "l"), gradient)}


FUNCTIONS = {
    "objective": Function(_prepare, differentiable(log_posterior, fastmath=True), float),
    "jacobian": Function(_prepare, grad(log_posterior, argnums=(0, 1, 2, 3), fastmath=True), _present),
}
