"""Decompositions: Cholesky, QR, symmetric eigenvalues, singular values, and least squares by them.

Each factor is computed from a constant copy of the matrix; its derivative is that of one step of refinement, linear
in the difference between the matrix and its value (Giles 2008; Townsend, "Differentiating the singular value
decomposition", 2016). Only the first derivative is right that way. Cholesky and the symmetric eigenvalues read the
lower triangle, as NumPy does. Eigenvectors and singular vectors are defined up to their sign (of complex matrices, up
to a phase): theirs is not that of LAPACK. Where eigenvalues or singular values coincide, the derivatives of the vectors
are infinite or NaN; those of the values are right as long as the vectors are not used.
"""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import constant, quotes
from srcgrad.library.triangular import cholesky_factor, solved_lower

_MOST_SWEEPS = 60


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


def _phase(x):
    """What a number other than 0 has besides its size: `(x / phase, phase)`. A real one is all size, with its sign."""
    if not np.iscomplexobj(x):
        return x, 1.0
    size = abs(x)
    return size, x / size


@quotes(np.linalg.cholesky)
def cholesky(a):
    """Raises `LinAlgError` for a matrix that is not positive definite."""
    a = a * 1.0
    low = cholesky_factor(constant(a))
    moved = _symmetric(a - constant(a))
    w = solved_lower(low, solved_lower(low, moved).conj().T)
    n = a.shape[0]
    half = np.zeros((n, n), low.dtype)
    for i in range(n):
        for j in range(i):
            half[i, j] = w[i, j]
        half[i, i] = 0.5 * w[i, i]
    return low + low @ half


def _rotations(a):
    """Eigenvalues (ascending) and vectors of a symmetric (or Hermitian) matrix by cyclic Jacobi rotations."""
    n = a.shape[0]
    m = a * 1.0
    v = np.eye(n, dtype=a.dtype)
    for _ in range(_MOST_SWEEPS):
        off = 0.0
        size = 0.0
        for i in range(n):
            size += _squared(m[i, i])
            for j in range(i):
                off += _squared(m[i, j])
        if off <= 1e-32 * size or off == 0.0:
            break
        for p in range(n):
            for q in range(p + 1, n):
                if m[p, q] == 0.0:
                    continue
                size_pq, phase = _phase(m[p, q])
                theta = (m[q, q] - m[p, p]).real / (2.0 * size_pq)
                t = 1.0 / (abs(theta) + np.sqrt(theta * theta + 1.0))
                if theta < 0.0:
                    t = -t
                c = 1.0 / np.sqrt(t * t + 1.0)
                s = t * c
                for k in range(n):
                    x, y = m[k, p], m[k, q] * np.conj(phase)
                    m[k, p] = c * x - s * y
                    m[k, q] = s * x + c * y
                for k in range(n):
                    x, y = m[p, k], m[q, k] * phase
                    m[p, k] = c * x - s * y
                    m[q, k] = s * x + c * y
                for k in range(n):
                    x, y = v[k, p], v[k, q] * np.conj(phase)
                    v[k, p] = c * x - s * y
                    v[k, q] = s * x + c * y
    w = np.empty(n, a.real.dtype)
    for i in range(n):
        w[i] = m[i, i].real
    order = np.argsort(w)
    return w[order], v[:, order]


def _over_gap(x, gap):
    """`x / gap` for an x whose value is 0; where the gap is 0 too, it is 0 with a derivative that is NaN."""
    if gap == 0.0:
        return np.sqrt(x * x)
    return x / gap


def _over_sizes(a, sizes):
    """The columns over the singular values, as `_over_gap`."""
    out = np.empty(a.shape, a.dtype)
    for j in range(sizes.shape[0]):
        for i in range(a.shape[0]):
            out[i, j] = _over_gap(a[i, j], sizes[j])
    return out


@quotes(np.linalg.eigh)
def eigh(a):
    a = a * 1.0
    w, v = _rotations(_symmetric(constant(a)))
    m = v.conj().T @ _symmetric(a - constant(a)) @ v
    n = w.shape[0]
    turn = np.zeros((n, n), v.dtype)
    values = np.empty(n, w.dtype)
    for i in range(n):
        values[i] = w[i] + m[i, i].real
        for j in range(n):
            if i != j:
                turn[i, j] = _over_gap(m[i, j], w[j] - w[i])
    return values, v + v @ turn


