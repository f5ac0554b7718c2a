"""Reductions and running sums beyond those that are loops of the compiler's own."""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import quotes, refuse
from srcgrad.library.shapes import axis_of, moveaxis


@quotes(np.ptp)
def ptp(a, axis=None, *, keepdims=False):
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@quotes(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    if returned:
        refuse("returned= of average is not compiled: the sum of weights is np.sum(weights)")
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    w = np.asarray(weights)
    if axis is None and w.ndim != a.ndim:
        refuse("average needs axis= where weights and array differ in their dimensions")
    if axis is None or w.ndim == a.ndim:
        return np.sum(a * w, axis=axis, keepdims=keepdims) / np.sum(w, axis=axis, keepdims=keepdims)
    found = moveaxis(a, axis, -1) @ w / np.sum(w)
    return np.expand_dims(found, axis_of(axis, a.ndim)) if keepdims else found


@quotes(np.nansum)
def nansum(a, axis=None, *, keepdims=False):
    return np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, keepdims=keepdims)


@quotes(np.nanprod)
def nanprod(a, axis=None, *, keepdims=False):
    return np.prod(np.where(np.isnan(a), 1.0, a), axis=axis, keepdims=keepdims)


@quotes(np.nanmean)
def nanmean(a, axis=None, *, keepdims=False):
    count = np.sum(np.logical_not(np.isnan(a)), axis=axis, keepdims=keepdims)
    return nansum(a, axis, keepdims=keepdims) / count.astype(a.dtype)


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
def nanmax(a, axis=None, *, keepdims=False):
    return np.max(np.where(np.isnan(a), -np.inf, a), axis=axis, keepdims=keepdims)


@quotes(np.nanmin)
def nanmin(a, axis=None, *, keepdims=False):
    return np.min(np.where(np.isnan(a), np.inf, a), axis=axis, keepdims=keepdims)


@quotes(np.nanargmax)
def nanargmax(a, axis=None):
    return np.argmax(np.where(np.isnan(a), -np.inf, a), axis=axis)


@quotes(np.nanargmin)
def nanargmin(a, axis=None):
    return np.argmin(np.where(np.isnan(a), np.inf, a), axis=axis)


@quotes(np.nancumsum)
def nancumsum(a, axis=None):
    return np.cumsum(np.where(np.isnan(a), 0.0, a), axis=axis)


@quotes(np.cumulative_sum)
def cumulative_sum(x, *, axis=None):
    return np.cumsum(x, axis=axis)


@quotes(np.cumulative_prod)
def cumulative_prod(x, *, axis=None):
    return cumprod(x, axis)


@quotes(np.ediff1d)
def ediff1d(ary):
    return np.diff(np.ravel(ary))


def cumsum(a, axis=None):
    """Of an array of several dimensions."""
    if axis is None:
        return np.cumsum(np.ravel(a))
    rows = moveaxis(a, axis, 0) * 1
    for i in range(1, rows.shape[0]):
        rows[i] += rows[i - 1]
    return moveaxis(rows, 0, axis)


def diff(a, n, axis, prepend=None, append=None):
    """Of an array of several dimensions, or more than once, or of a longer one."""
    rows = moveaxis(a, axis, 0)
    if prepend is not None:
        rows = np.concatenate((_more(prepend, rows, axis), rows))
    if append is not None:
        rows = np.concatenate((rows, _more(append, rows, axis)))
    for _ in range(n):
        rows = rows[1:] - rows[:-1]
    return moveaxis(rows, 0, axis)


def _more(values, rows, axis):
    """What stands before or after the rows of an array."""
    return np.full((1,) + rows.shape[1:], values, rows.dtype) if np.ndim(values) == 0 else moveaxis(values, axis, 0)


def norm(x, ord=None, axis=None, keepdims=False):
    """Norms of vectors: of all elements, or along one axis. The derivative of the Euclidean one at 0 is infinite."""
    if ord is not None and (x.ndim == 2 if axis is None else isinstance(axis, tuple | list)):
        return matrix_norm(x, (0, 1) if axis is None else axis, ord, keepdims)
    if ord is not None and axis is None and x.ndim > 2:
        refuse("a norm with ord= is one of a vector or a matrix: say along which axis")
    if ord is None or ord == 2:
        squares = x.real * x.real + x.imag * x.imag if np.iscomplexobj(x) else x * x
        return np.sqrt(np.sum(squares, axis=axis, keepdims=keepdims))
    if isinstance(ord, str):
        refuse("this norm is one of matrices")
    if ord == 0:
        return np.sum((x != 0).astype(x.real.dtype), axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    return np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)


