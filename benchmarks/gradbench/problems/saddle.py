"""A saddle point: where the greatest value over one point, as a function of the other, is least.

Both searches follow gradients, and the outer one differentiates the inner. The names say which mode each takes: "fr" is
forward mode outside, over reverse mode inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.gradbench.descent import by_forward, by_reverse, minimised
from benchmarks.gradbench.function import Function
from srcgrad import differentiable


def height(first, second):
    return np.sum(first * first) - np.sum(second * second)


def found(start, outer, inner):
    """Both points, one after the other."""

    def farthest(first):
        return minimised(lambda second: -height(first, second), inner, start)

    def greatest(first):
        return height(first, farthest(first))

    first = minimised(greatest, outer, start)
    second = farthest(first)
    return np.concatenate((first, second))


def _search(outer: Callable, inner: Callable) -> Function:
    def search(start):
        return found(start, outer, inner)

    return Function(_prepare, differentiable(search), np.ndarray.tolist)


def _prepare(sent: Any) -> tuple[np.ndarray]:
    return (np.array(sent["start"], dtype=np.float64),)


FUNCTIONS = {
    "rr": _search(by_reverse, by_reverse),
    "ff": _search(by_forward, by_forward),
    "fr": _search(by_forward, by_reverse),
    "rf": _search(by_reverse, by_forward),
}
