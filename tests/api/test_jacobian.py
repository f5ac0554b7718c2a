"""`jacobian`: against jvp and vjp column by column and row by row, against JAX where it is there, and its refusals."""

import math
import pickle

import numba
import numpy as np
import pytest

import srcgrad
from srcgrad import ArgumentError, Unsupported, jacobian

X = np.array([0.3, -0.5, 0.7])
MODES = [None, "forward", "reverse"]


def square(x):
    return np.exp(x) * x[0] + x[::-1]


def tall(x):
    return np.concatenate((np.sin(x), x * x[0], x))


def wide(x):
    return np.array([np.sum(x * x), x[0] * x[1]])


def with_rank(x):
    return x[:, None] * np.sin(x)


def of_a_matrix(x):
    return x.T @ x


def identity(x):
    return x


def number(x):
    return np.sum(x**3)


def numbers(x):
    return [x[0] * x[1], 3, x[2] ** 2, 1.0]


def pair(x):
    return x[0] * x[1], np.float64(x[2])


def of_a_number(t):
    return np.array([math.sin(t), math.cos(t)])


def numbers_of_a_number(t):
    return t * t, math.exp(t)


def plain(t):
    return t**3


def writes(x):
    x[0] = x[1] * x[2]


def loops(x):
    out = np.zeros((x.shape[0], 2))
    for i in range(x.shape[0]):
        if x[i] > 0:
            out[i, 0] = x[i] ** 2
        out[i, 1] = out[i - 1, 0] * x[i]
    return out


CASES = [
    (square, X), (tall, X), (wide, X), (with_rank, X), (of_a_matrix, np.arange(6.0).reshape(3, 2)), (identity, X),
    (number, X), (numbers, X), (pair, X), (of_a_number, 0.3), (numbers_of_a_number, 0.3), (plain, 0.3), (writes, X),
    (loops, X), (identity, X.astype(np.float32)), (with_rank, np.asfortranarray(X)[::-1]), (identity, np.zeros(0)),
    (square, np.ones(1)), (of_a_matrix, np.asfortranarray(np.arange(6.0).reshape(3, 2))), (number, np.zeros(0)),
]  # fmt: skip


