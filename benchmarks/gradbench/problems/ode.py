"""Runge-Kutta of fourth order on y0' = x0, yi' = xi y(i-1), from zeros at 0 to time 2 in s steps.

The gradient is that of the last component, with respect to all of x."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.gradbench.function import Function
from srcgrad import differentiable, grad


def slope(x, y, out):
    out[0] = x[0]
    for i in range(1, x.shape[0]):
        out[i] = x[i] * y[i - 1]


def ode(x, steps):
    n = x.shape[0]
    h = 2.0 / steps
    y = np.zeros(n)
    between, k1, k2, k3, k4 = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for _ in range(steps):
        slope(x, y, k1)
        for i in range(n):
            between[i] = y[i] + h * k1[i] / 2.0
        slope(x, between, k2)
        for i in range(n):
            between[i] = y[i] + h * k2[i] / 2.0
        slope(x, between, k3)
        for i in range(n):
            between[i] = y[i] + h * k3[i]
        slope(x, between, k4)
        for i in range(n):
            y[i] += h * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]) / 6.0
    return y


def last(x, steps):
    return ode(x, steps)[-1]


def _prepare(sent: Any) -> tuple[np.ndarray, int]:
    return np.array(sent["x"], dtype=np.float64), sent["s"]


FUNCTIONS = {
    "primal": Function(_prepare, differentiable(ode), np.ndarray.tolist),
    "gradient": Function(_prepare, grad(last), np.ndarray.tolist),
}
