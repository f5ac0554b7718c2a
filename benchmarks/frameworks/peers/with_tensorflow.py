"""The lessons in TensorFlow: eager, with `GradientTape`, and each step a graph made by `tf.function`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is imported

import tensorflow as tf

from benchmarks.frameworks.lessons import Lesson

Ways = dict[str, Callable[[], tuple]]


def prepare() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def run(lesson: Lesson) -> Ways:
    """The ways to do a lesson."""
    return _WAYS[lesson.name](lesson)


def _numpy(tensors: Any) -> tuple:
    return tuple(tensor.numpy() for tensor in tensors)


# -- first lessons ----------------------------------------------------------------------------------------------------


def _graph(lesson: Lesson) -> Ways:
    x, z, w, b = map(tf.constant, (*lesson.data, *lesson.start))
    model = lambda w, b, x, z: w * (x + z) + b

    def calls(function: Callable) -> Callable[[], tuple]:
        def way() -> tuple:
            for _ in range(lesson.steps):
                y = function(w, b, x, z)
            return _numpy([y])

        return way

    return {"eager": calls(model), "tf.function": calls(tf.function(model))}


def _tape(lesson: Lesson) -> Ways:
    x, cotangents = map(tf.constant, lesson.data)

    def way() -> tuple:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            out = tf.sin(x) * tf.exp(-x * x) + tf.reverse(x, [0])
        rows = [tape.gradient(out, x, output_gradients=cotangent) for cotangent in cotangents]
        return _numpy([out, tf.stack(rows)])

    return {"eager": way}


def _second(lesson: Lesson) -> Ways:
    x, directions = map(tf.constant, lesson.data)

    def product(x: Any, direction: Any) -> Any:
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.math.log(tf.reduce_sum(tf.exp(x * x))) + tf.reduce_sum(tf.sin(x)) ** 2
            slope = inner.gradient(y, x)
        return outer.gradient(slope, x, output_gradients=direction)

    def products(function: Callable) -> Callable[[], tuple]:
        return lambda: _numpy([tf.stack([function(x, direction) for direction in directions])])

    return {"eager": products(product), "tf.function": products(tf.function(product))}


def _dynamic(lesson: Lesson) -> Ways:
    starts = tf.constant(lesson.data[0])

    def doubled(x: Any) -> Any:
        y = x * 2.0
        while tf.reduce_sum(y * y) < 1e6:
            y = y * 2.0 if y[0] > 0.0 else 3.0 * tf.reverse(y, [0]) + x
        return tf.reduce_sum(tf.abs(y))

    def way() -> tuple:
        values, gradients = [], []
        for start in starts:
            with tf.GradientTape() as tape:
                tape.watch(start)
                value = doubled(start)
            values.append(value)
            gradients.append(tape.gradient(value, start))
        return _numpy([tf.stack(values), tf.stack(gradients)])

    return {"eager": way}


# -- training ---------------------------------------------------------------------------------------------------------


def line_loss(params: Any, x: Any, y: Any) -> Any:
    w, b = params
    return tf.reduce_mean((w * x + b - y) ** 2)


def xor_loss(params: Any, inputs: Any, targets: Any) -> Any:
    w1, b1, w2, b2 = params
    out = tf.sigmoid(tf.tanh(inputs @ w1 + b1) @ w2 + b2)
    return tf.reduce_mean((out - targets) ** 2)


def _step(loss: Callable, data: tuple, params: list, velocities: list, settings: dict[str, float]) -> Callable:
    """One step on variables, as the guide "Basic training loops" writes it, with momentum."""
    lr, momentum = settings["lr"], settings.get("momentum", 0.0)

    def step() -> Any:
        with tf.GradientTape() as tape:
            value = loss(params, *data)
        for p, v, g in zip(params, velocities, tape.gradient(value, params)):
            if momentum:
                v.assign(momentum * v + g)
                g = v
            p.assign_sub(lr * g)
        return value

    return step


def _way(lesson: Lesson, loss: Callable, compiled: bool) -> Callable[[], tuple]:
    data = tuple(map(tf.constant, lesson.data))
    params = [tf.Variable(part) for part in lesson.start]
    velocities = [tf.Variable(tf.zeros_like(part)) for part in lesson.start]
    step = _step(loss, data, params, velocities, lesson.settings)
    step = tf.function(step) if compiled else step

    def way() -> tuple:
        for p, v, part in zip(params, velocities, lesson.start):
            p.assign(part)
            v.assign(tf.zeros_like(part))
        losses = np.empty(lesson.steps)
        for k in range(lesson.steps):
            losses[k] = step().numpy()
        return (*_numpy(params), losses)

    return way


def _training(loss: Callable) -> Callable[[Lesson], Ways]:
    return lambda lesson: {"eager": _way(lesson, loss, False), "tf.function": _way(lesson, loss, True)}


def _digits(lesson: Lesson) -> Ways:
    pixels, labels, test, answers, batches = map(tf.constant, lesson.data)
    size = int(lesson.settings["batch"])

    def logits(params: Any, x: Any) -> Any:
        w1, b1, w2, b2 = params
        return tf.nn.relu(x @ w1 + b1) @ w2 + b2

    params = [tf.Variable(part) for part in lesson.start]
    means, squares = ([tf.Variable(tf.zeros_like(part)) for part in lesson.start] for _ in range(2))
    count = tf.Variable(0.0, dtype=tf.float64)

    @tf.function
    def step(rows: Any) -> Any:
        with tf.GradientTape() as tape:
            shown = logits(params, tf.gather(pixels, rows))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, rows), shown)
            value = tf.reduce_mean(losses)
        count.assign_add(1.0)
        size = tf.cast(lesson.settings["lr"] / (1.0 - 0.9**count), tf.float32)
        root = tf.cast(tf.sqrt(1.0 - 0.999**count), tf.float32)
        for p, m, s, g in zip(params, means, squares, tape.gradient(value, params)):
            m.assign_add((g - m) * (1.0 - 0.9))
            s.assign(0.999 * s + (1.0 - 0.999) * g * g)
            p.assign_sub(size * m / (tf.sqrt(s) / root + 1e-8))
        return value

    def way() -> tuple:
        for p, m, s, part in zip(params, means, squares, lesson.start):
            p.assign(part)
            m.assign(tf.zeros_like(part))
            s.assign(tf.zeros_like(part))
        count.assign(0.0)
        losses = np.empty(lesson.steps)
        for epoch in range(lesson.steps):
            parts = tf.split(batches[epoch], batches.shape[1] // size)
            losses[epoch] = sum(step(rows).numpy() for rows in parts) / len(parts)
        right = tf.argmax(logits(params, test), 1).numpy() == answers.numpy()
        return losses, np.array(right.mean())

    return {"tf.function": way}


_WAYS: dict[str, Callable[[Lesson], Ways]] = {
    "graph": _graph, "tape": _tape, "second": _second, "dynamic": _dynamic, "linear": _training(line_loss),
    "xor": _training(xor_loss), "digits": _digits,
}  # fmt: skip
