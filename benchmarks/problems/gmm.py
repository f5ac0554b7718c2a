"""Gaussian mixture log likelihood with a Wishart prior (ADBench's and GradBench's problem), n=1000, d=10, k=25.

A component's inverse covariance is Q^T Q with Q lower triangular; `icf` holds the logarithms of Q's diagonal and
then its part below the diagonal, column by column.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

ARGNUMS = (0, 1, 2)


def inputs(n=1000, d=10, k=25):
    rng = np.random.default_rng(1)
    alphas = rng.normal(size=k)
    means = rng.uniform(size=(k, d))
    icf = rng.normal(size=(k, d + d * (d - 1) // 2))
    x = rng.normal(size=(n, d))
    return alphas, means, icf, x, 1.0, 0


@njit
def log_sum_exp(x):
    top = x[0]
    for i in range(1, x.shape[0]):
        if x[i] > top:
            top = x[i]
    total = 0.0
    for i in range(x.shape[0]):
        total += math.exp(x[i] - top)
    return top + math.log(total)


@njit
def log_gamma_distribution(a, p):
    result = 0.25 * p * (p - 1) * math.log(math.pi)
    for j in range(1, p + 1):
        result += math.lgamma(a + 0.5 * (1 - j))
    return result


@njit
def log_wishart_prior(d, gamma, m, sum_qs, q_diagonal, icf):
    n = d + m + 1
    constant = n * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma_distribution(0.5 * n, d)
    result = 0.0
    for k in range(icf.shape[0]):
        frobenius = 0.0
        for i in range(d):
            frobenius += q_diagonal[k, i] * q_diagonal[k, i]
        for i in range(d, icf.shape[1]):
            frobenius += icf[k, i] * icf[k, i]
        result += 0.5 * gamma * gamma * frobenius - m * sum_qs[k]
    return result - icf.shape[0] * constant


@njit
def multiply_lower(q_diagonal, lower, x, out):
    """out = Q x, where Q has the diagonal `q_diagonal` and `lower` below it, column by column."""
    d = x.shape[0]
    for i in range(d):
        out[i] = q_diagonal[i] * x[i]
    at = d
    for i in range(d):
        for j in range(i + 1, d):
            out[j] += lower[at] * x[i]
            at += 1


def primal(alphas, means, icf, x, gamma, m):
    k, d = means.shape
    n = x.shape[0]
    sum_qs = np.zeros(k)
    q_diagonal = np.empty((k, d))
    for c in range(k):
        for i in range(d):
            sum_qs[c] += icf[c, i]
            q_diagonal[c, i] = math.exp(icf[c, i])
    centred = np.empty(d)
    scaled = np.empty(d)
    terms = np.empty(k)
    slse = 0.0
    for point in range(n):
        for c in range(k):
            for i in range(d):
                centred[i] = x[point, i] - means[c, i]
            multiply_lower(q_diagonal[c], icf[c], centred, scaled)
            square = 0.0
            for i in range(d):
                square += scaled[i] * scaled[i]
            terms[c] = alphas[c] + sum_qs[c] - 0.5 * square
        slse += log_sum_exp(terms)
    constant = -n * d * 0.5 * math.log(2.0 * math.pi)
    prior = log_wishart_prior(d, gamma, m, sum_qs, q_diagonal, icf)
    return constant + slse - n * log_sum_exp(alphas) + prior


def handwritten(alphas, means, icf, x, gamma, m):
    """Per point: all components forward (keeping Q(x - mean), k*d numbers), then all of them backward."""
    k, d = means.shape
    n = x.shape[0]
    sum_qs = np.zeros(k)
    q_diagonal = np.empty((k, d))
    for c in range(k):
        for i in range(d):
            sum_qs[c] += icf[c, i]
            q_diagonal[c, i] = math.exp(icf[c, i])
    alphas_bar = np.zeros(k)
    means_bar = np.zeros((k, d))
    icf_bar = np.zeros((k, icf.shape[1]))
    centred = np.empty((k, d))
    scaled = np.empty((k, d))
    terms = np.empty(k)
    for point in range(n):
        top = -math.inf
        for c in range(k):
            row, out = centred[c], scaled[c]
            for i in range(d):
                row[i] = x[point, i] - means[c, i]
                out[i] = q_diagonal[c, i] * row[i]
            at = d
            for i in range(d):
                for j in range(i + 1, d):
                    out[j] += icf[c, at] * row[i]
                    at += 1
            square = 0.0
            for i in range(d):
                square += out[i] * out[i]
            terms[c] = alphas[c] + sum_qs[c] - 0.5 * square
            top = max(top, terms[c])
        total = 0.0
        for c in range(k):
            terms[c] = math.exp(terms[c] - top)
            total += terms[c]
        for c in range(k):
            share = terms[c] / total
            row, out = centred[c], scaled[c]
            alphas_bar[c] += share
            at = d
            for i in range(d):
                out[i] *= share
            for i in range(d):
                row_bar = q_diagonal[c, i] * out[i]
                for j in range(i + 1, d):
                    icf_bar[c, at] -= out[j] * row[i]
                    row_bar += icf[c, at] * out[j]
                    at += 1
                icf_bar[c, i] -= out[i] * row[i]  # the diagonal's, still to be multiplied by q
                means_bar[c, i] += row_bar
    top = alphas.max()
    total = 0.0
    for c in range(k):
        total += math.exp(alphas[c] - top)
    for c in range(k):
        for i in range(d):
            diagonal_bar = icf_bar[c, i] + gamma * gamma * q_diagonal[c, i]
            icf_bar[c, i] = alphas_bar[c] - m + q_diagonal[c, i] * diagonal_bar
        for i in range(d, icf.shape[1]):
            icf_bar[c, i] += gamma * gamma * icf[c, i]
        alphas_bar[c] -= n * math.exp(alphas[c] - top) / total
    return alphas_bar, means_bar, icf_bar
