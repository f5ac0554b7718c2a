"""A diagonal LSTM (ADBench's problem: two layers of 14 cells, gates elementwise) over a sequence of 200 steps."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

ARGNUMS = (0, 1)


def inputs(steps=200, layers=2, b=14):
    rng = np.random.default_rng(2)
    main = rng.uniform(-0.5, 0.5, size=(2 * layers, 4 * b))
    extra = rng.uniform(-0.5, 0.5, size=(3, b))
    state = rng.uniform(-0.5, 0.5, size=(2 * layers, b))
    sequence = (rng.uniform(size=(steps + 1, b)) < 0.5).astype(np.float64)
    return main, extra, state, sequence


@njit
def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


@njit
def cell(weight, bias, hidden, memory, x):
    """One step of one layer: `hidden` and `memory` are overwritten."""
    b = hidden.shape[0]
    for i in range(b):
        forget = sigmoid(x[i] * weight[i] + bias[i])
        ingate = sigmoid(hidden[i] * weight[b + i] + bias[b + i])
        outgate = sigmoid(x[i] * weight[2 * b + i] + bias[2 * b + i])
        change = math.tanh(hidden[i] * weight[3 * b + i] + bias[3 * b + i])
        memory[i] = memory[i] * forget + ingate * change
        hidden[i] = outgate * math.tanh(memory[i])


@njit
def predict(main, extra, state, x, out):
    b = x.shape[0]
    for i in range(b):
        out[i] = x[i] * extra[0, i]
    for layer in range(0, main.shape[0], 2):
        cell(main[layer], main[layer + 1], state[layer], state[layer + 1], out)
        for i in range(b):
            out[i] = state[layer, i]
    for i in range(b):
        out[i] = out[i] * extra[1, i] + extra[2, i]


def primal(main, extra, state, sequence):
    current = state.copy()
    b = sequence.shape[1]
    out = np.empty(b)
    total = 0.0
    for t in range(sequence.shape[0] - 1):
        predict(main, extra, current, sequence[t], out)
        norm = 2.0
        for i in range(b):
            norm += math.exp(out[i])
        log_norm = math.log(norm)
        for i in range(b):
            total += sequence[t + 1, i] * (out[i] - log_norm)
    return -total / (b * (sequence.shape[0] - 1))


def handwritten(main, extra, state, sequence):
    """Forward keeping the gates (5 numbers per cell and step, and the memory), then backward through time."""
    steps, b = sequence.shape[0] - 1, sequence.shape[1]
    layers = main.shape[0] // 2
    kept = np.empty((steps, layers, 7, b))
    norms = np.empty((steps, b))
    outs = np.empty((steps, b))
    now = state.copy()
    x = np.empty(b)
    for t in range(steps):
        for i in range(b):
            x[i] = sequence[t, i] * extra[0, i]
        for layer in range(layers):
            w, v, k = main[2 * layer], main[2 * layer + 1], kept[t, layer]
            for i in range(b):
                hidden, memory = now[2 * layer, i], now[2 * layer + 1, i]
                forget = 1.0 / (1.0 + math.exp(-(x[i] * w[i] + v[i])))
                ingate = 1.0 / (1.0 + math.exp(-(hidden * w[b + i] + v[b + i])))
                outgate = 1.0 / (1.0 + math.exp(-(x[i] * w[2 * b + i] + v[2 * b + i])))
                change = math.tanh(hidden * w[3 * b + i] + v[3 * b + i])
                k[0, i], k[1, i], k[2, i], k[3, i] = forget, ingate, outgate, change
                k[5, i], k[6, i] = hidden, memory
                memory = memory * forget + ingate * change
                squashed = math.tanh(memory)
                k[4, i] = squashed
                now[2 * layer + 1, i] = memory
                now[2 * layer, i] = outgate * squashed
                x[i] = outgate * squashed
        norm = 2.0
        for i in range(b):
            outs[t, i] = x[i]
            norms[t, i] = math.exp(x[i] * extra[1, i] + extra[2, i])
            norm += norms[t, i]
        for i in range(b):
            norms[t, i] /= norm
    main_bar, extra_bar = np.zeros(main.shape), np.zeros(extra.shape)
    now_bar = np.zeros(state.shape)
    x_bar = np.empty(b)
    scale = -1.0 / (b * steps)
    for t in range(steps - 1, -1, -1):
        gold = 0.0
        for i in range(b):
            gold += sequence[t + 1, i]
        for i in range(b):
            y_bar = scale * (sequence[t + 1, i] - gold * norms[t, i])
            extra_bar[2, i] += y_bar
            extra_bar[1, i] += y_bar * outs[t, i]
            x_bar[i] = y_bar * extra[1, i]
        for layer in range(layers - 1, -1, -1):
            w, k = main[2 * layer], kept[t, layer]
            w_bar, v_bar = main_bar[2 * layer], main_bar[2 * layer + 1]
            for i in range(b):
                forget, ingate, outgate, change = k[0, i], k[1, i], k[2, i], k[3, i]
                squashed, hidden, memory = k[4, i], k[5, i], k[6, i]
                below = kept[t, layer - 1, 2, i] * kept[t, layer - 1, 4, i] if layer else sequence[t, i] * extra[0, i]
                hidden_bar = now_bar[2 * layer, i] + x_bar[i]
                memory_bar = now_bar[2 * layer + 1, i] + hidden_bar * outgate * (1.0 - squashed * squashed)
                out_bar = hidden_bar * squashed * outgate * (1.0 - outgate)
                forget_bar = memory_bar * memory * forget * (1.0 - forget)
                in_bar = memory_bar * change * ingate * (1.0 - ingate)
                change_bar = memory_bar * ingate * (1.0 - change * change)
                now_bar[2 * layer + 1, i] = memory_bar * forget
                now_bar[2 * layer, i] = in_bar * w[b + i] + change_bar * w[3 * b + i]
                x_bar[i] = forget_bar * w[i] + out_bar * w[2 * b + i]
                w_bar[i] += forget_bar * below
                v_bar[i] += forget_bar
                w_bar[b + i] += in_bar * hidden
                v_bar[b + i] += in_bar
                w_bar[2 * b + i] += out_bar * below
                v_bar[2 * b + i] += out_bar
                w_bar[3 * b + i] += change_bar * hidden
                v_bar[3 * b + i] += change_bar
        for i in range(b):
            extra_bar[0, i] += x_bar[i] * sequence[t, i]
    return main_bar, extra_bar
