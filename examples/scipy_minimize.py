"""`scipy.optimize.minimize` takes `value_and_grad(f)` as it is, and `jacobian(g)` for a constraint."""

import numpy as np
from scipy.optimize import minimize

from srcgrad import jacobian, value_and_grad


def length(heights, span):
    """Half the squared length of a chain whose links hang between two posts, and its weight times its height."""
    step = span / (heights.shape[0] + 1)
    total, before = 0.0, 1.0
    for k in range(heights.shape[0] + 1):
        height = heights[k] if k < heights.shape[0] else 1.0
        total += np.sqrt(step**2 + (height - before) ** 2) * (1.0 + 0.5 * (height + before))
        before = height
    return total


def above_ground(heights, span):
    return heights - 0.75


def main():
    floor = {"type": "ineq", "fun": above_ground, "jac": jacobian(above_ground), "args": (2.0,)}
    found = minimize(
        value_and_grad(length), np.ones(19), args=(2.0,), jac=True, method="SLSQP", constraints=[floor],
        options={"maxiter": 300},
    )  # fmt: skip
    print(f"{found.nit} iterations, {found.njev} gradients: {found.fun:.5f}, lowest point {found.x.min():.4f}")
    return found


if __name__ == "__main__":
    main()
