"""Shapes: dimensions added, moved and repeated; arrays put together and taken apart; triangles and diagonals."""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import quotes


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
    place = axis + a.ndim + 1 if axis < 0 else axis
    return np.reshape(a, a.shape[:place] + (1,) + a.shape[place:])


@quotes(np.swapaxes, method="swapaxes")
def swapaxes(a, axis1, axis2):
    first, second = axis1 % a.ndim, axis2 % a.ndim
    return np.transpose(a, tuple([second if k == first else first if k == second else k for k in range(a.ndim)]))


@quotes(np.moveaxis)
def moveaxis(a, source, destination):
    if isinstance(source, int):
        order = [k for k in range(a.ndim) if k != source % a.ndim]
        order.insert(destination % a.ndim, source % a.ndim)
        return np.transpose(a, tuple(order))
    sources = [k % a.ndim for k in source]
    places = [k % a.ndim for k in destination]
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
        out = take(out, np.arange(out.shape[axis] * count) % max(out.shape[axis], 1), axis)
    return out


@quotes(np.repeat, method="repeat")
def repeat(a, repeats, axis=None):
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


@quotes(np.fliplr)
def fliplr(m):
    return m[:, ::-1]


@quotes(np.flipud)
def flipud(m):
    return m[::-1]


@quotes(np.rot90)
def rot90(m, k=1):
    turns = k % 4
    if turns == 0:
        return m
    if turns == 1:
        return swapaxes(m, 0, 1)[::-1]
    if turns == 2:
        return m[::-1, ::-1]
    return swapaxes(m, 0, 1)[:, ::-1]


def _widths(pad_width, ndim):
    if isinstance(pad_width, int):
        return ((pad_width, pad_width),) * ndim
    if isinstance(pad_width[0], int):
        return ((pad_width[0], pad_width[-1]),) * ndim
    return tuple(pad_width) * (ndim if len(pad_width) == 1 else 1)


def _padded_index(n, before, after, mode):
    """Which element each place of a padded dimension shows."""
    index = np.empty(n + before + after, np.int64)
    for place in range(n + before + after):
        k = place - before
        if mode == "edge":
            k = min(max(k, 0), n - 1)
        elif mode == "wrap":
            k = k % n
        elif mode == "reflect":
            k = abs(k) % max(2 * n - 2, 1)
            k = min(k, 2 * n - 2 - k)
        else:
            k = k % (2 * n)
            k = min(k, 2 * n - 1 - k)
        index[place] = k
    return index


@quotes(np.pad)
def pad(array, pad_width, mode="constant", constant_values=0):
    widths = _widths(pad_width, array.ndim)
    if mode == "constant":
        shape = tuple([n + w[0] + w[1] for n, w in zip(array.shape, widths)])
        out = np.full(shape, constant_values, array.dtype)
        if array.ndim == 1:
            out[widths[0][0] : widths[0][0] + array.shape[0]] = array
        elif array.ndim == 2:
            (n, m), ((top, _), (left, _)) = array.shape, widths
            out[top : top + n, left : left + m] = array
        elif array.ndim == 3:
            (n, m, depth), ((top, _), (left, _), (near, _)) = array.shape, widths
            out[top : top + n, left : left + m, near : near + depth] = array
        else:
            (n, m, depth, r), ((top, _), (left, _), (near, _), (last, _)) = array.shape, widths
            out[top : top + n, left : left + m, near : near + depth, last : last + r] = array
        return out
    rows = array[_padded_index(array.shape[0], widths[0][0], widths[0][1], mode)]
    if array.ndim == 1:
        return rows
    return rows[:, _padded_index(array.shape[1], widths[1][0], widths[1][1], mode)]


@quotes(np.meshgrid)
def meshgrid(x, y, *, indexing="xy"):
    n, m = x.shape[0], y.shape[0]
    if indexing == "xy":
        return broadcast_to(x[None, :], (m, n)), broadcast_to(y[:, None], (m, n))
    return broadcast_to(x[:, None], (n, m)), broadcast_to(y[None, :], (n, m))


@quotes(np.tril)
def tril(m, k=0):
    return np.where(tri(m.shape[-2], m.shape[-1], k) > 0.5, m, 0)


@quotes(np.triu)
def triu(m, k=0):
    return np.where(tri(m.shape[-2], m.shape[-1], k - 1) > 0.5, 0, m)


@quotes(np.tri)
def tri(N, M=None, k=0):
    out = np.empty((N, N if M is None else M))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = 1.0 if j <= i + k else 0.0
    return out


@quotes(np.diag)
def diag(v, k=0):
    a = np.asarray(v)
    if a.ndim == 1:
        n = a.shape[0] + abs(k)
        out = np.zeros((n, n), a.dtype)
        for i in range(a.shape[0]):
            out[i + max(-k, 0), i + max(k, 0)] = a[i]
        return out
    return diagonal(a, k)


