"""`c += a @ b`, compiled, for every way in which matrices lie in memory."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numba import njit

from srcgrad.runtime import blas


@njit
def add_product(c: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    blas.add_product(c, a, b)


def matrix(rng: np.random.Generator, rows: int, columns: int, layout: str, dtype: np.dtype) -> np.ndarray:
    wide = rng.standard_normal((2 * rows + 2, 3 * columns + 3)).astype(dtype)
    match layout:
        case "rows":
            return wide[:rows, :columns].copy()
        case "columns":
            return wide[:rows, :columns].T.copy().T
        case "part":
            return wide[:rows, :columns]
        case "backward":
            return wide[:rows, :columns][::-1, ::-1]
        case "steps":
            return wide[::2, ::3][:rows, :columns]
        case _:  # every row the same
            return np.broadcast_to(wide[0, :columns], (rows, columns))


SHAPES = [(40, 30, 20), (1, 60, 50), (60, 1, 50), (60, 50, 1), (3, 2, 4), (0, 3, 2), (3, 0, 2)]
LAYOUTS = ("rows", "columns", "part", "backward", "steps")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", SHAPES)
def test_all_layouts(shape: tuple[int, int, int], dtype: np.dtype) -> None:
    rng = np.random.default_rng(0)
    m, k, n = shape
    for of_c, of_a, of_b in itertools.product(LAYOUTS, (*LAYOUTS, "repeated"), (*LAYOUTS, "repeated")):
        c, a, b = matrix(rng, m, n, of_c, dtype), matrix(rng, m, k, of_a, dtype), matrix(rng, k, n, of_b, dtype)
        expected = c + a @ b
        add_product(c, a, b)
        rounding = 1e-12 if dtype == np.float64 else 1e-4
        np.testing.assert_allclose(c, expected, rtol=rounding, atol=rounding)


def test_fields_of_packed_records() -> None:
    record = np.dtype([("tag", np.int8), ("x", np.float64)])
    rng = np.random.default_rng(1)
    a, b, c = (np.zeros((15, 15), record) for _ in range(3))
    for each in (a, b, c):
        each["x"] = rng.standard_normal((15, 15))
    expected = c["x"] + a["x"] @ b["x"]
    add_product(c["x"], a["x"], b["x"])
    np.testing.assert_allclose(c["x"], expected, rtol=1e-12)


def test_nan_and_infinity_pass() -> None:
    a = np.zeros((15, 15))
    b = np.zeros((15, 15))
    b[3, 4] = np.nan
    c = np.zeros((15, 15))
    add_product(c, a, b)
    assert np.isnan(c[:, 4]).all() and not np.isnan(c[:, :4]).any()
