"""Complex arguments and results at the public interface: JAX's convention, `holomorphic`, containers, `@njit`."""

import cmath

import numba
import numpy as np
import pytest

import srcgrad
from srcgrad.errors import ArgumentError
from srcgrad.testing import check_grads

Z = 0.4 - 0.7j
A = np.array([1 + 2j, 3 - 1j, -0.5j])


def holomorphic(z):
    return z * z * np.exp(1j * z)


def of_conjugate(z):
    return z * z + np.conj(z) * 0.3


def squares(a):
    return np.sum(np.abs(a) ** 2)


def test_the_gradient_of_a_real_function_is_dx_minus_i_dy():
    gradient = srcgrad.grad(lambda z: z.real * 2.0 + z.imag * 5.0)(Z)
    assert gradient == 2 - 5j and type(gradient) is complex
    np.testing.assert_allclose(srcgrad.grad(squares)(A), 2 * A.conj())


def test_holomorphic_gives_the_complex_derivative():
    value, slope = srcgrad.value_and_grad(holomorphic, holomorphic=True)(Z)
    assert value == pytest.approx(holomorphic(Z))
    assert slope == pytest.approx((2 * Z + 1j * Z * Z) * cmath.exp(1j * Z))
    np.testing.assert_allclose(srcgrad.grad(lambda a: np.sum(a**3), holomorphic=True)(A), 3 * A**2)


def test_holomorphic_of_another_function_is_the_gradient_of_its_real_part():
    of_real_part = srcgrad.grad(lambda z: of_conjugate(z).real)(Z)
    assert srcgrad.grad(of_conjugate, holomorphic=True)(Z) == pytest.approx(of_real_part)


def test_auxiliary_results_keep_their_sign():
    gradient, aux = srcgrad.grad(lambda z: (abs(z) ** 2, {"z": z * 1j, "a": A * z}), has_aux=True)(Z)
    assert gradient == pytest.approx(2 * Z.conjugate()) and aux["z"] == Z * 1j
    np.testing.assert_allclose(aux["a"], A * Z)
    slope, aux = srcgrad.grad(lambda z: (z * z, z), has_aux=True, holomorphic=True)(Z)
    assert slope == pytest.approx(2 * Z) and aux == Z


def test_products_with_the_jacobian_do_not_conjugate():
    out, pullback = srcgrad.vjp(holomorphic, Z)
    slope = srcgrad.grad(holomorphic, holomorphic=True)(Z)
    assert out == pytest.approx(holomorphic(Z))
    assert pullback(1 + 2j)[0] == pytest.approx((1 + 2j) * slope)
    assert pullback(1.0)[0] == pytest.approx(slope)
    assert srcgrad.jvp(holomorphic, (Z,), (3 - 1j,))[1] == pytest.approx((3 - 1j) * slope)


def test_cotangents_are_left_as_they_were():
    cotangent = A * 1j
    before = cotangent.copy()
    _, pullback = srcgrad.vjp(lambda a: a * 2.0, A)
    np.testing.assert_allclose(pullback(cotangent)[0], 2 * before)
    np.testing.assert_array_equal(cotangent, before)


def test_one_array_for_two_gradients():
    first, second = srcgrad.grad(lambda a, b: np.sum((a + b).imag), argnums=(0, 1))(A, A.copy())
    np.testing.assert_array_equal(first, np.full(3, -1j))
    np.testing.assert_array_equal(second, first)
    assert not np.shares_memory(first, second)


@pytest.mark.parametrize("array", [A[::-1], np.outer(A, A).T, np.outer(A, A)[::2, 1:], A[:0], np.array(Z)])
def test_any_layout(array):
    np.testing.assert_allclose(srcgrad.grad(squares)(array), 2 * array.conj())


def test_single_precision_stays():
    gradient = srcgrad.grad(squares)(A.astype(np.complex64))
    assert gradient.dtype == np.complex64
    assert type(srcgrad.grad(lambda z: abs(z) ** 2)(np.complex64(Z))) is np.complex64


def test_from_compiled_code():
    gradient = srcgrad.grad(squares)
    slope = srcgrad.grad(holomorphic, holomorphic=True)

    @numba.njit
    def step(a, z):
        return a - 0.5 * np.conj(gradient(a)), slope(z)

    after, at_z = step(A, Z)
    np.testing.assert_allclose(after, np.zeros(3), atol=1e-15)
    assert at_z == pytest.approx(slope(Z))


def test_the_derivative_on_a_branch_cut_is_that_of_its_side():
    slope = srcgrad.grad(lambda z: np.sqrt(z), holomorphic=True)
    for imaginary in (0.0, -0.0):
        z = complex(-4.0, imaginary)
        assert slope(z) == pytest.approx(0.5 / cmath.sqrt(z))
    assert srcgrad.grad(lambda z: np.sqrt(z), holomorphic=True)(3j) == pytest.approx(0.5 / cmath.sqrt(3j))


def test_sizes_beyond_the_square_root_of_the_largest_number():
    quotient = srcgrad.value_and_grad(lambda z, w: z / w, argnums=(0, 1), holomorphic=True)
    value, (by_z, by_w) = quotient(1e200 + 1e200j, 2e200 - 1e200j)
    expected = (1 + 1j) / (2 - 1j)
    assert value == pytest.approx(expected)
    assert by_z * 1e200 == pytest.approx(1 / (2 - 1j)) and by_w * 1e200 == pytest.approx(-expected / (2 - 1j))
    assert srcgrad.grad(lambda z: abs(z))(3e300 + 4e300j) == pytest.approx(0.6 - 0.8j)


def test_what_has_no_derivative_at_zero():
    assert srcgrad.grad(lambda z: abs(z))(0j) == 0
    assert np.isnan(srcgrad.grad(lambda z: (z**0.5).real)(0j))
    assert srcgrad.grad(lambda z: (z**1.5).real)(0j) == 0


def test_differences_agree():
    check_grads(lambda a, z: (a * z, np.abs(a)), (A, Z))
    with pytest.raises(AssertionError):
        check_grads(lambda z: srcgrad.stop_gradient(z) * z, (Z,))


def test_what_grad_refuses():
    with pytest.raises(ArgumentError, match="returns a complex one"):
        srcgrad.grad(holomorphic)(Z)
    with pytest.raises(ArgumentError, match="needs complex arguments"):
        srcgrad.grad(lambda x: x * 1j, holomorphic=True)(1.0)
    with pytest.raises(ArgumentError, match="returns a float"):
        srcgrad.grad(squares, holomorphic=True)(A)
    with pytest.raises(ArgumentError, match="no option 'holomorphic'"):
        srcgrad.vjp(holomorphic, Z, holomorphic=True)


def test_the_source_shows_the_parts():
    source = srcgrad.grad(lambda z: abs(z * z)).lower(Z).source
    assert "z_re" in source or "np.real(z)" in source


def test_a_tiny_imaginary_part_survives_a_square():
    """As a complex step needs it: the parts are not added to one another."""
    found = srcgrad.grad(lambda z: z**2, holomorphic=True)(1.0 + 1e-30j)
    assert found == 2.0 + 2e-30j