def by_columns(fun, x):
    """The Jacobian from `srcgrad.jvp`, one column after the other."""
    out = np.asarray(srcgrad.differentiable(fun)(x), dtype=getattr(x, "dtype", float))
    units = np.eye(np.size(x), dtype=out.dtype).reshape(np.size(x), *np.shape(x))
    columns = np.zeros((len(units), *out.shape))
    for k, unit in enumerate(units):
        tangent = srcgrad.jvp(fun, (x,), (unit if np.ndim(x) else 1.0,))[1]
        columns[k] = [part or 0.0 for part in tangent] if isinstance(tangent, (list, tuple)) else tangent
    return np.moveaxis(columns, 0, -1).reshape((*out.shape, *np.shape(x)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("fun", "x"), CASES)
def test_columns_and_rows(fun, x, mode):
    found = jacobian(fun, mode=mode)(x)
    expected = by_columns(fun, x)
    assert np.shape(found) == expected.shape
    assert np.asarray(found).dtype == getattr(x, "dtype", np.float64)
    np.testing.assert_allclose(found, expected, rtol=1e-6 if np.asarray(x).dtype == np.float32 else 1e-13)


@pytest.mark.parametrize("fun", [square, tall, wide, of_a_matrix, number])
def test_as_in_jax(fun):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    same = {
        square: lambda x: jnp.exp(x) * x[0] + x[::-1], tall: lambda x: jnp.concatenate((jnp.sin(x), x * x[0], x)),
        wide: lambda x: jnp.array([jnp.sum(x * x), x[0] * x[1]]), of_a_matrix: lambda x: x.T @ x,
        number: lambda x: jnp.sum(x**3),
    }  # fmt: skip
    x = np.arange(6.0).reshape(3, 2) if fun is of_a_matrix else X
    np.testing.assert_allclose(jacobian(fun)(x), jax.jacrev(same[fun])(x), rtol=1e-12)


def test_a_number_of_a_number_is_a_number():
    for mode in MODES:
        assert type(jacobian(plain, mode=mode)(2.0)) is float
        assert jacobian(plain, mode=mode)(2.0) == 12.0


def test_argnums_and_argnames():
    def rates(t, y, k=2.0):
        return [y[1] * k, -t * y[0]]

    expected = np.array([[0.0, 3.0], [-0.5, 0.0]])
    np.testing.assert_array_equal(jacobian(rates, 1)(0.5, X[:2], 3.0), expected)
    np.testing.assert_array_equal(jacobian(rates, argnames="y")(0.5, X[:2], k=3.0), expected)
    np.testing.assert_array_equal(jacobian(rates, -2)(0.5, X[:2], 3.0), expected)
    np.testing.assert_array_equal(jacobian(rates)(0.5, X[:2]), [0.0, -X[0]])


def test_decorators_and_options():
    @jacobian
    def bare(x):
        return x * x

    @jacobian(argnums=1, mode="reverse", boundscheck=True)
    def second(n, x):
        return x * n

    np.testing.assert_array_equal(bare(X), np.diag(2 * X))
    np.testing.assert_array_equal(second(3, X), 3 * np.eye(3))
    assert bare.__name__ == "bare"


def test_the_mode_follows_the_sizes():
    for fun, suffix in ((wide, "vjp"), (tall, "jvp"), (square, "jvp"), (number, "vjp")):
        chosen = jacobian(fun)
        chosen(X)
        assert f"def {fun.__name__}_{suffix}(" in chosen.source
        assert f"def {fun.__name__}_{suffix}(" in chosen.lower(X).source
        assert f"def {fun.__name__}_jacobian(" in chosen.source
        assert f"{fun.__name__}_{suffix}" in chosen.report()
    both = jacobian(wide)
    both(X[:2])
    assert "wide_jvp" in both.source
    both(X)
    assert "wide_vjp" in both.source


def test_inside_njit():
    with_matrix, of_number = jacobian(with_rank), jacobian(number)

    @numba.njit
    def both(x):
        return with_matrix(x), of_number(x)

    first, second = both(X)
    np.testing.assert_array_equal(first, with_matrix(X))
    np.testing.assert_array_equal(second, of_number(X))


def test_methods():
    class Model:
        def __init__(self, factor):
            self.factor = factor

        @jacobian
        def forces(self, x):
            return self.factor * x * x

        @jacobian(mode="reverse")
        def backwards(self, x):
            return self.factor * x * x

    np.testing.assert_array_equal(Model(3.0).forces(X), np.diag(6 * X))
    np.testing.assert_array_equal(Model(3.0).backwards(X), np.diag(6 * X))
    model = Model(2.0)
    model.backwards(X)
    assert "_vjp(" in model.backwards.source


@pytest.mark.parametrize("mode", MODES)
def test_pickles(mode):
    copy = pickle.loads(pickle.dumps(jacobian(tall, mode=mode)))
    np.testing.assert_array_equal(copy(X), jacobian(tall)(X))
    copy(X)
    assert ("tall_vjp" in copy.source) == (mode == "reverse")


def test_globals_are_watched():
    scaled = jacobian(times_factor)
    np.testing.assert_array_equal(scaled(X), 2 * np.eye(3))
    FACTOR[0] = 5.0
    try:
        np.testing.assert_array_equal(scaled(X), 5 * np.eye(3))
    finally:
        FACTOR[0] = 2.0


FACTOR = [2.0]


def times_factor(x):
    return FACTOR[0] * x


def test_captured_arrays():
    weights = np.array([1.0, 2.0, 3.0])
    weighted = jacobian(lambda x: weights * x)
    np.testing.assert_array_equal(weighted(X), np.diag(weights))
    weights[0] = 7.0
    np.testing.assert_array_equal(weighted(X), np.diag(weights))


def test_the_users_exception_comes_out():
    def positive(x):
        if x[0] < 0:
            raise ValueError("negative")
        return np.sqrt(x)

    with pytest.raises(ValueError, match="negative"):
        jacobian(positive)(-np.ones(3))


# -- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fun", "x", "words"),
    [
        (lambda x: x[0], (X,), "one real array or number to differentiate, not a tuple"),
        (lambda x: x["a"], {"a": X}, "one real array or number to differentiate, not a dict"),
        (lambda x: x, X + 1j, "one real array or number to differentiate, not a 1-d array of complex128"),
        (lambda x: x, np.arange(3), "array of integers"),
        (lambda x: (x, x), X, "returns a tuple"),
        (lambda x: {"a": x}, X, "returns a dict"),
        (lambda x: x * 1j, X, "returns a 1-d array of complex128"),
        (lambda x: 3, X, "returns an int"),
        (lambda x: None, X, "returns None"),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_what_has_no_jacobian(fun, x, words, mode):
    with pytest.raises((ArgumentError, Unsupported), match=words):
        jacobian(fun, mode=mode)(x)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"argnums": (0, 1)}, "one argument at a time"),
        ({"argnames": ("x",)}, "one argument at a time"),
        ({"mode": "sideways"}, "mode is 'sideways'"),
        ({"target": "cuda"}, "does not run on the GPU"),
        ({"argnums": 4}, "argnums=4"),
        ({"holomorphic": True}, "there is no option 'holomorphic'"),
    ],
)
def test_calls_that_are_wrong(given, words):
    with pytest.raises(ArgumentError, match=words):
        jacobian(square, **given)
