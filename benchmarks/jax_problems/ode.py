"""Predator and prey in JAX: `lax.scan` over the steps."""

from __future__ import annotations

import jax
import jax.numpy as jnp

STATIC = (3,)


def _rates(u, p):
    x, y = u
    return jnp.array([p[0] * x - p[1] * x * y, p[2] * x * y - p[3] * y])


def primal(start, p, dt, steps):
    goal = jnp.array([5.0, 3.0])

    def step(u, _):
        k1 = _rates(u, p)
        k2 = _rates(u + 0.5 * dt * k1, p)
        k3 = _rates(u + 0.5 * dt * k2, p)
        k4 = _rates(u + dt * k3, p)
        u = u + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return u, dt * jnp.sum((u - goal) ** 2)

    _, terms = jax.lax.scan(step, start, None, length=steps)
    return terms.sum()


gradient = jax.jit(jax.grad(primal, argnums=(0, 1)), static_argnums=STATIC)
