"""What the reverse sweep keeps: nothing for linear code, little and of the right kind otherwise, O(n) always."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np

from srcgrad.adjoint.driver import Adjoint, reverse_mode
from srcgrad.adjoint.plan import Container, Reason
from srcgrad.frontend import lower
from srcgrad.infer.signature import describe
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Alloc, NewStack
from srcgrad.ir.visit import walk
from srcgrad.opt import optimise


def adjoint_of(function: Callable, *arguments: object) -> Adjoint:
    """The adjoint with respect to all floating arguments."""
    primal = optimise(lower(function, tuple(map(describe, arguments))).function)
    wrt = [p for p in primal.params if p.type.is_float]
    return reverse_mode(primal, wrt, [0], name="adjoint", seeded=False)


def kept(adjoint: Adjoint) -> list[tuple[str, Reason, Container]]:
    return [(k.symbol.hint, k.reason, k.container) for k in adjoint.plan.all_kept()]


def jacobi_2d(a, steps):
    b = a.copy()
    for _ in range(steps):
        for i in range(1, a.shape[0] - 1):
            for j in range(1, a.shape[1] - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        for i in range(1, a.shape[0] - 1):
            for j in range(1, a.shape[1] - 1):
                a[i, j] = 0.2 * (b[i, j] + b[i, j - 1] + b[i, j + 1] + b[i + 1, j] + b[i - 1, j])
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += a[i, j]
    return total


def test_linear_code_keeps_nothing():
    adjoint = adjoint_of(jacobi_2d, np.ones((5, 5)), 3)
    assert not adjoint.plan.all_kept() and not adjoint.plan.undone
    function = optimise(adjoint.function, final=True)
    arrays = [s for s in walk(function.body) if isinstance(s, Alloc)]
    assert not any(isinstance(s, NewStack) for s in walk(function.body))
    assert len(arrays) <= 3  # shadows of the argument, of its copy and of b


def test_swapped_buffers_are_rotated_not_kept():
    def heat(u, steps):
        v = u.copy()
        for _ in range(steps):
            for i in range(1, u.shape[0] - 1):
                v[i] = u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1])
            u, v = v, u
        return u[1] + u[2]

    adjoint = adjoint_of(heat, np.ones(6), 3)
    assert not adjoint.plan.all_kept()
    assert adjoint.plan.rotated


def test_scalars_of_an_innermost_body_are_computed_again():
    def power_sum(x):
        s = 1.0
        for i in range(x.shape[0]):
            t = x[i] * x[i]
            u = t * t + 1.0
            s = s * u
        return s

    assert kept(adjoint_of(power_sum, np.ones(4))) == [("s", Reason.CARRIED, Container.DENSE)]


def test_a_while_loop_keeps_on_a_stack():
    def newton(a):
        x = a
        while abs(x * x - a) > 1e-9:
            x = 0.5 * (x + a / x)
        return x

    assert kept(adjoint_of(newton, 2.0)) == [("x", Reason.CARRIED, Container.STACK)]


def test_memory_is_undone_only_where_its_old_contents_are_needed():
    def linear(x, steps):
        for _ in range(steps):
            for i in range(1, x.shape[0]):
                x[i] = 0.5 * x[i] + 0.25 * x[i - 1]
        return x[x.shape[0] - 1]

    def nonlinear(x, steps):
        for _ in range(steps):
            force = 0.0
            for i in range(x.shape[0]):
                for j in range(x.shape[0]):
                    force += math.sin(x[i] - 2.0 * x[j])
            for i in range(x.shape[0]):
                x[i] += 0.1 * force
        return x[0] * x[1]

    assert not adjoint_of(linear, np.ones(4), 2).plan.undone
    adjoint = adjoint_of(nonlinear, np.ones(4), 2)
    assert len(adjoint.plan.undone) == 1
    assert [k.reason for k in adjoint.plan.all_kept() if len(k.loops) > 2] == []  # n per step, not n squared


def test_reductions_run_at_once():
    def energy(x):
        e = 0.0
        for i in range(x.shape[0]):
            for j in range(i):
                e += math.exp(x[i] * x[j])
        return e

    adjoint = adjoint_of(energy, np.ones(4))
    assert len(adjoint.plan.fused) == 2 and not adjoint.plan.all_kept()


def one_element_an_iteration(x, n):
    """The classic trap: an adjoint that copies or clears the whole array in every iteration takes O(n**2)."""
    y = np.zeros(n)
    y[0] = x
    for i in range(1, n):
        y[i] = math.sin(y[i - 1]) * y[i - 1]
    return y[n - 1]


def statements_run(n: int) -> int:
    """How many statements the adjoint executes: each iteration of each loop counts."""
    function = optimise(adjoint_of(one_element_an_iteration, 0.5, n).function, final=True)
    assert all(s.result.type.ndim == 1 for s in walk(function.body) if isinstance(s, Alloc))
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "call"

    previous = sys.getprofile()
    sys.setprofile(trace)
    try:
        run(function, 0.5, n)
    finally:
        sys.setprofile(previous)
    return count


def test_one_element_per_iteration_takes_linear_time_and_memory():
    adjoint = adjoint_of(one_element_an_iteration, 0.5, 10)
    in_loops = [k for k in adjoint.plan.all_kept() if len(k.loops) > 1]
    assert not in_loops and not adjoint.plan.undone
    small, large = statements_run(50), statements_run(500)
    assert 8 * small < large < 12 * small
