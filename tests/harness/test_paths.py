"""Every program of the corpus through every path of the compiler.

interpreter = generated Python uncompiled = in parallel = machine code = plain Python; reverse against forward
against differences; inputs unchanged; the second call equal to the first.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from srcgrad.backend.device.tracing import Tracing
from srcgrad.config import Options, Target, Transform
from srcgrad.device import rows, turn
from srcgrad.frontend import lower
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Launch
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from srcgrad.pipeline import Built
from srcgrad.runtime import threads
from tests.harness.case import Case, cases
from tests.harness.paths import (
    Runner,
    arguments,
    bare_gradient,
    built,
    check_close,
    check_dot_product,
    check_leaves,
    compiled,
    differences,
    direction,
    forward,
    interpreted,
    is_scalar,
    on_device,
    reverse,
    uncompiled,
    weights,
)
from tests.harness.registry import Program, all_programs

every_program = pytest.mark.parametrize("program", all_programs(), ids=lambda p: p.name)
SAME = (1e-10, 2e-5)  # two ways to do the same arithmetic, in float64 and in float32
IDENTITY = (1e-9, 2e-4)  # reverse against forward: sums in another order
DIFFERENCES = (1e-6, 2e-3)
PARALLEL = Options(parallel=True)
CUDA = Options(target=Target.CUDA)
TRACING = Tracing()


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
        results, tangent = forward(case, interpreted(made), made, v)
        check_leaves("tangent's value", results, case, case.tolerances(*SAME)[0])
        expected = differences(case, v)
        check_close("forward against differences", tangent, expected, *case.tolerances(*DIFFERENCES))


@every_program
def test_reverse_equals_forward_in_the_interpreter(program: Program) -> None:
    for case in cases(program):
        dot_product(case, interpreted, 3)


@every_program
def test_gradient_with_a_known_cotangent(program: Program) -> None:
    """`grad` and `value_and_grad` are compiled for the cotangent 1: other code than `vjp`, the same numbers."""
    for case in filter(is_scalar, cases(program)):
        vjp = built(case, Transform.VJP)
        _, expected = reverse(case, interpreted(vjp), vjp, np.ones(1))
        rtol, atol = case.tolerances(*IDENTITY)
        for transform in (Transform.VALUE_AND_GRAD, Transform.GRAD):
            made = built(case, transform)
            verify(made.function)
            for runner in (interpreted(made), uncompiled(made)):
                results, found = bare_gradient(case, runner, made)
                assert len(results) == (transform is Transform.VALUE_AND_GRAD)
                check_leaves("value", results or [case.out], case, case.tolerances(*SAME)[0])
                check_close(f"{transform.value} against vjp", found, expected, rtol, atol)


@every_program
def test_uncompiled_equals_interpreter(program: Program) -> None:
    for case in cases(program):
        rtol, atol = case.tolerances(*SAME)
        for transform in (Transform.VJP, Transform.JVP):
            made = built(case, transform)
            sweep, seed = (reverse, weights(case)) if transform is Transform.VJP else (forward, direction(case))
            expected = sweep(case, interpreted(made), made, seed)
            results, found = sweep(case, uncompiled(made), made, seed)
            check_leaves("uncompiled value", results, case, rtol)
            check_close("uncompiled derivative", found, expected[1], rtol, atol)


@every_program
def test_parallel_equals_serial(program: Program) -> None:
    """With blocks of iterations from the last to the first, and in another order: where iterations needed one another,
    other numbers would come out."""
    for case in cases(program):
        rtol, atol = case.tolerances(*IDENTITY)
        for transform in (Transform.VJP, Transform.JVP):
            made = built(case, transform, PARALLEL)
            if not any(isinstance(s, Launch) for s in walk(made.function.body)):
                continue
            verify(made.function)
            sweep, seed = (reverse, weights(case)) if transform is Transform.VJP else (forward, direction(case))
            serial = built(case, transform)
            _, expected = sweep(case, interpreted(serial), serial, seed)
            for runner in (interpreted(made), uncompiled(made)):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(threads, "LEAST_WORK", 0)
                    patch.setattr(threads, "COST_OF_ZEROS", 0)
                    results, found = sweep(case, runner, made, seed)
                check_leaves("parallel value", results, case, rtol)
                check_close("parallel derivative", found, expected, rtol, atol)


@every_program
def test_kernels_equal_serial_and_do_not_race(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made for a GPU, in plain Python, with a record of which thread touches what; forward mode for a
    sample. For every other program, rows get many threads however short they are."""
    number = zlib.crc32(program.name.encode())
    sampled = number % 3 == 0
    if number % 2:
        for module, name in ((rows, "LEAST"), (rows, "LEAST_ALONG"), (turn, "LEAST")):
            monkeypatch.setattr(module, name, 2)
    for case in cases(program):
        rtol, atol = case.tolerances(*IDENTITY)
        for transform in (Transform.VJP, Transform.JVP) if sampled else (Transform.VJP,):
            made = built(case, transform, CUDA)
            verify(made.function)
            sweep, seed = (reverse, weights(case)) if transform is Transform.VJP else (forward, direction(case))
            serial = built(case, transform)
            _, expected = sweep(case, interpreted(serial), serial, seed)
            for runner in (interpreted(made), on_device(made, TRACING)):
                results, found = sweep(case, runner, made, seed)
                check_leaves("kernels' value", results, case, rtol)
                check_close("kernels' derivative", found, expected, rtol, atol)


