"""Gradient descent as GradBench's `saddle` and `particle` prescribe it: the step doubles after ten that went down, and
is halved by one that does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.gradbench.function import Function
from benchmarks.gradbench.record import SEARCHES
from srcgrad import differentiable, grad, jvp

TOLERANCE = 1e-5


def by_reverse(f, x):
    """The gradient in reverse mode."""
    return grad(f)(x)


def by_forward(f, x):
    """The gradient in forward mode, a component at a time."""
    found = np.empty(x.shape[0])
    for k in range(x.shape[0]):
        direction = np.zeros(x.shape[0])
        direction[k] = 1.0
        found[k] = jvp(f, (x,), (direction,))[1]
    return found


def searches(
    found: Callable[..., Any], prepare: Callable[[Any], tuple], present: Callable[[Any], Any]
) -> dict[str, Function]:
    """`found(start, outer, inner)` by the four choices of modes: "fr" is forward mode outside, over reverse inside."""
    modes = {"r": by_reverse, "f": by_forward}
    return {a + b: _search(found, modes[a], modes[b], prepare, present) for a, b in SEARCHES}


def _search(found: Callable, outer: Callable, inner: Callable, prepare: Callable, present: Callable) -> Function:
    def search(start):
        return found(start, outer, inner)

    return Function(prepare, differentiable(search), present)


def minimised(cost, gradient, start):
    """Where `cost` is least, beginning at `start`; `gradient(cost, x)` is one of the two above."""
    x = start.copy()
    value = cost(x)
    slope = gradient(cost, x)
    downhill = 0
    rate = 1e-5
    while np.sqrt(np.sum(slope * slope)) > TOLERANCE:
        if downhill == 10:
            rate *= 2.0
            downhill = 0
            continue
        step = rate * slope
        if np.sqrt(np.sum(step * step)) <= TOLERANCE:
            break
        there = x - step
        value_there = cost(there)
        if value_there < value:
            x = there
            value = value_there
            slope = gradient(cost, x)
            downhill += 1
        else:
            rate /= 2.0
            downhill = 0
    return x
