"""Decompositions: Cholesky, QR, symmetric eigenvalues, singular values, and least squares by them.

Each factor is LAPACK's, held constant; its derivative is that of a formula linear in the matrix (Giles 2008; Townsend,
"Differentiating the singular value decomposition", 2016; Golub and Pereyra, "The differentiation of pseudo-inverses and
nonlinear least squares problems", SIAM J. Numer. Anal. 10, 1973). Only the first derivative is right that way. Cholesky
and the symmetric eigenvalues read the lower triangle, as NumPy does. Where eigenvalues or singular values coincide (up
to rounding), the derivatives of the vectors are NaN; those of the values are right as long as the vectors are not used.
"""

from __future__ import annotations

import numpy as np

from srcgrad.library.algebra import check_square, each_matrix
from srcgrad.library.factors import (
    cholesky_factor,
    eigen_factors,
    multiplied_lower,
    orthogonal_factors,
    singular_factors,
    solved_lower,
)
from srcgrad.library.quoting import constant, quotes, refuse, with_tangent

EighResult = type(np.linalg.eigh(np.eye(1)))
SVDResult = type(np.linalg.svd(np.eye(1)))
QRResult = type(np.linalg.qr(np.eye(1)))


def _symmetric(a):
    """The symmetric (or Hermitian) matrix whose lower triangle is that of `a`."""
    out = np.empty(a.shape, a.dtype)
    for i in range(a.shape[0]):
        for j in range(i):
            out[i, j] = a[i, j]
            out[j, i] = np.conj(a[i, j])
        out[i, i] = a[i, i].real
    return out


def _squared(x):
    """`|x|^2`."""
    return (x * np.conj(x)).real


@quotes(np.linalg.cholesky)
def cholesky(a, *, upper=False):
    """Raises `LinAlgError` for a matrix that is not positive definite."""
    a = a * 1.0
    if upper:
        return np.swapaxes(np.conj(cholesky(np.swapaxes(np.conj(a), -1, -2))), -1, -2)
    if a.ndim > 2:
        return each_matrix(cholesky, a, a.shape[-2:], a.dtype)
    check_square(a)
    low = cholesky_factor(a)
    w = solved_lower(low, solved_lower(low, _symmetric(a)).conj().T)
    n = a.shape[0]
    half = np.zeros((n, n), low.dtype)
    for i in range(n):
        for j in range(i):
            half[i, j] = w[i, j]
        half[i, i] = 0.5 * w[i, i]
    return with_tangent(low, multiplied_lower(low, half))


def _gap(x, y, scale):
    """`x - y`, or 0 where that is no more than the rounding errors of numbers of the size `scale`."""
    if abs(x - y) <= 4.0 * np.finfo(x.dtype).eps * scale:
        return 0.0
    return x - y


def _over_gap(x, gap):
    """`x / gap`, which has no derivative where the gap is 0."""
    return x * (np.nan if gap == 0.0 else 1.0 / gap)


def _over_sizes(a, sizes):
    """The columns over the singular values, as `_over_gap`."""
    out = np.empty(a.shape, a.dtype)
    for j in range(sizes.shape[0]):
        for i in range(a.shape[0]):
            out[i, j] = _over_gap(a[i, j], sizes[j])
    return out


def _eigh_each(a):
    matrices = np.reshape(a, (-1,) + a.shape[-2:])
    values = np.empty(matrices.shape[:-1], a.real.dtype)
    vectors = np.empty(matrices.shape, a.dtype)
    for i in range(matrices.shape[0]):
        values[i], vectors[i] = eigh(matrices[i])
    return EighResult(np.reshape(values, a.shape[:-1]), np.reshape(vectors, a.shape))


@quotes(np.linalg.eigh)
def eigh(a, UPLO="L"):
    a = a * 1.0 if UPLO == "L" else np.swapaxes(np.conj(a), -1, -2) * 1.0
    if a.ndim > 2:
        return _eigh_each(a)
    check_square(a)
    w, v = eigen_factors(a)
    m = v.conj().T @ _symmetric(a) @ v
    n = w.shape[0]
    turn = np.zeros((n, n), v.dtype)
    values = np.empty(n, w.dtype)
    scale = 0.0
    if n > 0:
        scale = max(abs(w[0]), abs(w[n - 1]))
    for i in range(n):
        values[i] = with_tangent(w[i], m[i, i].real)
        for j in range(n):
            if i != j:
                turn[i, j] = _over_gap(m[i, j], _gap(w[j], w[i], scale))
    return EighResult(values, with_tangent(v, v @ turn))


