"""Which loops change places."""

from __future__ import annotations

import numpy as np
import pytest

import srcgrad
from srcgrad.ir.nodes import For
from srcgrad.ir.visit import walk
from tests.programs import neighbouring_loops as programs

OUTSIDE = {  # the names of the outermost loops
    "recurrence_along_rows": ["i"],
    "recurrence_that_couples_the_slabs": ["k"],
    "sums_along_the_way": ["k"],
    "columns_outside": ["i"],
    "columns_of_two_arrays": ["k"],
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_outermost_loops(name):
    arguments = np.ones((3, 4, 5)), np.ones((3, 4))
    primal = srcgrad.differentiable(getattr(programs, name)).lower(*arguments).primal
    stepping = [
        s for s in primal.body.statements if isinstance(s, For) and any(isinstance(t, For) for t in walk(s.body))
    ]
    found = [s.index.hint for s in stepping]
    assert found[: len(OUTSIDE[name])] == OUTSIDE[name], primal
