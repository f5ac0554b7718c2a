"""The same gradients by PyTorch, JAX and Warp, as their users write them, where these are installed and see the GPU."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.gpu import warp_peers


def times(name: str, arguments: tuple, argnums: tuple[int, ...], rounds: int) -> dict[str, float | str]:
    """Milliseconds per gradient, by library."""
    found: dict[str, float | str] = {}
    for library, measure in (("torch", _torch), ("jax", _jax), ("warp", warp_peers.times)):
        if find_spec(library) is None:
            continue
        try:
            ms = measure(name, arguments, argnums, rounds)
        except Exception as error:  # a peer that fails is no failure of ours
            found[library], ms = f"failed ({type(error).__name__})", None
        if ms is not None:
            found[library] = ms
        if library == "torch" and import_module("torch").cuda.is_available():
            gc.collect()
            import_module("torch").cuda.empty_cache()  # what it keeps for itself is lacking to the next
    return found


def _median(call: Callable[[], Any], rounds: int) -> float:
    call()
    call()
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return 1e3 * statistics.median(found)


# -- PyTorch ----------------------------------------------------------------------------------------------------------


def _torch(name: str, arguments: tuple, argnums: tuple[int, ...], rounds: int) -> float | None:
    torch = import_module("torch")
    function = of_arrays(torch, name, torch.special.erf, torch.cat, lambda g, i, x: g.index_add(0, i, x))
    if function is None or not torch.cuda.is_available():
        return None
    given = [torch.as_tensor(a, device="cuda") if isinstance(a, np.ndarray) else a for a in arguments]
    given = [
        torch.tensor(a, dtype=torch.float64, device="cuda") if k in argnums and isinstance(a, float) else a
        for k, a in enumerate(given)
    ]
    wanted = [given[k].requires_grad_() for k in argnums]

    def call() -> None:
        torch.autograd.grad(function(*given), wanted)
        torch.cuda.synchronize()

    return _median(call, rounds)


def of_arrays(m: Any, name: str, erf: Any, cat: Any, add_at: Any) -> Callable[..., Any] | None:
    """The problem in operations on whole arrays of a library `m`."""

    def chain(x, y):
        return m.sum(m.sin(x) * m.exp(-0.1 * x * x) + x * y)

    def black_scholes(spot, strike, time, rate, volatility):
        root = volatility * m.sqrt(time)
        d1 = (m.log(spot / strike) + (rate + 0.5 * volatility * volatility) * time) / root
        d2 = d1 - root
        n1, n2 = 0.5 * (1.0 + erf(d1 * 0.5**0.5)), 0.5 * (1.0 + erf(d2 * 0.5**0.5))
        return m.sum(spot * n1 - strike * m.exp(-rate * time) * n2)

    def after(u, k, steps):
        for _ in range(steps):
            inner = u[1:-1, 1:-1]
            new = inner + k * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * inner)
            middle = cat([u[1:-1, :1], new, u[1:-1, -1:]], 1)
            u = cat([u[:1], middle, u[-1:]], 0)
        return u

    def heat(u, k, steps):
        return m.sum(after(u, k, steps) ** 3)

    def stencil(start, target, rate, steps):
        return 0.5 * m.sum((after(start, rate, steps) - target) ** 2)

    def heston(v0, kappa, theta, xi, rho, z1, z2):
        paths, steps = z1.shape
        dt = 1.0 / steps
        other = (1.0 - rho * rho) ** 0.5
        s, v = z1[:, 0] * 0.0, z1[:, 0] * 0.0 + v0
        for t in range(steps):
            positive = m.maximum(v, v * 0.0)
            root = m.sqrt(positive * dt)
            s = s - 0.5 * positive * dt + root * z1[:, t]
            v = v + kappa * (theta - positive) * dt + xi * root * (rho * z1[:, t] + other * z2[:, t])
        return m.sum(m.maximum(m.exp(s) - 1.0, s * 0.0)) / paths

    def scatter(x, place, cells):
        zeros = m.zeros(cells, dtype=x.dtype, **({} if m.__name__ == "jax.numpy" else {"device": x.device}))
        return m.sum(m.sqrt(add_at(zeros, place, x * x) + 1.0))

    def mixture(points, weights, means, precisions):
        z = (points[:, None, :] - means) * precisions
        logs = weights + m.sum(m.log(precisions), 1) - 0.5 * m.sum(z * z, 2)
        most = m.max(logs, 1)
        most = most.values if hasattr(most, "values") else most
        return m.sum(most + m.log(m.sum(m.exp(logs - most[:, None]), 1)))

    def forces(x, y, z, mass):
        dx, dy, dz = (v[:, None] - v[None, :] for v in (x, y, z))
        inverse = 1.0 / m.sqrt(dx * dx + dy * dy + dz * dz + 0.01)
        return -0.5 * m.sum(mass[:, None] * mass[None, :] * inverse)

    def dense(x, w1, b1, w2, y):
        error = m.tanh(x @ w1 + b1) @ w2 - y
        return m.mean(error * error)

    def softmax(scores, labels):
        most = m.max(scores, 1)
        most = most.values if hasattr(most, "values") else most
        e = m.exp(scores - most[:, None])
        p = e / m.sum(e, 1)[:, None]
        return -m.sum(labels * m.log(p)) / scores.shape[0]

    known = (chain, black_scholes, heat, stencil, heston, mixture, forces, scatter, softmax, dense)
    found = {f.__name__: f for f in known}
    return found.get(name)


# -- JAX --------------------------------------------------------------------------------------------------------------


def _jax(name: str, arguments: tuple, argnums: tuple[int, ...], rounds: int) -> float | None:
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = import_module("jax.numpy")
    special = import_module("jax.scipy.special")
    function = of_arrays(jnp, name, special.erf, jnp.concatenate, lambda g, i, x: g.at[i].add(x))
    if function is None or jax.default_backend() != "gpu":
        return None
    fixed = tuple(k for k, a in enumerate(arguments) if isinstance(a, int))
    gradient = jax.jit(jax.grad(function, argnums=argnums), static_argnums=fixed)
    given = [jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments]
    return _median(lambda: jax.block_until_ready(gradient(*given)), rounds)
