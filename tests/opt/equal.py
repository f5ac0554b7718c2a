"""Do two functions compute the same? To the last bit (NaN equals NaN), results, exceptions and prints."""

from __future__ import annotations

import numpy as np

from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Function


def outcome(function: Function, *arguments: object) -> object:
    """The results, or the exception, of a run on copies of the arguments."""
    try:
        return run(function, *(np.copy(a) if isinstance(a, np.ndarray) else a for a in arguments))
    except ValueError as error:
        return error


def same(a: object, b: object) -> bool:
    """Two outcomes are indistinguishable."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_same_value, a, b))
    return type(a) is type(b) and str(a) == str(b)


def _same_value(a: np.generic | np.ndarray, b: np.generic | np.ndarray) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if (a.dtype, a.shape) != (b.dtype, b.shape) or not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return False
    numbers = ~np.isnan(a) if a.dtype.kind == "f" else np.zeros(a.shape, bool)
    return a.dtype.kind != "f" or np.array_equal(np.signbit(a[numbers]), np.signbit(b[numbers]))
