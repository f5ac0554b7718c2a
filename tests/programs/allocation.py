"""Arrays made inside the function: every maker, in loops, carried, of unknown size."""

import math

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.5, 1.5, 5),)


@program(vector)
def makers(a):
    n = len(a)
    z = np.zeros(n)
    o = np.ones(n)
    f = np.full(n, a[0])
    e = np.empty(n)
    for i in range(n):
        e[i] = z[i] + o[i] * a[i] * f[i]
        z[i] = e[i] * e[i]
    return z[1] * e[2] + f[3]


@program(vector)
def makers_like(a):
    z = np.zeros_like(a)
    o = np.ones_like(a)
    f = np.full_like(a, 2.0)
    e = np.empty_like(a)
    for i in range(a.size):
        e[i] = f[i] * a[i] + o[i]
        z[i] += e[i] * a[i]
    return z[0] * z[4]


@program(lambda rng: (rng.uniform(0.5, 1.5), 4))
def arange_as_data(x, n):
    k = np.arange(n)
    t = np.arange(0.0, 2.0, 0.5)
    s = 0.0
    for i in range(n):
        s += x ** k[i] * math.sin(t[i] * x)
    return s


@program(vector)
def allocated_in_loop(a):
    s = 0.0
    for i in range(3):
        w = np.zeros(len(a))
        for j in range(len(a)):
            w[j] = a[j] * a[i] + w[j - 1]
        for j in range(len(a)):
            s += w[j] * w[j]
    return s


@program(vector)
def allocated_in_loop_and_carried(a):
    cur = a
    for t in range(3):
        new = np.empty(len(a))
        for i in range(len(a)):
            new[i] = cur[i] * cur[i - 1] + 0.1
        cur = new
    return cur[0] * cur[3]


@program(vector, lambda rng: (rng.uniform(2.5, 3.5, 5),))
def allocated_in_branch(a):
    if a[0] > 2.0:
        b = np.zeros(3)
        b[0] = a[0] * a[1]
    else:
        b = np.ones(3)
        b[1] = a[2] * a[1]
    b[2] = b[0] * b[1] + a[0]
    return b[2] * b[0]


@program(vector)
def size_depends_on_loop(a):
    s = 0.0
    for i in range(1, len(a)):
        w = np.ones(i)
        for j in range(i):
            w[j] = a[j] * w[j - 1]
        s += w[i - 1] * w[0]
    return s


@program(vector)
def shrinking_arrays(a):
    cur = a
    n = len(a)
    while n > 1:
        nxt = np.empty(n - 1)
        for i in range(n - 1):
            nxt[i] = 0.5 * (cur[i] + cur[i + 1]) * cur[i]
        cur = nxt
        n -= 1
    return cur[0]


@program(lambda rng: (rng.uniform(0.5, 1.5, (2, 3)),))
def copy_and_shape(m):
    c = m.copy()
    n, k = m.shape
    for i in range(n):
        for j in range(k):
            c[i, j] = m[i, j] * c[i - 1, j]
    return c[1, 2] * c[0, 0] * m.size * m.ndim


@program(lambda rng: (rng.uniform(0.5, 1.5), 3))
def two_dimensional_makers(x, n):
    m = np.zeros((n, n))
    for i in range(n):
        m[i, i] = x
        for j in range(i):
            m[i, j] = m[i, i] * m[j, j] + m[i - 1, j]
    return m[n - 1, 0] * m[1, 0]


@program(vector)
def copies_of_copies(a):
    b = a.copy()
    b[0] = a[1] * b[0]
    c = b.copy()
    c[0] = c[0] * b[0]
    d = np.copy(c)
    d[1] = c[0] * d[1]
    return b[0] * c[0] * d[1]


@program(vector)
def snapshot_before_update(a):
    s = 0.0
    for t in range(3):
        old = a.copy()
        for i in range(len(a)):
            a[i] = old[i] * old[i - 1] * 0.9
            s += a[i] * old[i]
    return s


@program(vector)
def returns_new_array(a):
    out = np.empty((len(a), 2))
    for i in range(len(a)):
        out[i, 0] = a[i] * a[i]
        out[i, 1] = out[i, 0] * a[i - 1]
    return out


@program(lambda rng: (rng.uniform(0.5, 1.5), 0), lambda rng: (rng.uniform(0.5, 1.5), 2))
def possibly_empty_array(x, n):
    w = np.full(n, x)
    s = x
    for i in range(n):
        s += w[i] * s
    return s


@program(vector)
def full_of_active_value_then_overwritten(a):
    w = np.full((2, 2), a[0] * a[1])
    w[0, 0] *= w[1, 1]
    w[1, 0] = a[2]
    return w[0, 0] * w[1, 0] + w[0, 1]


@program(vector)
def work_array_reused_across_iterations(a):
    w = np.zeros(3)
    s = 0.0
    for i in range(len(a)):
        for k in range(3):
            w[k] = a[i] ** (k + 1) + s
        s = s + w[0] * w[1] * w[2] * 0.1
    return s


@program(vector)
def bool_and_int_arrays(a):
    mask = np.zeros(len(a), dtype=np.bool_)
    count = np.zeros(2, dtype=np.int64)
    for i in range(len(a)):
        mask[i] = a[i] > 1.0
        count[1 if mask[i] else 0] += 1
    s = 0.0
    for i in range(len(a)):
        if mask[i]:
            s += a[i] * count[1]
        else:
            s += a[i] ** 2
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 5),))
def length_is_named_and_asked_again(x):
    n = len(x)
    y = np.empty_like(x)
    for i in range(n):
        y[i] = x[i] * x[i - 1]
    return y
