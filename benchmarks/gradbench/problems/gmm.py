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


def multiply_lower(diagonal, below, x, out):
    d = x.shape[0]
    for i in range(d):
        out[i] = diagonal[i] * x[i]
    at = 0
    for i in range(d):
        for j in range(i + 1, d):
            out[j] += below[at] * x[i]
            at += 1


def log_gamma_distribution(a, p):
    result = 0.25 * p * (p - 1) * math.log(math.pi)
    for j in range(1, p + 1):
        result += math.lgamma(a + 0.5 * (1 - j))
    return result


def log_wishart_prior(d, gamma, m, sums, diagonals, lower):
    n = d + m + 1
    constant = n * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma_distribution(0.5 * n, d)
    frobenius = np.sum(diagonals**2) + np.sum(lower**2)
    return diagonals.shape[0] * constant - 0.5 * gamma * gamma * frobenius + m * np.sum(sums)


def log_posterior(alpha, mu, q, lower, x, gamma, m):
    k, d = mu.shape
    n = x.shape[0]
    diagonals = np.exp(q)
    sums = np.sum(q, axis=1)
    centred = np.empty(d)
    scaled = np.empty(d)
    terms = np.empty(k)
    total = 0.0
    for i in range(n):
        for c in range(k):
            for j in range(d):
                centred[j] = x[i, j] - mu[c, j]
            multiply_lower(diagonals[c], lower[c], centred, scaled)
            square = 0.0
            for j in range(d):
                square += scaled[j] * scaled[j]
            terms[c] = alpha[c] + sums[c] - 0.5 * square
        total += log_sum_exp(terms)
    constant = -n * d * 0.5 * math.log(2.0 * math.pi)
    return constant + total - n * log_sum_exp(alpha) + log_wishart_prior(d, gamma, m, sums, diagonals, lower)


def _prepare(sent: Any) -> tuple:
    arrays = [np.array(sent[name], dtype=np.float64) for name in ("alpha", "mu", "q", "l", "x")]
    return (*arrays, float(sent["gamma"]), int(sent["m"]))


def _present(gradient: tuple[np.ndarray, ...]) -> dict[str, list]:
    return {name: part.tolist() for name, part in zip(("alpha", "mu", "q", "l"), gradient)}


FUNCTIONS = {
    "objective": Function(_prepare, differentiable(log_posterior), float),
    "jacobian": Function(_prepare, grad(log_posterior, argnums=(0, 1, 2, 3)), _present),
}
