"""What the optimisers take: containers, `@njit` code, pickles; and what they refuse."""

import math
import pickle
from collections import namedtuple
from dataclasses import dataclass

import numba
import numpy as np
import pytest

from srcgrad import ArgumentError, optim, value_and_grad

Layer = namedtuple("Layer", ["weights", "offset"])


@dataclass
class Model:
    layers: list
    scale: float
    name: str = "model"
    count: int = 3


W = np.arange(6.0).reshape(2, 3)
ADAM = optim.adam(0.1)
SGD = optim.sgd(0.1, momentum=0.5)


@pytest.mark.parametrize("optimiser", [ADAM, SGD], ids=["adam", "sgd"])
@pytest.mark.parametrize("params", [
    (W, 2.0), [W, 2.0], {"w": W, "b": 2.0}, Layer(W, 2.0), {"inner": (Layer(W, 2.0),), 3: [W]},
])  # fmt: skip
def test_a_container_steps_as_its_parts(optimiser, params):
    state, after = optimiser.init(params), params
    for _ in range(3):
        after, state = optimiser.update(after, after, state)
    assert state.step == 3

    def stepped(part):
        own = optimiser.init(part)
        for _ in range(3):
            part, own = optimiser.update(part, part, own)
        return part

    def compare(found, start):
        assert type(found) is type(start)
        if isinstance(start, dict):
            assert list(found) == list(start)
            found, start = tuple(found.values()), tuple(start.values())
        if isinstance(start, (tuple, list)):
            for a, b in zip(found, start, strict=True):
                compare(a, b)
        else:
            np.testing.assert_array_equal(found, stepped(start))

    compare(after, params)


def test_a_dataclass_and_what_is_not_trained_in_it():
    def loss(model):
        return model.scale * np.sum(model.layers[0] ** model.count)

    model = Model([W], 2.0)
    gradient = value_and_grad(loss)(model)[1]
    after, state = SGD.update(model, gradient, SGD.init(model))
    assert isinstance(after, Model) and after.name == "model" and after.count == 3
    np.testing.assert_allclose(after.layers[0], W - 0.1 * 6 * W**2)
    assert after.scale == pytest.approx(2.0 - 0.1 * np.sum(W**3))
    assert state.velocity.name is None and state.velocity.count is None


def test_nothing_is_modified():
    params, gradient = W.copy(), np.ones((2, 3))
    state = ADAM.init(params)
    after, later = ADAM.update(params, gradient, state)
    ADAM.update(after, gradient, later)
    np.testing.assert_array_equal(params, W)
    assert not state.mean.any() and state.step == 0
    np.testing.assert_allclose(later.mean, 0.1 * gradient, rtol=1e-15)
    assert not np.shares_memory(after, params)


def test_layouts():
    for params in (np.asfortranarray(W), np.ones((4, 6))[::2, ::2] * W):
        after, _ = SGD.update(params, W, SGD.init(params))
        np.testing.assert_allclose(after, params - 0.1 * W)


@value_and_grad
def loss(params, x, y):
    w, b = params
    total = 0.0
    for i in range(x.shape[0]):
        total += (w[0] * x[i] + b - y[i]) ** 2
    return total / x.shape[0]


@numba.njit
def trained_by_adam(params, x, y, steps):
    state = ADAM.init(params)
    value = math.nan
    for k in range(steps):
        value, gradient = loss(params, x, y)
        params, state = ADAM.update(params, gradient, state, lr=0.2 / (1 + 0.1 * k))
    return value, params, state


@numba.njit
def trained_by_sgd(params, x, y, steps):
    state = SGD.init(params)
    for _ in range(steps):
        gradient = loss(params, x, y)[1]
        params, state = SGD.update(params, gradient, state)
    return params, state


X = np.linspace(-1.0, 1.0, 20)


def test_adam_inside_njit():
    start = (np.zeros(1), 0.0)
    value, params, state = trained_by_adam(start, X, 2 * X + 1, 25)
    again, kept = start, ADAM.init(start)
    for k in range(25):
        expected, gradient = loss(again, X, 2 * X + 1)
        again, kept = ADAM.update(again, gradient, kept, lr=0.2 / (1 + 0.1 * k))
    assert isinstance(state, optim.AdamState) and state.step == kept.step == 25
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(params[0], again[0], rtol=1e-12)
    np.testing.assert_allclose(state.square[0], kept.square[0], rtol=1e-12)
    assert params[1] == pytest.approx(again[1], rel=1e-12)


