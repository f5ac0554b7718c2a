"""Procedures: operations on whole arrays that stay calls, because LAPACK and BLAS have them.

In: nothing (records are data, as in `ops.registry`). Out: `Procedure` records, found by name or by the Python function
that does the same. A procedure fills its last arguments (the outputs) from those before (the inputs). Nothing that it
gives has a derivative, with one exception: where a `transpose` is named, the output is linear in the last input, and
the transpose gives the cotangent of that input, from the same other inputs and the cotangent of the output.

The functions below are what the reference interpreter and plain Python run. Compiled code calls their counterparts in
`runtime.lapack`. For complex numbers, the transpose as a map of real and imaginary parts is the conjugate one.

Matrices that hold infinities or NaN give NaN, except that `cholesky` raises.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Procedure:
    """`evaluate(*inputs, *outputs)`. In generated code it is called by its name. `of_parts` does the same with complex
    arrays given as pairs of parts along one more dimension, the last."""

    name: str
    outputs: int
    evaluate: Callable[..., None]
    transposed: str = ""
    of_parts: Procedure | None = field(default=None, repr=False)

    @property
    def transpose(self) -> Procedure | None:
        """What applies the transposed map to a cotangent of the output, if the output is linear in the last input."""
        return _BY_NAME[self.transposed] if self.transposed else None

    def __reduce__(self) -> tuple:
        return (procedure_by_name, (self.name,))


_BY_NAME: dict[str, Procedure] = {}
_BY_FUNCTION: dict[Callable, Procedure] = {}
OF_PARTS = "_of_parts"
"""How the names of procedures on parts end."""


def procedure(outputs: int = 1, transposed: str = "") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a procedure."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        name = function.__name__
        parts_name = transposed and transposed + OF_PARTS
        parts = Procedure(name + OF_PARTS, outputs, _on_parts(function, outputs), parts_name)
        _BY_NAME[parts.name] = parts
        _BY_NAME[name] = _BY_FUNCTION[function] = Procedure(name, outputs, function, transposed, parts)
        return function

    return register


def _on_parts(function: Callable[..., None], outputs: int) -> Callable[..., None]:
    def evaluate(*arrays: np.ndarray) -> None:
        inputs = [a[..., 0] + 1j * a[..., 1] if _has_parts(a) else a for a in arrays[:-outputs]]
        kind = next(a.dtype for a in inputs if a.dtype.kind == "c")
        made = [np.empty(a.shape[:-1], kind) if _has_parts(a) else a for a in arrays[-outputs:]]
        function(*inputs, *made)
        for array, new in zip(arrays[-outputs:], made, strict=True):
            if new is not array:
                array[..., 0], array[..., 1] = new.real, new.imag

    def _has_parts(array: np.ndarray) -> bool:
        return array.dtype.kind == "f" and array.ndim > 1

    return evaluate


def procedure_by_name(name: str) -> Procedure:
    """The procedure of this name."""
    return _BY_NAME[name]


def procedure_by_function(function: Any) -> Procedure | None:
    """The procedure that a Python function is registered as, if it is."""
    try:
        return _BY_FUNCTION.get(function)
    except TypeError:  # unhashable
        return None


def _linalg() -> Any:
    """`scipy.linalg`, which is imported when it is first used: compiled code does not need it."""
    return importlib.import_module("scipy.linalg")


def _undefined(a: np.ndarray, *outputs: np.ndarray) -> bool:
    """Fill the outputs with NaN where the input is not finite."""
    if np.all(np.isfinite(a)):
        return False
    for out in outputs:
        out[...] = np.nan
    return True


@procedure()
def cholesky(a: np.ndarray, low: np.ndarray) -> None:
    """`low @ low.conj().T == a`; reads the lower triangle of `a` (n, n)."""
    if not np.all(np.isfinite(a)):
        raise np.linalg.LinAlgError("Matrix is not positive definite")
    low[...] = np.linalg.cholesky(a)


@procedure(outputs=2)
def eigh(a: np.ndarray, w: np.ndarray, v: np.ndarray) -> None:
    """Eigenvalues, ascending (n,), and vectors (n, n) of the Hermitian matrix whose lower triangle is that of `a`."""
    if not _undefined(a, w, v):
        w[...], v[...] = np.linalg.eigh(a)


@procedure(outputs=3)
def svd(a: np.ndarray, u: np.ndarray, s: np.ndarray, vh: np.ndarray) -> None:
    """`a == (u * s) @ vh`, with min(m, n) columns in `u`."""
    if not _undefined(a, u, s, vh):
        u[...], s[...], vh[...] = np.linalg.svd(a, full_matrices=False)


@procedure(outputs=2)
def qr(a: np.ndarray, q: np.ndarray, r: np.ndarray) -> None:
    """`a == q @ r`, reduced: (m, n), (m, k), (k, n) with k = min(m, n)."""
    if not _undefined(a, q, r):
        q[...], r[...] = np.linalg.qr(a)


@procedure(outputs=3)
def lu(a: np.ndarray, factors: np.ndarray, order: np.ndarray, sign: np.ndarray) -> None:
    """The factors of the rows of `a` (n, n) taken in `order` (n,), in one matrix: ones on the diagonal of the lower one
    are left out. `sign` (1,) is that of the permutation."""
    order[...] = np.arange(a.shape[0])
    sign[...] = 1.0
    if a.size == 0 or _undefined(a, factors):
        return
    factors[...], pivots = _linalg().lu_factor(a, check_finite=False)
    for k, p in enumerate(pivots):
        order[k], order[p] = order[p], order[k]
        sign[0] *= -1.0 if k != p else 1.0


@procedure(transposed="solve_lu_transposed")
def solve_lu(factors: np.ndarray, order: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """The solution for `b`, (n,) or (n, m), of the system whose matrix has these factors."""
    half = _triangular(factors, b[order], lower=True, unit=True)
    x[...] = _triangular(factors, half, lower=False)


@procedure(transposed="solve_lu")
def solve_lu_transposed(factors: np.ndarray, order: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """As `solve_lu`, for the conjugate transpose of the matrix."""
    half = _triangular(factors, b, lower=False, turned=True)
    x[order] = _triangular(factors, half, lower=True, unit=True, turned=True)


@procedure(transposed="solve_lower_transposed")
def solve_lower(low: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """`low @ x == b` for a lower triangle (n, n) and `b`, (n,) or (n, m)."""
    x[...] = _triangular(low, b, lower=True)


@procedure(transposed="solve_lower")
def solve_lower_transposed(low: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """`low.conj().T @ x == b`."""
    x[...] = _triangular(low, b, lower=True, turned=True)


@procedure(transposed="solve_upper_transposed")
def solve_upper(up: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """`up @ x == b` for an upper triangle (n, n) and `b`, (n,) or (n, m)."""
    x[...] = _triangular(up, b, lower=False)


@procedure(transposed="solve_upper")
def solve_upper_transposed(up: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """`up.conj().T @ x == b`."""
    x[...] = _triangular(up, b, lower=False, turned=True)


@procedure(transposed="multiply_lower_transposed")
def multiply_lower(low: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """`x == low @ b` for the lower triangle of `low` (n, n) and `b`, (n,) or (n, m)."""
    x[...] = np.tril(low) @ b


@procedure(transposed="multiply_lower")
def multiply_lower_transposed(low: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """`x == low.conj().T @ b`."""
    x[...] = np.tril(low).conj().T @ b


def _triangular(
    matrix: np.ndarray, b: np.ndarray, *, lower: bool, unit: bool = False, turned: bool = False
) -> np.ndarray:
    """By substitution; a zero on the diagonal gives infinities and NaN, as in BLAS."""
    if b.size == 0:
        return b
    (trsm,) = _linalg().get_blas_funcs(("trsm",), (matrix, b))
    columns = b.reshape(b.shape[0], -1)
    return trsm(1.0, matrix, columns, lower=lower, trans_a=2 * turned, diag=unit).reshape(b.shape)