@quotes(np.linalg.eigvalsh)
def eigvalsh(a):
    a = a * 1.0
    w, v = _rotations(_symmetric(constant(a)))
    m = v.conj().T @ _symmetric(a - constant(a)) @ v
    values = np.empty(w.shape[0], w.dtype)
    for i in range(w.shape[0]):
        values[i] = w[i] + m[i, i].real
    return values


def _singular(a):
    """`(u, s, v)` with `a = u @ diag(s) @ v.conj().T`, s descending, of a matrix with at least as many rows as columns:
    by rotations that make its columns orthogonal (Hestenes)."""
    m, n = a.shape
    u = a * 1.0
    v = np.eye(n, dtype=a.dtype)
    for _ in range(_MOST_SWEEPS):
        turned = False
        for p in range(n):
            for q in range(p + 1, n):
                alpha = beta = gamma = 0.0
                for k in range(m):
                    alpha += _squared(u[k, p])
                    beta += _squared(u[k, q])
                    gamma += np.conj(u[k, p]) * u[k, q]
                if abs(gamma) <= 1e-16 * np.sqrt(alpha * beta) or gamma == 0.0:
                    continue
                turned = True
                size, phase = _phase(gamma)
                zeta = (beta - alpha) / (2.0 * size)
                t = 1.0 / (abs(zeta) + np.sqrt(1.0 + zeta * zeta))
                if zeta < 0.0:
                    t = -t
                c = 1.0 / np.sqrt(1.0 + t * t)
                s = c * t
                for k in range(m):
                    x, y = u[k, p], u[k, q] * np.conj(phase)
                    u[k, p] = c * x - s * y
                    u[k, q] = s * x + c * y
                for k in range(n):
                    x, y = v[k, p], v[k, q] * np.conj(phase)
                    v[k, p] = c * x - s * y
                    v[k, q] = s * x + c * y
        if not turned:
            break
    sizes = np.sqrt(np.sum(_squared(u), axis=0))
    order = np.argsort(-sizes)
    sizes = sizes[order]
    largest = 0.0
    if n > 0:
        largest = sizes[0]
    found = u[:, order] / np.where(sizes > 0.0, sizes, 1.0)
    for j in range(n):
        if sizes[j] <= 1e-15 * largest:
            sizes[j] = 0.0
            _complete(found, j)
    return found, sizes, v[:, order]


def _complete(u, j):
    """Make column j a unit vector that is orthogonal to those before it."""
    m = u.shape[0]
    for k in range(m):
        for i in range(m):
            u[i, j] = 1.0 if i == k else 0.0
        for _ in range(2):
            for c in range(j):
                along = 0.0
                for i in range(m):
                    along += np.conj(u[i, c]) * u[i, j]
                for i in range(m):
                    u[i, j] -= along * u[i, c]
        size = 0.0
        for i in range(m):
            size += _squared(u[i, j])
        if size > 0.1 / m:
            for i in range(m):
                u[i, j] /= np.sqrt(size)
            break


@quotes(np.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True):
    """`(u, s, vh)`, or `s` alone. Of a matrix that is not square only `full_matrices=False` is given."""
    a = a * 1.0
    tall = a.shape[0] >= a.shape[1]
    x = a if tall else a.conj().T
    u, s, v = _singular(constant(x))
    moved = x - constant(x)
    p = u.conj().T @ moved @ v
    n = s.shape[0]
    values = np.empty(n, s.dtype)
    for i in range(n):
        values[i] = s[i] + p[i, i].real
    if not compute_uv:
        return values
    if full_matrices and a.shape[0] != a.shape[1]:
        raise ValueError("svd of a matrix that is not square: pass full_matrices=False")
    left = np.zeros((n, n), u.dtype)
    right = np.zeros((n, n), u.dtype)
    for i in range(n):
        for j in range(n):
            if i != j:
                gap = (s[j] - s[i]) * (s[j] + s[i])
                left[i, j] = _over_gap(p[i, j] * s[j] + s[i] * np.conj(p[j, i]), gap)
                right[i, j] = _over_gap(s[i] * p[i, j] + np.conj(p[j, i]) * s[j], gap)
            elif np.iscomplexobj(u):  # the phase of a pair of vectors is free: that of the right one stays
                left[i, i] = 1j * _over_gap(p[i, i].imag, s[i])
    du = u @ left + _over_sizes(moved @ v - u @ p, s)
    dv = v @ right + _over_sizes(moved.conj().T @ u - v @ p.conj().T, s)
    if tall:
        return u + du, values, (v + dv).conj().T
    return v + dv, values, (u + du).conj().T


