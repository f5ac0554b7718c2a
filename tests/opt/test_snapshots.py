"""Reads that go to a copy, which stays, instead of the original, which changes."""

from __future__ import annotations

import numpy as np

import srcgrad
from srcgrad.ir.nodes import Copy, Load
from srcgrad.ir.visit import walk
from tests.programs import copies_and_parts as programs

U = np.random.default_rng(0).uniform(0.5, 1.5, 6)


def reads_of_copies(function) -> int:
    copies = {s.result for s in walk(function.body) if isinstance(s, Copy)}
    originals = {s.array for s in walk(function.body) if isinstance(s, Copy)}
    return sum(isinstance(s, Load) and s.array in copies - originals for s in walk(function.body))


def primal(name):
    return srcgrad.differentiable(getattr(programs, name)).lower(U).primal


def test_a_step_that_is_copied_first_undoes_nothing():
    grid = U[:5, None] * U[:4]

    def loss(u, dt):
        return np.sum(programs.copied_in_front_of_a_step(u, dt))

    report = srcgrad.grad(loss).lower(grid, 0.1).report()
    assert "put back" not in report, report


def test_only_while_they_are_equal():
    assert reads_of_copies(primal("original_changed_later_in_the_loop")) == 1  # in the sum, of the copy itself
    assert reads_of_copies(primal("copy_changed_too")) >= 1
