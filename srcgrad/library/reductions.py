"""Reductions and running sums beyond those that are loops of the compiler's own."""

from __future__ import annotations

import numpy as np

from srcgrad.library.order import sort
from srcgrad.library.quoting import quotes
from srcgrad.library.shapes import moveaxis


@quotes(np.ptp)
def ptp(a, axis=None, keepdims=False):
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
    return nansum(a, axis) / np.sum(np.logical_not(np.isnan(a)), axis=axis)


@quotes(np.nanvar)
def nanvar(a, ddof=0):
    here = np.logical_not(np.isnan(a))
    center = nanmean(a)
    return np.sum(np.where(here, (a - center) ** 2, 0.0)) / (np.sum(here) - ddof)


@quotes(np.nanstd)
def nanstd(a, ddof=0):
    return np.sqrt(nanvar(a, ddof))


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
    if axis is not None and a.ndim == 2:
        rows = moveaxis(a, axis, 1)
        out = np.empty(rows.shape[0])
        for i in range(rows.shape[0]):
            out[i] = _quantile_of(rows[i], q)
        return out
    if np.ndim(q) == 0:
        return _quantile_of(np.ravel(a), q)
    found = np.empty(len(q))
    ordered = sort(np.ravel(a))
    for k in range(len(q)):
        found[k] = _between(ordered, q[k])
    return found


def _quantile_of(a, q):
    return _between(sort(a), q)


def _between(ordered, q):
    place = q * (ordered.shape[0] - 1)
    below = min(int(place), max(ordered.shape[0] - 2, 0))
    above = min(below + 1, ordered.shape[0] - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


@quotes(np.percentile)
def percentile(a, q, axis=None):
    if np.ndim(q) == 0:
        return quantile(a, q / 100.0, axis)
    return quantile(a, np.asarray(q) / 100.0, axis)


@quotes(np.median)
def median(a, axis=None):
    """Of an even number of elements the mean of the two in the middle, each of which gets half the cotangent."""
    if axis is not None and a.ndim == 2:
        rows = moveaxis(a, axis, 1)
        out = np.empty(rows.shape[0])
        for i in range(rows.shape[0]):
            out[i] = _median_of(rows[i])
        return out
    return _median_of(np.ravel(a))


def _median_of(a):
    ordered = sort(a)
    n = ordered.shape[0]
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
    area = np.zeros(rows.shape[1:])
    for i in range(1, rows.shape[0]):
        width = dx if x is None else x[i] - x[i - 1]
        area += 0.5 * width * (rows[i] + rows[i - 1])
    return area


@quotes(np.gradient)
def gradient(f, dx=1.0):
    """Of a 1-d array: central differences inside, one-sided at the ends."""
    n = f.shape[0]
    out = np.empty(n)
    for i in range(1, n - 1):
        out[i] = (f[i + 1] - f[i - 1]) / (2.0 * dx)
    out[0] = (f[1] - f[0]) / dx
    out[n - 1] = (f[n - 1] - f[n - 2]) / dx
    return out


@quotes(np.cov)
def cov(m, rowvar=True, bias=False):
    rows = m if rowvar else m.T
    if rows.ndim == 1:
        return np.var(rows, ddof=0 if bias else 1)
    centred = rows - np.mean(rows, axis=1, keepdims=True)
    return centred @ centred.T / (rows.shape[1] - (0 if bias else 1))


@quotes(np.corrcoef)
def corrcoef(x, y=None):
    rows = x if y is None else np.stack((x, y))
    c = cov(rows)
    n = c.shape[0]
    out = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            out[i, j] = c[i, j] / np.sqrt(c[i, i] * c[j, j])
    return out
