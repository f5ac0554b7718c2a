"""Arrays that shrink to the part one iteration uses, and arrays that may not."""

from __future__ import annotations

import numpy as np
import pytest

import srcgrad
from srcgrad.ir.nodes import Alloc, For, Function
from srcgrad.ir.visit import walk
from tests.programs import copies_and_parts as programs

A = np.random.default_rng(0).uniform(0.5, 1.5, (4, 3))


def ranks(function: Function) -> list[int]:
    """Of the arrays that are made, results left out."""
    results = set(function.body.results)
    return sorted(len(s.shape) for s in walk(function.body) if isinstance(s, Alloc) and s.result not in results)


def made_in_loops(function: Function) -> list[Alloc]:
    loops = [s for s in walk(function.body) if isinstance(s, For)]
    return [s for loop in loops for s in loop.body.statements if isinstance(s, Alloc)]


def test_the_gradient_of_a_softmax_makes_no_array_but_its_result():
    def loss(a, w):
        return np.sum(programs.softmax_of_rows(a) * w)

    function = srcgrad.grad(loss).lower(A, A).function
    assert max(ranks(function)) == 1
    assert not made_in_loops(function)


@pytest.mark.parametrize("name, rank", [
    ("part_that_is_added_to_before_it_is_set", 1), ("part_of_ones", 1), ("part_by_column", 1),
    ("part_in_a_loop_that_runs_backwards", 1), ("part_of_the_row_before", 2),
])  # fmt: skip
def test_only_what_is_one_iterations_own(name, rank):
    program = srcgrad.differentiable(getattr(programs, name))
    function = program.lower(A).function
    assert max(ranks(function), default=rank) == rank
    assert not made_in_loops(function)


def test_a_tape_is_read_by_another_loop():
    def f(a):
        out = np.zeros(a.shape[0])
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                out[i] = np.exp(out[i] * a[i, j])
        return out

    out, pullback = srcgrad.vjp(f, A)
    assert out.shape == (4,) and pullback(np.ones(4))[0].shape == A.shape
