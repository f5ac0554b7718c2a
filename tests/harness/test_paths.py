"""Every program of the corpus through every path of the compiler.

interpreter = generated Python uncompiled = machine code = plain Python; reverse against forward against differences;
inputs unchanged; the second call equal to the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from srcgrad.frontend import lower
from srcgrad.ir.interp import run
from srcgrad.ir.verify import verify
from srcgrad.pipeline import Built, Transform
from tests.harness.case import Case, cases
from tests.harness.paths import (
    Runner,
    arguments,
    built,
    check_close,
    check_dot_product,
    check_leaves,
    compiled,
    differences,
    direction,
    forward,
    interpreted,
    reverse,
    uncompiled,
    weights,
)
from tests.harness.registry import Program, all_programs

every_program = pytest.mark.parametrize("program", all_programs(), ids=lambda p: p.name)
SAME = (1e-10, 2e-5)  # two ways to do the same arithmetic, in float64 and in float32
IDENTITY = (1e-9, 2e-4)  # reverse against forward: sums in another order
DIFFERENCES = (1e-6, 2e-3)


@every_program
def test_lowered_equals_plain_python(program: Program) -> None:
    for case in cases(program):
        lowered = lower(case.recipe, case.all_specs)
        verify(lowered.function)
        leaves = [*case.leaves(), *(captured.read() for captured in lowered.captured_arrays)]
        check_leaves("lowered", run(lowered.function, *leaves), case, case.tolerances(*SAME)[0])


@every_program
def test_optimised_equals_plain_python_and_everything_verifies(program: Program) -> None:
    for case in cases(program):
        made = built(case, Transform.VJP)
        verify(made.primal)
        verify(made.function)
        verify(built(case, Transform.JVP).function)
        check_leaves("optimised", run(made.primal, *arguments(case, made)), case, case.tolerances(*SAME)[0])


@every_program
def test_reverse_in_the_interpreter(program: Program) -> None:
    for case in cases(program):
        made = built(case, Transform.VJP)
        w = weights(case)
        results, gradient = reverse(case, interpreted(made), made, w)
        check_leaves("adjoint's value", results, case, case.tolerances(*SAME)[0])
        for seed in range(2):
            v = direction(case, seed)
            check_dot_product(
                "reverse against differences", case, gradient, w, v, differences(case, v),
                *case.tolerances(*DIFFERENCES),
            )  # fmt: skip


@every_program
def test_forward_in_the_interpreter(program: Program) -> None:
    for case in cases(program):
        made = built(case, Transform.JVP)
        v = direction(case)
        results, derivative = forward(case, interpreted(made), made, v)
        check_leaves("tangent's value", results, case, case.tolerances(*SAME)[0])
        expected = differences(case, v)
        check_close("forward against differences", derivative, expected, *case.tolerances(*DIFFERENCES))


@every_program
def test_reverse_equals_forward_in_the_interpreter(program: Program) -> None:
    for case in cases(program):
        dot_product(case, interpreted, 3)


@every_program
def test_uncompiled_equals_interpreter(program: Program) -> None:
    for case in cases(program):
        rtol, atol = case.tolerances(*SAME)
        for transform in (Transform.VJP, Transform.JVP):
            made = built(case, transform)
            sweep, seed = (reverse, weights(case)) if transform is Transform.VJP else (forward, direction(case))
            expected = sweep(case, interpreted(made), made, seed)
            results, derivative = sweep(case, uncompiled(made), made, seed)
            check_leaves("uncompiled value", results, case, rtol)
            check_close("uncompiled derivative", derivative, expected[1], rtol, atol)


@every_program
def test_machine_code(program: Program) -> None:
    """Machine code equals the interpreter and plain Python; arguments unchanged, second call equal."""
    for case in cases(program):
        made = built(case, Transform.VJP)
        w = weights(case)
        _, expected = reverse(case, interpreted(made), made, w)
        results, gradient = twice(case, made, compiled(made))
        check_leaves("machine code's value", results, case, case.tolerances(*SAME)[0])
        check_close("machine code's gradient", gradient, expected, *case.tolerances(*SAME))


@every_program
def test_inputs_unchanged_and_second_call_equal(program: Program) -> None:
    for case in cases(program):
        made = built(case, Transform.VJP)
        for runner in (interpreted(made), uncompiled(made)):
            twice(case, made, runner)


def twice(case: Case, made: Built, runner: Runner) -> tuple[list, np.ndarray]:
    """The value and the gradient, from two calls that must agree, and must leave their arguments as they were."""
    seen: list[tuple[tuple, list[np.ndarray]]] = []

    def watched(*leaves: Any) -> Sequence[Any]:
        seen.append((leaves, [np.array(leaf) for leaf in leaves]))
        return runner(*leaves)

    first = reverse(case, watched, made, weights(case))
    ((leaves, before),) = seen
    for k, (leaf, old) in enumerate(zip(leaves, before)):
        np.testing.assert_array_equal(leaf, old, err_msg=f"argument leaf {k} was changed")
    second = reverse(case, runner, made, weights(case))
    np.testing.assert_array_equal(first[1], second[1], err_msg="the second call differs")
    return second


def dot_product(case: Case, path: Callable[[Built], Runner], count: int) -> None:
    """Reverse against forward along `count` pairs of random weights and directions."""
    vjp, jvp = built(case, Transform.VJP), built(case, Transform.JVP)
    for seed in range(count):
        w, v = weights(case, seed), direction(case, seed)
        _, gradient = reverse(case, path(vjp), vjp, w)
        _, derivative = forward(case, path(jvp), jvp, v)
        check_dot_product("reverse against forward", case, gradient, w, v, derivative, *case.tolerances(*IDENTITY))
