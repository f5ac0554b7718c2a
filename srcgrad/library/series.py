"""Polynomials and convolutions."""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import quotes


@quotes(np.polyval)
def polyval(p, x):
    y = x * 0.0
    for k in range(len(p)):
        y = y * x + p[k]
    return y


def _full(a, v):
    n, m = a.shape[0], v.shape[0]
    out = np.zeros(n + m - 1, np.result_type(a.dtype, v.dtype))
    for i in range(n):
        for j in range(m):
            out[i + j] += a[i] * v[j]
    return out


def _part(full, n, m, mode):
    """What `mode` keeps of a full convolution of lengths n and m."""
    longest, shortest = max(n, m), min(n, m)
    if mode == "full":
        return full
    if mode == "same":
        start = (shortest - 1) // 2
        return full[start : start + longest]
    return full[shortest - 1 : longest]


@quotes(np.convolve)
def convolve(a, v, mode="full"):
    return _part(_full(a, v), a.shape[0], v.shape[0], mode)


@quotes(np.correlate)
def correlate(a, v, mode="valid"):
    n, m = a.shape[0], v.shape[0]
    full = _full(a, np.conj(v[::-1]))
    if mode == "same":
        start = (min(n, m) - 1) // 2 if n >= m else min(n, m) // 2
        return full[start : start + max(n, m)]
    return _part(full, n, m, mode)
