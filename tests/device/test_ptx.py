"""What the compiler for GPUs makes of kernels: gates that need no GPU."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numba import prange

import srcgrad
from srcgrad.device import rows
from tests.device import programs
from tests.device.programs import ARGUMENTS
from tests.device.recording import launches, ptx
from tests.device.test_kernels import lowered


def texts(program):
    return {launch.body.__name__: ptx(launch) for launch in launches(lowered(program)[0], *ARGUMENTS[program])}


@pytest.mark.parametrize("program", ARGUMENTS, ids=lambda p: p.__name__)
def test_every_kernel_compiles(program):
    for name, text in texts(program).items():
        assert ".entry" in text, name


def test_float32_stays_float32():
    for name, text in texts(programs.narrow).items():
        assert not re.search(r"\.f64", text), name


def test_sums_that_meet_are_reductions():
    """Atomic additions whose result nobody reads."""
    found = "".join(texts(programs.scatter).values())
    assert re.search(r"(red|atom)\.(global\.)?add\.f64", found) or "atom.add.f64" in found


def test_a_stencil_has_no_atomics():
    assert not re.search(r"\b(red|atom)\.", "".join(texts(programs.heat).values()))


def test_arrays_are_not_copied_into_local_memory():
    for program in (programs.heat, programs.with_own_memory, programs.scatter):  # (a sine of a float64 needs 40 bytes)
        for name, text in texts(program).items():
            assert ".local" not in text, name


def test_recording_sees_each_kernel_once():
    found = launches(lowered(programs.heat)[0], *ARGUMENTS[programs.heat])
    assert len({launch.body.__name__ for launch in found}) == len(found) > 3
    assert all(isinstance(a, np.ndarray | np.generic | int | float) for launch in found for a in launch.rest)


def test_subscripts_are_not_asked_for_their_sign(monkeypatch):
    """Those of thread indices and of loops over lanes: the compiler does not see that they are not negative."""
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", "")
    monkeypatch.setattr(rows, "LEAST_ALONG", 2)
    a = np.ones((4, 70))
    built = srcgrad.grad(row_sums, target="cuda", fastmath=True).lower(a).built
    found = {launch.body.__name__: ptx(launch) for launch in launches(built, a)}
    for name in ("loop_1", "loop_3"):
        assert not re.search(r"shr\.s64\s+%rd\d+, %rd\d+, 63", found[name]), name


def row_sums(a):
    total = 0.0
    for i in prange(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * a[i, j]
        total += s * s
    return total