@every_program
def test_machine_code(program: Program) -> None:
    """Machine code equals the interpreter and plain Python; arguments unchanged, second call equal. What is compiled
    is `value_and_grad` where there is one, `vjp` elsewhere, and for a sample both and `jvp`."""
    sampled = zlib.crc32(program.name.encode()) % 6 == 0
    for case in cases(program):
        scalar = is_scalar(case)
        if scalar:
            machine_code(case, Transform.VALUE_AND_GRAD)
        if sampled or not scalar:
            machine_code(case, Transform.VJP)
        if sampled:
            machine_code(case, Transform.JVP)


def machine_code(case: Case, transform: Transform) -> None:
    made = built(case, transform)
    rtol, atol = case.tolerances(*SAME)
    _, expected = derivative(case, made, transform, interpreted(made))
    results, found = twice(case, made, transform, compiled(made))
    check_leaves("machine code's value", results, case, rtol)
    check_close("machine code's derivative", found, expected, rtol, atol)


def derivative(case: Case, made: Built, transform: Transform, runner: Runner) -> tuple[list, np.ndarray]:
    match transform:
        case Transform.VJP:
            return reverse(case, runner, made, weights(case))
        case Transform.JVP:
            return forward(case, runner, made, direction(case))
        case _:
            return bare_gradient(case, runner, made)


@every_program
def test_inputs_unchanged_and_second_call_equal(program: Program) -> None:
    for case in cases(program):
        made = built(case, Transform.VJP)
        for runner in (interpreted(made), uncompiled(made)):
            twice(case, made, Transform.VJP, runner)


def twice(case: Case, made: Built, transform: Transform, runner: Runner) -> tuple[list, np.ndarray]:
    """The value and the gradient, from two calls that must agree, and must leave their arguments as they were."""
    seen: list[tuple[tuple, list[np.ndarray]]] = []

    def watched(*leaves: Any) -> Sequence[Any]:
        seen.append((leaves, [np.array(leaf) for leaf in leaves]))
        return runner(*leaves)

    first = derivative(case, made, transform, watched)
    ((leaves, before),) = seen
    for k, (leaf, old) in enumerate(zip(leaves, before)):
        np.testing.assert_array_equal(leaf, old, err_msg=f"argument leaf {k} was changed")
    second = derivative(case, made, transform, runner)
    np.testing.assert_array_equal(first[1], second[1], err_msg="the second call differs")
    return second


def dot_product(case: Case, path: Callable[[Built], Runner], count: int) -> None:
    """Reverse against forward along `count` pairs of random weights and directions."""
    vjp, jvp = built(case, Transform.VJP), built(case, Transform.JVP)
    for seed in range(count):
        w, v = weights(case, seed), direction(case, seed)
        _, gradient = reverse(case, path(vjp), vjp, w)
        _, tangent = forward(case, path(jvp), jvp, v)
        check_dot_product("reverse against forward", case, gradient, w, v, tangent, *case.tolerances(*IDENTITY))
