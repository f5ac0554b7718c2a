"""Order: sorting, searching, counting."""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import quotes
from srcgrad.library.shapes import axis_of, rows_along, rows_back, without_axis


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
def argsort(a, axis=-1, kind=None):
    """Stable, which `kind` may ask for."""
    if axis is None:
        return _order(np.ravel(a))
    if a.ndim == 1:
        return _order(a)
    rows = rows_along(a, axis)
    out = np.empty(rows.shape, np.int64)
    for i in range(rows.shape[0]):
        out[i] = _order(rows[i])
    return rows_back(out, a, axis)


@quotes(np.sort)
def sort(a, axis=-1, kind=None):
    if axis is None:
        flat = np.ravel(a)
        return flat[_order(flat)]
    if a.ndim == 1:
        return a[_order(a)]
    rows = rows_along(a, axis)
    out = np.empty(rows.shape, a.dtype)
    for i in range(rows.shape[0]):
        out[i] = rows[i, _order(rows[i])]
    return rows_back(out, a, axis)


def position_kept(a, axis, position):
    """With the dimension along which the position was looked for, of length 1."""
    if axis is None:
        return np.full((1,) * a.ndim, position(np.ravel(a)))
    if a.ndim == 1:
        return np.array([position(a)])
    return np.expand_dims(position(a, axis), axis_of(axis, a.ndim))


def argmax(a, axis=None):
    """Of an array of several dimensions."""
    if axis is None:
        return np.argmax(np.ravel(a))
    rows = rows_along(a, axis)
    out = np.empty(rows.shape[0], np.int64)
    for i in range(rows.shape[0]):
        out[i] = np.argmax(rows[i])
    return without_axis(out, a, axis)


def argmin(a, axis=None):
    """Of an array of several dimensions."""
    if axis is None:
        return np.argmin(np.ravel(a))
    rows = rows_along(a, axis)
    out = np.empty(rows.shape[0], np.int64)
    for i in range(rows.shape[0]):
        out[i] = np.argmin(rows[i])
    return without_axis(out, a, axis)


def _place(a, v, right):
    """How many elements of a sorted array are less than `v` (or not greater, from the `right`)."""
    low, high = 0, a.shape[0]
    while low < high:
        middle = (low + high) // 2
        x = a[middle]
        before = x < v or (v != v and x == x) or (right and (x <= v or v != v))  # NaN comes last
        if before:
            low = middle + 1
        else:
            high = middle
    return low


@quotes(np.searchsorted, method="searchsorted")
def searchsorted(a, v, side="left"):
    if np.ndim(v) == 0:
        return _place(a, v, side == "right")
    values = np.asarray(v)
    flat = np.ravel(values)
    out = np.empty(flat.shape[0], np.int64)
    for k in range(flat.shape[0]):
        out[k] = _place(a, flat[k], side == "right")
    return np.reshape(out, values.shape)


@quotes(np.digitize)
def digitize(x, bins, right=False):
    edges = np.asarray(bins)
    n = edges.shape[0]
    if n > 1 and edges[0] > edges[n - 1]:
        return n - searchsorted(edges[::-1], x, "left" if right else "right")
    return searchsorted(edges, x, "left" if right else "right") + 0


@quotes(np.bincount)
def bincount(x, weights=None, minlength=0):
    size = minlength
    for k in range(x.shape[0]):
        if x[k] < 0:
            raise ValueError("'list' argument must have no negative elements")
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
def histogram(a, bins=10, range=None, density=None, weights=None):
    a = np.ravel(a)
    if np.ndim(bins) == 0:
        low = np.min(a) if range is None else range[0]
        high = np.max(a) if range is None else range[1]
        if low == high:
            low = low - 0.5
            high = high + 0.5
        edges = np.linspace(low, high, bins + 1)
    else:
        edges = np.asarray(bins)
    n = edges.shape[0] - 1
    found = np.zeros(n) if weights is not None else np.zeros(n, np.int64)
    scale = n / (edges[n] - edges[0])
    k = 0
    while k < a.shape[0]:
        if edges[0] <= a[k] <= edges[n]:
            place = _even_place(edges, a[k], scale) if np.ndim(bins) == 0 else _place(edges, a[k], True) - 1
            found[min(place, n - 1)] += 1 if weights is None else weights[k]
        k += 1
    if density:
        return found / np.diff(edges) / np.sum(found), edges
    return found, edges


