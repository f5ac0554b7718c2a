"""Lennard-Jones energy of 500 atoms, all pairs with a cutoff at three diameters; the gradient is minus the forces."""

from __future__ import annotations

import numpy as np

ARGNUMS = 0


def inputs(n=500):
    rng = np.random.default_rng(3)
    side = int(np.ceil(n ** (1 / 3)))
    lattice = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)[:n]
    return (1.1 * lattice + rng.uniform(-0.1, 0.1, size=(n, 3)),)


def primal(position):
    energy = 0.0
    for i in range(position.shape[0]):
        for j in range(i):
            dx = position[i, 0] - position[j, 0]
            dy = position[i, 1] - position[j, 1]
            dz = position[i, 2] - position[j, 2]
            r2 = dx * dx + dy * dy + dz * dz
            if r2 > 9.0:
                continue
            s6 = 1.0 / (r2 * r2 * r2)
            energy += 4.0 * (s6 * s6 - s6)
    return energy


def handwritten(position):
    """The force loop of a molecular-dynamics code: one pass, nothing kept."""
    bar = np.zeros(position.shape)
    for i in range(position.shape[0]):
        x, y, z = position[i, 0], position[i, 1], position[i, 2]
        x_bar = y_bar = z_bar = 0.0
        for j in range(i):
            dx, dy, dz = x - position[j, 0], y - position[j, 1], z - position[j, 2]
            r2 = dx * dx + dy * dy + dz * dz
            if r2 > 9.0:
                continue
            inverse = 1.0 / r2
            s6 = inverse * inverse * inverse
            factor = -24.0 * inverse * s6 * (2.0 * s6 - 1.0)
            x_bar += factor * dx
            y_bar += factor * dy
            z_bar += factor * dz
            bar[j, 0] -= factor * dx
            bar[j, 1] -= factor * dy
            bar[j, 2] -= factor * dz
        bar[i, 0] += x_bar
        bar[i, 1] += y_bar
        bar[i, 2] += z_bar
    return bar
