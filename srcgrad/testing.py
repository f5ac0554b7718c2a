"""`check_grads`: a function's gradients against finite differences and against each other.

In: a function and arguments. Out: nothing, or an `AssertionError` that names the worst direction, both numbers and
the tolerance. Three things are compared along seeded random directions (and along every coordinate of small inputs):

- reverse mode against differences: <J^T w, v> = <w, J v>, with J v by extrapolated central differences;
- forward mode against differences: J v component by component;
- forward against reverse, which holds to rounding: the dot-product identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.api import jvp, vjp
from srcgrad.differences import conjugated, copy_tree, float_vector, like, like_each, numerical_jvp, written_leaves
from srcgrad.infer.signature import Spec, describe, leaves
from srcgrad.ir.types import real_dtype

__all__ = ["check_grads", "numerical_jvp"]

_RANDOM_DIRECTIONS = 3
_FEW = 8  # inputs with at most this many numbers are also checked along each coordinate
_RTOL = {np.dtype(np.float64): 1e-6, np.dtype(np.float32): 2e-3}


@dataclass(frozen=True)
class Mismatch:
    """A comparison that failed, by how many times its tolerance."""

    what: str
    direction: str
    got: float
    expected: float
    tolerance: float

    @property
    def excess(self) -> float:
        gap = abs(self.got - self.expected)
        return float("inf") if np.isnan(gap) else gap / self.tolerance

    def __str__(self) -> str:
        gap = abs(self.got - self.expected)
        return (
            f"{self.what}, along {self.direction}: {self.got!r} against {self.expected!r} "
            f"(difference {gap:.3g}, tolerance {self.tolerance:.3g})"
        )


def check_grads(
    fun: Callable,
    args: Sequence[Any],
    order: int = 1,
    modes: Sequence[str] = ("fwd", "rev"),
    *,
    argnums: int | Sequence[int] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Check the derivatives of `fun` at `args`.

    `modes` says which of forward ("fwd") and reverse ("rev") mode to check; with both, they are also compared with
    each other. `argnums` limits the directions to these arguments (default: every argument that holds floats).
    `order` is 1. The tolerances default to 1e-6 (2e-3 where float32 takes part), relative to the size of the terms.
    Raises `AssertionError` for a wrong derivative, `ValueError` for wrong parameters of the check itself."""
    if order != 1:
        raise ValueError(f"check_grads checks first derivatives: order={order!r} is not 1")
    if not modes or set(modes) - {"fwd", "rev"}:
        raise ValueError(f"modes are 'fwd' and 'rev', not {modes!r}")
    primals = tuple(args)
    spec = describe(primals)
    narrow = any(real_dtype(leaf.type.dtype) == np.float32 for leaf in leaves(spec))
    relative = _RTOL[np.dtype(np.float32 if narrow else np.float64)] if rtol is None else rtol
    check = _Check(fun, primals, spec, relative, relative if atol is None else atol)
    worst = max(check.run(modes, _chosen(primals, argnums)), key=lambda m: m.excess, default=None)
    if worst is not None:
        raise AssertionError(f"derivative of {getattr(fun, '__name__', 'the function')}: {worst}")


def _chosen(primals: tuple, argnums: int | Sequence[int] | None) -> np.ndarray:
    """Which of the floating numbers of `primals` belong to the chosen arguments."""
    if argnums is None:
        chosen = set(range(len(primals)))
    else:
        named = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        if any(not -len(primals) <= k < len(primals) for k in named):
            raise ValueError(f"argnums {argnums!r} name an argument that is not there ({len(primals)} given)")
        chosen = {k % len(primals) for k in named}
    marks = [np.full(float_vector(value).shape, k in chosen) for k, value in enumerate(primals)]
    mask = np.concatenate([np.zeros(0, bool), *marks])
    if not mask.any():
        raise ValueError("none of the arguments to check holds floating-point numbers")
    return mask


def directions(mask: np.ndarray, seed: int = 0) -> Iterator[tuple[str, np.ndarray]]:
    """Named directions that vanish outside `mask`: seeded random ones, and each coordinate if there are few."""
    rng = np.random.default_rng(seed)
    for k in range(_RANDOM_DIRECTIONS):
        yield f"random direction {k}", np.where(mask, _away_from_zero(rng, mask.size), 0.0)
    if mask.sum() <= _FEW:
        for place in np.flatnonzero(mask):
            yield f"coordinate {place}", np.eye(mask.size)[place]


def _away_from_zero(rng: np.random.Generator, size: int) -> np.ndarray:
    """Numbers of size 0.5 to 1.5 with random signs: a tiny one would hide an error."""
    return rng.uniform(0.5, 1.5, size) * rng.choice([-1.0, 1.0], size)


class _Check:
    """One function at one point."""

    def __init__(self, fun: Callable, primals: tuple, spec: Spec, rtol: float, atol: float) -> None:
        self.fun, self.primals, self.spec = fun, primals, spec
        self.rtol, self.atol = rtol, atol
        self.written = written_leaves(fun, primals)
        self.rng = np.random.default_rng(1)

    def run(self, modes: Sequence[str], mask: np.ndarray) -> Iterator[Mismatch]:
        """Every comparison that fails."""
        pullback, out = None, None
        if "rev" in modes:
            out, pullback = vjp(self.fun, *copy_tree(self.primals))
        for name, direction in directions(mask):
            tangents = like_each(self.primals, direction)
            expected, error = numerical_jvp(self.fun, self.primals, tangents, written=self.written)
            if not error <= self.atol + self.rtol * np.abs(expected).max(initial=0.0):
                raise AssertionError(f"differences do not settle along {name}: error {error:.3g} (a kink or a jump?)")
            forward = self._forward(tangents) if "fwd" in modes else None
            if forward is not None:
                yield from self._each("forward mode against differences", name, forward, expected)
            if pullback is not None:
                weights = _away_from_zero(self.rng, expected.size)
                gradient = conjugated(pullback(conjugated(like(out, weights))))
                reverse = float_vector(gradient, self.spec) * direction
                pairs = [("differences", expected)] + ([("forward mode", forward)] if forward is not None else [])
                for other, derivative in pairs:
                    yield from self._sum(f"reverse mode against {other}", name, reverse, weights * derivative)

    def _forward(self, tangents: tuple) -> np.ndarray:
        out, tangent = jvp(self.fun, copy_tree(self.primals), tangents)
        return float_vector(tangent, describe(out))

    def _each(self, what: str, name: str, got: np.ndarray, expected: np.ndarray) -> Iterator[Mismatch]:
        if got.shape != expected.shape:
            raise AssertionError(f"{what}: {got.size} numbers against {expected.size}")
        size = np.abs(expected).max(initial=0.0)
        for k, (a, b) in enumerate(zip(got.tolist(), expected.tolist())):
            yield from self._compare(what, f"{name} (output {k})", a, b, size)

    def _sum(self, what: str, name: str, got: np.ndarray, expected: np.ndarray) -> Iterator[Mismatch]:
        size = max(np.abs(got).sum(), np.abs(expected).sum())
        yield from self._compare(what, name, float(got.sum()), float(expected.sum()), size)

    def _compare(self, what: str, name: str, got: float, expected: float, size: float) -> Iterator[Mismatch]:
        tolerance = self.atol + self.rtol * float(size)
        if not abs(got - expected) <= tolerance:
            yield Mismatch(what, name, got, expected, tolerance)
