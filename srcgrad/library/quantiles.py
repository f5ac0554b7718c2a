"""Quantiles and medians: order statistics, and what lies between two of them."""

from __future__ import annotations

import numpy as np

from srcgrad.library.order import sort
from srcgrad.library.quoting import quotes, refuse
from srcgrad.library.shapes import axis_of, rows_along, without_axis


@quotes(np.quantile)
def quantile(a, q, axis=None, *, method="linear", keepdims=False):
    """Between two order statistics as `method` says: NumPy's names (Hyndman and Fan, "Sample quantiles in statistical
    packages", The American Statistician 50, 1996)."""
    if isinstance(axis, tuple | list):
        found = quantile(_last_axes(a, axis), q, -1, method=method)
        return np.expand_dims(found, tuple([axis_of(k, a.ndim) for k in axis])) if keepdims else found
    if keepdims:
        found = _quantiles(a, q, axis, method)
        return np.full((1,) * a.ndim, found) if axis is None else np.expand_dims(found, axis_of(axis, a.ndim))
    if axis is not None and np.ndim(q) > 0:
        return np.stack([_quantiles(a, q[k], axis, method) for k in range(len(q))])
    return _quantiles(a, q, axis, method)


def _last_axes(a, axis):
    """The array whose last axis runs over all of `axis`."""
    places = tuple([axis_of(k, a.ndim) for k in axis])
    rest = [k for k in range(a.ndim) if k not in places]
    moved = np.transpose(a, tuple(rest + list(places)))
    return np.reshape(moved, moved.shape[: len(rest)] + (-1,))


def _quantiles(a, q, axis, method):
    if axis is not None and a.ndim > 1:
        rows = rows_along(a, axis)
        out = np.empty(rows.shape[0], rows.dtype)
        for i in range(rows.shape[0]):
            out[i] = _between(sort(rows[i]), q, method)
        return without_axis(out, a, axis)
    ordered = sort(np.ravel(a))
    if np.ndim(q) == 0:
        return _between(ordered, q, method)
    found = np.empty(len(q))
    for k in range(len(q)):
        found[k] = _between(ordered, q[k], method)
    return found


def _between(ordered, q, method):
    n = ordered.shape[0]
    if not 0.0 <= q <= 1.0:
        raise ValueError("Quantiles must be in the range [0, 1]")
    if n == 0:
        return np.nan
    if ordered[n - 1] != ordered[n - 1]:
        return ordered[n - 1] * 1.0
    place = min(max(_place(q, n, method), 0.0), n - 1.0)
    below = min(int(place), max(n - 2, 0))
    above = min(below + 1, n - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _place(q, n, method):
    """The quantile's place among n order statistics, which may lie between two."""
    if method == "linear":
        return q * (n - 1)
    if method == "lower":
        return np.floor(q * (n - 1))
    if method == "higher":
        return np.ceil(q * (n - 1))
    if method == "midpoint":
        return 0.5 * (np.floor(q * (n - 1)) + np.ceil(q * (n - 1)))
    if method == "nearest":
        return np.rint(q * (n - 1))
    if method == "inverted_cdf":
        return np.ceil(n * q - 1.0)
    if method == "averaged_inverted_cdf":
        return 0.5 * (np.ceil(n * q - 1.0) + np.floor(n * q))
    if method == "closest_observation":
        return _closest(n * q - 1.5)
    if method == "interpolated_inverted_cdf":
        return n * q - 1.0
    if method == "hazen":
        return n * q - 0.5
    if method == "weibull":
        return (n + 1) * q - 1.0
    if method == "median_unbiased":
        return n * q + (1.0 + q) / 3.0 - 1.0
    if method == "normal_unbiased":
        return n * q + 0.375 + 0.25 * q - 1.0
    refuse("there is no such method of quantiles")
    return 0.0


def _closest(place):
    below = np.floor(place)
    return below if place == below and below % 2.0 == 1.0 else below + 1.0


@quotes(np.percentile)
def percentile(a, q, axis=None, *, method="linear", keepdims=False):
    if np.ndim(q) == 0:
        return quantile(a, q / 100.0, axis, method=method, keepdims=keepdims)
    if axis is not None:
        return np.stack([quantile(a, q[k] / 100.0, axis, method=method) for k in range(len(q))])
    return quantile(a, np.asarray(q) / 100.0, method=method)


@quotes(np.nanquantile)
def nanquantile(a, q):
    """Of all elements that are not NaN."""
    flat = np.ravel(a)
    return quantile(flat[np.logical_not(np.isnan(flat))], q)


@quotes(np.nanpercentile)
def nanpercentile(a, q):
    flat = np.ravel(a)
    return percentile(flat[np.logical_not(np.isnan(flat))], q)


@quotes(np.median)
def median(a, axis=None, *, keepdims=False):
    """Of an even number of elements the mean of the two in the middle, each of which gets half the cotangent."""
    if isinstance(axis, tuple | list):
        found = _medians(_last_axes(a, axis), -1)
        return np.expand_dims(found, tuple([axis_of(k, a.ndim) for k in axis])) if keepdims else found
    found = _medians(a, axis)
    if not keepdims:
        return found
    return np.full((1,) * a.ndim, found) if axis is None else np.expand_dims(found, axis_of(axis, a.ndim))


@quotes(np.nanmedian)
def nanmedian(a):
    """Of all elements that are not NaN."""
    flat = np.ravel(a)
    return _median_of(flat[np.logical_not(np.isnan(flat))])


def _medians(a, axis):
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
    if n == 0:
        return np.nan
    if ordered[n - 1] != ordered[n - 1]:
        return ordered[n - 1] * 1.0
    return 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])
