"""The lessons by srcgrad: ordinary functions of NumPy arrays, and training loops in one `@njit` function.

`run(lesson)` gives ways to do the lesson, by name; each is a function without arguments that does all steps and gives
what must come out the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from benchmarks.frameworks.lessons import Lesson
from srcgrad import differentiable, grad, jvp, optim, value_and_grad, vjp

SGD, MOMENTUM, ADAM = optim.sgd(0.1), optim.sgd(0.5, momentum=0.9), optim.adam(3e-3)


def run(lesson: Lesson) -> dict[str, Callable[[], tuple]]:
    """The ways to do a lesson."""
    return _WAYS[lesson.name](lesson)


# -- functions --------------------------------------------------------------------------------------------------------


@differentiable
def model(w, b, x, z):
    return w * (x + z) + b


def wave(x):
    return np.sin(x) * np.exp(-x * x) + x[::-1]


def bowl(x):
    return np.log(np.sum(np.exp(x * x))) + np.sum(np.sin(x)) ** 2


def doubled(x):
    """Doubles until it is long; what else is done depends on the signs it meets."""
    y = x * 2.0
    while np.sum(y * y) < 1e6:
        if y[0] > 0.0:
            y = y * 2.0
        else:
            y = 3.0 * y[::-1] + x
    return np.sum(np.abs(y))


gradient_of_doubled = value_and_grad(doubled)


@value_and_grad
def line_loss(params, x, y):
    w, b = params
    return np.mean((w * x + b - y) ** 2)


@value_and_grad
def xor_loss(params, inputs, targets):
    w1, b1, w2, b2 = params
    hidden = np.tanh(inputs @ w1 + b1)
    out = 1.0 / (1.0 + np.exp(-(hidden @ w2 + b2)))
    return np.mean((out - targets) ** 2)


@value_and_grad
def digit_loss(params, pixels, labels):
    w1, b1, w2, b2 = params
    logits = np.maximum(pixels @ w1 + b1, 0.0) @ w2 + b2
    top = logits.max(axis=1)
    total = np.sum(np.log(np.sum(np.exp(logits - top[:, None]), axis=1)) + top)
    for i in range(labels.shape[0]):
        total -= logits[i, labels[i]]
    return total / labels.shape[0]


# -- loops ------------------------------------------------------------------------------------------------------------


@njit
def train_line(params, x, y, losses):
    state = SGD.init(params)
    for k in range(losses.shape[0]):
        losses[k], gradient = line_loss(params, x, y)
        params, state = SGD.update(params, gradient, state)
    return params


@njit
def train_xor(params, inputs, targets, losses):
    state = MOMENTUM.init(params)
    for k in range(losses.shape[0]):
        losses[k], gradient = xor_loss(params, inputs, targets)
        params, state = MOMENTUM.update(params, gradient, state)
    return params


@njit
def train_digits(params, pixels, labels, batches, size, losses):
    state = ADAM.init(params)
    for epoch in range(batches.shape[0]):
        total = 0.0
        count = batches.shape[1] // size
        for k in range(count):
            rows = batches[epoch, k * size : (k + 1) * size]
            loss, gradient = digit_loss(params, pixels[rows], labels[rows])
            params, state = ADAM.update(params, gradient, state)
            total += loss
        losses[epoch] = total / count
    return params


# -- ways -------------------------------------------------------------------------------------------------------------


def _graph(lesson: Lesson) -> dict[str, Callable[[], tuple]]:
    (x, z), (w, b) = lesson.data, lesson.start

    def calls() -> tuple:
        for _ in range(lesson.steps):
            y = model(float(w), float(b), x, z)
        return (y,)

    return {"called from Python": calls}


def _tape(lesson: Lesson) -> dict[str, Callable[[], tuple]]:
    x, cotangents = lesson.data

    def pull() -> tuple:
        out, pullback = vjp(wave, x)
        return (out, np.stack([pullback(cotangent)[0] for cotangent in cotangents]))

    return {"vjp": pull}


def _second(lesson: Lesson) -> dict[str, Callable[[], tuple]]:
    x, directions = lesson.data
    slope = grad(bowl)

    def multiply() -> tuple:
        return (np.stack([jvp(slope, (x,), (direction,))[1] for direction in directions]),)

    return {"jvp of the gradient": multiply}


def _dynamic(lesson: Lesson) -> dict[str, Callable[[], tuple]]:
    (starts,) = lesson.data

    def gradients() -> tuple:
        found = [gradient_of_doubled(start) for start in starts]
        return np.array([value for value, _ in found]), np.stack([gradient for _, gradient in found])

    return {"called from Python": gradients}


def _linear(lesson: Lesson) -> dict[str, Callable[[], tuple]]:
    start = tuple(map(float, lesson.start))

    def whole() -> tuple:
        losses = np.empty(lesson.steps)
        params = train_line(start, *lesson.data, losses)
        return (*map(np.asarray, params), losses)

    def stepwise() -> tuple:
        params, state, losses = start, SGD.init(start), np.empty(lesson.steps)
        for k in range(lesson.steps):
            losses[k], gradient = line_loss(params, *lesson.data)
            params, state = SGD.update(params, gradient, state)
        return (*map(np.asarray, params), losses)

    return {"the loop in @njit": whole, "step by step": stepwise}


def _xor(lesson: Lesson) -> dict[str, Callable[[], tuple]]:
    def whole() -> tuple:
        losses = np.empty(lesson.steps)
        return (*train_xor(lesson.start, *lesson.data, losses), losses)

    def stepwise() -> tuple:
        params, state, losses = lesson.start, MOMENTUM.init(lesson.start), np.empty(lesson.steps)
        for k in range(lesson.steps):
            losses[k], gradient = xor_loss(params, *lesson.data)
            params, state = MOMENTUM.update(params, gradient, state)
        return (*params, losses)

    return {"the loop in @njit": whole, "step by step": stepwise}


def _digits(lesson: Lesson) -> dict[str, Callable[[], tuple]]:
    pixels, labels, test, answers, batches = lesson.data
    size = int(lesson.settings["batch"])

    def whole() -> tuple:
        losses = np.empty(lesson.steps)
        w1, b1, w2, b2 = train_digits(lesson.start, pixels, labels, batches, size, losses)
        right = np.argmax(np.maximum(test @ w1 + b1, 0) @ w2 + b2, axis=1) == answers
        return losses, np.array(right.mean())

    return {"the loop in @njit": whole}


_WAYS: dict[str, Callable[[Lesson], dict[str, Callable[[], tuple]]]] = {
    "graph": _graph, "tape": _tape, "second": _second, "dynamic": _dynamic, "linear": _linear, "xor": _xor,
    "digits": _digits,
}  # fmt: skip
