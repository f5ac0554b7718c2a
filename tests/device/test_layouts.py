"""What makes threads many and their neighbours touch neighbouring memory: long rows for many threads each, and arrays
with the threads along the last dimension."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from numba import prange

import srcgrad
from srcgrad.backend.device.modules import emulation, host_function
from srcgrad.backend.device.tracing import Tracing
from srcgrad.device import rows, turn
from srcgrad.ir.verify import verify
from tests.device import programs
from tests.device.test_kernels import check


def sums_of_squares(a, w):
    total = 0.0
    for i in prange(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * a[i, j] * w[j]
        total += math.sqrt(s + 1.0)
    return total


def softmax_rows(a, w):
    out = np.empty_like(a)
    for i in prange(a.shape[0]):
        most = a[i, 0]
        for j in range(1, a.shape[1]):
            most = max(most, a[i, j])
        s = 0.0
        for j in range(a.shape[1]):
            s += math.exp(a[i, j] - most)
        for j in range(a.shape[1]):
            out[i, j] = math.exp(a[i, j] - most) / s * w[j]
    return np.sum(out * out)


def columns_of(a, w):
    total = 0.0
    for j in prange(a.shape[1]):
        s = 0.0
        for i in range(a.shape[0]):
            s += a[i, j] * w[i]
        total += s * s
    return total


def product_of_row(a, w):
    total = 0.0
    for i in prange(a.shape[0]):
        p = 1.0
        for j in range(a.shape[1]):
            p *= a[i, j]
        total += p * w[i]
    return total


def three_deep(a, w):
    total = 0.0
    for b in prange(3):
        for i in range(a.shape[0]):
            s = 0.0
            for j in range(a.shape[1]):
                s += a[i, j] * w[j] * (b + 1.0)
            total += s * s
    return total


def what_came_before(a, w):
    """The start of the sum is a row's own, and something is written in front of the loop."""
    out = np.zeros(a.shape[0])
    for i in prange(a.shape[0]):
        start = a[i, 0] * 2.0
        out[i] = start
        s = start
        for j in range(a.shape[1]):
            s += w[j] * a[i, j] * start
        out[i] += s * s
    return np.sum(out * out)


def with_a_row_of_its_own(a, w):
    total = 0.0
    for i in prange(a.shape[0]):
        own = np.zeros(a.shape[1])
        for j in range(a.shape[1]):
            own[j] += math.sin(a[i, j]) * w[j]
        s = 0.0
        for j in range(a.shape[1]):
            s += own[j] * own[j]
        for j in range(a.shape[1]):
            total += own[j] / (1.0 + s)
    return total


def normalised(a, w):
    mean = a.mean(axis=1, keepdims=True)
    spread = ((a - mean) ** 2).mean(axis=1, keepdims=True)
    return np.sum(((a - mean) / np.sqrt(spread + 0.1) * w[: a.shape[1]]) ** 3)


def log_sum_exp(a, w):
    z = a * w[: a.shape[1]]
    most = np.max(z, axis=1)
    return np.sum(most + np.log(np.sum(np.exp(z - most[:, None]), axis=1)))


def counted(a, w):
    """A number of elements, folded like a sum."""
    total = 0.0
    for i in prange(a.shape[0]):
        k = 0
        for j in range(a.shape[1]):
            if a[i, j] > 1.0:
                k += 1
        total += k * w[i] * a[i, 0]
    return total


def in_pairs(a, w):
    """There may be less than no rows."""
    total = 0.0
    for i in range(a.shape[0] - 4):
        own = np.zeros(a.shape[1])
        for j in range(a.shape[1]):
            own[j] = a[i, j] * a[i + 4, j]
        s = 0.0
        for j in range(a.shape[1]):
            s += own[j] * w[j]
        total += s * s
    return total


SPREAD = [
    counted, in_pairs, sums_of_squares, softmax_rows, columns_of, three_deep, what_came_before, with_a_row_of_its_own,
    normalised, log_sum_exp,
]  # fmt: skip


def greatest(a, w):
    total = 0.0
    for i in prange(a.shape[0]):
        best = -1.0
        for j in range(a.shape[1]):
            best = max(best, a[i, j] * w[j])
        total += best * best
    return total


