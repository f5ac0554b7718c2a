"""The lessons in PyTorch: eager, with `backward()` and `torch.optim`, and each step compiled by `torch.compile`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.frameworks.lessons import Lesson

Ways = dict[str, Callable[[], tuple]]


def prepare() -> None:
    torch.set_num_threads(1)


def run(lesson: Lesson) -> Ways:
    """The ways to do a lesson."""
    return _WAYS[lesson.name](lesson)


def _numpy(tensors: Any) -> tuple:
    return tuple(tensor.detach().numpy() for tensor in tensors)


# -- first lessons ----------------------------------------------------------------------------------------------------


def _graph(lesson: Lesson) -> Ways:
    x, z, w, b = map(torch.as_tensor, (*lesson.data, *lesson.start))
    model = lambda w, b, x, z: w * (x + z) + b

    def calls(function: Callable) -> Callable[[], tuple]:
        def way() -> tuple:
            with torch.no_grad():
                for _ in range(lesson.steps):
                    y = function(w, b, x, z)
            return _numpy([y])

        return way

    return {"eager": calls(model), "torch.compile": calls(torch.compile(model))}


def _tape(lesson: Lesson) -> Ways:
    given, cotangents = map(torch.as_tensor, lesson.data)

    def way() -> tuple:
        x = given.clone().requires_grad_()
        out = torch.sin(x) * torch.exp(-x * x) + torch.flip(x, (0,))
        rows = [torch.autograd.grad(out, x, cotangent, retain_graph=True)[0] for cotangent in cotangents]
        return _numpy([out, torch.stack(rows)])

    return {"eager": way}


def _second(lesson: Lesson) -> Ways:
    given, directions = map(torch.as_tensor, lesson.data)

    def bowl(x: Any) -> Any:
        return torch.log(torch.sum(torch.exp(x * x))) + torch.sum(torch.sin(x)) ** 2

    def way() -> tuple:
        x = given.clone().requires_grad_()
        rows = []
        for direction in directions:
            (slope,) = torch.autograd.grad(bowl(x), x, create_graph=True)
            rows.append(torch.autograd.grad(slope, x, direction)[0])
        return _numpy([torch.stack(rows)])

    return {"eager": way}


def _dynamic(lesson: Lesson) -> Ways:
    starts = torch.as_tensor(lesson.data[0])

    def doubled(x: Any) -> Any:
        y = x * 2.0
        while torch.sum(y * y) < 1e6:
            y = y * 2.0 if y[0] > 0.0 else 3.0 * torch.flip(y, (0,)) + x
        return torch.sum(torch.abs(y))

    def way() -> tuple:
        values, gradients = [], []
        for start in starts:
            x = start.clone().requires_grad_()
            value = doubled(x)
            value.backward()
            values.append(value.detach())
            gradients.append(x.grad)
        return _numpy([torch.stack(values), torch.stack(gradients)])

    return {"eager": way}


# -- training ---------------------------------------------------------------------------------------------------------


def line_loss(params: Any, x: Any, y: Any) -> Any:
    w, b = params
    return torch.mean((w * x + b - y) ** 2)


def xor_loss(params: Any, inputs: Any, targets: Any) -> Any:
    w1, b1, w2, b2 = params
    out = torch.sigmoid(torch.tanh(inputs @ w1 + b1) @ w2 + b2)
    return torch.mean((out - targets) ** 2)


def _eager(lesson: Lesson, loss: Callable) -> Callable[[], tuple]:
    data = tuple(map(torch.as_tensor, lesson.data))

    def way() -> tuple:
        params = [torch.tensor(part, requires_grad=True) for part in lesson.start]
        optimiser = torch.optim.SGD(params, **lesson.settings)
        losses = np.empty(lesson.steps)
        for k in range(lesson.steps):
            optimiser.zero_grad()
            value = loss(params, *data)
            value.backward()
            optimiser.step()
            losses[k] = value.item()
        return (*_numpy(params), losses)

    return way


def _compiled(lesson: Lesson, loss: Callable) -> Callable[[], tuple]:
    """Value, gradient and update in one compiled function, called step by step."""
    data = tuple(map(torch.as_tensor, lesson.data))
    lr, momentum = lesson.settings["lr"], lesson.settings.get("momentum", 0.0)

    @torch.compile
    def step(params: tuple, velocities: tuple) -> tuple:
        gradients, value = torch.func.grad_and_value(loss)(params, *data)
        after = tuple(momentum * v + g for v, g in zip(velocities, gradients))
        return tuple(p - lr * v for p, v in zip(params, after)), after, value

    def way() -> tuple:
        params = tuple(torch.tensor(part) for part in lesson.start)
        velocities = tuple(map(torch.zeros_like, params))
        losses = np.empty(lesson.steps)
        with torch.no_grad():
            for k in range(lesson.steps):
                params, velocities, value = step(params, velocities)
                losses[k] = value.item()
        return (*_numpy(params), losses)

    return way


def _training(loss: Callable) -> Callable[[Lesson], Ways]:
    return lambda lesson: {"eager": _eager(lesson, loss), "torch.compile": _compiled(lesson, loss)}


def _digits(lesson: Lesson) -> Ways:
    pixels, labels, test, answers, batches = map(torch.as_tensor, lesson.data)
    size = int(lesson.settings["batch"])

    def logits(params: Any, x: Any) -> Any:
        w1, b1, w2, b2 = params
        return torch.relu(x @ w1 + b1) @ w2 + b2

    def way() -> tuple:
        params = [torch.tensor(part, requires_grad=True) for part in lesson.start]
        optimiser = torch.optim.Adam(params, lr=lesson.settings["lr"])
        losses = np.empty(lesson.steps)
        for epoch, order in enumerate(batches):
            total = 0.0
            for rows in order.split(size):
                optimiser.zero_grad()
                loss = torch.nn.functional.cross_entropy(logits(params, pixels[rows]), labels[rows])
                loss.backward()
                optimiser.step()
                total += loss.item()
            losses[epoch] = total / (len(order) // size)
        with torch.no_grad():
            right = (logits(params, test).argmax(1) == answers).double().mean()
        return losses, right.numpy()

    return {"eager": way}


_WAYS: dict[str, Callable[[Lesson], Ways]] = {
    "graph": _graph, "tape": _tape, "second": _second, "dynamic": _dynamic, "linear": _training(line_loss),
    "xor": _training(xor_loss), "digits": _digits,
}  # fmt: skip
