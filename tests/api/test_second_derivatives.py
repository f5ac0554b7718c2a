"""A gradient's own Python, differentiated again: Hessians, and products with them."""

import math

import numpy as np
import pytest

from srcgrad import Unsupported, grad, jacobian, jvp, value_and_grad, vjp

X = np.array([0.5, -1.2, 2.0])


def cube(x):
    return x**3


def coupled(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += math.sin(x[i]) * x[i - 1] ** 2
    return total


def with_tape(x):
    h = 0.3
    for i in range(x.shape[0]):
        h = math.tanh(h * x[0] + x[i])
    return h


def with_branches(x):
    y = x[0] * 2.0
    while y * y < 100.0:
        y = y * abs(x[1]) + y * y if y > x[2] else 3.0 * y + x[1] ** 3
    return y * x[2]


def with_arrays_on_a_stack(x):
    y = x * 2.0
    while np.sum(y * y) < 100.0:
        y = y * np.abs(x) + y if y[0] > 0.0 else y * y[1]
    return np.sum(y)


def by_products(x):
    a = x[:, None] * x
    return np.sum((a @ a) ** 2)


def by_norms(x):
    return np.exp(-np.sum(x**2)) + np.sqrt(np.sum(np.cosh(x)))


def with_work_array(x):
    work = np.zeros_like(x)
    for k in range(4):
        for i in range(x.shape[0]):
            work[i] = work[i - 1] * x[i] + x[i] ** k
    return np.sum(work * work)


def central(function, x, step=1e-4):
    """Differences of fourth order, a column for each coordinate."""
    columns = []
    for unit in np.eye(x.size):
        at = lambda s, unit=unit: function(x + s * step * unit)
        columns.append((8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step))
    return np.stack(columns, axis=-1)


FUNCTIONS = [coupled, with_tape, with_branches, by_products, by_norms, with_work_array]


def test_of_a_number():
    slope = grad(cube).lower(3.0).py_func
    assert slope(3.0) == 27.0  # it is plain Python
    assert grad(slope)(3.0) == 18.0
    assert value_and_grad(slope)(3.0) == (27.0, 18.0)
    bend = grad(slope).lower(3.0).py_func
    assert grad(bend)(3.0) == 6.0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_hessians(function):
    first = grad(function)
    again = first.lower(X).py_func
    np.testing.assert_allclose(again(X), first(X), rtol=1e-13)
    expected = central(first, X)
    for mode in ("forward", "reverse"):
        hessian = jacobian(again, mode=mode)(X)
        np.testing.assert_allclose(hessian, expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max())
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-10, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_products_with_the_hessian(function):
    again = grad(function).lower(X).py_func
    direction = np.array([0.3, -0.7, 1.1])
    expected = jacobian(again)(X) @ direction
    np.testing.assert_allclose(jvp(again, (X,), (direction,))[1], expected, rtol=1e-9)
    np.testing.assert_allclose(vjp(again, X)[1](direction)[0], expected, rtol=1e-9)


def test_as_in_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    same = lambda x: jnp.exp(-jnp.sum(x**2)) + jnp.sqrt(jnp.sum(jnp.cosh(x)))
    np.testing.assert_allclose(jacobian(grad(by_norms).lower(X).py_func)(X), jax.hessian(same)(X), rtol=1e-11)


def test_arrays_on_a_stack_are_refused():
    assert np.all(np.isfinite(grad(with_arrays_on_a_stack)(X)))
    with pytest.raises(Unsupported, match="has no one length"):
        jacobian(grad(with_arrays_on_a_stack).lower(X).py_func)(X)


def test_it_is_not_compiled_when_the_gradient_is():
    first = grad(by_norms)
    again = first.lower(X).py_func
    first(X)
    assert first.lower(X).py_func is again
    assert type(again).__name__ == "function"
