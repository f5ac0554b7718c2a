"""`out=`: gradients written, or added, into the caller's buffers."""

from collections import namedtuple

import numpy as np
import pytest

from srcgrad import ArgumentError, OverlapError, add_to, grad, jacobian, value_and_grad

X = np.array([1.0, 2.0, 3.0])
Pair = namedtuple("Pair", ["a", "b"])


def energy(x, k=1.0):
    return k * np.sum(x * x)


def of_parts(p):
    return np.sum(p["w"] ** 2) * p["s"]


def of_pair(p):
    return np.sum(p.a * p.b)


def test_written():
    buffer = np.full(3, np.nan)
    assert grad(energy)(X, out=buffer) is buffer
    np.testing.assert_array_equal(buffer, 2 * X)
    value, same = value_and_grad(energy)(X, k=2.0, out=buffer)
    assert value == 28.0 and same is buffer
    np.testing.assert_array_equal(buffer, 4 * X)


def test_added():
    buffer = np.ones(3)
    assert grad(energy)(X, out=add_to(buffer)) is buffer
    grad(energy)(X, 2.0, out=add_to(buffer))
    np.testing.assert_array_equal(buffer, 1 + 6 * X)


def test_a_buffer_in_any_layout():
    whole = np.zeros((3, 4))
    grad(energy)(np.ones((3, 2)), out=whole[:, ::2])
    np.testing.assert_array_equal(whole, [[2, 0, 2, 0]] * 3)
    by_columns = np.zeros((2, 3), order="F")
    grad(energy)(np.ones((2, 3)), out=by_columns)
    np.testing.assert_array_equal(by_columns, np.full((2, 3), 2.0))


def test_containers():
    buffers = {"w": np.zeros(3), "s": np.zeros(())}
    given = {"w": X, "s": 3.0}
    assert grad(of_parts)(given, out=buffers) is buffers
    grad(of_parts)(given, out=add_to(buffers))
    np.testing.assert_array_equal(buffers["w"], 12 * X)
    assert buffers["s"] == 28.0
    pair = Pair(np.zeros(3), np.zeros(3))
    grad(of_pair)(Pair(X, 2 * X), out=pair)
    np.testing.assert_array_equal(pair.a, 2 * X)
    np.testing.assert_array_equal(pair.b, X)


def test_several_arguments():
    x, k = np.zeros(3), np.zeros(())
    grad(energy, (0, 1))(X, 2.0, out=(x, k))
    np.testing.assert_array_equal(x, 4 * X)
    assert k == 14.0
    grad(energy, (0,))(X, out=[x])
    np.testing.assert_array_equal(x, 2 * X)


def test_parts_without_a_gradient():
    def power(p):
        return np.sum(p[0] ** p[1])

    buffer = np.zeros(3)
    grad(power)((X, 2), out=(buffer, None))
    np.testing.assert_array_equal(buffer, 2 * X)
    with pytest.raises(ArgumentError, match=r"out\[1\] is an array of shape \(\) .* None: there is no gradient"):
        grad(power)((X, 2), out=(buffer, np.zeros(())))


def test_auxiliary_results():
    def loss(x):
        return np.sum(x * x), x[0] + 1

    buffer = np.zeros(3)
    gradient, aux = grad(loss, has_aux=True)(X, out=buffer)
    assert gradient is buffer and aux == 2.0
    (value, aux), gradient = value_and_grad(loss, has_aux=True)(X, out=add_to(buffer))
    assert gradient is buffer and (value, aux) == (14.0, 2.0)
    np.testing.assert_array_equal(buffer, 4 * X)


def test_the_argument_itself_as_the_buffer():
    x = X.copy()
    grad(energy)(x, out=x)
    np.testing.assert_array_equal(x, 2 * X)


def test_methods():
    class Model:
        @grad
        def energy(self, x):
            return np.sum(x * x)

    buffer = np.zeros(3)
    assert Model().energy(X, out=buffer) is buffer
    np.testing.assert_array_equal(buffer, 2 * X)


@pytest.mark.parametrize(
    ("buffer", "words"),
    [
        (np.zeros(4), r"out is an array of shape \(4,\) .* the gradient is an array of shape \(3,\)"),
        (np.zeros((3, 1)), r"shape \(3, 1\)"),
        (np.zeros(1), r"shape \(1,\)"),
        (np.zeros(3, np.float32), "dtype float32"),
        (np.zeros(3, complex), "dtype complex128"),
        ([0.0, 0.0, 0.0], "out is a list of 3"),
        (np.zeros(3).view(np.matrix), "out is"),
        (None, "out is NoneType"),
    ],
)
@pytest.mark.parametrize("adds", [False, True])
def test_what_does_not_fit(buffer, words, adds):
    with pytest.raises(ArgumentError, match=words):
        grad(energy)(X, out=add_to(buffer) if adds else buffer)


def test_nothing_is_written_unless_all_fits():
    buffers = {"w": np.zeros(3), "s": np.zeros(1)}
    with pytest.raises(ArgumentError, match=r"out\['s'\]"):
        grad(of_parts)({"w": X, "s": 3.0}, out=buffers)
    assert not buffers["w"].any()
    with pytest.raises(ArgumentError, match="a dict with 'w', 's'"):
        grad(of_parts)({"w": X, "s": 3.0}, out={"w": buffers["w"]})


def test_read_only_and_shared_buffers():
    buffer = np.zeros(3)
    buffer.flags.writeable = False
    with pytest.raises(ArgumentError, match="read-only"):
        grad(energy)(X, out=buffer)
    shared = np.zeros(4)
    with pytest.raises(OverlapError, match="share memory"):
        grad(of_pair)(Pair(X, X + 1), out=Pair(shared[:3], shared[1:]))
    assert not shared.any()


def test_a_parameter_of_that_name_is_the_functions_own():
    def scaled(x, out):
        return np.sum(x) * out

    assert grad(scaled, 1)(X, out=2.0) == 6.0
    with pytest.raises(TypeError, match="out"):
        jacobian(energy)(X, out=np.zeros(3))


def test_buffers_that_lie_between_one_another():
    memory = np.zeros(6)
    both = value_and_grad(lambda a, b: np.sum(a * b), argnums=(0, 1))
    both(np.ones(3), np.full(3, 2.0), out=(memory[::2], memory[1::2]))
    np.testing.assert_array_equal(memory, [2.0, 1.0] * 3)


def test_a_buffer_of_which_all_elements_are_one():
    with pytest.raises(OverlapError, match="elements of out share memory"):
        grad(lambda x: np.sum(x * x))(np.ones(3), out=np.lib.stride_tricks.as_strided(np.zeros(1), (3,), (0,)))
    with pytest.raises(ArgumentError, match="out is MaskedArray"):
        grad(lambda x: np.sum(x * x))(np.ones(3), out=np.ma.zeros(3))