def _even_place(edges, x, scale):
    """The bin of a number, where all bins are of one width: computed, and corrected where that was rounded away."""
    place = min(int((x - edges[0]) * scale), edges.shape[0] - 2)
    if x < edges[place]:
        return place - 1
    return place + 1 if x >= edges[place + 1] else place


@quotes(np.unique)
def unique(ar, return_index=False, return_inverse=False, return_counts=False):
    """Of all elements; NaN counts as one value."""
    flat = np.ravel(ar)
    order = _order(flat)
    n = flat.shape[0]
    first = np.empty(n, np.bool_)
    for k in range(n):
        x, before = flat[order[k]], flat[order[max(k - 1, 0)]]
        first[k] = k == 0 or not (x == before or (x != x and before != before))
    values = flat[order][first]
    if not (return_index or return_inverse or return_counts):
        return values
    out: tuple = (values,)
    if return_index:
        out = out + (order[first],)
    if return_inverse:
        inverse = np.empty(n, np.int64)
        inverse[order] = np.cumsum(first) - 1
        out = out + (np.reshape(inverse, ar.shape),)
    if return_counts:
        starts = np.append(np.nonzero(first)[0], n)
        out = out + (starts[1:] - starts[:-1],)
    return out


@quotes(np.unique_values)
def unique_values(x):
    return unique(x)


@quotes(np.union1d)
def union1d(ar1, ar2):
    return unique(np.concatenate((np.ravel(np.asarray(ar1)), np.ravel(np.asarray(ar2)))))


@quotes(np.intersect1d)
def intersect1d(ar1, ar2):
    first = unique(np.asarray(ar1))
    return first[isin(first, ar2)]


@quotes(np.setdiff1d)
def setdiff1d(ar1, ar2):
    first = unique(np.asarray(ar1))
    return first[np.logical_not(isin(first, ar2))]


@quotes(np.partition)
def partition(a, kth, axis=-1):
    """In order altogether, which is one of the orders that NumPy may give."""
    return sort(a, axis)


@quotes(np.isin)
def isin(element, test_elements):
    return np.any(np.asarray(element)[..., None] == np.ravel(np.asarray(test_elements)), axis=-1)


@quotes(np.apply_along_axis)
def apply_along_axis(func1d, axis, arr):
    """A function that gives a number, or a vector."""
    rows = rows_along(arr, axis)
    first = func1d(rows[0])
    if np.ndim(first) == 0:
        values = np.empty(rows.shape[0])
        for i in range(rows.shape[0]):
            values[i] = func1d(rows[i])
        return without_axis(values, arr, axis)
    out = np.empty((rows.shape[0], first.shape[0]))
    for i in range(rows.shape[0]):
        out[i] = func1d(rows[i])
    return rows_back(out, arr, axis)


@quotes(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    xp = np.asarray(xp)
    fp = np.asarray(fp)
    if period is not None:
        return _interp_periodic(x, xp, fp, abs(period))
    if np.ndim(x) == 0:
        return _interpolated(x, xp, fp, left, right)
    points = np.ravel(np.asarray(x))
    out = np.empty(points.shape[0], np.result_type(fp.dtype, np.float64))
    for k in range(points.shape[0]):
        out[k] = _interpolated(points[k], xp, fp, left, right)
    return np.reshape(out, np.asarray(x).shape)


def _interp_periodic(x, xp, fp, period):
    places = xp % period
    order = _order(places)
    places, values = places[order], fp[order]
    n = places.shape[0]
    around = np.concatenate((places[n - 1 :] - period, places, places[:1] + period))
    return interp(x % period, around, np.concatenate((values[n - 1 :], values, values[:1])))


def _interpolated(x, xp, fp, left, right):
    n = xp.shape[0]
    if n != fp.shape[0]:
        raise ValueError("fp and xp are not of the same length.")
    if x < xp[0]:
        return fp[0] * 1.0 if left is None else left * 1.0
    if x > xp[n - 1]:
        return fp[n - 1] * 1.0 if right is None else right * 1.0
    k = min(max(_place(xp, x, True) - 1, 0), max(n - 2, 0))
    if n == 1:
        return fp[0] * 1.0
    slope = (fp[k + 1] - fp[k]) / (xp[k + 1] - xp[k])
    return slope * (x - xp[k]) + fp[k]
