"""Heat on a 300 x 300 plate: a five-point stencil, 100 steps between two buffers, squared distance to a target."""

from __future__ import annotations

import numpy as np

ARGNUMS = 0


def inputs(n=300, steps=100):
    rng = np.random.default_rng(4)
    return rng.normal(size=(n, n)), rng.normal(size=(n, n)), 0.2, steps


def primal(start, target, rate, steps):
    u = start.copy()
    v = start.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                v[i, j] = u[i, j] + rate * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, v = v, u
    loss = 0.0
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            loss += 0.5 * (u[i, j] - target[i, j]) ** 2
    return loss


def handwritten(start, target, rate, steps):
    """The adjoint of a symmetric stencil is that stencil again, gathered; nothing of the forward sweep is kept.

    The edge never changes, so its cells only collect what their inner neighbours hand them."""
    rows, columns = start.shape
    u, v = start.copy(), start.copy()
    for _ in range(steps):
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                v[i, j] = u[i, j] + rate * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, v = v, u
    bar = np.empty(start.shape)
    a, b = np.zeros(start.shape), np.zeros(start.shape)
    for i in range(rows):
        for j in range(columns):
            bar[i, j] = u[i, j] - target[i, j]
    a[1:-1, 1:-1] = bar[1:-1, 1:-1]
    for _ in range(steps):
        for j in range(1, columns - 1):
            bar[0, j] += rate * a[1, j]
            bar[rows - 1, j] += rate * a[rows - 2, j]
        for i in range(1, rows - 1):
            bar[i, 0] += rate * a[i, 1]
            bar[i, columns - 1] += rate * a[i, columns - 2]
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                b[i, j] = a[i, j] + rate * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1] - 4.0 * a[i, j])
        a, b = b, a
    bar[1:-1, 1:-1] = a[1:-1, 1:-1]
    return bar
