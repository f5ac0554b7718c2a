"""Hand tracking: where a posed hand lies against measured points, and the dense Jacobian of that.

A pose has 26 numbers. In the "complicated" variant each point lies on a triangle of the hand, at two coordinates of its
own; GradBench asks for the derivatives by these two side by side, without the zeros between points. Moving all points
by the same two offsets has just these derivatives, so the Jacobian is that of 2 + 26 numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.gradbench.function import Function
from srcgrad import differentiable, jacobian

FINGERS = 5


def around_axis(axis):
    """The rotation around an axis, by its length."""
    norm = math.sqrt(axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2)
    if norm < 0.0001:
        return np.eye(3)
    x, y, z = axis[0] / norm, axis[1] / norm, axis[2] / norm
    s, c = math.sin(norm), math.cos(norm)
    return np.array([
        [x * x + (1.0 - x * x) * c, x * y * (1.0 - c) - z * s, x * z * (1.0 - c) + y * s],
        [x * y * (1.0 - c) + z * s, y * y + (1.0 - y * y) * c, y * z * (1.0 - c) - x * s],
        [x * z * (1.0 - c) - y * s, z * y * (1.0 - c) + x * s, z * z + (1.0 - z * z) * c],
    ])  # fmt: skip


def by_angles(x, z, y):
    """The rotation by three angles, around the first axis first, around the third last."""
    cx, sx, cy, sy, cz, sz = math.cos(x), math.sin(x), math.cos(y), math.sin(y), math.cos(z), math.sin(z)
    return np.array([
        [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx, 0.0],
        [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx, 0.0],
        [-sy, cy * sx, cy * cx, 0.0],
        [0.0, 0.0, 0.0, 1.0],
    ])  # fmt: skip


def angles_of_bones(theta, bones):
    """Three angles for each bone: the wrist's are zero, the first joint of a finger has two, the others one."""
    angles = np.zeros((bones, 3))
    bone, k = 2, 6
    for _ in range(FINGERS):
        for joint in range(3):
            angles[bone, 0] = theta[k]
            k += 1
            if joint == 0:
                angles[bone, 1] = theta[k]
                k += 1
            bone += 1
        bone += 1
    return angles


def vertices(theta, parents, relatives, inverses, positions, weights, mirrored):
    """Where the vertices of the posed hand are."""
    bones = parents.shape[0]
    angles = angles_of_bones(theta, bones)
    absolutes = np.zeros((bones, 4, 4))
    posed = np.zeros((positions.shape[0], 3))
    for bone in range(bones):
        relative = relatives[bone] @ by_angles(angles[bone, 0], angles[bone, 1], angles[bone, 2])
        if parents[bone] == -1:
            absolutes[bone] = relative
        else:
            absolutes[bone] = absolutes[parents[bone]] @ relative
        transform = absolutes[bone] @ inverses[bone]
        for v in range(positions.shape[0]):
            for i in range(3):
                moved = 0.0
                for j in range(4):
                    moved += transform[i, j] * positions[v, j]
                posed[v, i] += moved * weights[v, bone]
    if mirrored:
        posed[:, 0] *= -1.0
    return posed @ around_axis(theta[:3]).T + theta[3:6]


def errors_of_vertices(theta, points, correspondences, *hand):
    """The measured points against the vertices they belong to."""
    posed = vertices(theta, *hand)
    return (points - posed[correspondences]).ravel()


def errors_on_triangles(parameters, points, correspondences, us, triangles, *hand):
    """The measured points against the places on the triangles they belong to."""
    posed = vertices(parameters[2:], *hand)
    error = np.empty(points.shape)
    for k in range(points.shape[0]):
        u, v = us[k, 0] + parameters[0], us[k, 1] + parameters[1]
        a, b, c = triangles[correspondences[k]]
        for i in range(3):
            error[k, i] = points[k, i] - (u * posed[a, i] + v * posed[b, i] + (1.0 - u - v) * posed[c, i])
    return error.ravel()


def _prepare(sent: Any) -> tuple:
    data, model = sent["data"], sent["data"]["model"]
    names = ("base_relatives", "inverse_base_absolutes", "base_positions", "weights")
    hand = (np.array(model["parents"]), *(np.array(model[name], dtype=np.float64) for name in names))
    measured = np.array(data["points"], dtype=np.float64), np.array(data["correspondences"])
    theta = np.array(sent["theta"], dtype=np.float64)
    if not sent["us"]:
        return (theta, *measured, *hand, model["is_mirrored"])
    on_triangles = np.array(sent["us"], dtype=np.float64), np.array(model["triangles"])
    return (np.concatenate((np.zeros(2), theta)), *measured, *on_triangles, *hand, model["is_mirrored"])


_SIMPLE = differentiable(errors_of_vertices), jacobian(errors_of_vertices, mode="forward")
_COMPLICATED = differentiable(errors_on_triangles), jacobian(errors_on_triangles, mode="forward")


def _objective(theta: np.ndarray, *rest: Any) -> np.ndarray:
    return (_SIMPLE if len(rest) == 8 else _COMPLICATED)[0](theta, *rest)


def _jacobian(theta: np.ndarray, *rest: Any) -> np.ndarray:
    return (_SIMPLE if len(rest) == 8 else _COMPLICATED)[1](theta, *rest)


FUNCTIONS = {
    "objective": Function(_prepare, _objective, np.ndarray.tolist),
    "jacobian": Function(_prepare, _jacobian, np.ndarray.tolist),
}
