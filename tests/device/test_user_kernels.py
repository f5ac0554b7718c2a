"""Kernels as users of `numba.cuda` write them: launches, their adjoints, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import cuda, float32

import srcgrad
from srcgrad.backend.device import modules
from srcgrad.cuda import kernel

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def emulated(monkeypatch):
    monkeypatch.setenv(modules.EMULATE, "1")


@kernel
def saxpy(a, x, y, out):
    i = cuda.grid(1)
    if i >= x.size:
        return
    out[i] = a * x[i] + math.sin(y[i])


@kernel
def diffuse(u, v, rate):
    i, j = cuda.grid(2)
    if 0 < i < u.shape[0] - 1 and 0 < j < u.shape[1] - 1:
        v[i, j] = u[i, j] + rate * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])


@kernel
def histogram(x, places, bins):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < len(x):
        cuda.atomic.add(bins, places[i], x[i] * x[i])


@kernel
def strided(x, out):
    first = cuda.grid(1)
    for i in range(first, x.shape[0], cuda.gridsize(1)):
        out[i] = math.exp(-x[i])


@kernel
def polynomial(c, x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        powers = cuda.local.array(4, float32)
        powers[0] = 1.0
        for k in range(1, 4):
            powers[k] = powers[k - 1] * x[i]
        total = 0.0
        for k in range(4):
            total += c[k] * powers[k]
        out[i] = total


def half(v):
    if v < 0.0:
        return 0.0
    return 0.5 * v


@kernel
def with_a_function(x, out):
    i = cuda.grid(1)
    if i < x.size:
        out[i] = half(x[i]) * x[i]


def differences(launch, arguments, position, written, cotangent, step=1e-6):
    """The derivative along a random direction of one argument."""
    direction = RNG.uniform(0.5, 1.5, np.shape(arguments[position]))
    values = []
    for sign in (1.0, -1.0):
        given = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        given[position] = given[position] + sign * step * direction
        launch(*given)
        values.append(np.sum(given[written] * cotangent))
    return direction, (values[0] - values[1]) / (2 * step)


CASES = {
    "saxpy": (saxpy[3, 4], (1.5, RNG.random(10), RNG.random(10), np.zeros(10)), (0, 1, 2), 3),
    "diffuse": (diffuse[(2, 3), (4, 2)], (RNG.random((6, 5)), RNG.random((6, 5)), 0.1), (0, 1, 2), 1),
    "histogram": (histogram[3, 4], (RNG.random(10), RNG.integers(0, 3, 10), np.ones(3)), (0, 2), 2),
    "strided": (strided[2, 2], (RNG.random(9), np.zeros(9)), (0,), 1),
    "with_a_function": (with_a_function[1, 8], (RNG.normal(size=7), np.zeros(7)), (0,), 1),
}


@pytest.mark.parametrize("name", CASES)
def test_launch_and_adjoint(name):
    launch, arguments, wrt, written = CASES[name]
    before = [np.copy(a) for a in arguments]
    cotangent = RNG.uniform(0.5, 1.5, np.shape(arguments[written]))
    out, pullback = launch.vjp(*arguments)
    gradients = pullback(cotangent)
    for a, b in zip(arguments, before):
        np.testing.assert_array_equal(a, b)  # vjp writes nothing
    given = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    launch(*given)
    np.testing.assert_allclose(out, given[written])
    for position in wrt:
        direction, slope = differences(launch, arguments, position, written, cotangent)
        assert np.sum(gradients[position] * direction) == pytest.approx(slope, rel=1e-6), position


def test_local_arrays_have_the_type_they_say():
    x, c = RNG.random(5).astype(np.float32), RNG.random(4).astype(np.float32)
    out = np.zeros(5, np.float32)
    polynomial[1, 8](c, x, out)
    np.testing.assert_allclose(out, np.polyval(c[::-1], x), rtol=1e-6)
    _, pullback = polynomial[1, 8].vjp(c, x, out)
    of_c, of_x, _ = pullback(np.ones(5, np.float32))
    np.testing.assert_allclose(of_c, [np.sum(x**k) for k in range(4)], rtol=1e-5)
    np.testing.assert_allclose(of_x, c[1] + 2 * c[2] * x + 3 * c[3] * x**2, rtol=1e-5)
    assert of_c.dtype == np.float32


def test_the_source_is_kernels():
    source = histogram[2, 8].source(RNG.random(10), RNG.integers(0, 3, 10), np.zeros(3))
    assert "def loop_1(" in source and "_kernels" in source


def shuffled(x):
    x[0] = cuda.shfl_sync(-1, x[cuda.grid(1)], 0)


def greatest(x, out):
    cuda.atomic.max(out, 0, x[cuda.grid(1)])


def test_threads_that_talk_otherwise_are_refused():
    with pytest.raises(srcgrad.Unsupported, match=r"cuda\.shfl_sync is not supported in a kernel") as found:
        kernel(shuffled)[1, 8](np.ones(8))
    assert "talk to one another" in str(found.value) and "cuda.shfl_sync(-1" in str(found.value)
    with pytest.raises(srcgrad.Unsupported, match="only atomic sums"):
        kernel(greatest)[1, 8](np.ones(8), np.zeros(1))


def test_wrong_launches():
    with pytest.raises(srcgrad.ArgumentError, match="is a kernel"):
        saxpy(1.0, np.ones(3), np.ones(3), np.ones(3))
    with pytest.raises(srcgrad.ArgumentError, match="blocks and threads"):
        saxpy[3]
    with pytest.raises(srcgrad.ArgumentError, match="positive integers"):
        saxpy[0, 4]
