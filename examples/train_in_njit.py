"""Train a small network on XOR: the whole loop, gradient calls included, is one machine-code function."""

import math

import numpy as np
from numba import njit

from srcgrad import value_and_grad

HIDDEN = 4
PARAMETERS = 4 * HIDDEN + 1  # per hidden cell two weights, an offset and an outgoing weight; one offset of the output


@value_and_grad
def loss(p, inputs, targets):
    total = 0.0
    for row in range(inputs.shape[0]):
        out = p[4 * HIDDEN]
        for h in range(HIDDEN):
            at = 4 * h
            out += p[at + 3] * math.tanh(p[at] * inputs[row, 0] + p[at + 1] * inputs[row, 1] + p[at + 2])
        probability = 1.0 / (1.0 + math.exp(-out))
        total -= math.log(probability) if targets[row] else math.log(1.0 - probability)
    return total / inputs.shape[0]


@njit
def train(p, inputs, targets, rate, steps):
    p = p.copy()
    value = 0.0
    for _ in range(steps):
        value, gradient = loss(p, inputs, targets)
        for k in range(p.shape[0]):
            p[k] -= rate * gradient[k]
    return value, p


def main():
    inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = np.array([False, True, True, False])
    start = np.random.default_rng(1).normal(size=PARAMETERS)
    before, _ = loss(start, inputs, targets)
    after, _ = train(start, inputs, targets, 0.5, 5000)
    print(f"loss {before:.4f} -> {after:.6f} after 5000 steps")
    return after


if __name__ == "__main__":
    main()