@quotes(np.linalg.eigvalsh)
def eigvalsh(a, UPLO="L"):
    a = a * 1.0 if UPLO == "L" else np.swapaxes(np.conj(a), -1, -2) * 1.0
    if a.ndim > 2:
        return each_matrix(eigvalsh, a, a.shape[-1:], a.real.dtype)
    check_square(a)
    w, v = eigen_factors(a)
    m = v.conj().T @ _symmetric(a) @ v
    values = np.empty(w.shape[0], w.dtype)
    for i in range(w.shape[0]):
        values[i] = with_tangent(w[i], m[i, i].real)
    return values


def _singular_values(a):
    return svd(a, compute_uv=False)


def _svd_each(a, full_matrices):
    m, n = a.shape[-2:]
    k = min(m, n)
    matrices = np.reshape(a, (-1, m, n))
    count = matrices.shape[0]
    left, right = np.empty((count, m, k), a.dtype), np.empty((count, k, n), a.dtype)
    values = np.empty((count, k), a.real.dtype)
    for i in range(count):
        left[i], values[i], right[i] = svd(matrices[i], full_matrices)
    lead = a.shape[:-2]
    return SVDResult(np.reshape(left, lead + (m, k)), np.reshape(values, lead + (k,)), np.reshape(right, lead + (k, n)))


@quotes(np.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True):
    """`(u, s, vh)`, or `s` alone. Of a matrix that is not square only `full_matrices=False` is given."""
    a = a * 1.0
    if a.ndim > 2:
        if compute_uv:
            return _svd_each(a, full_matrices)
        return each_matrix(_singular_values, a, (min(a.shape[-2], a.shape[-1]),), a.real.dtype)
    tall = a.shape[0] >= a.shape[1]
    x = a if tall else a.conj().T
    u, s, vh = singular_factors(x)
    v = vh.conj().T
    p = u.conj().T @ x @ v
    n = s.shape[0]
    values = np.empty(n, s.dtype)
    for i in range(n):
        values[i] = with_tangent(s[i], p[i, i].real)
        s[i] = _gap(s[i], 0.0, s[0])
    if not compute_uv:
        return values
    if full_matrices and a.shape[0] != a.shape[1]:
        raise ValueError("svd of a matrix that is not square: pass full_matrices=False")
    left = np.zeros((n, n), u.dtype)
    right = np.zeros((n, n), u.dtype)
    for i in range(n):
        for j in range(n):
            if i != j:
                gap = _gap(s[j], s[i], s[0]) * (s[j] + s[i])
                left[i, j] = _over_gap(p[i, j] * s[j] + s[i] * np.conj(p[j, i]), gap)
                right[i, j] = _over_gap(s[i] * p[i, j] + np.conj(p[j, i]) * s[j], gap)
            elif np.iscomplexobj(u):  # the phase of a pair of vectors is free: that of the right one stays
                left[i, i] = 1j * _over_gap(p[i, i].imag, s[i])
    first = with_tangent(u, u @ left + _over_sizes(x @ v - u @ p, s))
    second = with_tangent(v, v @ right + _over_sizes(x.conj().T @ u - v @ p.conj().T, s))
    if tall:
        return SVDResult(first, values, second.conj().T)
    return SVDResult(second, values, first.conj().T)


@quotes(np.linalg.qr)
def qr(a, mode="reduced"):
    """`(q, r)`, or `r` alone, of matrices of full rank; of a wide one the first columns must be independent."""
    if mode != "reduced" and mode != "r":
        refuse("qr is compiled with mode='reduced' or 'r'")
    a = a * 1.0
    if a.ndim > 2:
        return _qr_each(a, mode)
    m = a.shape[0]
    if m >= a.shape[1]:
        q, r = _qr_tall(a)
    else:
        q, first = _qr_tall(a[:, :m])
        r = np.concatenate((first, q.conj().T @ a[:, m:]), axis=1)
    if mode == "r":
        return r
    return QRResult(q, r)