def test_sgd_inside_njit_finds_the_line():
    params, state = trained_by_sgd((np.zeros(1), 0.0), X, 2 * X + 1, 300)
    assert params[0][0] == pytest.approx(2.0, abs=1e-8) and params[1] == pytest.approx(1.0, abs=1e-8)
    assert state.step == 300


def test_an_optimiser_as_an_argument_of_njit_code():
    @numba.njit
    def one_step(optimiser, x):
        return optimiser.update(x, x, optimiser.init(x))[0]

    assert one_step(SGD, 1.0) == 0.9


@pytest.mark.parametrize("optimiser", [ADAM, SGD, optim.sgd(0.25)])
def test_pickles(optimiser):
    copy = pickle.loads(pickle.dumps(optimiser))
    state = optimiser.init((1.0, W))
    found, expected = copy.update((1.0, W), (2.0, W), state), optimiser.update((1.0, W), (2.0, W), state)
    assert found[0][0] == expected[0][0]
    np.testing.assert_array_equal(found[0][1], expected[0][1])
    assert pickle.loads(pickle.dumps(state)).step == 0


# -- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "grads", "words"),
    [
        ((W,), W, "grads is a 2-d array"),
        ({"w": W}, {"v": W}, "grads is a dict with 'v'"),
        ((W,), (W.astype(np.float32),), r"grads\[0\] is a 2-d array of float32"),
        ((W,), (W[0],), r"grads\[0\] is a 1-d array"),
        ((W,), (None,), r"grads\[0\] is None"),
        ((W, 1), (W, 1), r"grads\[1\] is an int, where params give None"),
    ],
)
def test_gradients_of_another_structure(params, grads, words):
    with pytest.raises(ArgumentError, match=words):
        SGD.update(params, grads, SGD.init(params))


@pytest.mark.parametrize("shape", [(3, 2), (1, 3), (2, 1), (1, 1), (0, 3)])
@pytest.mark.parametrize("which", ["gradient", "state"])
def test_another_shape(shape, which):
    other = np.ones(shape)
    with pytest.raises(ValueError, match=r"params\['w'\] and .* differ in shape"):
        if which == "gradient":
            ADAM.update({"w": W}, {"w": other}, ADAM.init({"w": W}))
        else:
            ADAM.update({"w": W}, {"w": W}, ADAM.init({"w": other}))


def test_another_state():
    with pytest.raises(ArgumentError, match="the state of adam is a SGDState"):
        ADAM.update(W, W, SGD.init(W))
    with pytest.raises(ArgumentError, match=r"state\.velocity is of an optimiser with momentum"):
        optim.sgd(0.1).update(W, W, SGD.init(W))
    with pytest.raises(ArgumentError, match=r"state\.velocity is None"):
        SGD.update(W, W, optim.sgd(0.1).init(W))


@pytest.mark.parametrize("params", [3, "text", None, (1, 2), np.arange(3)])
def test_nothing_to_train(params):
    with pytest.raises(ArgumentError, match="no floating-point number"):
        SGD.init(params)


def test_complex_parameters():
    with pytest.raises(ArgumentError, match=r"params\[1\] is a complex number"):
        SGD.init((1.0, 2j))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: optim.sgd(-0.1), "lr of sgd is -0.1"),
        (lambda: optim.sgd("fast"), "lr of sgd is 'fast'"),
        (lambda: optim.adam(math.inf), "lr of adam is inf"),
        (lambda: optim.adam(beta1=1.0), "beta1 is 1.0"),
        (lambda: optim.adam(beta2=-1), "beta2 of adam"),
        (lambda: optim.sgd(0.1, nesterov=True), "needs momentum"),
        (lambda: optim.sgd(0.1, 0.9, 0.1, nesterov=True), "no dampening"),
        (lambda: optim.sgd(0.1, dampening=0.1), "dampens momentum"),
        (lambda: optim.sgd(0.1).update(1.0, 1.0, optim.sgd(0.1).init(1.0), lr="slow"), "lr is 'slow'"),
    ],
)
def test_wrong_hyperparameters(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()


def test_a_hyperparameter_that_is_not_used_is_refused():
    with pytest.raises(TypeError, match="momentum"):
        optim.sgd(0.1).update(1.0, 1.0, optim.sgd(0.1).init(1.0), momentum=0.9)
