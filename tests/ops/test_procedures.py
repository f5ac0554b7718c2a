"""Procedures do what they say, for real and complex matrices and for pairs of parts; transposes are transposes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from srcgrad.ops import procedures as lapack
from srcgrad.ops.procedures import OF_PARTS, procedure_by_function, procedure_by_name
from tests.ops.procedure_calls import CALLS, KINDS, LINEAR, call, in_parts, matrix, tolerance


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CALLS)
def test_outputs(name, kind):
    inputs, outputs = call(name, kind)
    procedure_by_name(name).evaluate(*inputs, *outputs)
    CALLS[name].check(inputs, outputs, tolerance(kind))


@pytest.mark.parametrize("kind", [k for k in KINDS if np.dtype(k).kind == "c"])
@pytest.mark.parametrize("name", CALLS)
def test_outputs_in_parts(name, kind):
    inputs, outputs = call(name, kind)
    expected = [out.copy() for out in outputs]
    procedure_by_name(name).evaluate(*inputs, *expected)
    parts = in_parts(outputs)
    procedure_by_name(name + OF_PARTS).evaluate(*in_parts(inputs), *parts)
    for found, wanted in zip(parts, in_parts(expected), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=tolerance(kind), atol=tolerance(kind))


@pytest.mark.parametrize("shape", [(4,), (4, 3)])
@pytest.mark.parametrize("kind", [np.float64, np.complex128])
@pytest.mark.parametrize("name", LINEAR)
def test_transposes(name, kind, shape):
    """`<transpose(y), b> == <y, solve(b)>` as real scalar products."""
    (*factors, _), _ = call(name, kind)
    own = procedure_by_name(name if kind is np.float64 else name + OF_PARTS)
    assert own.transpose is not None
    assert own.transpose.transpose is own
    *factors, b, y = in_parts([*factors, matrix(kind, *shape, seed=5), matrix(kind, *shape, seed=6)])
    x, back = np.empty_like(b), np.empty_like(b)
    own.evaluate(*factors, b, x)
    own.transpose.evaluate(*factors, y, back)
    np.testing.assert_allclose(np.sum(back * b), np.sum(y * x), rtol=1e-12)


def test_matrices_that_are_not_finite_give_nan():
    bad = np.array([[1.0, np.nan], [0.0, 1.0]])
    w, v = np.empty(2), np.empty((2, 2))
    lapack.eigh(bad, w, v)
    assert np.isnan(w).all() and np.isnan(v).all()
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        lapack.cholesky(bad, v)


def test_records_are_singletons():
    procedure = procedure_by_function(lapack.solve_lu)
    assert procedure is not None
    assert procedure.transpose is procedure_by_name("solve_lu_transposed")
    assert pickle.loads(pickle.dumps(procedure)) is procedure
    assert procedure_by_function(np.linalg.qr) is None
    assert procedure_by_function([]) is None
