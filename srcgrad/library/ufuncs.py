"""The methods of ufuncs: `np.add.reduce`, `np.maximum.accumulate`, `np.multiply.outer`, `np.add.at`."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.library.quoting import quotes, refuse

_REDUCTIONS: tuple[tuple[Any, Any], ...] = (
    (np.add, np.sum), (np.multiply, np.prod), (np.maximum, np.max), (np.minimum, np.min),
    (np.logical_and, np.all), (np.logical_or, np.any),
)  # fmt: skip
_BINARY: tuple[Any, ...] = (
    np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.hypot, np.arctan2, np.logaddexp,
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal,
)  # fmt: skip
_RUNNING: tuple[Any, ...] = (np.add, np.multiply, np.maximum, np.minimum)
_IN_PLACE: tuple[Any, ...] = (np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum)


def _reduce_of(whole):
    def reduce(array, axis=0, *, keepdims=False):
        return whole(array, axis=axis, keepdims=keepdims)

    return reduce


def _accumulate_of(ufunc):
    def accumulate(array, axis=0):
        rows = np.moveaxis(array, axis, 0) * 1
        for i in range(1, rows.shape[0]):
            rows[i] = ufunc(rows[i - 1], rows[i])
        return np.moveaxis(rows, 0, axis)

    return accumulate


def _outer_of(ufunc):
    def outer(A, B):
        a, b = np.asarray(A), np.asarray(B)
        return ufunc(np.reshape(a, a.shape + (1,) * b.ndim), b)

    return outer


def _at_of(ufunc):
    def at(a, indices, b):
        if isinstance(indices, tuple):
            if a.ndim != 2 or len(indices) != 2:
                refuse("ufunc.at with a tuple of indices is compiled for matrices")
            rows, columns = np.ravel(np.asarray(indices[0])), np.ravel(np.asarray(indices[1]))
            for k in range(rows.shape[0]):
                a[rows[k], columns[k]] = ufunc(a[rows[k], columns[k]], _value(b, 1, k, rows.shape[0]))
        else:
            places = _places(indices)
            for k in range(places.shape[0]):
                a[places[k]] = ufunc(a[places[k]], _value(b, a.ndim, k, places.shape[0]))

    return at


def _places(indices):
    """Where the elements of the first dimension are, by number."""
    places = np.asarray(indices)
    if places.ndim != 1:
        refuse("ufunc.at is compiled for a list of indices, or a tuple of two")
    return np.nonzero(places)[0] if places.dtype == np.bool_ else places


def _value(b, ndim, k, count):
    """What is combined with the k-th element: `b` is one value, one for all, or one for each."""
    if np.ndim(b) == 0:
        return b
    values = np.asarray(b)
    if values.ndim < ndim:
        return values
    if values.shape[0] != 1 and values.shape[0] != count:
        raise ValueError("shape mismatch: the values do not fit the indices")
    return values[k % values.shape[0]]


for _ufunc, _whole in _REDUCTIONS:
    quotes(_ufunc.reduce)(_reduce_of(_whole))
for _ufunc in _RUNNING:
    quotes(_ufunc.accumulate)(_accumulate_of(_ufunc))
for _ufunc in _BINARY:
    quotes(_ufunc.outer)(_outer_of(_ufunc))
for _ufunc in _IN_PLACE:
    quotes(_ufunc.at)(_at_of(_ufunc))
