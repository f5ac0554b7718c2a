"""The LSTM in JAX: `lax.scan` over the sequence."""

from __future__ import annotations

import jax
import jax.numpy as jnp

STATIC = ()


def _cell(weight, bias, hidden, memory, x):
    w, v = weight.reshape(4, -1), bias.reshape(4, -1)
    forget = jax.nn.sigmoid(x * w[0] + v[0])
    ingate = jax.nn.sigmoid(hidden * w[1] + v[1])
    outgate = jax.nn.sigmoid(x * w[2] + v[2])
    change = jnp.tanh(hidden * w[3] + v[3])
    memory = memory * forget + ingate * change
    return outgate * jnp.tanh(memory), memory


def primal(main, extra, state, sequence):
    def step(state, pair):
        x, gold = pair
        out, after = x * extra[0], []
        for layer in range(0, main.shape[0], 2):
            out, memory = _cell(main[layer], main[layer + 1], state[layer], state[layer + 1], out)
            after += [out, memory]
        out = out * extra[1] + extra[2]
        return jnp.stack(after), jnp.sum(gold * (out - jnp.log(2.0 + jnp.exp(out).sum())))

    _, terms = jax.lax.scan(step, state, (sequence[:-1], sequence[1:]))
    return -terms.sum() / (sequence.shape[1] * (sequence.shape[0] - 1))


gradient = jax.jit(jax.grad(primal, argnums=(0, 1)))
