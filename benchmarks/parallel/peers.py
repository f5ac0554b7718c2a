"""The same gradients by JAX and PyTorch on the CPU, in operations on whole arrays, where they are installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.gpu.peers import of_arrays


def calls(name: str, arguments: tuple, argnums: tuple[int, ...]) -> dict[str, Callable[[], object]]:
    """A call for each library that is there."""
    found: dict[str, Callable[[], object]] = {}
    if find_spec("jax") is not None and (call := _jax(name, arguments, argnums)) is not None:
        found["jax"] = call
    if find_spec("torch") is not None and (call := _torch(name, arguments, argnums)) is not None:
        found["torch"] = call
    return found


def _jax(name: str, arguments: tuple, argnums: tuple[int, ...]) -> Callable[[], object] | None:
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = import_module("jax.numpy")
    special = import_module("jax.scipy.special")
    add_at = lambda g, i, x: g.at[i].add(x)
    function = of_arrays(jnp, name, special.erf, jnp.concatenate, add_at)
    if function is None:
        return None
    fixed = tuple(k for k, a in enumerate(arguments) if isinstance(a, int))
    gradient = jax.jit(jax.grad(function, argnums=argnums), static_argnums=fixed)
    given = [jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments]
    return lambda: jax.block_until_ready(gradient(*given))


def _torch(name: str, arguments: tuple, argnums: tuple[int, ...]) -> Callable[[], object] | None:
    torch = import_module("torch")
    function = of_arrays(torch, name, torch.special.erf, torch.cat, lambda g, i, x: g.index_add(0, i, x))
    if function is None:
        return None
    given: list[Any] = [torch.as_tensor(a) if isinstance(a, np.ndarray) else a for a in arguments]
    for k in argnums:
        if isinstance(given[k], float):
            given[k] = torch.tensor(given[k], dtype=torch.float64)
        given[k].requires_grad_()
    return lambda: torch.autograd.grad(function(*given), [given[k] for k in argnums])
