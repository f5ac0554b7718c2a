"""The logarithm of a sum of exponentials, the greatest taken out."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.gradbench.function import Function
from srcgrad import differentiable


@differentiable(fastmath=True)
def log_sum_exp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def _prepare(sent: Any) -> tuple[np.ndarray]:
    return (np.array(sent["x"], dtype=np.float64),)


FUNCTIONS = {
    "primal": Function(_prepare, log_sum_exp, float),
    "gradient": Function(_prepare, log_sum_exp.grad, np.ndarray.tolist),
}
