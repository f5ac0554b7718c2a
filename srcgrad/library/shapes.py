"""Shapes: dimensions added, moved and repeated; arrays put together and taken apart; triangles and diagonals."""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import quotes, refuse


def axis_of(axis, ndim):
    """An axis counted from the front."""
    if not -ndim <= axis < ndim:
        refuse("the axis is not one of the array: give one of its dimensions")
    return axis % ndim


@quotes(np.atleast_1d)
def atleast_1d(x):
    if np.ndim(x) == 0:
        return np.array([x])
    return np.asarray(x)


@quotes(np.atleast_2d)
def atleast_2d(x):
    if np.ndim(x) == 0:
        return np.array([[x]])
    a = np.asarray(x)
    if a.ndim == 1:
        return a[None, :]
    return a


@quotes(np.atleast_3d)
def atleast_3d(x):
    a = atleast_2d(x)
    if np.ndim(x) == 1:
        return a[:, :, None]
    if a.ndim == 2:
        return a[:, :, None]
    return a


@quotes(np.expand_dims)
def expand_dims(a, axis):
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    rank = a.ndim + len(axes)
    places = [axis_of(k, rank) for k in axes]
    old = [k for k in range(rank) if k not in places]
    return np.reshape(a, tuple([1 if k in places else a.shape[_first(old, k)] for k in range(rank)]))


def _first(items, wanted):
    """Where in a list something stands first."""
    found = [i for i in range(len(items)) if items[i] == wanted]
    return found[0]


@quotes(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x):
    return swapaxes(x, -1, -2)


@quotes(np.rollaxis)
def rollaxis(a, axis, start=0):
    source = axis_of(axis, a.ndim)
    place = start + a.ndim if start < 0 else start
    return moveaxis(a, source, place - 1 if source < place else place)


@quotes(np.broadcast_arrays)
def broadcast_arrays(*args):
    total = args[0]
    for a in args[1:]:
        total = total + a
    return tuple([broadcast_to(a, total.shape) for a in args])


@quotes(np.swapaxes, method="swapaxes")
def swapaxes(a, axis1, axis2):
    first, second = axis_of(axis1, a.ndim), axis_of(axis2, a.ndim)
    return np.transpose(a, tuple([second if k == first else first if k == second else k for k in range(a.ndim)]))


@quotes(np.moveaxis)
def moveaxis(a, source, destination):
    if isinstance(source, int):
        order = [k for k in range(a.ndim) if k != axis_of(source, a.ndim)]
        order.insert(axis_of(destination, a.ndim), axis_of(source, a.ndim))
        return np.transpose(a, tuple(order))
    sources = [axis_of(k, a.ndim) for k in source]
    places = [axis_of(k, a.ndim) for k in destination]
    rest = [k for k in range(a.ndim) if k not in sources]
    free = [k for k in range(a.ndim) if k not in places]
    axes = [_paired(places, sources, k) if k in places else _paired(free, rest, k) for k in range(a.ndim)]
    return np.transpose(a, tuple(axes))


def _paired(keys, values, key):
    """What stands in `values` where `key` does in `keys`."""
    found = [values[i] for i in range(len(keys)) if keys[i] == key]
    return found[0]


@quotes(np.broadcast_to)
def broadcast_to(array, shape):
    out = np.empty(shape, array.dtype)
    out[...] = array
    return out


@quotes(np.tile)
def tile(A, reps):
    a = np.asarray(A)
    given = tuple(reps) if isinstance(reps, tuple | list) else (reps,)
    counts = (1,) * (a.ndim - len(given)) + given
    out = np.reshape(a, (1,) * (len(counts) - a.ndim) + a.shape)
    for axis, count in enumerate(counts):
        out = np.take(out, np.arange(out.shape[axis] * count) % max(out.shape[axis], 1), axis)
    return out


