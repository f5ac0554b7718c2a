"""A determinant by recursive expansion along the first row.

Rows and columns that are left are linked lists: the one after i is `rows[i]`, and `rows[size]` is the first. So a row
is taken out without moving numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.gradbench.function import Function
from srcgrad import differentiable


def minor(a, size, left, rows, columns):
    row = rows[size]
    if left == 1:
        return a[row * size + columns[size]]
    total = 0.0
    sign = 1.0
    rows[size] = rows[row]
    before = size
    column = columns[size]
    for _ in range(left):
        columns[before] = columns[column]
        total += sign * a[row * size + column] * minor(a, size, left - 1, rows, columns)
        columns[before] = column
        before = column
        column = columns[column]
        sign = -sign
    rows[size] = row
    return total


@differentiable
def determinant(a, size):
    rows = np.arange(1, size + 2)
    columns = np.arange(1, size + 2)
    rows[size] = 0
    columns[size] = 0
    return minor(a, size, size, rows, columns)


def _prepare(sent: Any) -> tuple[np.ndarray, int]:
    return np.array(sent["A"], dtype=np.float64), sent["ell"]


FUNCTIONS = {
    "primal": Function(_prepare, determinant, float),
    "gradient": Function(_prepare, determinant.grad, np.ndarray.tolist),
}