def matrix_norm(x, axis, ord, keepdims):
    """Norms of the matrices over two dimensions."""
    if ord == "fro":
        return norm(x, None, axis, keepdims)
    if ord == 2 or ord == -2 or ord == "nuc":
        if x.ndim != 2 or keepdims:
            refuse("norms by singular values are compiled for one matrix")
        sizes = np.linalg.svd(x, compute_uv=False)
        return np.sum(sizes) if ord == "nuc" else np.max(sizes) if ord == 2 else np.min(sizes)
    if not (ord == 1 or ord == -1 or ord == np.inf or ord == -np.inf):
        refuse("there is no such norm of matrices")
    row, column = axis_of(axis[0], x.ndim), axis_of(axis[1], x.ndim)
    along, other = (row, column) if ord == 1 or ord == -1 else (column, row)
    sums = np.sum(np.abs(x), axis=along, keepdims=True)
    found = np.max(sums, axis=other, keepdims=True) if ord > 0 else np.min(sums, axis=other, keepdims=True)
    return found if keepdims else np.sum(found, axis=(row, column))


@quotes(np.linalg.vector_norm)
def vector_norm(x, *, axis=None, keepdims=False, ord=2):
    if axis is None and x.ndim > 1 and not keepdims:
        return norm(np.ravel(x), ord)
    if isinstance(axis, tuple | list) and ord != 2:
        refuse("vector_norm is compiled along one axis")
    return norm(x, None if ord == 2 else ord, axis, keepdims)


@quotes(np.linalg.matrix_norm)
def matrix_norm_of_stack(x, *, keepdims=False, ord="fro"):
    return matrix_norm(x, (-2, -1), ord, keepdims)


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


@quotes(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    if y.ndim == 1:
        total = 0.0
        for i in range(1, y.shape[0]):
            width = dx if x is None else x[i] - x[i - 1]
            total += 0.5 * width * (y[i] + y[i - 1])
        return total
    rows = moveaxis(y, axis, 0)
    if x is not None and np.ndim(x) > 1:
        steps = moveaxis(x, axis, 0)
        return np.sum(0.5 * (steps[1:] - steps[:-1]) * (rows[1:] + rows[:-1]), axis=0)
    area = np.zeros(rows.shape[1:], y.dtype)
    for i in range(1, rows.shape[0]):
        width = dx if x is None else x[i] - x[i - 1]
        area += 0.5 * width * (rows[i] + rows[i - 1])
    return area


@quotes(np.gradient)
def gradient(f, dx=1.0, *, axis=None):
    """Central differences inside, one-sided at the ends; `dx` is one number."""
    if np.ndim(dx) > 0:
        refuse("np.gradient is compiled for equal distances: give one number")
    if axis is not None:
        return moveaxis(_along(f, dx, axis), 0, axis)
    if f.ndim > 1:
        return tuple([moveaxis(_along(f, dx, k), 0, k) for k in range(f.ndim)])
    return _along(f, dx, 0)


def _along(a, dx, axis):
    f = moveaxis(a, axis, 0)
    n = f.shape[0]
    if n < 2:
        raise ValueError("Shape of array too small to calculate a numerical gradient")
    out = np.empty(f.shape, f.dtype)
    for i in range(1, n - 1):
        out[i] = (f[i + 1] - f[i - 1]) / (2.0 * dx)
    out[0] = (f[1] - f[0]) / dx
    out[n - 1] = (f[n - 1] - f[n - 2]) / dx
    return out


@quotes(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None):
    less = (0 if bias else 1) if ddof is None else ddof
    given = m if rowvar or m.ndim == 1 else m.T
    if y is not None:
        other = y if rowvar or y.ndim == 1 else y.T
        given = np.concatenate((np.atleast_2d(given), np.atleast_2d(other)), axis=0)
    if fweights is not None or aweights is not None:
        return _weighted_cov(given, less, fweights, aweights)
    if given.ndim == 1:
        return np.var(given, ddof=less)
    centred = given - np.mean(given, axis=1, keepdims=True)
    return centred @ centred.conj().T / (given.shape[1] - less)


def _weighted_cov(given, less, fweights, aweights):
    rows = np.atleast_2d(given)
    counts = np.ones(rows.shape[1]) if fweights is None else np.asarray(fweights) * 1.0
    weights = counts if aweights is None else counts * aweights
    total = np.sum(weights)
    centred = rows - (np.sum(rows * weights, axis=1) / total)[:, None]
    lost = less if aweights is None else less * np.sum(weights * aweights) / total
    found = (centred * weights) @ centred.conj().T / (total - lost)
    return found[0, 0] if given.ndim == 1 else found


@quotes(np.corrcoef)
def corrcoef(x, y=None, rowvar=True):
    c = cov(x, y, rowvar)
    if np.ndim(c) == 0:
        return c / c
    n = c.shape[0]
    out = np.empty((n, n), c.dtype)
    for i in range(n):
        for j in range(n):
            out[i, j] = c[i, j] / np.sqrt(c[i, i].real * c[j, j].real)
    return out
