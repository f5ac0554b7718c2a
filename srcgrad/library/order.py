"""Order: sorting, searching, counting."""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import quotes


def _order(a):
    """The indices that sort a 1-d array, NaN last: a stable merge sort, bottom up."""
    n = a.shape[0]
    order = np.empty(n, np.int64)
    other = np.empty(n, np.int64)
    for i in range(n):
        order[i] = i
    width = 1
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            i, j = low, middle
            for k in range(low, high):
                left = j >= high
                if i < middle and j < high:
                    x, y = a[order[i]], a[order[j]]
                    left = x <= y or y != y
                if left:
                    other[k] = order[i]
                    i += 1
                else:
                    other[k] = order[j]
                    j += 1
        for k in range(n):
            order[k] = other[k]
        width *= 2
    return order


@quotes(np.argsort, method="argsort")
def argsort(a, axis=-1):
    if a.ndim == 1:
        return _order(a)
    out = np.empty(a.shape, np.int64)
    if axis == 0:
        for j in range(a.shape[1]):
            out[:, j] = _order(a[:, j])
    else:
        for i in range(a.shape[0]):
            out[i] = _order(a[i])
    return out


@quotes(np.sort)
def sort(a, axis=-1):
    if a.ndim == 1:
        return a[_order(a)]
    out = np.empty(a.shape, a.dtype)
    if axis == 0:
        for j in range(a.shape[1]):
            out[:, j] = a[_order(a[:, j]), j]
    else:
        for i in range(a.shape[0]):
            out[i] = a[i, _order(a[i])]
    return out


def _place(a, v, right):
    """How many elements of a sorted array are less than `v` (or not greater, from the `right`)."""
    low, high = 0, a.shape[0]
    while low < high:
        middle = (low + high) // 2
        if a[middle] < v or (right and a[middle] <= v):
            low = middle + 1
        else:
            high = middle
    return low


@quotes(np.searchsorted, method="searchsorted")
def searchsorted(a, v, side="left"):
    if np.ndim(v) == 0:
        return _place(a, v, side == "right")
    values = np.asarray(v)
    out = np.empty(values.shape[0], np.int64)
    for k in range(values.shape[0]):
        out[k] = _place(a, values[k], side == "right")
    return out


@quotes(np.digitize)
def digitize(x, bins, right=False):
    return searchsorted(bins, x, "left" if right else "right")


@quotes(np.bincount)
def bincount(x, weights=None, minlength=0):
    size = minlength
    for k in range(x.shape[0]):
        size = max(size, x[k] + 1)
    if weights is None:
        count = np.zeros(size, np.int64)
        for k in range(x.shape[0]):
            count[x[k]] += 1
        return count
    total = np.zeros(size)
    for k in range(x.shape[0]):
        total[x[k]] += weights[k]
    return total


@quotes(np.histogram)
def histogram(a, bins=10, range=None, weights=None):
    if np.ndim(bins) == 0:
        low = np.min(a) if range is None else range[0]
        high = np.max(a) if range is None else range[1]
        edges = np.linspace(low, high, bins + 1)
    else:
        edges = np.asarray(bins)
    n = edges.shape[0] - 1
    found = np.zeros(n) if weights is not None else np.zeros(n, np.int64)
    k = 0
    while k < a.shape[0]:
        place = _place(edges, a[k], True) - 1
        if a[k] == edges[n]:
            place = n - 1
        if 0 <= place < n:
            found[place] += 1 if weights is None else weights[k]
        k += 1
    return found, edges


@quotes(np.unique)
def unique(ar):
    ordered = sort(np.ravel(ar))
    first = np.empty(ordered.shape[0], np.bool_)
    for k in range(ordered.shape[0]):
        first[k] = k == 0 or ordered[k] != ordered[k - 1]
    return ordered[first]


@quotes(np.interp)
def interp(x, xp, fp, left=None, right=None):
    if np.ndim(x) == 0:
        return _interpolated(x, xp, fp, left, right)
    points = np.asarray(x)
    out = np.empty(points.shape[0])
    for k in range(points.shape[0]):
        out[k] = _interpolated(points[k], xp, fp, left, right)
    return out


def _interpolated(x, xp, fp, left, right):
    n = xp.shape[0]
    if x < xp[0]:
        return fp[0] * 1.0 if left is None else left * 1.0
    if x > xp[n - 1]:
        return fp[n - 1] * 1.0 if right is None else right * 1.0
    k = min(max(_place(xp, x, True) - 1, 0), max(n - 2, 0))
    if n == 1:
        return fp[0] * 1.0
    slope = (fp[k + 1] - fp[k]) / (xp[k + 1] - xp[k])
    return slope * (x - xp[k]) + fp[k]
