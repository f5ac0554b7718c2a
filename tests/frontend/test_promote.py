"""Promotion against NumPy itself."""

import itertools

import numpy as np
import pytest

from srcgrad.infer.promote import arithmetic, floating, join, join_arrays
from srcgrad.infer.signature import describe
from srcgrad.ir.types import Array, Layout

VALUES = [True, 2, 1.5, np.bool_(True), np.int32(2), np.int64(2), np.uint8(2), np.float32(1.5), np.float64(1.5)]
NAMES = [f"{type(v).__name__}" for v in VALUES]
PAIRS = list(itertools.product(VALUES, VALUES))


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=[f"{type(a).__name__}-{type(b).__name__}" for a, b in PAIRS])
def test_arithmetic_is_numpys(a, b):
    if isinstance(a, (bool, np.bool_)) and isinstance(b, (bool, np.bool_)):
        return  # NumPy's `+` of truth values is a logical or; Python's is used
    wanted = describe(a * b).type
    assert arithmetic(describe(a).type, describe(b).type) == wanted
    assert floating(describe(a).type, describe(b).type) == describe(a / b).type


def test_join_is_commutative_and_idempotent():
    types = [describe(v).type for v in VALUES]
    for a, b in itertools.product(types, types):
        assert join(a, b) == join(b, a)
        assert join(a, a) == a
        assert join(a, join(a, b)) == join(a, b)


def test_arrays_join_to_an_unknown_layout():
    c, f = (Array(np.dtype(float), 2, layout) for layout in (Layout.C, Layout.F))
    assert join_arrays(c, f) == Array(np.dtype(float), 2, Layout.ANY)
    assert join_arrays(c, c) == c
    assert join_arrays(c, Array(np.dtype(float), 1)) is None
