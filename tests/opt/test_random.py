"""Random IR: every pass, and all of them, keep the meaning of a program and the invariants of the IR."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srcgrad.ir.nodes import Function
from srcgrad.ir.printer import to_text
from srcgrad.ir.verify import verify
from srcgrad.opt import driver
from srcgrad.opt.driver import FINAL_PASSES, PASSES, optimise
from srcgrad.opt.narrow import narrow
from srcgrad.opt.row_products import row_products
from srcgrad.opt.snapshots import snapshots
from tests.opt.equal import outcome, same
from tests.opt.generate import generate

ARGUMENTS = (
    (np.array([1.5, -0.0, 2.0, -7.25]), 0.75, 1.25, 3),
    (np.array([np.inf, 1.0, np.nan, 0.0]), -0.0, -2.0, 0),
)
programs = st.integers(0, 2**62).map(lambda seed: generate(Random(seed)))
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def check_same(before: Function, after: Function) -> None:
    verify(after)
    for arguments in ARGUMENTS:
        expected, got = outcome(before, *arguments), outcome(after, *arguments)
        assert same(expected, got), f"{expected}\n{got}\n{to_text(before)}\n{to_text(after)}"


@given(programs)
@relaxed
def test_optimise_keeps_the_meaning(function: Function) -> None:
    verify(function)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "VERIFY", True)
        check_same(function, optimise(function))
        check_same(function, optimise(function, final=True))


EXACT = [each for each in (*PASSES, *FINAL_PASSES) if each is not row_products]
"""The passes that change no bit (products of matrices add in another order; see test_row_products.py)."""


@pytest.mark.parametrize("each", EXACT, ids=lambda p: p.__name__)
def test_each_pass_keeps_the_meaning(each: driver.Pass) -> None:
    changed = 0
    for seed in range(300 if each is snapshots else 60):  # few programs read what they have copied
        function = generate(Random(seed))
        result = each(function)
        check_same(function, result)
        changed += result is not function
        again = each(result)
        check_same(function, again)
    assert changed > 10 or each is narrow  # the programs give the pass something to do, but have no float32


def test_the_generated_programs_are_not_trivial() -> None:
    sizes = [len(to_text(optimise(generate(Random(seed)))).splitlines()) for seed in range(40)]
    assert np.median(sizes) > 15
    raised = sum(isinstance(outcome(generate(Random(seed)), *ARGUMENTS[0]), ValueError) for seed in range(40))
    assert raised < 10
