"""`scipy.optimize.least_squares` takes `jacobian(residuals)`: two decays fitted to noisy counts."""

import numpy as np
from scipy.optimize import least_squares

from srcgrad import jacobian


def residuals(p, t, counts):
    return p[0] * np.exp(-p[1] * t) + p[2] * np.exp(-p[3] * t) - counts


def main():
    truth = np.array([5.0, 2.0, 3.0, 0.3])
    t = np.linspace(0.0, 10.0, 200)
    counts = residuals(truth, t, 0.01 * np.random.default_rng(0).normal(size=200))
    found = least_squares(residuals, [1.0, 3.0, 1.0, 0.1], jac=jacobian(residuals), args=(t, counts))
    print(f"{found.nfev} evaluations, {found.njev} Jacobians of shape {found.jac.shape}: {np.round(found.x, 3)}")
    return found.x, truth


if __name__ == "__main__":
    main()
