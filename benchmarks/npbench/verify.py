"""Whether a kernel's gradient is right: against forward mode, and both against finite differences.

Along a random direction v, reverse mode gives <gradient, v>, forward mode the same number by the dot-product identity,
and central differences of the kernel under plain NumPy an estimate of it with its error. Everything in float64. The
identity holds to rounding, which an ill-conditioned kernel amplifies: how much is measured, by the gradient's change
when every input is moved by one rounding (of float32, for the kernels that are made for it: what they allocate is
narrow, on float64 inputs too). Differences are taken over several lengths of v, because long ones leave the domain of
some kernels or cross kinks; the estimate that settles best counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.npbench.checkout import is_real
from benchmarks.npbench.objective import fresh
from srcgrad import jvp
from srcgrad.differences import numerical_jvp

IDENTITY = 1e-10
DIFFERENCES = 1e-5
_AMPLIFIED = 100.0  # roundings along the way, each amplified as much as one in the inputs
_LENGTHS = (1.0, 1e-2, 1e-4, 1e-6, 1e-8)


@dataclass(frozen=True)
class Verdict:
    """Errors relative to the sum of the absolute terms; `noise` is what one rounding of the inputs changes, `estimate`
    the error that the differences themselves admit."""

    identity: float
    differences: float
    noise: float
    estimate: float

    @property
    def right(self) -> bool:
        agree = self.differences < DIFFERENCES or self.differences < 10.0 * self.estimate < 1e-2
        return self.identity < IDENTITY + _AMPLIFIED * self.noise and agree


def verify(
    gradient: Callable[..., Any], function: Callable[..., Any], arguments: tuple, weights: tuple, rounding: float
) -> Verdict:
    """Compare `gradient(arguments, weights)`, the gradient of `function`'s first argument, with what else says so."""
    found = _flat(gradient(arguments, weights))
    signs = np.random.default_rng(3).choice([-1.0, 1.0], found.size)
    nearby = _with(arguments, _numbers(arguments) * (1.0 + rounding * signs), keep=True)
    moved = _flat(gradient(nearby, weights))
    direction = _direction(arguments, found.size)
    size = max(float(np.abs(found) @ np.abs(direction)), 1e-300)
    reverse = float(found @ direction)
    forward = float(jvp(function, (arguments, weights), (_with(arguments, direction), None))[1])
    found_along = _differences(function, arguments, weights, direction, rounding)
    along, estimate = min(found_along, key=lambda pair: pair[1] / max(abs(pair[0]), 1e-300))
    return Verdict(
        identity=abs(reverse - forward) / size,
        differences=abs(reverse - along) / size,
        noise=float(np.abs(moved - found) @ np.abs(direction)) / size,
        estimate=estimate / size,
    )


def _differences(
    function: Callable[..., Any], arguments: tuple, weights: tuple, direction: np.ndarray, rounding: float
) -> Iterator[tuple[float, float]]:
    """Estimates of the derivative along the direction, each with its error."""
    noise = rounding * abs(float(function(fresh(arguments), weights)))
    still = _with(weights, np.zeros(_numbers(weights).size))
    for length in _LENGTHS:
        tangents = (_with(arguments, length * direction), still)
        try:
            value, error = numerical_jvp(function, (arguments, weights), tangents, written=())
        except np.linalg.LinAlgError:
            continue  # the direction led out of the domain
        yield float(value[0]) / length, (error + noise) / length


def _direction(arguments: tuple, size: int) -> np.ndarray:
    """A random direction that moves each number by about its own size over the square root of their count."""
    rng = np.random.default_rng(7)
    scale = np.abs(_numbers(arguments))
    return rng.choice([-1.0, 1.0], size) * rng.uniform(0.5, 1.0, size) * (scale + scale.mean()) / np.sqrt(size)


def _numbers(values: tuple) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(value, dtype=np.float64)) for value in values if is_real(value)])


def _with(values: tuple, numbers: np.ndarray, keep: bool = False) -> tuple:
    """The values with these numbers in place of their floats; what holds none is None, or stays where `keep`."""
    parts, start = [], 0
    for value in values:
        if not is_real(value):
            parts.append(value if keep else None)
            continue
        size = np.size(value)
        piece, start = numbers[start : start + size], start + size
        parts.append(piece.reshape(value.shape).copy() if isinstance(value, np.ndarray) else float(piece[0]))
    return tuple(parts)



def _flat(gradient: tuple) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(part, dtype=np.float64)) for part in gradient if part is not None])
