"""Quoted functions: values are NumPy's, compiled and as plain Python; reverse, forward and differences agree."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import srcgrad
from srcgrad.library.quoting import all_quoted
from srcgrad.testing import check_grads
from tests.library.cases import CASES


@pytest.mark.parametrize("function, arguments", [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_value_and_derivatives(function, arguments):
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


def test_large_systems_keep_nothing_of_the_elimination():
    def f(a, b):
        return np.sum(np.linalg.solve(a, b))

    report = srcgrad.grad(f).lower(np.eye(3), np.ones(3)).report()
    assert "lu" not in report
