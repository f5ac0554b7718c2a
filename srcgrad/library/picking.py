"""Elements picked by index or condition, read and written."""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import quotes, refuse
from srcgrad.library.shapes import broadcast_to, moveaxis


@quotes(np.take, method="take")
def take(a, indices, axis=None, out=None, mode="raise"):
    if out is not None:
        refuse("out= of take is not compiled: copy the result")
    if mode != "raise":
        n = (a.size if axis is None else a.shape[axis]) + 0
        places = np.asarray(indices)
        return take(a, places % n if mode == "wrap" else np.minimum(np.maximum(places, 0), n - 1), axis)
    if axis is None:
        return np.ravel(a)[indices]
    return moveaxis(moveaxis(a, axis, 0)[indices], 0, axis)


@quotes(np.ix_)
def ix_(*args):
    n = len(args)
    return tuple([np.reshape(np.asarray(args[k]), (1,) * k + (-1,) + (1,) * (n - k - 1)) for k in range(n)])


def open_grid(*ranges):
    """`np.ogrid`."""
    return ranges[0] if len(ranges) == 1 else ix_(*ranges)


@quotes(np.compress)
def compress(condition, a, axis=None):
    if axis is None:
        return np.ravel(a)[np.asarray(condition)]
    return moveaxis(moveaxis(a, axis, 0)[np.asarray(condition)], 0, axis)


@quotes(method="compress")
def compress_method(a, condition, axis=None):
    return compress(condition, a, axis)


@quotes(np.extract)
def extract(condition, arr):
    return np.ravel(arr)[np.ravel(condition)]


@quotes(np.argwhere)
def argwhere(a):
    return np.stack(np.nonzero(a), axis=1)


@quotes(np.take_along_axis)
def take_along_axis(arr, indices, axis=-1):
    if axis is None:
        return np.ravel(arr)[indices]
    rows, places = np.moveaxis(arr, axis, 0), np.moveaxis(indices, axis, 0)
    shape = places.shape[:1] + rows.shape[1:]
    out = np.empty(shape, arr.dtype)
    if arr.ndim == 1:
        return arr[indices]
    if arr.ndim == 2:
        for i in range(shape[0]):
            for j in range(shape[1]):
                out[i, j] = rows[places[i, j % places.shape[1]], j]
    elif arr.ndim == 3:
        for i in range(shape[0]):
            for j in range(shape[1]):
                for k in range(shape[2]):
                    out[i, j, k] = rows[places[i, j % places.shape[1], k % places.shape[2]], j, k]
    else:
        refuse("take_along_axis is compiled for up to three dimensions")
    return np.moveaxis(out, 0, axis)


@quotes(np.put_along_axis)
def put_along_axis(arr, indices, values, axis):
    if arr.ndim != 2 or axis is None:
        refuse("put_along_axis is compiled for matrices")
    rows, places = np.moveaxis(arr, axis, 0), np.moveaxis(indices, axis, 0)
    new = np.moveaxis(broadcast_to(values, indices.shape), axis, 0) if np.ndim(values) > 0 else values
    for i in range(places.shape[0]):
        for j in range(places.shape[1]):
            rows[places[i, j], j] = values if np.ndim(values) == 0 else new[i, j]


@quotes(np.put, method="put")
def put(a, ind, v):
    """The values are repeated where there are fewer than indices."""
    if a.ndim > 2:
        refuse("np.put is compiled for up to two dimensions")
    for k in range(len(ind)):
        value = v if np.ndim(v) == 0 else v[k % len(v)]
        if a.ndim == 1:
            a[ind[k]] = value
        else:
            a[ind[k] % a.size // a.shape[1], ind[k] % a.shape[1]] = value


@quotes(np.putmask)
def putmask(a, mask, values):
    a[mask] = values[mask] if np.ndim(values) > 0 else values


@quotes(np.choose)
def choose(a, choices):
    index = np.asarray(a)
    if np.any(index < 0) or np.any(index >= len(choices)):
        raise ValueError("invalid entry in choice array")
    out = np.where(index == 0, choices[0], choices[-1])
    for k in range(1, len(choices) - 1):
        out = np.where(index == k, choices[k], out)
    return out


@quotes(np.piecewise)
def piecewise(x, condlist, funclist):
    out = np.zeros(x.shape, x.dtype)
    if len(funclist) > len(condlist):
        out = funclist[-1](x) if callable(funclist[-1]) else np.full(x.shape, funclist[-1], x.dtype)
    for condition, function in zip(condlist, funclist):
        out = np.where(condition, function(x) if callable(function) else function, out)
    return out
