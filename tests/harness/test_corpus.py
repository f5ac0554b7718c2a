"""The corpus itself: every program runs as plain Python, gives finite numbers, and has a derivative to measure."""

import numpy as np
import pytest

from srcgrad.differences import float_vector
from tests.harness.case import cases
from tests.harness.paths import differences, direction
from tests.harness.registry import Program, all_programs


def test_the_corpus_is_large_enough() -> None:
    assert len(all_programs()) >= 400


@pytest.mark.parametrize("program", all_programs(), ids=lambda p: p.name)
def test_program_is_finite_and_smooth_where_it_is_run(program: Program) -> None:
    for case in cases(program):
        assert np.isfinite(float_vector(case.out)).all(), "the program overflows or divides by zero"
        assert np.isfinite(differences(case, direction(case))).all()


CONSTANT = {
    "branches.guarded_square_root",
    "scalars.constant_result",
    "early_exit.many_returns",
    "loops.sum_of_squares",
}


@pytest.mark.parametrize("program", all_programs(), ids=lambda p: p.name)
def test_some_derivative_is_not_zero(program: Program) -> None:
    """A program whose derivative vanishes would pass with any rule missing."""
    sizes = [np.abs(differences(case, direction(case))).max(initial=0.0) for case in cases(program)]
    assert max(sizes) > 1e-3 or program.name in CONSTANT