def _householder(a):
    """The reduced factors, with the signs that LAPACK gives them."""
    m, n = a.shape
    r = a * 1.0
    q = np.zeros((m, n), a.dtype)
    for j in range(n):
        q[j, j] = 1.0
    scale = np.zeros(n, a.dtype)
    v = np.zeros((m, n), a.dtype)
    for k in range(n):
        below = 0.0
        for i in range(k + 1, m):
            below += _squared(r[i, k])
        alpha = r[k, k] * 1.0
        if below == 0.0 and alpha.imag == 0.0:
            continue
        beta = -np.copysign(np.sqrt(_squared(alpha) + below), alpha.real)
        scale[k] = (beta - alpha) / beta
        v[k, k] = 1.0
        for i in range(k + 1, m):
            v[i, k] = r[i, k] / (alpha - beta)
        for j in range(k, n):
            total = 0.0
            for i in range(k, m):
                total += np.conj(v[i, k]) * r[i, j]
            for i in range(k, m):
                r[i, j] -= np.conj(scale[k]) * total * v[i, k]
    for k in range(n - 1, -1, -1):
        for j in range(n):
            total = 0.0
            for i in range(k, m):
                total += np.conj(v[i, k]) * q[i, j]
            for i in range(k, m):
                q[i, j] -= scale[k] * total * v[i, k]
    upper = np.zeros((n, n), a.dtype)
    for i in range(n):
        for j in range(i, n):
            upper[i, j] = r[i, j]
    return q, upper


@quotes(np.linalg.qr)
def qr(a, mode="reduced"):
    """`(q, r)` of a matrix of full column rank with at least as many rows as columns."""
    a = a * 1.0
    if a.shape[0] < a.shape[1]:
        raise ValueError("qr of a matrix with more columns than rows is not differentiated: take that of its transpose")
    q, r = _householder(constant(a))
    moved = a - constant(a)
    step = solved_lower(r.T, moved.T).T  # moved @ r^-1
    c = q.conj().T @ step
    n = r.shape[0]
    turn = np.zeros((n, n), r.dtype)
    for i in range(n):
        for j in range(i):
            turn[i, j] = c[i, j]
            turn[j, i] = -np.conj(c[i, j])
        if np.iscomplexobj(r):  # the diagonal of r is real
            turn[i, i] = 1j * c[i, i].imag
    upper = r + (q.conj().T @ moved - turn @ r)
    full = np.zeros((n, n), r.dtype)
    for i in range(n):
        for j in range(i, n):
            full[i, j] = upper[i, j]
    if mode == "r":
        return full
    return q + q @ turn + step - q @ c, full


def _over_lower_system(r, b):
    """`r^-1 @ b` for an upper triangle and a vector or a matrix. Raises `LinAlgError` where r has not full rank."""
    n = r.shape[0]
    largest = 0.0
    for i in range(n):
        largest = max(largest, abs(constant(r[i, i])))
    for i in range(n):
        if abs(constant(r[i, i])) <= 1e-14 * n * largest:
            raise np.linalg.LinAlgError("the matrix has not full rank: this is not differentiated")
    x = b * 1.0
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            x[i] -= r[i, k] * x[k]
        x[i] /= r[i, i]
    return x


@quotes(np.linalg.lstsq)
def lstsq(a, b, rcond=None):
    """`(x, residuals, rank, s)` of a matrix of full rank."""
    a = a * 1.0
    m, n = a.shape
    s = svd(a, compute_uv=False)
    if m >= n:
        q, r = qr(a)
        x = _over_lower_system(r, q.conj().T @ b)
    else:
        q, r = qr(a.conj().T)
        y = np.linalg.solve(r.conj().T, b)
        x = q @ y
    rest = b - a @ x
    if b.ndim == 1:
        residuals = np.array([np.sum(_squared(rest))])
    else:
        residuals = np.sum(_squared(rest), axis=0)
    return x, residuals, min(m, n), s


@quotes(np.linalg.pinv)
def pinv(a):
    """Of a matrix of full rank."""
    a = a * 1.0
    if a.shape[0] >= a.shape[1]:
        q, r = qr(a)
        return _over_lower_system(r, q.conj().T)
    q, r = qr(a.conj().T)
    return _over_lower_system(r, q.conj().T).conj().T


@quotes(np.linalg.cond)
def cond(x):
    s = svd(x, compute_uv=False)
    return s[0] / s[s.shape[0] - 1]
