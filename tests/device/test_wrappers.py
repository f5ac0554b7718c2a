"""The kernels around what threads do: as text, and under numba's simulator, barriers included."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from srcgrad.backend.device import wrappers
from srcgrad.backend.device.wrappers import Shape

SIMULATED = """
from types import SimpleNamespace

import numpy as np
from numba import cuda
from srcgrad.backend.device import wrappers
from srcgrad.backend.device.wrappers import Shape
from srcgrad.runtime import device_math

wrappers.BLOCK = 8
integer = SimpleNamespace(**device_math.integer_functions(cuda.jit(device=True)))


def run(shape, body, extents, slots, values, arguments, blocks, grid=None, there=()):
    space = wrappers.namespace(body, cuda, integer, [np.dtype("f8")] * len(values))
    exec(wrappers.kernel(shape), space)
    parts = [cuda.to_device(np.full(blocks, np.nan)) for _ in values]
    arrays = [cuda.to_device(a) for a in arguments]
    starts = [{"sum": 0.0, "product": 1.0}.get(f, v) for f, v in zip(shape.folds, values)]
    cuda.jit(space["kernel"])[grid or (blocks, wrappers.BLOCK)](*extents, *slots, *starts, *parts, *arrays)
    if values and not shape.alone:
        exec(wrappers.finish(shape, there), space)
        out = [cuda.to_device(np.zeros(1)) for _ in values]
        first = [cuda.to_device(np.array([v])) if k < len(there) and there[k] else v for k, v in enumerate(values)]
        cuda.jit(space["finish"])[1, wrappers.BLOCK](blocks, *starts, *first, *parts, *out)
        parts = out
    return [p.copy_to_host()[0] for p in parts], [a.copy_to_host() for a in arrays]


rng = np.random.default_rng(0)
x = rng.normal(size=(5, 7))


@cuda.jit(device=True)
def three(i, j, a, b, c, x):
    v = x[i, j]
    return a + v, (b if b != b or b > v else v), b if False else (v if v < c else c)


folds = ("sum", "maximum", "least")
got, _ = run(Shape(2, False, folds, 1), three, (5, 7), (), (2.0, -9.0, 9.0), [x], 3)
assert np.allclose(got, [2.0 + x.sum(), x.max(), x.min()]), got
for grid in (((2, 1), (4, 2)), ((1, 2), (4, 2)), ((4, 3), (2, 4)), ((1, 1), (8, 1)), ((1, 5), (8, 1))):
    got, _ = run(Shape(2, False, folds, 1), three, (5, 7), (), (2.0, -9.0, 9.0), [x], grid[0][0] * grid[0][1], grid)
    assert np.allclose(got, [2.0 + x.sum(), x.max(), x.min()]), (grid, got)
got, _ = run(Shape(2, False, folds, 1), three, (5, 7), (), (2.0, -9.0, 9.0), [x], 3, there=(True, False, True))
assert np.allclose(got, [2.0 + x.sum(), x.max(), x.min()]), got
x[3, 3] = np.nan
got, _ = run(Shape(2, False, folds, 1), three, (5, 7), (), (2.0, -9.0, 9.0), [x], 3)
assert np.isnan(got[0]) and np.isnan(got[1]) and got[2] == np.nanmin(x), got


@cuda.jit(device=True)
def own(i, slot, x, work):
    work[slot] = x[i, 0]
    x[i, 1] = 2.0 * work[slot]


@cuda.jit(device=True)
def place(i, j, k, t, x):
    return t + x[i, j, k] * (100 * i + 10 * j + k)


y = rng.normal(size=(3, 4, 5))
i, j, k = np.indices(y.shape)
got, _ = run(Shape(3, False, ("sum",), 1), place, y.shape, (), (1.0,), [y], 4)
assert np.allclose(got, 1.0 + (y * (100 * i + 10 * j + k)).sum())

x = rng.normal(size=(20, 2))
_, (found, work) = run(Shape(1, True, (), 2), own, (20,), (6,), (), [x, np.zeros(6)], 1)
assert np.allclose(found[:, 1], 2.0 * x[:, 0])


@cuda.jit(device=True)
def last(i, t, x):
    for k in range(x.shape[0]):
        t = 0.5 * t + x[k]
    return t


x = rng.normal(size=6)
expected = 3.0
for v in x:
    expected = 0.5 * expected + v
got, _ = run(Shape(1, False, ("last",), 1), last, (1,), (), (3.0,), [x], 1)
assert np.allclose(got, expected)


@cuda.jit(device=True)
def places(i, j, k, x):
    x[i, j, k] += 100 * i + 10 * j + k


space = wrappers.namespace(places, cuda, integer, [])
exec(wrappers.kernel(Shape(3, False, (), 1)), space)
x = cuda.to_device(np.zeros((3, 4, 5)))
cuda.jit(space["kernel"])[(2, 3, 2), (4, 2)](3, 4, 5, x)
i, j, k = np.indices((3, 4, 5))
assert np.array_equal(x.copy_to_host(), 100 * i + 10 * j + k)
print("right")
"""


def test_the_simulator_agrees():
    """Trees with barriers, strides, slots, three indices; with blocks of 8 threads."""
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run([sys.executable, "-c", SIMULATED], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "right", done.stderr[-3000:]


def test_a_simple_kernel_as_text():
    assert wrappers.kernel(Shape(1, False, (), 2)) == (
        "def kernel(n0, a0, a1):\n    i0 = cuda.grid(1)\n    if i0 < n0:\n        body(i0 & 2147483647, a0, a1)\n"
    )


@pytest.mark.parametrize("fold", wrappers.FOLDED)
def test_folds_are_what_they_say(fold):
    function = {
        "sum": np.add, "product": np.multiply, "maximum": np.maximum, "minimum": np.minimum, "greatest": np.fmax,
        "least": np.fmin,
    }[fold]  # fmt: skip
    for a, b in ((1.0, 2.0), (2.0, 1.0), (-1.0, 3.0), (1.0, np.nan)):
        found = eval(wrappers.FOLDED[fold].format("a", "b"), {"a": a, "b": b})
        np.testing.assert_equal(found, function(a, b))
