"""Fit the four rate constants of a predator-prey model to noisy observations.

The misfit integrates the equations with classical Runge-Kutta steps in a plain loop; its gradient goes through all of
them.
"""

import numpy as np
from scipy.optimize import minimize

from srcgrad import value_and_grad

STEPS_BETWEEN_OBSERVATIONS = 20
DT = 0.01


def rates(prey, predators, p):
    return p[0] * prey - p[1] * prey * predators, p[2] * prey * predators - p[3] * predators


def step(x, y, p, dt):
    k1, l1 = rates(x, y, p)
    k2, l2 = rates(x + 0.5 * dt * k1, y + 0.5 * dt * l1, p)
    k3, l3 = rates(x + 0.5 * dt * k2, y + 0.5 * dt * l2, p)
    k4, l4 = rates(x + dt * k3, y + dt * l3, p)
    return x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4), y + dt / 6 * (l1 + 2 * l2 + 2 * l3 + l4)


def misfit(p, start, observed):
    x, y = start[0], start[1]
    total = 0.0
    for k in range(observed.shape[0]):
        for _ in range(STEPS_BETWEEN_OBSERVATIONS):
            x, y = step(x, y, p, DT)
        total += (x - observed[k, 0]) ** 2 + (y - observed[k, 1]) ** 2
    return total / observed.shape[0]


def orbit(p, start, count):
    x, y = start
    rows = []
    for _ in range(count):
        for _ in range(STEPS_BETWEEN_OBSERVATIONS):
            x, y = step(x, y, p, DT)
        rows.append((x, y))
    return np.array(rows)


def main():
    truth = np.array([1.1, 0.4, 0.1, 0.4])
    start = np.array([10.0, 5.0])
    clean = orbit(truth, start, 60)
    observed = clean + np.random.default_rng(0).normal(scale=0.1, size=clean.shape)
    guess, bounds = [0.8, 0.3, 0.2, 0.5], [(0.01, 2.0)] * 4
    fit = minimize(value_and_grad(misfit), guess, args=(start, observed), jac=True, method="L-BFGS-B", bounds=bounds)
    print(f"{fit.nit} iterations, {fit.nfev} gradients, misfit {fit.fun:.4f}")
    print("found", np.round(fit.x, 3), " true", truth)
    return fit.x, truth


if __name__ == "__main__":
    main()
