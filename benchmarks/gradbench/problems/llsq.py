"""Least squares: a polynomial with coefficients x against the sign function, at n points of [-1, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.gradbench.function import Function
from srcgrad import differentiable


@differentiable(fastmath=True)
def llsq(x, n):
    total = 0.0
    for i in range(n):
        t = -1.0 + i * 2.0 / (n - 1)
        residual = np.sign(t)
        power = 1.0
        for j in range(x.shape[0]):
            residual -= x[j] * power
            power *= t
        total += residual * residual
    return total / 2.0


def _prepare(sent: Any) -> tuple[np.ndarray, int]:
    return np.array(sent["x"], dtype=np.float64), sent["n"]


FUNCTIONS = {
    "primal": Function(_prepare, llsq, float),
    "gradient": Function(_prepare, llsq.grad, np.ndarray.tolist),
}
