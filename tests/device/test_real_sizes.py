"""The benchmark's problems, threads compiled for the CPU, at sizes of ten thousand elements and more."""

from __future__ import annotations

import numpy as np
import pytest

import srcgrad
from benchmarks.gpu.problems import PROBLEMS
from srcgrad.backend.device import modules


@pytest.mark.parametrize("name", ["scatter", "heat", "lattice", "lookup", "dense"])
def test_emulation_equals_cpu(name, monkeypatch, request):
    if name != "scatter" and not request.config.getoption("--long"):
        pytest.skip("with --long only: compiling takes most of a minute")
    monkeypatch.setenv(modules.EMULATE, "1")
    problem = PROBLEMS[name]
    given = problem.make(0.01)
    value, found = srcgrad.value_and_grad(problem.function, argnums=problem.argnums, target="cuda")(*given)
    wanted, expected = srcgrad.value_and_grad(problem.function, argnums=problem.argnums)(*given)
    assert value == pytest.approx(wanted, rel=1e-10)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9 * np.abs(b).max())
