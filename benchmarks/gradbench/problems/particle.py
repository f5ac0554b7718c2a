"""A particle between two charges, one of which can be moved: where must it be for the particle to land at the origin?

The particle follows the gradient of the potential, step by step, until it falls below the axis; where it lands is
differentiated with respect to the charge's place. The names say which mode each derivative takes: "fr" is forward mode
outside, over reverse mode inside."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.gradbench.descent import minimised, searches

STEP = 0.1


def potential(x, w):
    upper = np.sqrt((x[0] - 10.0) ** 2 + (x[1] - (10.0 - w)) ** 2)
    lower = np.sqrt((x[0] - 10.0) ** 2 + (x[1] - 0.0) ** 2)
    return 1.0 / upper + 1.0 / lower


def landing(w, gradient):
    """The square of the place where the particle crosses the axis."""
    x = np.array([0.0, 8.0])
    speed = np.array([0.75, 0.0])
    while True:
        force = -gradient(lambda place: potential(place, w), x)
        there = x + STEP * speed
        if there[1] <= 0.0:
            break
        x = there
        speed = speed + STEP * force
    left = -x[1] / speed[1]
    return (x[0] + left * speed[0]) ** 2


def found(start, outer, inner):
    return minimised(lambda w: landing(w[0], inner), outer, start)


def _prepare(sent: Any) -> tuple[np.ndarray]:
    return (np.array([sent["w"]], dtype=np.float64),)


FUNCTIONS = searches(found, _prepare, lambda w: float(w[0]))
