"""A network of two layers learns exclusive or, by gradient descent with momentum.

The parameters are a namedtuple of arrays: the gradient, and what the optimiser remembers, come in the same form, and
the loop is one machine-code function (`train_in_njit.py` does without an optimiser and without arrays of weights).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from srcgrad import value_and_grad
from srcgrad.optim import sgd


class Network(NamedTuple):
    inner: np.ndarray
    inner_offset: np.ndarray
    outer: np.ndarray
    outer_offset: np.ndarray


def predicted(network, inputs):
    hidden = np.tanh(inputs @ network.inner + network.inner_offset)
    return 1.0 / (1.0 + np.exp(-(hidden @ network.outer + network.outer_offset)))


@value_and_grad
def loss(network, inputs, targets):
    return np.mean((predicted(network, inputs) - targets) ** 2)


optimiser = sgd(0.5, momentum=0.9)


@njit
def train(network, inputs, targets, steps):
    state = optimiser.init(network)
    value = 0.0
    for _ in range(steps):
        value, gradient = loss(network, inputs, targets)
        network, state = optimiser.update(network, gradient, state)
    return value, network


def main():
    inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = np.array([[0.0], [1.0], [1.0], [0.0]])
    rng = np.random.default_rng(0)
    network = Network(rng.normal(size=(2, 8)), np.zeros(8), rng.normal(size=(8, 1)), np.zeros(1))
    before, _ = loss(network, inputs, targets)
    after, network = train(network, inputs, targets, 2000)
    found = predicted(network, inputs)
    print(f"loss {before:.4f} -> {after:.6f}; answers {np.round(found.ravel(), 2)}")
    return found.ravel()


if __name__ == "__main__":
    main()
