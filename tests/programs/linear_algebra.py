"""Factorisations, solves and products written as loops, most of them in place."""

import math

import numpy as np

from tests.harness.registry import program


def positive_definite(n):
    def make(rng):
        b = rng.standard_normal((n, n))
        return b @ b.T + n * np.eye(n)

    return make


@program(lambda rng: (positive_definite(4)(rng),))
def cholesky_in_place(a):
    n = a.shape[0]
    for j in range(n):
        for k in range(j):
            a[j, j] -= a[j, k] * a[j, k]
        a[j, j] = math.sqrt(a[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                a[i, j] -= a[i, k] * a[j, k]
            a[i, j] /= a[j, j]
    s = 0.0
    for i in range(n):
        s += math.log(a[i, i])
        for j in range(i):
            s += a[i, j] * a[i, j]
    return s


@program(lambda rng: (positive_definite(4)(rng),))
def lu_without_pivoting(a):
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    d = 1.0
    for i in range(n):
        d *= a[i, i] * 0.1
    return d + a[2, 1] * a[1, 2]


@program(lambda rng: (rng.standard_normal((4, 4)),))
def determinant_with_pivoting(a):
    n = a.shape[0]
    det = 1.0
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[p, k]):
                p = i
        if p != k:
            det = -det
            for j in range(n):
                a[k, j], a[p, j] = a[p, j], a[k, j]
        det *= a[k, k]
        for i in range(k + 1, n):
            f = a[i, k] / a[k, k]
            for j in range(k, n):
                a[i, j] -= f * a[k, j]
    return det


@program(lambda rng: (positive_definite(4)(rng), rng.standard_normal(4)))
def forward_substitution(low, b):
    n = len(b)
    for i in range(n):
        for j in range(i):
            b[i] -= low[i, j] * b[j]
        b[i] /= low[i, i]
    return b[0] * b[3] + b[2]


@program(lambda rng: (positive_definite(4)(rng), rng.standard_normal(4)))
def back_substitution_new_array(up, b):
    n = len(b)
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        t = b[i]
        for j in range(i + 1, n):
            t -= up[i, j] * x[j]
        x[i] = t / up[i, i]
    return x


@program(
    lambda rng: (rng.uniform(0.1, 0.5, 5), rng.uniform(2.0, 3.0, 5), rng.uniform(0.1, 0.5, 5), rng.standard_normal(5))
)
def thomas_algorithm(a, b, c, d):
    n = len(d)
    for i in range(1, n):
        w = a[i] / b[i - 1]
        b[i] -= w * c[i - 1]
        d[i] -= w * d[i - 1]
    d[n - 1] /= b[n - 1]
    for i in range(n - 2, -1, -1):
        d[i] = (d[i] - c[i] * d[i + 1]) / b[i]
    return d[0] * d[2] + d[4]


@program(lambda rng: (positive_definite(3)(rng), rng.standard_normal(3), 4))
def gauss_seidel(a, b, sweeps):
    n = len(b)
    x = np.zeros(n)
    for _ in range(sweeps):
        for i in range(n):
            s = b[i]
            for j in range(n):
                if j != i:
                    s -= a[i, j] * x[j]
            x[i] = s / a[i, i]
    return x[0] * x[1] + x[2]


@program(lambda rng: (positive_definite(3)(rng), rng.standard_normal(3)))
def conjugate_gradients(a, b):
    n = len(b)
    x = np.zeros(n)
    r = b.copy()
    p = b.copy()
    q = np.empty(n)
    rr = 0.0
    for i in range(n):
        rr += r[i] * r[i]
    for _ in range(2):
        pq = 0.0
        for i in range(n):
            q[i] = 0.0
            for j in range(n):
                q[i] += a[i, j] * p[j]
            pq += p[i] * q[i]
        alpha = rr / pq
        new = 0.0
        for i in range(n):
            x[i] += alpha * p[i]
            r[i] -= alpha * q[i]
            new += r[i] * r[i]
        for i in range(n):
            p[i] = r[i] + new / rr * p[i]
        rr = new
    return x[0] * x[1] + x[2]


@program(lambda rng: (rng.standard_normal((3, 4)), rng.standard_normal((4, 2))))
def matrix_product(a, b):
    c = np.zeros((3, 2))
    for i in range(3):
        for j in range(2):
            for k in range(4):
                c[i, j] += a[i, k] * b[k, j]
    return c


@program(lambda rng: (positive_definite(3)(rng),))
def power_iteration(a):
    v = np.ones(3)
    w = np.zeros(3)
    lam = 0.0
    for _ in range(6):
        norm = 0.0
        for i in range(3):
            w[i] = 0.0
            for j in range(3):
                w[i] += a[i, j] * v[j]
            norm += w[i] ** 2
        lam = math.sqrt(norm)
        for i in range(3):
            v[i] = w[i] / lam
    return lam * v[0]


@program(lambda rng: (rng.standard_normal((4, 3)),))
def gram_schmidt_rows(m):
    for i in range(3):
        row = m[i]
        for j in range(i):
            other = m[j]
            d = 0.0
            for k in range(3):
                d += row[k] * other[k]
            for k in range(3):
                row[k] -= d * other[k]
        s = 0.0
        for k in range(3):
            s += row[k] ** 2
        s = math.sqrt(s)
        for k in range(3):
            row[k] /= s
    return m[0, 0] * m[1, 1] + m[2, 2] * m[1, 0]


@program(lambda rng: (rng.standard_normal((3, 3)), rng.standard_normal(3)))
def householder_reflection(m, v):
    vv = 0.0
    for i in range(3):
        vv += v[i] * v[i]
    for j in range(3):
        d = 0.0
        for i in range(3):
            d += v[i] * m[i, j]
        for i in range(3):
            m[i, j] -= 2.0 * d / vv * v[i]
    return m[0, 0] * m[1, 2] + m[2, 1]


@program(lambda rng: (rng.standard_normal((3, 3)),))
def rows_swapped_by_tuple_with_copies(m):
    top = m[0].copy()
    bottom = m[2].copy()
    top, bottom = bottom, top
    for j in range(3):
        m[0, j] = top[j] * m[1, j]
        m[2, j] = bottom[j]
    return m[0, 0] * m[2, 0] + m[0, 2] ** 2
