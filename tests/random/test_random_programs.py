"""Random programs through the compiler: values, reverse against forward, both against differences.

At least 320 of them by default; `--long` runs thousands.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, note, seed, settings
from hypothesis import strategies as st

from srcgrad.config import Transform
from srcgrad.differences import like_each, numerical_jvp
from srcgrad.errors import Unsupported
from srcgrad.frontend import lower
from srcgrad.ir.interp import run
from srcgrad.ir.verify import verify
from srcgrad.pipeline import Built
from tests.harness.case import Case, make_case
from tests.harness.paths import (
    arguments,
    bare_gradient,
    built,
    check_close,
    check_dot_product,
    check_leaves,
    compiled,
    direction,
    forward,
    interpreted,
    is_scalar,
    reverse,
    uncompiled,
    weights,
)
from tests.random.generate import Writer

COMPILED_ONE_IN = 25
PARTS = 4
DEFAULT = 320
LONG = 10_000
seen: Counter[str] = Counter()


@st.composite
def sources(draw: st.DrawFn) -> str:
    def pick(options):
        options = tuple(options)
        return options[draw(st.integers(0, len(options) - 1))]

    return Writer(pick, draw(st.integers(1, 24))).program()


def load(text: str, directory: Path) -> ModuleType:
    """The module, from a file, so that its source can be read."""
    name = "random_" + hashlib.sha256(text.encode()).hexdigest()[:16]
    path = directory / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def random_case(text: str, point: int, directory: Path) -> Case:
    rng = np.random.default_rng(point)
    m = rng.uniform(-1, 1, (3, 4))
    args = (
        *rng.uniform(-1, 1, 2).tolist(),
        rng.uniform(-1, 1, 5),
        rng.uniform(-1, 1, 5),
        m if point % 3 else np.asfortranarray(m),
        rng.integers(0, 9, 4),
        int(rng.integers(0, 5)),
    )
    return make_case("random program", load(text, directory).program, args)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random_programs")


@pytest.mark.parametrize("part", range(PARTS))
def test_random_programs(part: int, directory: Path, request: pytest.FixtureRequest) -> None:
    """In parts, so that several workers share the work."""
    seen.clear()
    examples = (LONG if request.config.getoption("--long") else DEFAULT) // PARTS

    @seed(part)
    @settings(max_examples=examples)
    @given(sources(), st.integers(0, 1000))
    def property_holds(text: str, point: int) -> None:
        note(text)
        check_program(random_case(text, point, directory))

    property_holds()
    assert seen["checked"] >= 0.9 * examples, f"too few programs were checked: {dict(seen)}"
    assert seen["smooth"] >= 0.8 * seen["checked"], f"too few points were smooth: {dict(seen)}"


def check_program(case: Case) -> None:
    """All checks of one program at one point. A refusal is no failure, but is counted."""
    try:
        vjp, jvp = built(case, Transform.VJP), built(case, Transform.JVP)
    except Unsupported:
        seen["refused"] += 1
        return
    seen["checked"] += 1
    lowered = lower(case.recipe, case.all_specs)
    for function in (lowered.function, vjp.primal, vjp.function, jvp.function):
        verify(function)
    check_leaves("lowered", run(lowered.function, *case.leaves()), case, 1e-9)
    check_leaves("optimised", run(vjp.primal, *arguments(case, vjp)), case, 1e-9)
    w, v = weights(case), direction(case)
    _, slopes = reverse(case, interpreted(vjp), vjp, w)
    _, derivative = forward(case, interpreted(jvp), jvp, v)
    check_dot_product("reverse against forward", case, slopes, w, v, derivative, 1e-9, 1e-9)
    against_differences(case, v, derivative)
    with_a_known_cotangent(case, vjp)
    against_the_text(case, w, slopes)


def against_differences(case: Case, v: np.ndarray, derivative: np.ndarray) -> None:
    """Forward mode against differences, where these settle: a branch may be decided too close by."""
    with np.errstate(all="ignore"):
        expected, error = numerical_jvp(case.call, case.values, like_each(case.values, v), written=case.written)
    if error <= 1e-7 * (1.0 + np.abs(expected).max(initial=0.0)):
        seen["smooth"] += 1
        check_close("forward against differences", derivative, expected, 1e-5, 1e-5)


def with_a_known_cotangent(case: Case, vjp: Built) -> None:
    """`value_and_grad`, where the program returns one number."""
    if is_scalar(case):
        made = built(case, Transform.VALUE_AND_GRAD)
        verify(made.function)
        _, expected = reverse(case, interpreted(vjp), vjp, np.ones(1))
        for runner in (interpreted(made), uncompiled(made)):
            check_close("value_and_grad against vjp", bare_gradient(case, runner, made)[1], expected, 1e-9, 1e-9)


def against_the_text(case: Case, w: np.ndarray, expected: np.ndarray) -> None:
    """The generated Python, as it is and (for a sample) as machine code."""
    vjp = built(case, Transform.VJP)
    runners = [uncompiled(vjp)]
    if int(hashlib.sha256(vjp.source.encode()).hexdigest(), 16) % COMPILED_ONE_IN == 0:
        runners.append(compiled(vjp))
        seen["compiled"] += 1
    for runner in runners:
        results, other = reverse(case, runner, vjp, w)
        check_leaves("generated Python", results, case, 1e-9)
        check_close("generated Python's gradient", other, expected, 1e-9, 1e-9)
