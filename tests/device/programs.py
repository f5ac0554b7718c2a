"""Programs for a GPU: one for each way in which loops become kernels, and their arguments."""

from __future__ import annotations

import math

import numpy as np
from numba import prange

RNG = np.random.default_rng(5)


def elementwise(x, w):
    y = np.sin(x) * w
    return np.sum(y * y)


def heat(u, k, steps):
    for _ in range(steps):
        new = u.copy()
        new[1:-1, 1:-1] = u[1:-1, 1:-1] + k * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] - 3.0 * u[1:-1, 1:-1])
        u = new
    return np.sum(u**3)


def paths(start, sigma, z):
    n, m = z.shape
    total = 0.0
    for i in prange(n):
        s = start
        for t in range(m):
            s = s * math.exp(sigma * z[i, t] * 0.1 - 0.005 * sigma * sigma) + 0.01 * math.sin(s)
        total += max(s - 1.0, 0.0)
    return total / n


def softmax(a, y):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.sum(y * np.log(p))


def scatter(x, place):
    out = np.zeros(4)
    for i in prange(len(x)):
        out[place[i]] += x[i] ** 2
    return np.sum(out**2)


def dense(x, w, b):
    return np.mean(np.tanh(x @ w + b) ** 2)


def pairs(x, m):
    energy = 0.0
    for i in prange(len(x)):
        own = 0.0
        for j in range(len(x)):
            own += m[j] / math.sqrt((x[i] - x[j]) ** 2 + 0.1)
        energy += own * m[i]
    return energy


def until_small(x):
    total = 0.0
    for i in prange(len(x)):
        v = x[i]
        while v > 0.1:
            v = 0.5 * v
        total += v
    return total


def recurrence(x, a):
    h = 0.0
    for t in range(len(x)):
        h = math.tanh(a * h + x[t])
    return h


def with_own_memory(x):
    n, m = x.shape
    total = 0.0
    for i in prange(n):
        own = np.zeros(m)
        for j in range(m):
            own[j] = x[i, j] ** 2
        for j in range(1, m):
            own[j] += own[j - 1] * x[i, j]
        total += own[m - 1]
    return total


def cube(x):
    return np.sum(x[:, ::-1, :] * x) + x.max()


def narrow(x, w):
    return np.sum(np.exp(-x * x) * w + np.maximum(x, np.float32(0.5)) ** 2)


def parts_of_rows(x, b):
    """Additions through a name for a part of memory that is another one in each iteration."""
    n, m = x.shape
    for i in range(n):
        for j in range(m):
            part = b[i, 1:4]
            part[1] += x[i, j] * x[i, j]
    return np.sum(b**3)


def permuted(x, place):
    """Only the user knows that the places are different ones."""
    out = np.zeros(len(x))
    for i in prange(len(x)):
        out[place[i]] = math.sin(x[i]) * x[place[i]]
    return np.sum(out**2)


def spread(x, place):
    """Each iteration changes an element that is its own, and reads what all read."""
    out = x.copy()
    for i in prange(len(place)):
        k = place[i]
        out[k] = out[k] * out[k] + x[(k + 1) % len(x)]
        out[k] += x[0] * out[k]
    return np.sum(np.cos(out))


def outside(x, place):
    """A work array that all iterations use: whether each fills it first cannot be told, so they follow one another."""
    n, m = x.shape
    out, w = np.zeros(n), np.zeros(m)
    for i in prange(n):
        for j in range(m):
            w[j] = x[i, j] ** 2
        total = 0.0
        for j in range(m):
            total += w[(j + 1) % m] * w[j]
        out[place[i]] = total
    return np.sum(out**2)


def sums_twice(x, place):
    """Sums into one element, one after the other and in a branch: of which nothing may be read in between."""
    table = np.zeros(4)
    for i in prange(len(x)):
        table[place[i]] += math.sin(x[i])
        if x[i] > 0.5:
            table[place[i]] += x[i] * x[i]
        table[place[i]] = table[place[i]] - 0.5 * x[i - 1]
    return np.sum(table**2)


def halved(x):
    """As many steps as each element takes, kept for the way back (in one sweep)."""
    total = 0.0
    for i in prange(len(x)):
        v = x[i]
        while v > 0.1:
            v = 0.5 * v * math.sin(v)
        total += v
    return total


def bounced(x, steps):
    """Steps in steps, in branches, kept in stacks of several kinds, in two sweeps."""
    n = len(x)
    out = np.zeros(n)
    for i in prange(n):
        v = x[i]
        for _ in range(steps):
            w = v
            while w > 0.3:
                if w > 0.6:
                    w = w * math.cos(0.1 * w) * 0.7
                else:
                    w = math.sin(w) * 0.8
            v = v * 0.9 + w * v
            if v > 1.0:
                continue
            out[i] += v * w
    return np.sum(out**2)


def feeding(x):
    """How often it goes on depends on what it wrote: it stays on the host."""
    out = np.zeros(len(x))
    for i in prange(len(x)):
        out[i] = x[i]
        while out[i] > 0.1:
            out[i] = 0.5 * out[i] * math.sin(out[i])
    return np.sum(out**2)


ARGUMENTS = {
    elementwise: (RNG.random((5, 7)), RNG.random(7)), heat: (RNG.random((6, 7)), 0.1, 3),
    paths: (1.0, 0.3, RNG.normal(size=(20, 6))), softmax: (RNG.random((5, 4)), RNG.random((5, 4))),
    scatter: (RNG.random(9), RNG.integers(0, 4, 9)), dense: (RNG.random((70, 4)), RNG.random((4, 3)), RNG.random(3)),
    pairs: (RNG.normal(size=6), RNG.random(6)), until_small: (RNG.random(8),), recurrence: (RNG.normal(size=5), 0.7),
    with_own_memory: (RNG.random((6, 5)),), cube: (RNG.random((3, 4, 5)),),
    parts_of_rows: (RNG.random((40, 3)), RNG.random((40, 5))), permuted: (RNG.random(9), RNG.permutation(9)),
    outside: (RNG.random((6, 4)), RNG.permutation(6)),
    sums_twice: (RNG.random(9), RNG.integers(0, 4, 9)), halved: (3.0 * RNG.random(300),),
    bounced: (2.0 * RNG.random(12), 3), feeding: (3.0 * RNG.random(5),),
    spread: (RNG.random(9), RNG.permutation(9)[:5]),
    narrow: (RNG.random(9).astype(np.float32), RNG.random(9).astype(np.float32)),
}  # fmt: skip