def _qr_each(a, mode):
    m, n = a.shape[-2:]
    k = min(m, n)
    matrices = np.reshape(a, (-1, m, n))
    left = np.empty((matrices.shape[0], m, k), a.dtype)
    right = np.empty((matrices.shape[0], k, n), a.dtype)
    for i in range(matrices.shape[0]):
        left[i], right[i] = qr(matrices[i])
    r = np.reshape(right, a.shape[:-2] + (k, n))
    if mode == "r":
        return r
    return QRResult(np.reshape(left, a.shape[:-2] + (m, k)), r)


def _qr_tall(a):
    q, r = orthogonal_factors(a)
    step = solved_lower(r.T, a.T).T  # a @ r^-1
    c = q.conj().T @ step
    n = r.shape[0]
    turn = np.zeros((n, n), r.dtype)
    for i in range(n):
        for j in range(i):
            turn[i, j] = c[i, j]
            turn[j, i] = -np.conj(c[i, j])
        if np.iscomplexobj(r):  # the diagonal of r is real
            turn[i, i] = 1j * c[i, i].imag
    upper = with_tangent(r, q.conj().T @ a - turn @ r)
    full = np.zeros((n, n), r.dtype)
    for i in range(n):
        for j in range(i, n):
            full[i, j] = upper[i, j]
    return with_tangent(q, q @ turn + step - q @ c), full


def _inverse_factors(a, cutoff):
    """The pseudo-inverse, held constant, the singular values, and how many are above `cutoff` times the largest."""
    u, s, vh = singular_factors(a)
    sizes = np.zeros(s.shape[0], s.dtype)
    rank = 0
    for k in range(s.shape[0]):
        if s[k] > cutoff * s[0]:
            sizes[k] = 1.0 / s[k]
            rank += 1
    return constant((vh.conj().T * sizes) @ u.conj().T), rank


@quotes(np.linalg.lstsq)
def lstsq(a, b, rcond=None):
    """`(x, residuals, rank, s)`, differentiated among matrices of the same rank."""
    if np.iscomplexobj(a) or np.iscomplexobj(b):
        a, b = a * (1.0 + 0.0j), b * (1.0 + 0.0j)
    else:
        a, b = a * 1.0, b * 1.0
    m, n = a.shape
    cutoff = max(m, n) * np.finfo(a.real.dtype).eps if rcond is None else rcond
    inverse, rank = _inverse_factors(a, cutoff)
    x0 = constant(inverse @ b)
    turned = a.conj().T
    rest = b - a @ x0
    z = turned @ (inverse.conj().T @ x0)
    change = inverse @ rest + inverse @ (inverse.conj().T @ (turned @ constant(rest)))
    x = with_tangent(x0, change + z - inverse @ (constant(a) @ z))
    rest = b - a @ x
    if b.ndim == 1:
        residuals = np.array([np.sum(_squared(rest))])
    else:
        residuals = np.sum(_squared(rest), axis=0)
    return x, residuals, rank, svd(a, compute_uv=False)


def _pinv_each(a, rcond):
    matrices = np.reshape(a, (-1,) + a.shape[-2:])
    out = np.empty((matrices.shape[0], a.shape[-1], a.shape[-2]), a.dtype)
    for i in range(matrices.shape[0]):
        out[i] = pinv(matrices[i], rcond)
    return np.reshape(out, a.shape[:-2] + (a.shape[-1], a.shape[-2]))


@quotes(np.linalg.pinv)
def pinv(a, rcond=None, hermitian=False):
    """Differentiated among matrices of the same rank."""
    a = a * 1.0
    if a.ndim > 2:
        return _pinv_each(a, rcond)
    cutoff = 1e-15 if rcond is None else rcond
    p, _ = _inverse_factors(a, cutoff)
    turned, ph = a.conj().T, p.conj().T
    left = (p @ ph) @ turned
    right = turned @ (ph @ p)
    change = (left - (left @ constant(a)) @ p) + (right - p @ (constant(a) @ right)) - (p @ a) @ p
    return with_tangent(p, change)


@quotes(np.linalg.svdvals)
def svdvals(x):
    return svd(x, compute_uv=False)


@quotes(np.linalg.matrix_rank)
def matrix_rank(A):
    s = singular_factors(A * 1.0)[1]
    return np.sum(s > np.max(s) * max(A.shape[0], A.shape[1]) * np.finfo(s.dtype).eps)


@quotes(np.linalg.cond)
def cond(x, p=None):
    if p is not None:
        return np.linalg.norm(x, p) * np.linalg.norm(np.linalg.inv(x), p)
    s = svd(x, compute_uv=False)
    return s[0] / s[s.shape[0] - 1]
