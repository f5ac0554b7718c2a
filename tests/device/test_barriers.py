"""Kernels with shared memory and barriers: the primal against numba's simulator, the adjoint against differences."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from numba import cuda, float64

import srcgrad
from srcgrad.backend.device import modules
from srcgrad.backend.device.tracing import Tracing
from srcgrad.cuda import kernel
from tests.device import barrier_programs
from tests.device.barrier_programs import BLOCK, CASES

SIMULATED = """
import sys

import numpy as np
from numba import cuda

from tests.device import barrier_programs
from tests.device.barrier_programs import CASES

barrier_programs.fetch = cuda.jit(device=True)(barrier_programs.fetch)
found = {}
for function, (launch, arguments, written, _) in CASES.items():
    given = [cuda.to_device(a) if isinstance(a, np.ndarray) else a for a in arguments]
    cuda.jit(function)[launch](*given)
    found[function.__name__] = given[written].copy_to_host()
np.savez(sys.argv[1], **found)
"""


@pytest.fixture(autouse=True)
def emulated(monkeypatch):
    monkeypatch.setenv(modules.EMULATE, "1")


def copies(arguments):
    return [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]


def test_launches_give_what_the_simulator_gives(tmp_path):
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    path = tmp_path / "found.npz"
    ended = subprocess.run(
        [sys.executable, "-c", SIMULATED, str(path)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    expected = np.load(path)
    for function, (launch, arguments, written, _) in CASES.items():
        given = copies(arguments)
        kernel(function)[launch](*given)
        rtol = 1e-6 if function is barrier_programs.in_branches else 1e-12
        np.testing.assert_allclose(given[written], expected[function.__name__], rtol=rtol, err_msg=function.__name__)
        assert np.any(given[written] != arguments[written])


@pytest.mark.parametrize("function", CASES, ids=lambda f: f.__name__)
def test_adjoints(function):
    launch, arguments, written, wrt = CASES[function]
    launched = kernel(function)[launch]
    rng = np.random.default_rng(1)
    cotangent = rng.uniform(0.5, 1.5, np.shape(arguments[written]))
    before = copies(arguments)
    out, pullback = launched.vjp(*arguments)
    gradients = pullback(cotangent)
    for a, b in zip(arguments, before):
        np.testing.assert_array_equal(a, b)
    given = copies(arguments)
    launched(*given)
    np.testing.assert_allclose(out, given[written])
    single = function is barrier_programs.in_branches
    step, rtol = (1e-2, 2e-3) if single else (1e-6, 1e-6)
    for position in wrt:
        direction = rng.uniform(0.5, 1.5, np.shape(arguments[position]))
        values = []
        for sign in (1.0, -1.0):
            given = copies(arguments)
            given[position] = given[position] + sign * step * direction
            launched(*given)
            values.append(np.sum(given[written] * cotangent))
        slope = (values[0] - values[1]) / (2.0 * step)
        assert abs(slope) > 1e-3
        assert np.sum(gradients[position] * direction) == pytest.approx(slope, rel=rtol), position


@pytest.mark.parametrize("function", CASES, ids=lambda f: f.__name__)
def test_no_two_threads_meet(function, monkeypatch):
    """Also those of one phase of a block, which is more than a GPU would show."""
    launch, arguments, written, wrt = CASES[function]
    launched = kernel(function)[launch]
    cotangent = np.ones(np.shape(arguments[written]))
    expected = launched.vjp(*arguments)[1](cotangent)
    monkeypatch.setattr(modules, "emulation", Tracing)
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", "")
    traced = kernel(function)[launch].vjp(*arguments)[1](cotangent)
    for position in wrt:
        np.testing.assert_allclose(traced[position], expected[position], rtol=1e-6)


def test_phases_are_kernels_of_all_threads():
    launch, arguments, *_ = CASES[barrier_programs.block_sums]
    source = kernel(barrier_programs.block_sums)[launch].source(*arguments)
    assert source.count("(block_x, thread_x, ") >= 4, source


# -- refusals ---------------------------------------------------------------------------------------------------------


def left_early(x, out):
    line = cuda.shared.array(BLOCK, float64)
    i = cuda.grid(1)
    if i >= x.size:
        return
    line[cuda.threadIdx.x] = x[i]
    cuda.syncthreads()
    out[i] = line[0]


def as_often_as_it_likes(x, out):
    line = cuda.shared.array(BLOCK, float64)
    t = cuda.threadIdx.x
    for _ in range(t):
        line[t] = x[t]
        cuda.syncthreads()
    out[t] = line[t]


def of_some_size(x, out):
    n = x.shape[0]
    line = cuda.shared.array(n, float64)
    line[cuda.threadIdx.x] = math.sin(x[0])
    cuda.syncthreads()


def one_of_two(x, y, out):
    line = cuda.shared.array(BLOCK, float64)
    t = cuda.threadIdx.x
    chosen = x if x[t] > y[t] else y
    line[t] = chosen[t]
    cuda.syncthreads()
    out[t] = chosen[BLOCK - 1 - t] * line[0]


def where(x):
    return x[cuda.grid(1)]


def asking_a_function(x, out):
    out[cuda.grid(1)] = where(x) ** 2


def in_turns(x, out):
    line = cuda.shared.array(BLOCK, float64)
    other = cuda.shared.array(BLOCK, float64)
    t = cuda.threadIdx.x
    line[t] = x[t]
    cuda.syncthreads()
    for _ in range(3):
        other[t] = line[BLOCK - 1 - t] * 0.5
        cuda.syncthreads()
        line, other = other, line
    out[t] = line[t]


REFUSED = {
    asking_a_function: ("cuda.grid is supported in the kernel itself only", "return x[cuda.grid(1)]"),
    in_turns: ("which array this is", "for _ in range(3):"),
    left_early: ("not all threads may come to the barrier", "if i >= x.size:"),
    as_often_as_it_likes: ("not all threads may come to the barrier", "for _ in range(t):"),
    of_some_size: ("cuda.shared.array is not supported", "cuda.shared.array(n, float64)"),
    one_of_two: ("which array this is", "chosen = x if x[t] > y[t] else y"),
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_refusals(function):
    title, line = REFUSED[function]
    arguments = [np.ones(BLOCK)] * function.__code__.co_argcount
    with pytest.raises(srcgrad.Unsupported) as found:
        kernel(function)[1, BLOCK].vjp(*arguments)
    assert title in str(found.value), str(found.value)
    assert line in str(found.value), str(found.value)


def test_a_barrier_outside_of_a_kernel():
    def plain(x):
        cuda.syncthreads()
        return x * x

    with pytest.raises(srcgrad.Unsupported, match="a barrier stands in a kernel only"):
        srcgrad.grad(plain)(2.0)
