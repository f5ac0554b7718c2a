"""The logarithm of a sum of a million exponentials, shifted by the largest."""

from __future__ import annotations

import math

import numpy as np

ARGNUMS = 0


def inputs(n=1_000_000):
    return (np.random.default_rng(5).normal(size=n),)


def primal(x):
    top = x[0]
    for i in range(1, x.shape[0]):
        if x[i] > top:
            top = x[i]
    total = 0.0
    for i in range(x.shape[0]):
        total += math.exp(x[i] - top)
    return top + math.log(total)


def handwritten(x):
    """The exponentials are computed once, into the gradient; what goes through `top` cancels."""
    n = x.shape[0]
    bar = np.empty(n)
    top = x[0]
    for i in range(1, n):
        if x[i] > top:
            top = x[i]
    total = 0.0
    for i in range(n):
        bar[i] = math.exp(x[i] - top)
        total += bar[i]
    scale = 1.0 / total
    for i in range(n):
        bar[i] *= scale
    return bar
