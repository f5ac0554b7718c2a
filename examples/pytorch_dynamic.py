"""PyTorch's first lesson: tensors, and a graph that differs in every iteration.

PyTorch runs Python and records a new graph each time. Here loops and branches on the data are compiled as they stand,
and the gradient is that of the path that was taken.
"""

import numpy as np

from srcgrad import value_and_grad


@value_and_grad
def last_long(x):
    """Doubles `x` until it is long, as the tutorial does, and turns it around on the way where it points down."""
    y = x * 2.0
    while np.sqrt(np.sum(y * y)) < 1000.0:
        if y[0] < 0.0:
            y = 3.0 * y[::-1] + x
        else:
            y = y * 2.0
    return np.sum(y)


@value_and_grad
def random_depth(weights, x, depths):
    """The tutorial's strange network: its middle layer is used again and again, a different number of times for each
    row of the data."""
    total = 0.0
    for row in range(x.shape[0]):
        hidden = np.maximum(weights[0] @ x[row], 0.0)
        for _ in range(depths[row]):
            hidden = np.maximum(weights[1] @ hidden, 0.0)
        total += np.sum(weights[2] @ hidden)
    return total


def main():
    rng = np.random.default_rng(0)
    for _ in range(3):
        x = rng.normal(size=3)
        value, gradient = last_long(x)
        print(f"x = {np.round(x, 2)}: {value:9.2f}, gradient {gradient}")
    weights = rng.normal(size=(3, 4, 4)) * 0.7
    value, gradient = random_depth(weights, rng.normal(size=(6, 4)), rng.integers(0, 4, 6))
    print(f"a network of random depths: {value:.4f}, gradient of shape {gradient.shape}")
    return value, gradient


if __name__ == "__main__":
    main()
