"""Triangular systems and factors, in blocks: what lies outside the blocks on the diagonal is a matrix product.

(Golub and Van Loan, "Matrix computations", 4th edition, 2013, sections 3.1.4, 3.2.11 and 4.2.6.)
"""

from __future__ import annotations

import numpy as np

BLOCK = 32  # rows: large enough for products of matrices, small enough for loops in the first-level cache


def solved_lower(low, b, unit=False):
    """`low^-1 @ b` for a lower triangle (n, n), with ones on the diagonal if `unit`, and a matrix (n, m)."""
    n, m = b.shape
    x = b * 1.0
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        if start > 0:
            x[start:stop] -= low[start:stop, :start] @ x[:start]
        for i in range(start, stop):
            for k in range(start, i):
                for j in range(m):
                    x[i, j] -= low[i, k] * x[k, j]
            if not unit:
                for j in range(m):
                    x[i, j] /= low[i, i]
    return x


def solved_upper(up, b):
    """`up^-1 @ b` for an upper triangle (n, n) and a matrix (n, m)."""
    n, m = b.shape
    x = b * 1.0
    blocks = (n + BLOCK - 1) // BLOCK
    for block in range(blocks - 1, -1, -1):
        start = block * BLOCK
        stop = min(start + BLOCK, n)
        if stop < n:
            x[start:stop] -= up[start:stop, stop:] @ x[stop:]
        for i in range(stop - 1, start - 1, -1):
            for k in range(i + 1, stop):
                for j in range(m):
                    x[i, j] -= up[i, k] * x[k, j]
            for j in range(m):
                x[i, j] /= up[i, i]
    return x


def cholesky_factor(a):
    """The lower triangle with `low @ low.conj().T == a`. Reads the lower triangle. Raises `LinAlgError` for a matrix
    that is not positive definite."""
    n = a.shape[0]
    low = np.zeros((n, n), a.dtype)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        rest = a[start:, start:stop] * 1.0
        if start > 0:
            rest -= low[start:, :start] @ low[start:stop, :start].conj().T
        for j in range(stop - start):
            for i in range(j, n - start):
                total = rest[i, j] * 1.0
                for k in range(j):
                    total -= low[start + i, start + k] * np.conj(low[start + j, start + k])
                if i == j:
                    if not total.real > 0.0:
                        raise np.linalg.LinAlgError("Matrix is not positive definite")
                    low[start + j, start + j] = np.sqrt(total.real)
                else:
                    low[start + i, start + j] = total / low[start + j, start + j]
    return low


def lu_factors(a):
    """`(lu, order, sign)`: the factors of the rows of `a` taken in `order`; `sign` is that of the permutation."""
    n = a.shape[0]
    lu = a * 1.0
    order = np.empty(n, np.int64)
    for i in range(n):
        order[i] = i
    sign = 1.0
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        for k in range(start, stop):
            best = k
            for i in range(k + 1, n):
                if abs(lu[i, k]) > abs(lu[best, k]):
                    best = i
            if best != k:
                sign = -sign
                order[k], order[best] = order[best], order[k]
                for j in range(n):
                    lu[k, j], lu[best, j] = lu[best, j], lu[k, j]
            if lu[k, k] != 0.0:
                for i in range(k + 1, n):
                    lu[i, k] /= lu[k, k]
                    for j in range(k + 1, stop):
                        lu[i, j] -= lu[i, k] * lu[k, j]
        if stop < n:
            for k in range(start, stop):
                for i in range(k + 1, stop):
                    for j in range(stop, n):
                        lu[i, j] -= lu[i, k] * lu[k, j]
            lu[stop:, stop:] -= lu[stop:, start:stop] @ lu[start:stop, stop:]
    return lu, order, sign
