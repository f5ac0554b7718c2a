"""Random `prange` programs: their gradients in blocks and as kernels equal the serial ones, and no threads race.

80 of them by default, `--long` runs 1,000; one in 50 is compiled, too.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest

from srcgrad.backend import with_threads
from srcgrad.backend.device.tracing import Tracing
from srcgrad.config import Options, Target, Transform
from srcgrad.device import rows, turn
from srcgrad.ir.nodes import Kernel, Launch, Store
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from srcgrad.runtime import threads
from tests.harness.case import Case, make_case
from tests.harness.paths import (
    bare_gradient,
    built,
    check_close,
    compiled,
    differences,
    interpreted,
    on_device,
    uncompiled,
)
from tests.random.parallel_programs import Writer
from tests.random.test_random_programs import load

PARTS = 4
DEFAULT, LONG = 80, 1000
COMPILED_ONE_IN = 20
DIFFERENCES_ONE_IN = 10
PARALLEL, CUDA = Options(parallel=True), Options(target=Target.CUDA)
TRACING = Tracing()


@pytest.fixture(autouse=True)
def however_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LEAST_WORK", 0)
    monkeypatch.setattr(threads, "COST_OF_ZEROS", 0)
    monkeypatch.setattr(with_threads, "_LARGE", 0)
    for module, name in ((rows, "LEAST"), (rows, "LEAST_ALONG"), (turn, "LEAST")):
        monkeypatch.setattr(module, name, 2)


def case_of(number: int, directory: Path) -> Case:
    text = Writer(Random(number)).program()
    rng = np.random.default_rng(number)
    n, m = int(rng.integers(1, 9)), int(rng.integers(1, 4))
    arguments = (
        rng.uniform(0.2, 1.2, n), rng.uniform(0.2, 1.2, (n, m)), rng.uniform(0.2, 1.2, m), rng.integers(0, 5, n), 0.7,
    )  # fmt: skip
    return make_case(f"program {number}", load(text, directory).program, arguments)


@pytest.mark.parametrize("part", range(PARTS))
def test_parallel_equals_serial(part: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count = LONG if request.config.getoption("--long") else DEFAULT
    seen: Counter[str] = Counter()
    for number in range(part, count, PARTS):
        case = case_of(number, tmp_path)
        serial = built(case, Transform.VALUE_AND_GRAD)
        values, expected = bare_gradient(case, interpreted(serial), serial)
        made = built(case, Transform.VALUE_AND_GRAD, PARALLEL)
        verify(made.function)
        launches = [s for s in walk(made.function.body) if isinstance(s, Launch)]
        seen["launches"] += len(launches)
        seen["copies"] += sum(bool(s.sums) for s in launches)
        kernels = built(case, Transform.VALUE_AND_GRAD, CUDA)
        verify(kernels.function)
        seen["kernels"] += sum(isinstance(s, Kernel) for s in walk(kernels.function.body))
        helpers = (s for h in kernels.function.helpers for s in walk(h.body))
        seen["atomic"] += sum(isinstance(s, Store) and s.atomic for s in helpers)
        runs = [
            ("blocks, interpreted", made, interpreted(made)), ("blocks", made, uncompiled(made)),
            ("kernels", kernels, on_device(kernels, TRACING)),
        ]  # fmt: skip
        if number % COMPILED_ONE_IN == 0:
            runs.append(("machine code", made, compiled(made)))
        for what, code, runner in runs:
            got, gradient = bare_gradient(case, runner, code)
            check_close(f"program {number}, {what}: value", got, values, 1e-10, 1e-12)
            check_close(f"program {number}, {what}: gradient", gradient, expected, 1e-9, 1e-11)
        if number % DIFFERENCES_ONE_IN == 0:
            against_differences(case, expected)
    programs = count // PARTS
    assert seen["launches"] > programs and seen["kernels"] > programs, seen
    assert seen["copies"] > programs / 4 and seen["atomic"] > programs / 2, seen


def against_differences(case: Case, gradient: np.ndarray) -> None:
    along = np.random.default_rng(0).uniform(0.5, 1.5, gradient.size)
    try:
        slope = differences(case, along)
    except AssertionError:  # at a kink
        return
    check_close("differences", np.sum(gradient * along), slope[0], 1e-5, 1e-6)
