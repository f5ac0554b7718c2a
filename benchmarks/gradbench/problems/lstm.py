"""A diagonal LSTM that predicts the bits of a text's characters: minus the mean log likelihood."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.gradbench.function import Function
from srcgrad import differentiable, grad


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


def step(weight, bias, hidden, memory, x):
    """One layer's; `hidden` and `memory` are overwritten."""
    b = hidden.shape[0]
    for i in range(b):
        forget = sigmoid(x[i] * weight[i] + bias[i])
        ingate = sigmoid(hidden[i] * weight[b + i] + bias[b + i])
        outgate = sigmoid(x[i] * weight[2 * b + i] + bias[2 * b + i])
        change = math.tanh(hidden[i] * weight[3 * b + i] + bias[3 * b + i])
        memory[i] = memory[i] * forget + ingate * change
        hidden[i] = outgate * math.tanh(memory[i])


def predict(main, extra, state, x, out):
    b = x.shape[0]
    for i in range(b):
        out[i] = x[i] * extra[0, i]
    for layer in range(0, main.shape[0], 2):
        step(main[layer], main[layer + 1], state[layer], state[layer + 1], out)
        for i in range(b):
            out[i] = state[layer, i]
    for i in range(b):
        out[i] = out[i] * extra[1, i] + extra[2, i]


def loss(main, extra, initial, sequence):
    state = initial.copy()
    b = sequence.shape[1]
    out = np.empty(b)
    total = 0.0
    for t in range(sequence.shape[0] - 1):
        predict(main, extra, state, sequence[t], out)
        norm = 2.0
        for i in range(b):
            norm += math.exp(out[i])
        log_norm = math.log(norm)
        for i in range(b):
            total += sequence[t + 1, i] * (out[i] - log_norm)
    return -total / (b * (sequence.shape[0] - 1))


def _prepare(sent: Any) -> tuple:
    return tuple(
        np.array(sent[name], dtype=np.float64) for name in ("main_params", "extra_params", "state", "sequence")
    )


def _present(gradient: tuple[np.ndarray, np.ndarray]) -> list[float]:
    return np.concatenate([part.ravel() for part in gradient]).tolist()


FUNCTIONS = {
    "objective": Function(_prepare, differentiable(loss), float),
    "jacobian": Function(_prepare, grad(loss, argnums=(0, 1)), _present),
}
