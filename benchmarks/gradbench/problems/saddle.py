"""A saddle point: where the greatest value over one point, as a function of the other, is least.

Both searches follow gradients, and the outer one differentiates the inner. The names say which mode each takes: "fr" is
forward mode outside, over reverse mode inside."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.gradbench.descent import minimised, searches


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


def _prepare(sent: Any) -> tuple[np.ndarray]:
    return (np.array(sent["start"], dtype=np.float64),)


FUNCTIONS = searches(found, _prepare, np.ndarray.tolist)
