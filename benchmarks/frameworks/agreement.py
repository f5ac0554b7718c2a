"""Whether two ways to do a lesson come to the same numbers."""

from __future__ import annotations

import numpy as np

from benchmarks.frameworks.lessons import Lesson

HALF_A_POINT = 0.005  # of test accuracy: two of the 360 digits that are tested are 0.0056
FIRST_EPOCH = 1e-3  # float32 sums in another order move the mean loss of the first 44 steps by less


def difference(lesson: Lesson, found: tuple, ours: tuple) -> float:
    """The largest difference, relative to the largest number of its array and in units of what is allowed: agreement
    is 1 or less."""
    if lesson.name == "digits":
        return _of_digits(found, ours)
    return max(_relative(np.asarray(a), np.asarray(b)) for a, b in zip(found, ours, strict=True)) / lesson.rtol


def _of_digits(found: tuple, ours: tuple) -> float:
    """Training in float32 amplifies roundings: the first epoch's loss agrees, and the accuracy in the end."""
    (losses, accuracy), (our_losses, our_accuracy) = found, ours
    first = abs(losses[0] / our_losses[0] - 1.0) / FIRST_EPOCH
    return max(first, float(abs(accuracy - our_accuracy)) / HALF_A_POINT)


def _relative(a: np.ndarray, b: np.ndarray) -> float:
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-300))
