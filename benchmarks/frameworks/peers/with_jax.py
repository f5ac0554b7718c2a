"""The lessons in JAX: `jax.jit` of a step, called step by step, and the whole loop as a `lax.scan`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.frameworks.lessons import Lesson

Ways = dict[str, Callable[[], tuple]]


def prepare() -> None:
    jax.config.update("jax_enable_x64", True)


def run(lesson: Lesson) -> Ways:
    """The ways to do a lesson."""
    return _WAYS[lesson.name](lesson)


def _numpy(arrays: Any) -> tuple:
    return tuple(map(np.asarray, arrays))


# -- first lessons ----------------------------------------------------------------------------------------------------


def _graph(lesson: Lesson) -> Ways:
    x, z, w, b = map(jnp.asarray, (*lesson.data, *lesson.start))
    model = jax.jit(lambda w, b, x, z: w * (x + z) + b)

    def way() -> tuple:
        for _ in range(lesson.steps):
            y = model(w, b, x, z).block_until_ready()
        return _numpy([y])

    return {"jax.jit": way}


def _tape(lesson: Lesson) -> Ways:
    x, cotangents = map(jnp.asarray, lesson.data)
    wave = lambda x: jnp.sin(x) * jnp.exp(-x * x) + x[::-1]
    pull = jax.jit(lambda pullback, cotangent: pullback(cotangent)[0])
    forward = jax.jit(lambda x: jax.vjp(wave, x))

    def way() -> tuple:
        out, pullback = forward(x)
        rows = [pull(pullback, cotangent).block_until_ready() for cotangent in cotangents]
        return _numpy([out, jnp.stack(rows)])

    return {"jax.jit": way}


def _second(lesson: Lesson) -> Ways:
    x, directions = map(jnp.asarray, lesson.data)
    bowl = lambda x: jnp.log(jnp.sum(jnp.exp(x * x))) + jnp.sum(jnp.sin(x)) ** 2
    product = jax.jit(lambda x, direction: jax.jvp(jax.grad(bowl), (x,), (direction,))[1])

    def way() -> tuple:
        return _numpy([jnp.stack([product(x, direction).block_until_ready() for direction in directions])])

    return {"jax.jit": way}


def _dynamic(lesson: Lesson) -> Ways:
    """Reverse mode does not go through `lax.while_loop`: this is JAX without `jit`."""

    def doubled(x: Any) -> Any:
        y = x * 2.0
        while jnp.sum(y * y) < 1e6:
            y = y * 2.0 if y[0] > 0.0 else 3.0 * y[::-1] + x
        return jnp.sum(jnp.abs(y))

    gradient = jax.value_and_grad(doubled)
    starts = [jnp.asarray(start) for start in lesson.data[0]]

    def way() -> tuple:
        found = [gradient(start) for start in starts]
        return _numpy([jnp.stack([value for value, _ in found]), jnp.stack([g for _, g in found])])

    return {"without jit": way}


# -- training ---------------------------------------------------------------------------------------------------------


def line_loss(params: Any, x: Any, y: Any) -> Any:
    w, b = params
    return jnp.mean((w * x + b - y) ** 2)


def xor_loss(params: Any, inputs: Any, targets: Any) -> Any:
    w1, b1, w2, b2 = params
    out = jax.nn.sigmoid(jnp.tanh(inputs @ w1 + b1) @ w2 + b2)
    return jnp.mean((out - targets) ** 2)


def _training(loss: Callable) -> Callable[[Lesson], Ways]:
    def ways(lesson: Lesson) -> Ways:
        data = tuple(map(jnp.asarray, lesson.data))
        lr, momentum = lesson.settings["lr"], lesson.settings.get("momentum", 0.0)

        def step(carried: Any, _: Any = None) -> Any:
            params, velocities = carried
            value, gradients = jax.value_and_grad(loss)(params, *data)
            if momentum:
                velocities = gradients = tuple(momentum * v + g for v, g in zip(velocities, gradients))
            return (tuple(p - lr * g for p, g in zip(params, gradients)), velocities), value

        start = tuple(map(jnp.asarray, lesson.start))
        first = (start, tuple(map(jnp.zeros_like, start)) if momentum else ())
        compiled = jax.jit(step)
        whole = jax.jit(lambda carried: jax.lax.scan(step, carried, length=lesson.steps))

        def stepwise() -> tuple:
            carried, losses = first, np.empty(lesson.steps)
            for k in range(lesson.steps):
                carried, value = compiled(carried)
                losses[k] = value
            return (*_numpy(carried[0]), losses)

        def scanned() -> tuple:
            carried, losses = whole(first)
            return (*_numpy(carried[0]), np.asarray(losses))

        return {"jax.jit": stepwise, "lax.scan": scanned}

    return ways


def _digits(lesson: Lesson) -> Ways:
    pixels, labels, test, answers, batches = map(jnp.asarray, lesson.data)
    size = int(lesson.settings["batch"])

    def logits(params: Any, x: Any) -> Any:
        w1, b1, w2, b2 = params
        return jax.nn.relu(x @ w1 + b1) @ w2 + b2

    def loss(params: Any, x: Any, wanted: Any) -> Any:
        shown = jax.nn.log_softmax(logits(params, x))
        return -jnp.mean(shown[jnp.arange(size), wanted])

    def step(carried: Any, rows: Any) -> Any:
        params, means, squares, count = carried
        value, gradients = jax.value_and_grad(loss)(params, pixels[rows], labels[rows])
        count = count + 1
        rate = (lesson.settings["lr"] / (1.0 - 0.9**count)).astype(jnp.float32)
        root = jnp.sqrt(1.0 - 0.999**count).astype(jnp.float32)
        means = tuple(m + (g - m) * (1.0 - 0.9) for m, g in zip(means, gradients))
        squares = tuple(0.999 * s + (1.0 - 0.999) * g * g for s, g in zip(squares, gradients))
        after = tuple(p - rate * m / (jnp.sqrt(s) / root + 1e-8) for p, m, s in zip(params, means, squares))
        return (after, means, squares, count), value

    start = tuple(map(jnp.asarray, lesson.start))
    zeros = tuple(map(jnp.zeros_like, start))
    compiled, whole_epoch = jax.jit(step), jax.jit(lambda carried, order: jax.lax.scan(step, carried, order))

    def trained(epoch_of: Callable) -> Callable[[], tuple]:
        def way() -> tuple:
            carried, losses = (start, zeros, zeros, jnp.asarray(0.0)), np.empty(lesson.steps)
            for epoch in range(lesson.steps):
                carried, losses[epoch] = epoch_of(carried, batches[epoch].reshape(-1, size))
            right = jnp.argmax(logits(carried[0], test), 1) == answers
            return losses, np.asarray(right.mean())

        return way

    def stepwise(carried: Any, order: Any) -> tuple:
        total = 0.0
        for rows in order:
            carried, value = compiled(carried, rows)
            total += float(value)
        return carried, total / len(order)

    def scanned(carried: Any, order: Any) -> tuple:
        carried, values = whole_epoch(carried, order)
        return carried, float(values.mean())

    return {"jax.jit": trained(stepwise), "lax.scan": trained(scanned)}


_WAYS: dict[str, Callable[[Lesson], Ways]] = {
    "graph": _graph, "tape": _tape, "second": _second, "dynamic": _dynamic, "linear": _training(line_loss),
    "xor": _training(xor_loss), "digits": _digits,
}  # fmt: skip
