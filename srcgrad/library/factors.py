"""Triangular systems and factors: the procedures of LAPACK as functions that return what they make.

Systems are linear in the right-hand side; all else is constant.
"""

from __future__ import annotations

import numpy as np

from srcgrad.ops import procedures as lapack


def solved_lower(low, b):
    """`low^-1 @ b` for a lower triangle (n, n) and b, (n,) or (n, m)."""
    x = np.empty(b.shape, b.dtype)
    lapack.solve_lower(low, b, x)
    return x


def multiplied_lower(low, b):
    """`low @ b` for a lower triangle (n, n) and b, (n,) or (n, m)."""
    x = np.empty(b.shape, b.dtype)
    lapack.multiply_lower(low, b, x)
    return x


def solved_upper(up, b):
    """`up^-1 @ b` for an upper triangle (n, n) and b, (n,) or (n, m)."""
    x = np.empty(b.shape, b.dtype)
    lapack.solve_upper(up, b, x)
    return x


def cholesky_factor(a):
    """The lower triangle with `low @ low.conj().T == a`. Reads the lower triangle. Raises `LinAlgError` for a matrix
    that is not positive definite."""
    low = np.empty(a.shape, a.dtype)
    lapack.cholesky(a, low)
    return low


def lu_factors(a):
    """`(lu, order, sign)`: the factors of the rows of `a` taken in `order`; `sign` is that of the permutation."""
    n = a.shape[0]
    lu = np.empty(a.shape, a.dtype)
    order = np.empty(n, np.int64)
    sign = np.empty(1, a.real.dtype)
    lapack.lu(a, lu, order, sign)
    return lu, order, sign[0]


def solved_lu(lu, order, b):
    """The solution for b, (n,) or (n, m), of the system whose matrix has these factors."""
    x = np.empty(b.shape, b.dtype)
    lapack.solve_lu(lu, order, b, x)
    return x


def eigen_factors(a):
    """Eigenvalues (ascending) and vectors of the Hermitian matrix whose lower triangle is that of `a`."""
    w = np.empty(a.shape[0], a.real.dtype)
    v = np.empty(a.shape, a.dtype)
    lapack.eigh(a, w, v)
    return w, v


def singular_factors(a):
    """`(u, s, vh)` with `a = (u * s) @ vh`, s descending, reduced."""
    m, n = a.shape
    k = min(m, n)
    u = np.empty((m, k), a.dtype)
    s = np.empty(k, a.real.dtype)
    vh = np.empty((k, n), a.dtype)
    lapack.svd(a, u, s, vh)
    return u, s, vh


def orthogonal_factors(a):
    """`(q, r)` with `a = q @ r`, reduced, of a matrix with at least as many rows as columns."""
    m, n = a.shape
    q = np.empty((m, n), a.dtype)
    r = np.empty((n, n), a.dtype)
    lapack.qr(a, q, r)
    return q, r
