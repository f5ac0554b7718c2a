"""One number from a kernel: a weighted sum of all its floating outputs.

The weights are random, so that no derivative cancels (that of the sum of a softmax is zero). What a kernel's outputs
are: the floats it returns; for one that returns none, the arguments that NPBench lists as outputs, or else changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.npbench.checkout import Kernel, is_real


@dataclass(frozen=True)
class Outputs:
    """Which parts of the returned tuple (`returned`; `bare`: it is no tuple) and which arguments are floats."""

    returned: tuple[int, ...]
    bare: bool
    written: tuple[int, ...]
    weights: tuple[Any, ...]


class NotReal(Exception):
    """The kernel has no real floating output, or no real floating input."""


def find_outputs(kernel: Kernel, seed: int = 0) -> Outputs:
    """Run the kernel once under NumPy and see. Raises `NotReal`."""
    arguments = fresh(tuple(kernel.arguments.values()))
    if not any(map(is_real, arguments)):
        raise NotReal("no real floating input")
    result = kernel.function("numpy")(*arguments)
    bare = not isinstance(result, tuple)
    parts = (result,) if bare else result
    returned = tuple(k for k, part in enumerate(parts) if part is not None and is_real(part))
    keys = list(kernel.arguments)
    written = () if returned else tuple(keys.index(key) for key in kernel.outputs)
    if not returned and not written:
        before = tuple(kernel.arguments.values())
        written = tuple(k for k, value in enumerate(arguments) if _changed(before[k], value))
    written = tuple(k for k in written if is_real(arguments[k]))
    if not returned and not written:
        raise NotReal("no real floating output")
    rng = np.random.default_rng(seed)
    outputs = [parts[k] for k in returned] + [arguments[k] for k in written]
    return Outputs(returned, bare, written, tuple(_weights(value, rng) for value in outputs))


def objective(function: Callable[..., Any], outputs: Outputs) -> Callable[[tuple, tuple], Any]:
    """`objective(arguments, weights)`: the weighted sum of the outputs of `function(*arguments)`."""
    returned, bare, written = outputs.returned, outputs.bare, outputs.written

    def scalar(arguments: tuple, weights: tuple) -> Any:
        result = function(*arguments)
        total = 0.0
        for k in range(len(returned)):
            part = result if bare else result[returned[k]]
            total += np.sum(weights[k] * part)
        for k in range(len(written)):
            total += np.sum(weights[len(returned) + k] * arguments[written[k]])
        return total

    return scalar


def fresh(arguments: tuple) -> tuple:
    """Copies of the arrays: kernels write into their arguments."""
    return tuple(value.copy() if isinstance(value, np.ndarray) else value for value in arguments)



def _changed(before: Any, after: Any) -> bool:
    return isinstance(after, np.ndarray) and not np.array_equal(before, after, equal_nan=True)


def _weights(value: Any, rng: np.random.Generator) -> Any:
    array = np.asarray(value)
    drawn = rng.uniform(0.5, 1.5, array.shape)
    return drawn.astype(array.dtype) if array.ndim else float(drawn)
