"""k-means: the sum of squared distances to the nearest centroid, and the step of Newton's method.

The Hessian is diagonal, so that its product with a vector of ones is all of it: one product, in forward mode over the
gradient, gives both."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.gradbench.function import Function
from srcgrad import differentiable, grad, jvp


def nearest(point, centroids):
    best = 0
    least = 0.0
    for j in range(centroids.shape[0]):
        distance = 0.0
        for axis in range(point.shape[0]):
            offset = point[axis] - centroids[j, axis]
            distance += offset * offset
        if j == 0 or distance < least:
            least = distance
            best = j
    return best


def cost(centroids, points):
    total = 0.0
    for i in range(points.shape[0]):
        j = nearest(points[i], centroids)
        for axis in range(points.shape[1]):
            offset = points[i, axis] - centroids[j, axis]
            total += offset * offset
    return total


@differentiable(fastmath=True)
def direction(centroids, points):
    """The gradient over the Hessian's diagonal."""
    gradient, diagonal = jvp(grad(cost), (centroids, points), (np.ones_like(centroids), None))
    return gradient / diagonal


def _prepare(sent: Any) -> tuple[np.ndarray, np.ndarray]:
    return np.array(sent["centroids"], dtype=np.float64), np.array(sent["points"], dtype=np.float64)


FUNCTIONS = {
    "cost": Function(_prepare, differentiable(cost, fastmath=True), float),
    "dir": Function(_prepare, direction, np.ndarray.tolist),
}
