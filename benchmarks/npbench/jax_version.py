"""JAX's version of a kernel, differentiated as ours is.

NPBench's `*_jax.py` files return what the NumPy version writes, and mark some arguments static. The function is taken
out of its own `jit` so that integers stay Python's (a traced trip count has no reverse mode) and compiled as a whole;
where it cannot be differentiated in the floats among the scalars (they are static there), in the arrays alone.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.npbench.checkout import Kernel, is_real


class NoJax(Exception):
    """JAX cannot differentiate the kernel; says why."""


def gradient(kernel: Kernel, weights: tuple) -> tuple[Callable[[], Any], list[str]]:
    """A call that computes the gradient and waits for it, and the names of the arguments it is for.

    Raises `NoJax` where there is no such version, or where JAX refuses it."""
    jax = importlib.import_module("jax")
    try:
        function = inspect.unwrap(kernel.function("jax"))
    except Exception as error:
        raise NoJax(f"no usable version: {_short(error)}") from error
    real = [name for name, value in kernel.arguments.items() if is_real(value)]
    arrays = [name for name in real if isinstance(kernel.arguments[name], np.ndarray)]
    reason = ""
    for chosen in [real] if arrays == real else [real, arrays]:
        call = _call(jax, kernel, function, chosen, weights)
        try:
            call()
            return call, chosen
        except Exception as error:
            reason = _short(error)
    raise NoJax(reason)


def _call(jax: Any, kernel: Kernel, function: Callable, chosen: Sequence[str], weights: tuple) -> Callable[[], Any]:
    numbers = jax.numpy
    fixed = {
        name: numbers.asarray(value) if isinstance(value, np.ndarray) else value
        for name, value in kernel.arguments.items()
        if name not in chosen
    }
    placed = tuple(numbers.asarray(kernel.arguments[name]) for name in chosen)
    factors = tuple(map(numbers.asarray, weights))

    def scalar(floats: tuple, constants: dict, factors: tuple) -> Any:
        own = dict(zip(chosen, floats, strict=True))
        result = function(*(own[name] if name in own else constants[name] for name in kernel.arguments))
        parts = [part for part in (result if isinstance(result, tuple) else (result,)) if is_real(part)]
        pairs = zip(factors, parts, strict=False)  # where they are not the same outputs, the gradients will differ
        return sum(numbers.sum(factor * part) for factor, part in pairs)

    plain = {name: value for name, value in fixed.items() if not hasattr(value, "shape")}
    traced = {name: value for name, value in fixed.items() if hasattr(value, "shape")}
    compiled = jax.jit(jax.grad(lambda floats, constants, factors: scalar(floats, {**plain, **constants}, factors)))
    return lambda: jax.block_until_ready(compiled(placed, traced, factors))



def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:120]
