"""Polynomials, convolutions, series of numbers."""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import quotes, refuse


@quotes(np.polyval)
def polyval(p, x):
    y = x * 0.0
    for k in range(len(p)):
        y = y * x + p[k]
    return y


@quotes(np.polyder)
def polyder(p, m=1):
    out = np.asarray(p)
    for _ in range(m):
        out = out[:-1] * np.arange(out.shape[0] - 1, 0, -1)
    return out


@quotes(np.polyint)
def polyint(p):
    a = np.asarray(p)
    return np.concatenate((a / np.arange(a.shape[0], 0, -1), np.zeros(1)))


@quotes(np.polyadd)
def polyadd(a1, a2):
    a, b = np.asarray(a1), np.asarray(a2)
    out = np.zeros(max(a.shape[0], b.shape[0]), np.result_type(a.dtype, b.dtype))
    out[out.shape[0] - a.shape[0] :] += a
    out[out.shape[0] - b.shape[0] :] += b
    return out


@quotes(np.polysub)
def polysub(a1, a2):
    return polyadd(a1, -np.asarray(a2))


@quotes(np.polymul)
def polymul(a1, a2):
    return _full(np.asarray(a1), np.asarray(a2))


def spaced(start, stop, num, endpoint, retstep, dtype, axis):
    """`np.linspace` beyond real numbers: of arrays and complex numbers, with its distance, in another dtype."""
    if np.ndim(start) == 0 and np.ndim(stop) == 0 and not (np.iscomplexobj(start) or np.iscomplexobj(stop)):
        values = np.linspace(start, stop, num, endpoint)
    else:
        values = np.moveaxis(_spaced(start, stop, num, endpoint), 0, axis)
    if dtype is not None:
        values = (np.floor(values) if np.issubdtype(dtype, np.integer) else values).astype(dtype)
    if retstep:
        parts = num - 1 if endpoint else num
        return values, (stop - start) / parts if parts > 0 else (stop - start) * np.nan
    return values


def _spaced(start, stop, num, endpoint):
    first, last = np.asarray(start) * 1.0, np.asarray(stop) * 1.0
    parts = max(num - 1 if endpoint else num, 1)
    step = (last - first) / parts
    out = np.empty((num,) + step.shape, step.dtype)
    for k in range(num):
        out[k] = first + k * step
    if endpoint and num > 1:
        out[num - 1] = last
    return out


@quotes(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0):
    return base ** np.linspace(start, stop, num, endpoint=endpoint)


@quotes(np.geomspace)
def geomspace(start, stop, num=50, endpoint=True):
    return start * (stop / start) ** np.linspace(0.0, 1.0, num, endpoint=endpoint)


@quotes(np.unwrap)
def unwrap(p, discont=None, *, period=6.283185307179586):
    """Of a vector."""
    if p.ndim != 1:
        refuse("np.unwrap is compiled for vectors")
    half = period / 2.0
    step = np.diff(p)
    short = np.mod(step + half, period) - half
    short = np.where((short == -half) & (step > 0.0), half, short)
    least = half if discont is None else max(discont, half)
    out = p * 1.0
    out[1:] += np.cumsum(np.where(np.abs(step) < least, 0.0, short - step))
    return out


def _full(a, v):
    n, m = a.shape[0], v.shape[0]
    if n == 0 or m == 0:
        raise ValueError("an array to convolve cannot be empty")
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