@quotes(np.diagonal, method="diagonal")
def diagonal(a, offset=0, axis1=0, axis2=1):
    """The diagonals of the matrices over two dimensions, along a new last one."""
    if a.ndim > 2 or axis1 % a.ndim == 1:
        b = np.moveaxis(a, (axis1, axis2), (0, 1))
        n = max(min(b.shape[0] + min(offset, 0), b.shape[1] - max(offset, 0)), 0)
        rows = np.empty((n, *b.shape[2:]), a.dtype)
        for i in range(n):
            rows[i] = b[i + max(-offset, 0), i + max(offset, 0)]
        return np.moveaxis(rows, 0, -1)
    n = max(min(a.shape[0] + min(offset, 0), a.shape[1] - max(offset, 0)), 0)
    out = np.empty(n, a.dtype)
    for i in range(n):
        out[i] = a[i + max(-offset, 0), i + max(offset, 0)]
    return out


def trace(a, offset=0, axis1=0, axis2=1):
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1)


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
    if isinstance(indices_or_sections, int):
        n = ary.shape[axis] // indices_or_sections
        bounds = [(k * n, (k + 1) * n) for k in range(indices_or_sections)]
    else:
        cuts = list(indices_or_sections)
        bounds = list(zip([0, *cuts], [*cuts, ary.shape[axis]]))
    if axis == 0:
        return [ary[low:high] for low, high in bounds]
    return [ary[:, low:high] for low, high in bounds]


@quotes(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    if not isinstance(indices_or_sections, int):
        return split(ary, indices_or_sections, axis)
    n, more = divmod(ary.shape[axis], indices_or_sections)
    bounds = [(k * n + min(k, more), (k + 1) * n + min(k + 1, more)) for k in range(indices_or_sections)]
    if axis == 0:
        return [ary[low:high] for low, high in bounds]
    return [ary[:, low:high] for low, high in bounds]


@quotes(np.vsplit)
def vsplit(ary, indices_or_sections):
    return split(ary, indices_or_sections, 0)


@quotes(np.hsplit)
def hsplit(ary, indices_or_sections):
    return split(ary, indices_or_sections, 0 if ary.ndim == 1 else 1)


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
    n, m = a.shape
    p, q = b.shape
    out = np.empty((n * p, m * q), np.result_type(a.dtype, b.dtype))
    for i in range(n):
        for j in range(m):
            for k in range(p):
                for o in range(q):
                    out[i * p + k, j * q + o] = a[i, j] * b[k, o]
    return out


@quotes(np.take, method="take")
def take(a, indices, axis=None):
    if axis is None:
        return np.ravel(a)[indices]
    return moveaxis(moveaxis(a, axis, 0)[indices], 0, axis)


@quotes(np.compress)
def compress(condition, a, axis=None):
    if axis is None:
        return np.ravel(a)[np.asarray(condition)]
    return moveaxis(moveaxis(a, axis, 0)[np.asarray(condition)], 0, axis)


@quotes(np.extract)
def extract(condition, arr):
    return np.ravel(arr)[np.ravel(condition)]


@quotes(np.argwhere)
def argwhere(a):
    return np.stack(np.nonzero(a), axis=1)


@quotes(np.take_along_axis)
def take_along_axis(arr, indices, axis=-1):
    if arr.ndim == 1:
        return arr[indices]
    out = np.empty(indices.shape, arr.dtype)
    for i in range(indices.shape[0]):
        for j in range(indices.shape[1]):
            if axis % 2 == 0:
                out[i, j] = arr[indices[i, j], j]
            else:
                out[i, j] = arr[i, indices[i, j]]
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
    moved = a.shape[: axis % a.ndim] + a.shape[axis % a.ndim + 1 :]
    return moveaxis(np.reshape(rows, moved + (rows.shape[1],)), -1, axis)


def without_axis(values, a, axis):
    """One number for each slice of `a` along an axis, in the shape of the other axes."""
    return np.reshape(values, a.shape[: axis % a.ndim] + a.shape[axis % a.ndim + 1 :])


@quotes(np.put)
def put(a, ind, v):
    for k in range(len(ind)):
        if np.ndim(v) == 0:
            a[ind[k]] = v
        else:
            a[ind[k]] = v[k]


@quotes(np.add.at)
def add_at(a, indices, b):
    for k in range(len(indices)):
        if np.ndim(b) == 0:
            a[indices[k]] += b
        else:
            a[indices[k]] += b[k]


@quotes(np.subtract.at)
def subtract_at(a, indices, b):
    for k in range(len(indices)):
        if np.ndim(b) == 0:
            a[indices[k]] -= b
        else:
            a[indices[k]] -= b[k]
