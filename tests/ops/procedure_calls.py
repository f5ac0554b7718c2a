"""Calls of every procedure, with what must hold of the outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.ops import procedures as lapack

KINDS = (np.float64, np.float32, np.complex128, np.complex64)
Arrays = list[np.ndarray]


def matrix(kind: Any, *shape: int, seed: int = 0) -> np.ndarray:
    """Random numbers."""
    draw = np.random.default_rng(seed).standard_normal
    return (draw(shape) + 1j * draw(shape)).astype(kind) if np.dtype(kind).kind == "c" else draw(shape).astype(kind)


def tolerance(kind: Any) -> float:
    """For results that are right up to rounding."""
    return 200 * float(np.finfo(kind).eps)


def in_parts(arrays: Arrays) -> Arrays:
    """Complex arrays as pairs."""
    return [np.stack((a.real, a.imag), axis=-1) if a.dtype.kind == "c" else a for a in arrays]


def hermitian(kind: Any) -> np.ndarray:
    a = matrix(kind, 4, 4)
    return (a @ a.conj().T + np.eye(4)).astype(kind)


def _real(kind: Any) -> np.dtype:
    return np.zeros(0, kind).real.dtype


@dataclass(frozen=True)
class Call:
    """How to make the inputs and the outputs of a call, and what to check of them."""

    make: Callable[[Any], tuple[Arrays, Arrays]]
    check: Callable[[Arrays, Arrays, float], None]


def _cholesky(inputs: Arrays, outputs: Arrays, bound: float) -> None:
    (a,), (low,) = inputs, outputs
    np.testing.assert_allclose(low @ low.conj().T, a, atol=bound)
    np.testing.assert_array_equal(low, np.tril(low))


def _eigh(inputs: Arrays, outputs: Arrays, bound: float) -> None:
    (a,), (w, v) = inputs, outputs
    np.testing.assert_allclose((v * w) @ v.conj().T, a, atol=bound)
    assert (np.diff(w) > 0).all()


def _svd(inputs: Arrays, outputs: Arrays, bound: float) -> None:
    (a,), (u, s, vh) = inputs, outputs
    np.testing.assert_allclose((u * s) @ vh, a, atol=bound)
    np.testing.assert_allclose(u.conj().T @ u, np.eye(len(s)), atol=bound)
    assert (np.diff(s) < 0).all()


def _qr(inputs: Arrays, outputs: Arrays, bound: float) -> None:
    (a,), (q, r) = inputs, outputs
    np.testing.assert_allclose(q @ r, a, atol=bound)
    np.testing.assert_allclose(q.conj().T @ q, np.eye(q.shape[1]), atol=bound)
    np.testing.assert_array_equal(r, np.triu(r))


def _lu(inputs: Arrays, outputs: Arrays, bound: float) -> None:
    (a,), (factors, order, sign) = inputs, outputs
    low, up = np.tril(factors, -1) + np.eye(len(a)), np.triu(factors)
    np.testing.assert_allclose(low @ up, a[order], atol=bound)
    np.testing.assert_allclose(sign[0], np.linalg.det(np.eye(len(a))[order]))


def _system(kind: Any) -> tuple[Arrays, Arrays]:
    a, b = matrix(kind, 4, 4), matrix(kind, 4, 3, seed=1)
    factors, order, sign = np.empty_like(a), np.empty(4, np.int64), np.empty(1)
    lapack.lu(a, factors, order, sign)
    return [factors, order, b], [np.empty_like(b)]


def _triangle(kind: Any) -> tuple[Arrays, Arrays]:
    a, b = matrix(kind, 4, 4) + 3 * np.eye(4, dtype=kind), matrix(kind, 4, seed=1)
    return [a, b], [np.empty_like(b)]


def _solved(whole: Callable[..., np.ndarray], turned: bool) -> Callable[[Arrays, Arrays, float], None]:
    def check(inputs: Arrays, outputs: Arrays, bound: float) -> None:
        a = whole(*inputs[:-1])
        np.testing.assert_allclose((a.conj().T if turned else a) @ outputs[0], inputs[-1], atol=20 * bound)

    return check


def _multiplied(turned: bool) -> Callable[[Arrays, Arrays, float], None]:
    def check(inputs: Arrays, outputs: Arrays, bound: float) -> None:
        (a, b), (x,) = inputs, outputs
        low = np.tril(a)
        np.testing.assert_allclose(x, (low.conj().T if turned else low) @ b, atol=20 * bound)

    return check


def _product_of_factors(factors: np.ndarray, order: np.ndarray) -> np.ndarray:
    out = np.empty_like(factors)
    out[order] = (np.tril(factors, -1) + np.eye(len(factors), dtype=factors.dtype)) @ np.triu(factors)
    return out


CALLS: dict[str, Call] = {
    "cholesky": Call(lambda k: ([hermitian(k)], [np.empty((4, 4), k)]), _cholesky),
    "eigh": Call(lambda k: ([hermitian(k)], [np.empty(4, _real(k)), np.empty((4, 4), k)]), _eigh),
    "svd": Call(
        lambda k: ([matrix(k, 5, 3)], [np.empty((5, 3), k), np.empty(3, _real(k)), np.empty((3, 3), k)]), _svd
    ),
    "qr": Call(lambda k: ([matrix(k, 5, 3)], [np.empty((5, 3), k), np.empty((3, 3), k)]), _qr),
    "lu": Call(lambda k: ([matrix(k, 4, 4)], [np.empty((4, 4), k), np.empty(4, np.int64), np.empty(1)]), _lu),
    "solve_lu": Call(_system, _solved(_product_of_factors, turned=False)),
    "solve_lu_transposed": Call(_system, _solved(_product_of_factors, turned=True)),
    "solve_lower": Call(_triangle, _solved(np.tril, turned=False)),
    "solve_lower_transposed": Call(_triangle, _solved(np.tril, turned=True)),
    "multiply_lower": Call(_triangle, _multiplied(turned=False)),
    "multiply_lower_transposed": Call(_triangle, _multiplied(turned=True)),
    "solve_upper": Call(_triangle, _solved(np.triu, turned=False)),
    "solve_upper_transposed": Call(_triangle, _solved(np.triu, turned=True)),
}
LINEAR = [name for name in CALLS if name.startswith(("solve", "multiply"))]


def call(name: str, kind: Any) -> tuple[Arrays, Arrays]:
    """The inputs, and outputs to fill."""
    return CALLS[name].make(kind)
