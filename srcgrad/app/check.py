"""The table of `check`: reverse mode, forward mode and finite differences side by side, one direction a row.

In: a function, a value for each of its parameters, and which of them to move. Out: rows; a row is wrong where the three
derivatives disagree. A result of several numbers is weighed with fixed random weights first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.api import jvp, vjp
from srcgrad.differences import copy_tree, float_vector, like, numerical_jvp, written_leaves
from srcgrad.infer.signature import describe, leaves

FEW = 8  # an argument of at most this many numbers is moved along each of them, a larger one along random directions
RANDOM_DIRECTIONS = 4


@dataclass(frozen=True)
class Row:
    """One direction: the three derivatives along it, and how far apart they may be."""

    direction: str
    reverse: float
    forward: float
    differences: float
    tolerance: float

    @property
    def gap(self) -> float:
        return max(abs(self.reverse - self.differences), abs(self.forward - self.differences))

    @property
    def right(self) -> bool:
        return self.gap <= self.tolerance  # False for NaN


def rows(
    function: Callable, names: tuple[str, ...], values: tuple[Any, ...], argnums: tuple[int, ...]
) -> Iterator[Row]:
    """One row for each direction in each of the arguments at `argnums`."""
    spec = describe(values)
    relative = 2e-3 if any(leaf.type.dtype == np.float32 for leaf in leaves(spec)) else 1e-6
    written = written_leaves(function, values)
    out, pullback = vjp(function, *copy_tree(values))
    weights = np.random.default_rng(0).standard_normal(float_vector(out).size)
    if weights.size == 1:
        weights[:] = 1.0
    gradient = float_vector(pullback(like(out, weights)), spec)
    for name, direction in _directions(names, values, argnums):
        tangents = like(values, direction)
        numeric, error = numerical_jvp(function, values, tangents, written=written)
        primal_out, tangent_out = jvp(function, copy_tree(values), tangents)
        forward = float_vector(tangent_out, describe(primal_out))
        size = np.abs(gradient * direction).sum() + np.abs(weights * numeric).sum()
        tolerance = relative * (1.0 + float(size)) + error
        yield Row(name, float(gradient @ direction), float(weights @ forward), float(weights @ numeric), tolerance)


def _directions(
    names: tuple[str, ...], values: tuple[Any, ...], argnums: tuple[int, ...]
) -> Iterator[tuple[str, np.ndarray]]:
    """Directions among all floating numbers of the arguments, each within one argument."""
    sizes = [float_vector(value).size for value in values]
    rng = np.random.default_rng(1)
    for argnum in argnums:
        first, size = sum(sizes[:argnum]), sizes[argnum]
        for k in range(size if size <= FEW else RANDOM_DIRECTIONS):
            direction = np.zeros(sum(sizes))
            if size <= FEW:
                direction[first + k] = 1.0
                yield _entry(names[argnum], values[argnum], k), direction
            else:
                direction[first : first + size] = rng.standard_normal(size)
                yield f"{names[argnum]}: random direction {k + 1}", direction


def _entry(name: str, value: Any, number: int) -> str:
    if isinstance(value, np.ndarray):
        return f"{name}[{', '.join(map(str, np.unravel_index(number, value.shape)))}]" if value.ndim else name
    return name if np.isscalar(value) else f"{name}: number {number}"


def table(found: list[Row]) -> str:
    """The rows as text."""
    width = max(len("direction"), *(len(row.direction) for row in found))
    head = f"{'direction':<{width}} {'reverse':>18} {'forward':>18} {'differences':>18} {'largest gap':>12}"
    return "\n".join([head, *(_line(row, width) for row in found)])


def _line(row: Row, width: int) -> str:
    numbers = f"{row.reverse:>18.10g} {row.forward:>18.10g} {row.differences:>18.10g} {row.gap:>12.1e}"
    return f"{row.direction:<{width}} {numbers}" + ("" if row.right else "  WRONG")
