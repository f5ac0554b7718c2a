"""Every benchmark problem, small: our gradient against the hand-written adjoint, and that against differences."""

import numpy as np
import pytest

from benchmarks import problems
from benchmarks.measure import disagreement, interleaved
from benchmarks.record import Record, line
from srcgrad import grad


def leaves(gradient):
    return gradient if isinstance(gradient, tuple) else (gradient,)


@pytest.mark.parametrize("name", problems.NAMES)
def test_the_hand_written_adjoint_is_right(name):
    problem, arguments = problems.load(name), problems.inputs(name, quick=True)
    rng = np.random.default_rng(0)
    argnums = problem.ARGNUMS if isinstance(problem.ARGNUMS, tuple) else (problem.ARGNUMS,)
    directions = {k: rng.normal(size=arguments[k].shape) for k in argnums}

    def along(step):
        return problem.primal(*(a + step * directions[k] if k in directions else a for k, a in enumerate(arguments)))

    expected = (8 * (along(1e-4) - along(-1e-4)) - (along(2e-4) - along(-2e-4))) / 12e-4
    products = zip(leaves(problem.handwritten(*arguments)), directions.values(), strict=True)
    assert sum(np.sum(g * d) for g, d in products) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", problems.NAMES)
def test_our_gradient_is_the_hand_written_one(name):
    problem, arguments = problems.load(name), problems.inputs(name, quick=True)
    ours = grad(problem.primal, argnums=problem.ARGNUMS)(*arguments)
    assert disagreement(ours, problem.handwritten(*arguments)) < 1e-10


def test_disagreement_is_relative_to_the_array_and_finds_the_worst():
    assert disagreement((np.array([100.0, 1.0]), np.ones(1)), (np.array([100.0, 2.0]), np.ones(1))) == 0.01


def test_interleaved_takes_turns_and_orders_the_speeds():
    seconds = interleaved({"slow": lambda: sum(range(20_000)), "fast": lambda: sum(range(100))}, 3, 0.002)
    assert seconds["fast"] < seconds["slow"]


def test_a_row_without_jax_has_dashes():
    row = line(Record("p", 1e-3, 2e-3, 1e-3, None, 1.0, 2.0, None, 1e-16))
    assert row.split() == [
        "p",
        "1.0000",
        "2.0000",
        "1.0000",
        "-",
        "2.00",
        "2.00",
        "-",
        "1.00",
        "2.00",
        "2.00",
        "-",
        "1e-16",
    ]
