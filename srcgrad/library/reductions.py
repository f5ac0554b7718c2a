"""Reductions and running sums beyond those that are loops of the compiler's own."""

from __future__ import annotations

import numpy as np

from srcgrad.library.order import sort
from srcgrad.library.quoting import quotes
from srcgrad.library.shapes import moveaxis, rows_along, without_axis


@quotes(np.ptp)
def ptp(a, axis=None, *, keepdims=False):
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@quotes(np.average)
def average(a, axis=None, weights=None):
    if weights is None:
        return np.mean(a, axis=axis)
    if axis is None:
        return np.sum(a * weights) / np.sum(weights)
    if weights.ndim == a.ndim:
        return np.sum(a * weights, axis=axis) / np.sum(weights, axis=axis)
    return moveaxis(a, axis, -1) @ weights / np.sum(weights)


@quotes(np.nansum)
def nansum(a, axis=None):
    return np.sum(np.where(np.isnan(a), 0.0, a), axis=axis)


@quotes(np.nanprod)
def nanprod(a, axis=None):
    return np.prod(np.where(np.isnan(a), 1.0, a), axis=axis)


@quotes(np.nanmean)
def nanmean(a, axis=None):
    return nansum(a, axis) / np.sum(np.logical_not(np.isnan(a)), axis=axis).astype(a.dtype)


@quotes(np.nanvar)
def nanvar(a, axis=None, *, ddof=0):
    here = np.logical_not(np.isnan(a))
    count = np.sum(here, axis=axis, keepdims=True).astype(a.dtype)
    center = np.sum(np.where(here, a, 0), axis=axis, keepdims=True) / count
    total = np.sum(np.where(here, (a - center) ** 2, 0), axis=axis)
    return total / (np.sum(here, axis=axis) - ddof).astype(a.dtype)


@quotes(np.nanstd)
def nanstd(a, axis=None, *, ddof=0):
    """The derivative at 0 is 0, as that of `np.std`."""
    variance = nanvar(a, axis, ddof=ddof)
    return np.where(variance > 0, np.sqrt(np.where(variance > 0, variance, 1)), variance * 0)


@quotes(np.nanmax)
def nanmax(a, axis=None):
    return np.max(np.where(np.isnan(a), -np.inf, a), axis=axis)


@quotes(np.nanmin)
def nanmin(a, axis=None):
    return np.min(np.where(np.isnan(a), np.inf, a), axis=axis)


def cumsum(a, axis=None):
    """Of an array of several dimensions."""
    if axis is None:
        return np.cumsum(np.ravel(a))
    rows = moveaxis(a, axis, 0) * 1
    for i in range(1, rows.shape[0]):
        rows[i] += rows[i - 1]
    return moveaxis(rows, 0, axis)


def diff(a, n, axis):
    """Of an array of several dimensions, or more than once."""
    rows = moveaxis(a, axis, 0)
    for _ in range(n):
        rows = rows[1:] - rows[:-1]
    return moveaxis(rows, 0, axis)


def norm(x, ord=None, axis=None, keepdims=False):
    """Norms of vectors: of all elements, or along one axis. The derivative of the Euclidean one at 0 is infinite."""
    if ord is None or ord == 2 or ord == "fro":
        if ord == 2 and axis is None and x.ndim == 2:
            return np.max(np.linalg.svd(x, compute_uv=False))
        squares = x.real * x.real + x.imag * x.imag if np.iscomplexobj(x) else x * x
        return np.sqrt(np.sum(squares, axis=axis, keepdims=keepdims))
    if axis is None and x.ndim == 2:
        sums = np.sum(np.abs(x), axis=0 if abs(ord) == 1 else 1)
        return np.max(sums) if ord > 0 else np.min(sums)
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    return np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)


@quotes(np.cumprod, method="cumprod")
def cumprod(a, axis=None):
    if axis is None or a.ndim == 1:
        out = np.ravel(a) * 1
        for i in range(1, out.shape[0]):
            out[i] *= out[i - 1]
        return out
    rows = moveaxis(a, axis, 0) * 1
    for i in range(1, rows.shape[0]):
        rows[i] *= rows[i - 1]
    return moveaxis(rows, 0, axis)


