"""Which loops become one."""

from __future__ import annotations

import numpy as np
import pytest

import srcgrad
from srcgrad.ir.nodes import For
from srcgrad.ir.visit import walk
from tests.programs import neighbouring_loops as programs

COUNTS = {"inside": 1, "both_borders": 2, "at_another_place": 2, "wrapping_around": 2, "written_twice": 2}


@pytest.mark.parametrize("name", COUNTS)
def test_loops_left(name):
    argument = np.ones((5, 4) if name == "both_borders" else 7)
    primal = srcgrad.differentiable(getattr(programs, name)).lower(argument).primal
    assert sum(isinstance(s, For) for s in walk(primal.body)) == COUNTS[name]
