"""The elementwise chain in JAX: the same text."""

from __future__ import annotations

import jax
import jax.numpy as jnp

STATIC = ()


def primal(x, y):
    a = jnp.sin(x) * y
    b = jnp.exp(-a * a) + 0.5 * x
    c = jnp.tanh(b) / (1.0 + y * y)
    return jnp.sum(c * jnp.sqrt(1.0 + x * x))


gradient = jax.jit(jax.grad(primal))
