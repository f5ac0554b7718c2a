"""The corpus itself: every program runs as plain Python, gives finite numbers, and has a derivative to measure."""

import numpy as np
import pytest

from srcgrad.differences import evaluate, float_vector, numerical_jvp
from tests.harness.registry import Program, all_programs
from tests.harness.paths import random_tangents


@pytest.mark.parametrize("program", all_programs(), ids=lambda p: p.name)
def test_program_is_finite_and_smooth_where_it_is_run(program: Program) -> None:
    with np.errstate(all="ignore"):
        for args in program.argument_sets():
            value = float_vector(evaluate(program.function, args))
            assert np.isfinite(value).all(), "the program overflows or divides by zero"
            derivative, error = numerical_jvp(program.function, args, random_tangents(program, args))
            assert np.isfinite(derivative).all()
            assert error <= 1e-7 * (1.0 + np.abs(derivative).max(initial=0.0)), "a kink, a jump, or chaos at this point"
