"""Clearing that is left to the next step: the gradient is the same whatever the sizes, and what must be cleared is."""

from __future__ import annotations

import re

import numpy as np
import pytest

import srcgrad
from srcgrad import pipeline


def heat(start, target, rate, steps):
    u, v = start.copy(), start.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                v[i, j] = u[i, j] + rate * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, v = v, u
    loss = 0.0
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            loss += 0.5 * (u[i, j] - target[i, j]) ** 2
    return loss


def wave(start, steps):
    """One dimension, one-sided, both buffers in the result."""
    u, v = start.copy(), start.copy()
    for _ in range(steps):
        for i in range(2, u.shape[0]):
            v[i] = 0.5 * u[i - 2] + 0.25 * u[i - 1] + u[i]
        u, v = v, u
    total = 0.0
    for i in range(u.shape[0]):
        total += u[i] * u[i] * (i + 1.0) + 3.0 * v[i]
    return total


def narrowing(start, steps):
    """The range changes from step to step: what was cleared is not what is assigned next."""
    u, v = start.copy(), start.copy()
    for t in range(steps):
        for i in range(1, u.shape[0] - 1 - t):
            v[i] = 0.5 * u[i - 1] + 0.25 * u[i + 1]
        u, v = v, u
    total = 0.0
    for i in range(u.shape[0]):
        total += u[i] * u[i]
    return total


def one_buffer_read_before(start, steps):
    """The shadow of the second buffer is not zero when the time loop is entered backwards."""
    u, v = start.copy(), start.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            v[i] = 0.5 * u[i - 1] + 0.25 * u[i + 1]
        u, v = v, u
    total = 0.0
    for i in range(u.shape[0]):
        total += v[i] * (i + 2.0) + u[i] * u[i]
    return total


def gradients(monkeypatch, function, *arguments):
    with_pass = srcgrad.grad(function, cache=False)
    found = with_pass(*arguments)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "clear_late", lambda made: made)
        return found, srcgrad.grad(function, cache=False)(*arguments)


@pytest.mark.parametrize("shape", [(0, 0), (1, 3), (2, 2), (3, 3), (3, 6), (4, 5), (6, 3), (7, 7)])
def test_two_dimensions(monkeypatch, shape):
    rng = np.random.default_rng(2)
    for steps in (0, 1, 2, 5):
        found, expected = gradients(monkeypatch, heat, rng.normal(size=shape), rng.normal(size=shape), 0.2, steps)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("function", [wave, narrowing, one_buffer_read_before])
def test_one_dimension(monkeypatch, function):
    rng = np.random.default_rng(3)
    for size in (2, 3, 4, 5, 9):
        for steps in (0, 1, 2, 3):
            found, expected = gradients(monkeypatch, function, rng.normal(size=size), steps)
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_the_step_assigns():
    source = srcgrad.grad(heat, cache=False).lower(np.ones((5, 5)), np.ones((5, 5)), 0.2, 3).source
    backwards = source[source.index("range(steps - 1, -1, -1)") :]
    assert re.search(r"_bar\w*\[i, uint64\(j\)\] = t", backwards)
    assert "[i, uint64(j)] += " not in backwards


def test_a_range_that_changes_is_cleared_in_every_step():
    source = srcgrad.grad(narrowing, cache=False).lower(np.ones(5), 3).source
    backwards = source[source.index("range(steps - 1, -1, -1)") :]
    assert "= 0.0" in backwards[: backwards.index("start_bar")]