@quotes(np.quantile)
def quantile(a, q, axis=None):
    """With linear interpolation between the two nearest order statistics."""
    if axis is not None and a.ndim > 1:
        rows = rows_along(a, axis)
        out = np.empty(rows.shape[0], rows.dtype)
        for i in range(rows.shape[0]):
            out[i] = _between(sort(rows[i]), q)
        return without_axis(out, a, axis)
    ordered = sort(np.ravel(a))
    if np.ndim(q) == 0:
        return _between(ordered, q)
    found = np.empty(len(q))
    for k in range(len(q)):
        found[k] = _between(ordered, q[k])
    return found


def _between(ordered, q):
    n = ordered.shape[0]
    if ordered[n - 1] != ordered[n - 1]:
        return ordered[n - 1] * 1.0
    place = q * (n - 1)
    below = min(int(place), max(n - 2, 0))
    above = min(below + 1, n - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


@quotes(np.percentile)
def percentile(a, q, axis=None):
    if np.ndim(q) == 0:
        return quantile(a, q / 100.0, axis)
    return quantile(a, np.asarray(q) / 100.0, axis)


@quotes(np.median)
def median(a, axis=None):
    """Of an even number of elements the mean of the two in the middle, each of which gets half the cotangent."""
    if axis is not None and a.ndim > 1:
        rows = rows_along(a, axis)
        out = np.empty(rows.shape[0], rows.dtype)
        for i in range(rows.shape[0]):
            out[i] = _median_of(rows[i])
        return without_axis(out, a, axis)
    return _median_of(np.ravel(a))


def _median_of(a):
    ordered = sort(a)
    n = ordered.shape[0]
    if ordered[n - 1] != ordered[n - 1]:
        return ordered[n - 1] * 1.0
    return 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])


@quotes(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    if y.ndim == 1:
        total = 0.0
        for i in range(1, y.shape[0]):
            width = dx if x is None else x[i] - x[i - 1]
            total += 0.5 * width * (y[i] + y[i - 1])
        return total
    rows = moveaxis(y, axis, 0)
    area = np.zeros(rows.shape[1:], y.dtype)
    for i in range(1, rows.shape[0]):
        width = dx if x is None else x[i] - x[i - 1]
        area += 0.5 * width * (rows[i] + rows[i - 1])
    return area


@quotes(np.gradient)
def gradient(f, dx=1.0):
    """Of a 1-d array: central differences inside, one-sided at the ends."""
    n = f.shape[0]
    if n < 2:
        raise ValueError("Shape of array too small to calculate a numerical gradient")
    out = np.empty(n, f.dtype)
    for i in range(1, n - 1):
        out[i] = (f[i + 1] - f[i - 1]) / (2.0 * dx)
    out[0] = (f[1] - f[0]) / dx
    out[n - 1] = (f[n - 1] - f[n - 2]) / dx
    return out


@quotes(np.cov)
def cov(m, y=None, rowvar=True, bias=False):
    given = m if rowvar or m.ndim == 1 else m.T
    if y is not None:
        other = y if rowvar or y.ndim == 1 else y.T
        given = np.concatenate((np.atleast_2d(given), np.atleast_2d(other)), axis=0)
    if given.ndim == 1:
        return np.var(given, ddof=0 if bias else 1)
    centred = given - np.mean(given, axis=1, keepdims=True)
    return centred @ centred.conj().T / (given.shape[1] - (0 if bias else 1))


@quotes(np.corrcoef)
def corrcoef(x, y=None):
    rows = x if y is None else np.stack((x, y))
    c = cov(rows)
    n = c.shape[0]
    out = np.empty((n, n), c.dtype)
    for i in range(n):
        for j in range(n):
            out[i, j] = c[i, j] / np.sqrt(c[i, i].real * c[j, j].real)
    return out
