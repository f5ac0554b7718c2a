"""Triangles and diagonals of matrices."""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import quotes, refuse
from srcgrad.library.shapes import axis_of


@quotes(np.tril)
def tril(m, k=0):
    return np.where(tri(m.shape[-2], m.shape[-1], k) > 0.5, m, 0)


@quotes(np.triu)
def triu(m, k=0):
    return np.where(tri(m.shape[-2], m.shape[-1], k - 1) > 0.5, 0, m)


@quotes(np.tri)
def tri(N, M=None, k=0, dtype=float):
    out = np.empty((N, N if M is None else M), dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = 1 if j <= i + k else 0
    return out


@quotes(np.diagflat)
def diagflat(v, k=0):
    return diag(np.ravel(np.asarray(v)), k)


@quotes(np.diag)
def diag(v, k=0):
    a = np.asarray(v)
    if a.ndim == 1:
        n = a.shape[0] + abs(k)
        out = np.zeros((n, n), a.dtype)
        for i in range(a.shape[0]):
            out[i + max(-k, 0), i + max(k, 0)] = a[i]
        return out
    if a.ndim != 2:
        refuse("np.diag takes a vector or a matrix: np.diagonal takes stacks")
    return diagonal(a, k)


@quotes(np.diagonal, method="diagonal")
def diagonal(a, offset=0, axis1=0, axis2=1):
    """The diagonals of the matrices over two dimensions, along a new last one."""
    if axis_of(axis1, a.ndim) == axis_of(axis2, a.ndim):
        refuse("axis1 and axis2 of a diagonal must differ")
    if a.ndim > 2 or axis_of(axis1, a.ndim) == 1:
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


@quotes(np.fill_diagonal)
def fill_diagonal(a, val, wrap=False):
    if wrap or a.ndim != 2:
        refuse("np.fill_diagonal is compiled for matrices, without wrap")
    for i in range(min(a.shape[0], a.shape[1])):
        if np.ndim(val) == 0:
            a[i, i] = val
        else:
            a[i, i] = val[i % val.shape[0]]


def shifted_eye(N, M, k, dtype):
    """Ones on a diagonal beside the main one."""
    out = np.zeros((N, N if M is None else M), dtype)
    for i in range(out.shape[0]):
        if 0 <= i + k < out.shape[1]:
            out[i, i + k] = 1
    return out


@quotes(np.tril_indices)
def tril_indices(n, k=0, m=None):
    return np.nonzero(tri(n, m, k) > 0.5)


@quotes(np.triu_indices)
def triu_indices(n, k=0, m=None):
    return np.nonzero(tri(n, m, k - 1) < 0.5)


@quotes(np.diag_indices)
def diag_indices(n, ndim=2):
    return tuple([np.arange(n) for _ in range(ndim)])
