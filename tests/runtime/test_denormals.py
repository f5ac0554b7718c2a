"""`fastmath` takes denormal numbers for zero inside of a call, and leaves the caller's arithmetic as it was."""

from __future__ import annotations

import platform

import numpy as np
import pytest

import srcgrad

TINY = 5e-310
pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="x86-64 alone is told to")


def scaled(x, arithmetic):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * arithmetic
    return total


def guarded(x, scale):
    if scale < 0.0:
        raise ValueError("below zero")
    return np.sum(x * scale)


def test_flushed_inside_and_not_outside():
    x = np.array([TINY, 1.0])
    exact, fast = srcgrad.value_and_grad(scaled), srcgrad.value_and_grad(scaled, fastmath=True)
    assert exact(x[:1], 0.5)[0] == 0.5 * TINY and exact(x, TINY)[1][1] == TINY
    assert fast(x[:1], 0.5)[0] == 0.0 and fast(np.ones(2), 3.0)[0] == 6.0
    assert TINY * 0.5 == 2.5e-310 and np.sum(np.array([TINY]) * 0.5) == 2.5e-310
    assert "denormals.flush()" in fast.lower(x, 0.5).source and "denormals" not in exact.lower(x, 0.5).source


def test_not_where_something_may_be_raised():
    """An exception would leave it so."""
    fast = srcgrad.value_and_grad(guarded, fastmath=True)
    with pytest.raises(ValueError, match="below zero"):
        fast(np.ones(3), -1.0)
    assert "denormals" not in fast.lower(np.ones(3), 1.0).source
    assert np.sum(np.array([TINY]) * 0.5) == 2.5e-310