def lower(function, given, wrt=(0, 1)):
    return srcgrad.value_and_grad(function, argnums=wrt, target="cuda", fastmath=True).lower(*given).built


@pytest.fixture
def low_limits(monkeypatch):
    monkeypatch.setattr(rows, "LEAST", 2)
    monkeypatch.setattr(rows, "LEAST_ALONG", 2)
    monkeypatch.setattr(turn, "LEAST", 2)
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", "")


@pytest.mark.parametrize("function", SPREAD, ids=lambda f: f.__name__)
def test_rows_for_many_threads(function, low_limits):
    rng = np.random.default_rng(3)
    for n, length in ((5, 140), (3, 4), (4, 1)):
        given = rng.uniform(0.5, 1.5, (n, length)), rng.uniform(0.5, 1.5, max(n, length))
        built = lower(function, given)
        verify(built.function)
        assert "lane" in built.source
        for device in (emulation(), Tracing()):
            check(function, given, built, (0, 1), device)


@pytest.mark.parametrize("function", [product_of_row, greatest], ids=lambda f: f.__name__)
def test_other_folds(function, low_limits):
    """The primal: the adjoint keeps what came before each iteration."""
    a = np.random.default_rng(4).uniform(0.5, 1.5, (3, 70))
    w = np.linspace(0.5, 1.0, 70)
    built = srcgrad.differentiable(function, target="cuda", fastmath=True).lower(a, w).built
    assert "lane" in built.source
    for device in (emulation(), Tracing()):
        assert host_function(built.entry, built.source, device)(a, w) == pytest.approx(function(a, w), rel=1e-12)


def test_many_rows_get_few_threads_each(monkeypatch, low_limits):
    monkeypatch.setattr(rows, "MOST_ROWS", 2)
    monkeypatch.setattr(rows, "_THREADS", 8)
    rng = np.random.default_rng(5)
    given = rng.uniform(0.5, 1.5, (5, 70)), rng.uniform(0.5, 1.5, 70)
    built = lower(log_sum_exp, given)
    assert re.search(r"least = 32 if .* else 8\n", built.source), built.source
    for device in (emulation(), Tracing()):
        check(log_sum_exp, given, built, (0, 1), device)


def test_of_float32_stays_so(low_limits):
    a = np.random.default_rng(0).uniform(0.5, 1.5, (3, 9)).astype(np.float32)
    built = lower(softmax_rows, (a, a[0]))
    assert "parts = dev.empty" in built.source and ", np.float32)" in built.source


def triangle(a, w):
    total = 0.0
    for i in prange(a.shape[0]):
        s = 0.0
        for j in range(i):
            s += a[i, j] * w[j]
        total += s * s
    return total


def running(a, w):
    total = 0.0
    for i in prange(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s = math.sin(s) + a[i, j] * w[j]
        total += s
    return total


@pytest.mark.parametrize("function", [triangle, running], ids=lambda f: f.__name__)
def test_what_is_left_alone(function, low_limits):
    given = np.ones((4, 4)), np.ones(4)
    assert "lane" not in lower(function, given).source


def test_short_and_many_rows_stay_with_a_thread_each():
    source = lower(sums_of_squares, (np.ones((4, 4)), np.ones(4))).source
    assert f">= {rows.LEAST_ALONG}:" in source
    source = lower(programs.pairs, (np.ones(4), np.ones(4))).source
    assert f"<= {rows.MOST_ROWS} and " in source and f">= {rows.LEAST}:" in source


def test_tapes_lie_as_the_threads_do():
    """A thread for each path: what the paths keep of one step lies side by side."""
    given = 1.0, 0.2, np.random.default_rng(0).normal(size=(6, 5))
    built = lower(programs.paths, given, (0, 1, 2))
    assert "_tape[t_1, i] = s" in built.source and "_tape = dev.empty((n_1, n)" in built.source
    assert "z_bar[i, t_2] = " in built.source  # what the user gets lies as it must
    for device in (emulation(), Tracing()):
        check(programs.paths, given, built, (0, 1, 2), device)
