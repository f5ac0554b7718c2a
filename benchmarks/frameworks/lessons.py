"""The lessons: their data, where they start, and how often they step. NumPy only, so that every peer reads the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Lesson:
    """`data` are the arrays that are given, `start` the parameters to begin with, `settings` numbers (a learning rate,
    say). `steps` is what one call does, and what its time is divided by: calls, cotangents, steps or epochs (`unit`).

    `rtol` is how far, relative to the largest number, the peers' results may be from ours."""

    name: str
    title: str
    unit: str
    data: tuple[np.ndarray, ...]
    start: tuple[np.ndarray, ...]
    steps: int
    settings: dict[str, float] = field(default_factory=dict)
    rtol: float = 1e-9


def graph(quick: bool) -> Lesson:
    """TensorFlow's first page: `c = a + b`, then a linear model, built once and run many times."""
    rng = np.random.default_rng(0)
    data = (rng.normal(size=100), rng.normal(size=100))
    start = (np.array(3.0), np.array(4.0))
    return Lesson("graph", "a graph built once, run many times", "call", data, start, 20 if quick else 1000)


def tape(quick: bool) -> Lesson:
    """GradientTape: a value, and the products of its Jacobian with several cotangents."""
    rng = np.random.default_rng(1)
    x, cotangents = rng.normal(size=200), rng.normal(size=(3 if quick else 200, 200))
    return Lesson("tape", "one forward pass, many cotangents", "cotangent", (x, cotangents), (), len(cotangents))


def second(quick: bool) -> Lesson:
    """A tape around a tape: products of the Hessian with several directions."""
    rng = np.random.default_rng(6)
    x, directions = rng.normal(size=50), rng.normal(size=(3 if quick else 200, 50))
    return Lesson("second", "second derivatives", "direction", (x, directions), (), len(directions))


def dynamic(quick: bool) -> Lesson:
    """PyTorch's graph that differs in every iteration: a loop that stops on its data, with a branch in it."""
    starts = np.random.default_rng(2).normal(size=(5 if quick else 200, 3))
    return Lesson("dynamic", "a graph that differs in every iteration", "gradient", (starts,), (), len(starts))


def linear(quick: bool) -> Lesson:
    """The tutorial's line through y = 2x + 1 + noise: SGD(lr=0.1), 100 epochs."""
    rng = np.random.default_rng(3)
    x = rng.uniform(-1.0, 1.0, 100)
    data = (x, 2.0 * x + 1.0 + 0.1 * rng.normal(size=100))
    start = (np.array(0.0), np.array(0.0))
    return Lesson("linear", "linear model, SGD", "step", data, start, 10 if quick else 100, {"lr": 0.1})


def xor(quick: bool) -> Lesson:
    """Two layers that learn exclusive or, by gradient descent with momentum."""
    rng = np.random.default_rng(4)
    inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = np.array([[0.0], [1.0], [1.0], [0.0]])
    start = (rng.normal(size=(2, 4)), np.zeros(4), rng.normal(size=(4, 1)), np.zeros(1))
    settings = {"lr": 0.5, "momentum": 0.9}
    steps = 10 if quick else 300
    return Lesson("xor", "two layers learn XOR, momentum", "step", (inputs, targets), start, steps, settings)


def digits(quick: bool) -> Lesson:
    """A network of 64, 32 and 10 cells on scikit-learn's 1,797 digits, in float32, by Adam in batches of 32."""
    loaded = import_module("sklearn.datasets").load_digits()
    rng = np.random.default_rng(5)
    order = rng.permutation(len(loaded.target))
    pixels, labels = (loaded.data[order] / 16.0).astype(np.float32), loaded.target[order].astype(np.int64)
    epochs, train = (1, 1437) if quick else (30, 1437)
    batches = np.stack([rng.permutation(train)[: train // 32 * 32] for _ in range(epochs)])
    data: tuple[Any, ...] = (pixels[:train], labels[:train], pixels[train:], labels[train:], batches)
    sizes = ((64, 32), (32, 10))
    start = [part for a, b in sizes for part in (rng.normal(size=(a, b)) / np.sqrt(a), np.zeros(b))]
    narrow = tuple(part.astype(np.float32) for part in start)
    settings = {"lr": 3e-3, "batch": 32}
    return Lesson("digits", "a network reads digits, Adam", "epoch", data, narrow, epochs, settings)


ALL = {make.__name__: make for make in (graph, tape, second, dynamic, linear, xor, digits)}


def missing(name: str) -> str | None:
    """Why a lesson cannot be given here."""
    return "scikit-learn is not installed" if name == "digits" and find_spec("sklearn") is None else None
