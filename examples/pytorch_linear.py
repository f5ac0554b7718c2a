"""PyTorch's tutorial of a linear model: y = 2x + 1 + noise, gradient descent with a rate of 0.1, 100 epochs.

The loop stands in Python, where PyTorch's does; `train` is the same loop as one machine-code function.
"""

import numpy as np
from numba import njit

from srcgrad import value_and_grad
from srcgrad.optim import sgd

optimiser = sgd(0.1)


@value_and_grad
def loss(params, x, y):
    slope, offset = params
    return np.mean((slope * x + offset - y) ** 2)


@njit
def train(params, x, y, epochs):
    state = optimiser.init(params)
    for _ in range(epochs):
        _, gradient = loss(params, x, y)
        params, state = optimiser.update(params, gradient, state)
    return params


def main():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1.0, 1.0, 100)
    y = 2.0 * x + 1.0 + 0.1 * rng.normal(size=100)
    params = (0.0, 0.0)
    state = optimiser.init(params)
    for epoch in range(100):
        value, gradient = loss(params, x, y)
        params, state = optimiser.update(params, gradient, state)
        print(f"epoch {epoch + 1:3d}: loss {value:.6f}")
    print(f"y = {params[0]:.3f} x + {params[1]:.3f}")
    compiled = train((0.0, 0.0), x, y, 100)
    print(f"the loop in one compiled function: y = {compiled[0]:.3f} x + {compiled[1]:.3f}")
    return params, compiled


if __name__ == "__main__":
    main()
