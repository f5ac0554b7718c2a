"""Compiled procedures do what the Python functions do that they stand for."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from srcgrad.ops.procedures import OF_PARTS, procedure_by_name
from srcgrad.runtime import lapack
from tests.ops.procedure_calls import CALLS, KINDS, call, in_parts, matrix, tolerance


def compiled(name, arity):
    """A function that numba compiles and that calls the procedure."""
    parameters = ", ".join("abcd"[:arity])
    scope = {"lapack": lapack}
    exec(f"def run({parameters}):\n    lapack.{name}({parameters})", scope)
    return numba.njit(scope["run"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CALLS)
def test_outputs(name, kind):
    inputs, outputs = call(name, kind)
    compiled(name, len(inputs) + len(outputs))(*inputs, *outputs)
    CALLS[name].check(inputs, outputs, tolerance(kind))


@pytest.mark.parametrize("name", CALLS)
def test_parts(name):
    inputs, outputs = call(name, np.complex128)
    expected = [out.copy() for out in outputs]
    procedure_by_name(name).evaluate(*inputs, *expected)
    parts = in_parts(outputs)
    compiled(name + OF_PARTS, len(inputs) + len(outputs))(*in_parts(inputs), *parts)
    for found, wanted in zip(parts, in_parts(expected), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-13)


@pytest.mark.parametrize("name", CALLS)
def test_any_strides(name):
    inputs, outputs = call(name, np.float64)
    strided = [np.repeat(a, 2, axis=-1)[..., ::2] for a in inputs]
    expected = [out.copy() for out in outputs]
    procedure_by_name(name).evaluate(*inputs, *expected)
    compiled(name, len(inputs) + len(outputs))(*strided, *outputs)
    for found, wanted in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-13)


@pytest.mark.parametrize("name", ["eigh", "svd", "qr", "lu"])
def test_matrices_that_are_not_finite_give_nan(name):
    inputs, outputs = call(name, np.float64)
    inputs[0][1, 0] = np.inf
    compiled(name, len(inputs) + len(outputs))(*inputs, *outputs)
    assert np.isnan(outputs[0]).all()


def test_a_matrix_that_is_not_positive_definite_raises():
    run = compiled("cholesky", 2)
    for bad in (-np.eye(2), np.full((2, 2), np.nan)):
        with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
            run(bad, np.empty((2, 2)))


@pytest.mark.parametrize("rows", [0, 3])
def test_nothing_to_solve(rows):
    x = np.empty((rows, 0))
    compiled("solve_lower", 3)(matrix(np.float64, rows, rows), np.empty((rows, 0)), x)
    compiled("lu", 4)(np.empty((0, 0)), np.empty((0, 0)), np.empty(0, np.int64), np.empty(1))
    u, s, vh = np.empty((3, 0)), np.empty(0), np.empty((0, 0))
    compiled("svd", 4)(np.empty((3, 0)), u, s, vh)
    compiled("qr", 3)(np.empty((3, 0)), u, vh)