@quotes(np.repeat, method="repeat")
def repeat(a, repeats, axis=None):
    if np.ndim(repeats) > 0:
        return _repeated(np.ravel(a) if axis is None else a, np.asarray(repeats), 0 if axis is None else axis)
    if axis is None:
        flat = np.ravel(a)
        out = np.empty(flat.shape[0] * repeats, flat.dtype)
        for i in range(flat.shape[0]):
            for k in range(repeats):
                out[i * repeats + k] = flat[i]
        return out
    moved = moveaxis(a, axis, 0)
    rows = np.empty((moved.shape[0] * repeats,) + moved.shape[1:], a.dtype)
    for i in range(moved.shape[0]):
        for k in range(repeats):
            rows[i * repeats + k] = moved[i]
    return moveaxis(rows, 0, axis)


def _repeated(a, counts, axis):
    """Each row as often as its count says."""
    rows = moveaxis(a, axis, 0)
    out = np.empty((np.sum(counts),) + rows.shape[1:], a.dtype)
    place = 0
    for i in range(rows.shape[0]):
        for _ in range(counts[i % counts.shape[0]]):
            out[place] = rows[i]
            place += 1
    return moveaxis(out, 0, axis)


@quotes(np.fliplr)
def fliplr(m):
    return m[:, ::-1]


@quotes(np.flipud)
def flipud(m):
    return m[::-1]


@quotes(np.rot90)
def rot90(m, k=1, axes=(0, 1)):
    a = np.moveaxis(m, axes, (0, 1))
    turns = k % 4
    if turns == 1:
        a = swapaxes(a, 0, 1)[::-1]
    elif turns == 2:
        a = a[::-1, ::-1]
    elif turns == 3:
        a = swapaxes(a, 0, 1)[:, ::-1]
    return np.moveaxis(a, (0, 1), axes)


@quotes(np.meshgrid)
def meshgrid(*xi, indexing="xy"):
    rank = len(xi)
    places = [1 - k if k < 2 and rank > 1 and indexing == "xy" else k for k in range(rank)]
    shape = tuple([xi[places[k]].shape[0] for k in range(rank)])
    return tuple([_spread(xi[k], shape, places[k]) for k in range(rank)])


def grid(*ranges):
    """`np.mgrid`."""
    return ranges[0] if len(ranges) == 1 else np.stack(meshgrid(*ranges, indexing="ij"))


def _spread(x, shape, axis):
    return broadcast_to(np.reshape(x, (1,) * axis + (x.shape[0],) + (1,) * (len(shape) - axis - 1)), shape)


@quotes(np.vander)
def vander(x, N=None, increasing=False):
    n = x.shape[0] if N is None else N
    out = np.ones((x.shape[0], n))
    for i in range(x.shape[0]):
        for j in range(1, n):
            if increasing:
                out[i, j] = out[i, j - 1] * x[i]
            else:
                out[i, n - 1 - j] = out[i, n - j] * x[i]
    return out


@quotes(np.column_stack)
def column_stack(tup):
    return np.concatenate([a[:, None] if a.ndim == 1 else a for a in tup], axis=1)


@quotes(np.dstack)
def dstack(tup):
    return np.concatenate([atleast_3d(a) for a in tup], axis=2)


@quotes(np.split)
def split(ary, indices_or_sections, axis=0):
    n = ary.shape[axis]
    if isinstance(indices_or_sections, int):
        if n % indices_or_sections != 0:
            raise ValueError("array split does not result in an equal division")
        size = n // indices_or_sections
        bounds = [(k * size, (k + 1) * size) for k in range(indices_or_sections)]
    else:
        cuts = list(indices_or_sections)
        bounds = list(zip([0, *cuts], [*cuts, n]))
    return [_between(ary, low, high, axis) for low, high in bounds]


def _between(a, low, high, axis):
    if axis_of(axis, a.ndim) == 0:
        return a[low:high]
    return np.moveaxis(np.moveaxis(a, axis, 0)[low:high], 0, axis)


