"""The square of a number, and its derivative."""

from __future__ import annotations

from benchmarks.gradbench.function import Function
from srcgrad import differentiable


@differentiable
def square(x):
    return x * x


FUNCTIONS = {
    "square": Function(lambda sent: (float(sent),), square, float),
    "double": Function(lambda sent: (float(sent),), square.grad, float),
}
