"""Newton's method for many unknowns: `scipy.optimize.minimize` with products of the Hessian, which is never made.

`jvp(grad(f), (x,), (v,))` gives the gradient at x and the Hessian's product with v, for about twice a gradient's time.
And a derivative inside of a function: how the minimum moves with a parameter, by the implicit function theorem."""

import numpy as np
from scipy.optimize import minimize

from srcgrad import differentiable, grad, jvp, value_and_grad


def membrane(heights, load):
    """The energy of a loaded membrane, held at height 0 along its edge."""
    n = heights.shape[0]
    energy = 0.0
    for i in range(n + 1):
        for j in range(n + 1):
            here = heights[i, j] if i < n and j < n else 0.0
            left = heights[i, j - 1] if i < n and j > 0 else 0.0
            above = heights[i - 1, j] if i > 0 and j < n else 0.0
            energy += np.sqrt(1.0 + n * n * ((here - left) ** 2 + (here - above) ** 2)) / (n * n)
            energy += load * here / (n * n)
    return energy


def flat(heights, load, n):
    return membrane(heights.reshape(n, n), load)


@differentiable
def curvature(heights, load, n, direction):
    """The Hessian's product with a direction."""
    return jvp(grad(flat), (heights, load, n), (direction, None, None))[1]


@differentiable
def pull(heights, load, n):
    """How the gradient moves with the load."""
    return jvp(grad(flat), (heights, load, n), (None, 1.0, None))[1]


def main():
    n, load = 20, 0.5
    found = minimize(
        value_and_grad(flat), np.zeros(n * n), args=(load, n), jac=True, method="trust-ncg",
        hessp=lambda x, v, *args: curvature(x, *args, v), options={"gtol": 1e-9},
    )  # fmt: skip
    columns = [curvature(found.x, load, n, unit) for unit in np.eye(n * n)]
    moves = -np.linalg.solve(np.array(columns), pull(found.x, load, n))
    print(f"{found.nit} steps of Newton's method, {found.nhev} products: deepest at {found.x.min():.6f}")
    print(f"a load of 0.001 more lets it sink by {-0.001 * moves.min():.6f}")
    return found, moves


if __name__ == "__main__":
    main()
