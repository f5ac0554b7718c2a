"""Bundle adjustment: where cameras see points, against where they were observed, and the sparse Jacobian of that.

An observation depends on 15 numbers: its camera, its point and its weight. Given copies of its own of these, no two
observations share anything, and the gradients of two sums of errors are all blocks of 2 x 15, without their zeros."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from benchmarks.gradbench.function import Function
from srcgrad import differentiable, grad

CAMERA = 11  # rotation (3), centre (3), focal length, principal point (2), radial distortion (2)
BLOCK = CAMERA + 3 + 1


def cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def rotate(rotation, point):
    """Rodrigues' formula: around the axis `rotation`, by its length."""
    square = rotation[0] ** 2 + rotation[1] ** 2 + rotation[2] ** 2
    if square == 0.0:
        moved = cross(rotation, point)
        return point[0] + moved[0], point[1] + moved[1], point[2] + moved[2]
    angle = math.sqrt(square)
    cosine, sine = math.cos(angle), math.sin(angle)
    axis = rotation[0] / angle, rotation[1] / angle, rotation[2] / angle
    moved = cross(axis, point)
    along = (axis[0] * point[0] + axis[1] * point[1] + axis[2] * point[2]) * (1.0 - cosine)
    return (
        point[0] * cosine + moved[0] * sine + axis[0] * along,
        point[1] * cosine + moved[1] * sine + axis[1] * along,
        point[2] * cosine + moved[2] * sine + axis[2] * along,
    )


def project(camera, point):
    x, y, z = rotate(camera[:3], (point[0] - camera[3], point[1] - camera[4], point[2] - camera[5]))
    x, y = x / z, y / z
    square = x * x + y * y
    distortion = 1.0 + camera[9] * square + camera[10] * square * square
    return x * distortion * camera[6] + camera[7], y * distortion * camera[6] + camera[8]


def error(camera, point, weight, feature):
    x, y = project(camera, point)
    return weight * (x - feature[0]), weight * (y - feature[1])


@differentiable(fastmath=True)
def errors(cameras, points, weights, features, observed):
    """Two for each observation, and one for each weight."""
    found = np.empty((weights.shape[0], 2))
    for i in range(weights.shape[0]):
        found[i, 0], found[i, 1] = error(cameras[observed[i, 0]], points[observed[i, 1]], weights[i], features[i])
    return found, 1.0 - weights * weights


@grad(argnums=(0, 1, 2), fastmath=True)
def along(cameras, points, weights, features, axis):
    """The sum of all errors along one axis. Each observation has a camera and a point of its own."""
    total = 0.0
    for i in range(weights.shape[0]):
        x, y = error(cameras[i], points[i], weights[i], features[i])
        total += x if axis == 0 else y
    return total


@grad
def of_weights(weights):
    return np.sum(1.0 - weights * weights)


def jacobian(cameras, points, weights, features, observed):
    """Of `errors`, as rows in compressed form: where each row starts, the columns, and the values."""
    own = cameras[observed[:, 0]], points[observed[:, 1]], weights, features
    blocks = along(*own, 0), along(*own, 1)
    return sparse(cameras.shape[0], points.shape[0], observed, *blocks, of_weights(weights))


@njit
def sparse(cameras, points, observed, x, y, weights):
    """Columns are those of all cameras, then of all points, then of all weights."""
    count = weights.shape[0]
    starts = np.empty(3 * count + 1, np.int32)
    columns = np.empty((2 * BLOCK + 1) * count, np.int32)
    values = np.empty((2 * BLOCK + 1) * count)
    first_point, first_weight = CAMERA * cameras, CAMERA * cameras + 3 * points
    for i in range(count):
        camera, point = CAMERA * observed[i, 0], first_point + 3 * observed[i, 1]
        for axis in range(2):
            by_camera, by_point, by_weight = x if axis == 0 else y
            start = (2 * i + axis) * BLOCK
            starts[2 * i + axis] = start
            for j in range(CAMERA):
                columns[start + j] = camera + j
                values[start + j] = by_camera[i, j]
            for j in range(3):
                columns[start + CAMERA + j] = point + j
                values[start + CAMERA + j] = by_point[i, j]
            columns[start + BLOCK - 1] = first_weight + i
            values[start + BLOCK - 1] = by_weight[i]
    for i in range(count):
        start = 2 * BLOCK * count + i
        starts[2 * count + i] = start
        columns[start] = first_weight + i
        values[start] = weights[i]
    starts[3 * count] = values.shape[0]
    return starts, columns, values


def _prepare(sent: Any) -> tuple[np.ndarray, ...]:
    """One camera, point, weight and feature are sent, and how many of each there are."""
    cameras, points, count = sent["n"], sent["m"], sent["p"]
    observed = np.stack([np.arange(count) % cameras, np.arange(count) % points], axis=1)
    return (
        np.tile(np.array(sent["cam"], dtype=np.float64), (cameras, 1)),
        np.tile(np.array(sent["x"], dtype=np.float64), (points, 1)),
        np.full(count, float(sent["w"])),
        np.tile(np.array(sent["feat"], dtype=np.float64), (count, 1)),
        observed,
    )


def _present_errors(found: tuple[np.ndarray, np.ndarray]) -> dict[str, dict[str, Any]]:
    """The errors of the first observation, for all are alike."""
    of_features, of_weights = found
    return {
        "reproj_error": {"elements": of_features[0].tolist(), "repeated": of_features.shape[0]},
        "w_err": {"element": float(of_weights[0]), "repeated": of_weights.shape[0]},
    }


def _present_jacobian(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> dict[str, list]:
    """The first observation's block, and the last number."""
    return {name: [*part[: 2 * BLOCK].tolist(), part[-1].item()] for name, part in zip(("rows", "cols", "vals"), rows)}


FUNCTIONS = {
    "objective": Function(_prepare, errors, _present_errors),
    "jacobian": Function(_prepare, jacobian, _present_jacobian),
}
