"""Relax a cluster of 13 Lennard-Jones atoms to a nearby minimum of its energy. The lowest there is is -44.326801."""

import numpy as np
from scipy.optimize import minimize

from srcgrad import value_and_grad


def energy(x):
    """`x` holds the coordinates one atom after the other, as scipy wants them."""
    total = 0.0
    for i in range(0, x.shape[0], 3):
        for j in range(0, i, 3):
            r2 = (x[i] - x[j]) ** 2 + (x[i + 1] - x[j + 1]) ** 2 + (x[i + 2] - x[j + 2]) ** 2
            total += 4.0 * (r2**-6 - r2**-3)
    return total


def icosahedron():
    """One atom in the middle of twelve."""
    golden = (1 + 5**0.5) / 2
    corners = [(0, a, b * golden) for a in (-1, 1) for b in (-1, 1)]
    turned = [corner[k:] + corner[:k] for corner in corners for k in range(3)]
    return np.array([(0.0, 0.0, 0.0), *turned]) * 0.6


def main():
    start = icosahedron() + np.random.default_rng(0).normal(scale=0.05, size=(13, 3))
    relaxed = minimize(value_and_grad(energy), start.ravel(), jac=True, method="BFGS")
    print(f"{relaxed.nit} iterations, {relaxed.nfev} gradients")
    print(f"energy {energy(start.ravel()):.4f} -> {relaxed.fun:.6f}, largest force {np.abs(relaxed.jac).max():.1e}")
    return relaxed.fun


if __name__ == "__main__":
    main()