@quotes(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    if not isinstance(indices_or_sections, int):
        return split(ary, indices_or_sections, axis)
    n, more = divmod(ary.shape[axis], indices_or_sections)
    bounds = [(k * n + min(k, more), (k + 1) * n + min(k + 1, more)) for k in range(indices_or_sections)]
    return [_between(ary, low, high, axis) for low, high in bounds]


@quotes(np.vsplit)
def vsplit(ary, indices_or_sections):
    return split(ary, indices_or_sections, 0)


@quotes(np.hsplit)
def hsplit(ary, indices_or_sections):
    return split(ary, indices_or_sections, 0 if ary.ndim == 1 else 1)


@quotes(np.dsplit)
def dsplit(ary, indices_or_sections):
    return split(ary, indices_or_sections, 2)


@quotes(np.unstack)
def unstack(x, *, axis=0):
    moved = moveaxis(x, axis, 0)
    return tuple([moved[k] for k in range(moved.shape[0])])


@quotes(np.delete)
def delete(arr, obj, axis=None):
    """One row less."""
    if not isinstance(obj, int):
        refuse("np.delete removes one element here: its position must be an integer")
    rows = np.ravel(arr) if axis is None else moveaxis(arr, axis, 0)
    if not -rows.shape[0] <= obj < rows.shape[0]:
        raise IndexError("the index of np.delete is out of bounds")
    k = obj + rows.shape[0] if obj < 0 else obj
    kept = np.concatenate((rows[:k], rows[k + 1 :]))
    return kept if axis is None else moveaxis(kept, 0, axis)


@quotes(np.insert)
def insert(arr, obj, values, axis=None):
    """One number (or, along an axis, one row) more."""
    if not isinstance(obj, int) or (axis is None and np.ndim(values) > 0):
        refuse("np.insert puts one number at one position here")
    rows = np.ravel(arr) if axis is None else moveaxis(arr, axis, 0)
    if not -rows.shape[0] <= obj <= rows.shape[0]:
        raise IndexError("the index of np.insert is out of bounds")
    k = obj + rows.shape[0] if obj < 0 else obj
    out = np.empty((rows.shape[0] + 1,) + rows.shape[1:], arr.dtype)
    out[:k] = rows[:k]
    out[k] = values
    out[k + 1 :] = rows[k:]
    return out if axis is None else moveaxis(out, 0, axis)


@quotes(np.resize)
def resize(a, new_shape):
    """The elements over and over, until the new shape is full."""
    flat = np.ravel(np.asarray(a)) if np.ndim(a) > 0 else np.array([a])
    total = 1
    for n in new_shape if isinstance(new_shape, tuple | list) else (new_shape,):
        total *= n
    out = np.empty(total, flat.dtype)
    for i in range(total):
        out[i] = flat[i % flat.shape[0]]
    return np.reshape(out, new_shape)


@quotes(np.block)
def block(arrays):
    """Of rows of matrices."""
    if isinstance(arrays[0], list):
        return np.concatenate([np.concatenate(row, axis=1) for row in arrays], axis=0)
    return np.concatenate(arrays, axis=-1)


@quotes(np.kron)
def kron(a, b):
    if a.ndim == 1 and b.ndim == 1:
        return np.ravel(a[:, None] * b[None, :])
    if a.ndim == 1:
        return kron(a[None, :], b)
    if b.ndim == 1:
        return kron(a, b[None, :])
    n, m = a.shape
    p, q = b.shape
    out = np.empty((n * p, m * q), np.result_type(a.dtype, b.dtype))
    for i in range(n):
        for j in range(m):
            for k in range(p):
                for o in range(q):
                    out[i * p + k, j * q + o] = a[i, j] * b[k, o]
    return out


def rows_along(a, axis):
    """The 1-d slices of an array along an axis, as the rows of a matrix."""
    moved = moveaxis(a, axis, -1)
    count = 1
    for n in moved.shape[:-1]:
        count *= n
    return np.reshape(moved, (count, moved.shape[-1]))


def rows_back(rows, a, axis):
    """An array of the shape of `a`, given its slices along an axis."""
    moved = a.shape[: axis_of(axis, a.ndim)] + a.shape[axis_of(axis, a.ndim) + 1 :]
    return moveaxis(np.reshape(rows, moved + (rows.shape[1],)), -1, axis)


def without_axis(values, a, axis):
    """One number for each slice of `a` along an axis, in the shape of the other axes."""
    return np.reshape(values, a.shape[: axis_of(axis, a.ndim)] + a.shape[axis_of(axis, a.ndim) + 1 :])
