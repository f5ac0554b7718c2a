"""`with_tangent`: the value of one thing, the derivative of another, and no work for derivatives not taken."""

import re

import numpy as np
import pytest

import srcgrad
from srcgrad.library.quoting import with_tangent

A = np.array([[2.0, 0.5], [0.25, 1.5]])


def test_value_of_one_and_derivative_of_the_other():
    value, gradient = srcgrad.value_and_grad(lambda x: with_tangent(np.exp(x), x * x))(3.0)
    assert (value, gradient) == (np.exp(3.0), 6.0)
    assert srcgrad.jvp(lambda x: with_tangent(np.exp(x), x * x), (3.0,), (2.0,)) == (np.exp(3.0), 12.0)


def test_of_arrays_and_complex_numbers():
    (gradient,) = srcgrad.vjp(lambda z: with_tangent(z * 0.0, z * z), A + 1j)[1](np.ones((2, 2)) + 0j)
    np.testing.assert_allclose(gradient, 2.0 * (A + 1j))


@pytest.mark.parametrize("name, calls", [
    ("inv", ["lapack.lu(", "lapack.solve_lu("]), ("cholesky", ["lapack.cholesky("]), ("svd", ["lapack.svd("]),
    ("eigh", ["lapack.eigh("]), ("pinv", ["lapack.svd(", "blas.product("]),
])  # fmt: skip
def test_a_primal_has_nothing_that_only_derivatives_need(name, calls):
    function = getattr(np.linalg, name)
    source = srcgrad.differentiable(lambda a: function(a)).source(A, transform="primal")
    assert re.findall(r"^ *((?:lapack|blas)\.\w+\()", source, re.MULTILINE) == calls
