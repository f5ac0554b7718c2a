"""Quoted functions: values are NumPy's, compiled and as plain Python; reverse, forward and differences agree.

Machine code for each takes seconds: by default it is made for a third of them, and with `--long` for all; the generated
Python of the others runs as it is.
"""

from __future__ import annotations

import copy
import zlib

import numpy as np
import pytest

import srcgrad
from srcgrad.library.quoting import all_quoted
from srcgrad.testing import check_grads
from tests.library.cases import CASES


@pytest.mark.parametrize("name, function, arguments", CASES, ids=[c[0] for c in CASES])
def test_value_and_derivatives(name, function, arguments, request):
    if zlib.crc32(name.encode()) % 3 and not request.config.getoption("--long"):
        request.getfixturevalue("plain_python")
    out, _ = srcgrad.vjp(function, *arguments)
    np.testing.assert_allclose(out, function(*copy.deepcopy(arguments)), rtol=1e-9, atol=1e-12)
    check_grads(function, arguments)


SQUARE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
PLAIN = {
    np.linalg.solve: (SQUARE, np.array([1.0, 2.0, 3.0])),
    np.linalg.inv: (SQUARE,),
    np.linalg.cholesky: (SQUARE,),
    np.linalg.eigvalsh: (SQUARE,),
    np.sort: (np.array([3.0, 1.0, 2.0]),),
    np.pad: (np.array([3.0, 1.0, 2.0]), 2, "reflect"),
    np.interp: (np.array([0.3, 1.7]), np.array([0.0, 1.0]), np.array([2.0, 3.0])),
}


@pytest.mark.parametrize("target", PLAIN, ids=lambda t: t.__name__)
def test_they_are_right_as_plain_python(target):
    np.testing.assert_allclose(all_quoted()[target](*PLAIN[target]), target(*PLAIN[target]), rtol=1e-12)


def test_a_singular_matrix_raises_as_in_numpy():
    singular = np.ones((3, 3))
    for function in (lambda a: np.sum(np.linalg.inv(a)), lambda a: np.sum(np.linalg.solve(a, a[0]))):
        with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
            srcgrad.grad(function)(singular)
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        srcgrad.grad(lambda a: np.sum(np.linalg.cholesky(a)))(-singular)


def test_the_determinant_of_a_singular_matrix():
    value, gradient = srcgrad.value_and_grad(np.linalg.det and (lambda a: np.linalg.det(a)))(np.ones((3, 3)))
    assert value == 0.0
    np.testing.assert_array_equal(gradient, np.zeros((3, 3)))  # of rank one: all cofactors are zero
    value, gradient = srcgrad.value_and_grad(lambda a: np.linalg.det(a))(np.ones((4, 4)))
    assert value == 0.0
    assert np.isnan(gradient).all()


def rebuilt_from_eigenvectors(a):
    w, u = np.linalg.eigh(a)
    return (u * w) @ u.T


def rebuilt_from_singular_vectors(a):
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return (u * s) @ vh


@pytest.mark.parametrize("matrix", [np.eye(2), np.diag([1.0, 1.0, 2.0]), np.zeros((2, 2))])
def test_eigenvectors_where_eigenvalues_coincide(matrix):
    found = srcgrad.differentiable(rebuilt_from_eigenvectors)(matrix)
    np.testing.assert_allclose(found, matrix, atol=1e-14)


@pytest.mark.parametrize("matrix", [np.eye(3), np.ones((3, 2)), np.zeros((2, 2)), np.ones((2, 4))])
def test_singular_vectors_of_matrices_without_full_rank(matrix):
    found = srcgrad.differentiable(rebuilt_from_singular_vectors)(matrix)
    np.testing.assert_allclose(found, matrix, atol=1e-14)
    u = srcgrad.differentiable(lambda a: np.linalg.svd(a, full_matrices=False)[0])(matrix)
    np.testing.assert_allclose(u.T @ u, np.eye(min(matrix.shape)), atol=1e-14)


SINGLE = (np.eye(3) * 3.0 + np.arange(9.0).reshape(3, 3) / 10.0).astype(np.float32)


@pytest.mark.parametrize(
    "function",
    [
        lambda a: np.linalg.inv(a), lambda a: np.linalg.solve(a, a[0]), lambda a: np.linalg.det(a @ a),
        lambda a: np.linalg.cholesky(a @ a.T), lambda a: np.linalg.eigvalsh(a @ a.T), lambda a: np.linalg.qr(a)[0],
        lambda a: np.linalg.svd(a)[1], lambda a: np.median(a, axis=0), lambda a: np.trapezoid(a),
        lambda a: np.nanmean(a, axis=1), lambda a: np.nanstd(a),
    ],
)  # fmt: skip
def test_single_precision_stays(function):
    found = srcgrad.differentiable(function)(SINGLE)
    expected = function(SINGLE)
    assert np.asarray(found).dtype == expected.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-4)


NAN = np.array([1.0, np.nan, 0.5])


@pytest.mark.parametrize(
    "function",
    [
        lambda a: np.median(a), lambda a: np.percentile(a, 30), lambda a: np.argmax(a) * 1.0,
        lambda a: np.argmin(a) * 1.0, lambda a: np.sort(a),
        lambda a: np.searchsorted(np.sort(a), np.array([0.5, np.nan, 1.0])) * 1.0,
    ],
)  # fmt: skip
def test_nan_among_the_numbers(function):
    np.testing.assert_array_equal(srcgrad.differentiable(function)(NAN), function(NAN))


def test_large_systems_keep_nothing_of_the_elimination():
    def f(a, b):
        return np.sum(np.linalg.solve(a, b))

    report = srcgrad.grad(f).lower(np.eye(3), np.ones(3)).report()
    assert "keeps\n  nothing" in report
