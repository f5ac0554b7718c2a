"""Lengths of 1 in arguments are repeated, as NumPy repeats them, without a cost for calls that have none."""

import numpy as np
import pytest

import srcgrad
from srcgrad.testing import check_grads


def product(m, b):
    return np.sum(m * b)


def affine(data):
    return np.sum((data["x"] @ data["w"] + data["b"]) ** 2)


def in_place(m, b):
    m[:, 1:] += b * m[:, :1]
    return m.sum()


RNG = np.random.default_rng(4)
SHAPES = ((4, 1), (1, 3), (1, 1), (4, 3), (1,), (3,))
CASES = [
    *((product, (RNG.normal(size=(4, 3)), RNG.normal(size=shape))) for shape in SHAPES),
    (affine, ({"x": RNG.normal(size=(5, 3)), "w": RNG.normal(size=(3, 1)), "b": RNG.normal(size=1)},)),
    (in_place, (RNG.normal(size=(4, 3)), RNG.normal(size=(1, 1)))),
    (lambda x, y: x * y + y, (RNG.normal(size=3), RNG.normal(size=1))),
    (lambda x, y: x * y + y, (RNG.normal(size=1), RNG.normal(size=3))),
]


@pytest.mark.parametrize("function, arguments", CASES)
def test_the_value_is_numpys_and_the_modes_agree(function, arguments):
    out, _ = srcgrad.vjp(function, *arguments)
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    np.testing.assert_allclose(out, function(*copies), rtol=1e-13)
    check_grads(function, arguments)


def test_one_object_serves_all_shapes():
    g = srcgrad.value_and_grad(product, argnums=(0, 1))
    for shape in ((4, 3), (4, 1), (1, 3), (4, 3), (1, 1)):
        value, (m_bar, b_bar) = g(np.ones((4, 3)), np.ones(shape))
        assert value == 12.0
        assert m_bar.shape == (4, 3) and b_bar.shape == shape and b_bar.sum() == 12.0


def test_lengths_that_do_not_fit_raise():
    with pytest.raises(ValueError, match="could not be broadcast together"):
        srcgrad.grad(product)(np.ones((4, 3)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="could not be broadcast together"):
        srcgrad.grad(product)(np.ones((4, 3)), np.ones((2, 1)))


def conjugate_gradients(a, b, n):
    x = np.zeros((a.shape[0], 1))
    r = b - a @ x
    p = np.copy(r)
    for _ in range(n):
        w = a @ p
        alpha = np.dot(r.T, r) / np.dot(p.T, w)
        x = x + alpha * p
        new = r - alpha * w
        p = new + np.dot(new.T, new) / np.dot(r.T, r) * p
        r = np.copy(new)
    return x


def one_of_two_columns(a, c):
    m = a if c else 2.0 * a
    return m * np.ones((4, 3))


def test_columns_through_loops_and_branches():
    a = RNG.normal(size=(3, 3))
    system = (a @ a.T + np.eye(3), RNG.normal(size=(3, 1)), 2)
    np.testing.assert_allclose(srcgrad.vjp(conjugate_gradients, *system)[0], conjugate_gradients(*system))
    check_grads(conjugate_gradients, system)
    check_grads(one_of_two_columns, (RNG.normal(size=(4, 1)), True))
