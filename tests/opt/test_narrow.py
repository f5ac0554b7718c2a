"""Float32 that Python's functions made float64 for a moment."""

from __future__ import annotations

import math

import numpy as np
import pytest

import srcgrad
from srcgrad.ir.build import Builder
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Const, Function, Let, Sym
from srcgrad.ir.types import Scalar
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from srcgrad.ops.registry import by_name
from srcgrad.opt.narrow import narrow

SINGLE, DOUBLE = Scalar(np.dtype(np.float32)), Scalar(np.dtype(np.float64))


def wide(name: str, constant: float | None = None) -> Function:
    """f(x, y) = float32(op(float64(x), float64(y))), or with a constant for y."""
    x, y = Sym("x", SINGLE), Sym("y", SINGLE)
    b = Builder()
    given = [b.op("float64", x), b.op("float64", y) if constant is None else Const(constant, DOUBLE)]
    result = b.op(name, *given[: by_name(name).arity])
    return Function("f", (x, y), b.finish((b.op("float32", result),)))


def is_single(function: Function) -> bool:
    results = [s for s in walk(function.body) if isinstance(s, Let) and s.result is function.body.results[0]]
    return results[0].op.name != "float32"


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "neg", "abs", "sqrt", "minimum", "maximum"])
def test_the_same_bits(name: str) -> None:
    function = wide(name)
    new = narrow(function)
    assert new is not function and is_single(new)
    verify(new)
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 1 << 32, (4000, 2), dtype=np.uint32)  # of every size, subnormal ones and NaN, too
    near = rng.normal(size=(2000, 2)).astype(np.float32)
    for x, y in [*bits.view(np.float32), *near]:
        with np.errstate(all="ignore"):
            (a,), (b,) = run(function, x, y), run(new, x, y)
        assert a.dtype == b.dtype == np.float32
        np.testing.assert_array_equal(a, b)


def test_constants_that_are_float32() -> None:
    assert is_single(narrow(wide("mul", 0.5)))
    function = wide("mul", 0.1)
    assert narrow(function) is function


def test_functions_only_where_asked_for() -> None:
    function = wide("exp")
    assert narrow(function) is function and is_single(narrow(function, functions=True))


def distances(x):
    total = np.float32(0.0)
    for i in range(len(x)):
        total += x[i] / math.sqrt(x[i] * x[i] + 0.5)
    return total


def damped(x):
    total = np.float32(0.0)
    for i in range(len(x)):
        total += x[i] * math.exp(x[i])
    return total


def test_the_adjoint_is_float32_as_well() -> None:
    x = np.linspace(0.5, 1.5, 7, dtype=np.float32)
    assert "float64" not in srcgrad.grad(distances).lower(x).source
    assert "float64(" in srcgrad.grad(damped).lower(x).source
    on_gpu = srcgrad.grad(damped, target="cuda").lower(x).source
    assert "float64(" not in on_gpu and "f64." not in on_gpu
    found = srcgrad.grad(distances)(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 0.5 / (x * x + 0.5) ** 1.5, rtol=1e-5)
