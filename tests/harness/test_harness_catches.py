"""The harness, shown wrong derivatives, must catch them: wrong rules, adjoints with a statement missing or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from srcgrad.config import Transform
from srcgrad.differences import numerical_jvp
from srcgrad.ir.nodes import Block, For, Function, If, Let, Statement, Store, While
from srcgrad.ops.formula import parse
from srcgrad.ops.registry import by_name
from srcgrad.pipeline import Built
from srcgrad.testing import check_grads
from tests.harness import paths
from tests.harness.case import Case, make_case
from tests.harness.paths import (
    built,
    check_close,
    check_dot_product,
    differences,
    direction,
    forward,
    interpreted,
    reverse,
    weights,
)
from tests.programs import arrays_inplace, linear_algebra, math_functions, pingpong, scalars

POINT = np.array([0.7, 1.1, 0.9, 1.3, 0.6, 0.8])


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_BUILT", {})


def check_reverse(case: Case, made: Built) -> None:
    """What `test_paths` asks of reverse mode."""
    w = weights(case)
    for seed in range(3):
        v = direction(case, seed)
        _, gradient = reverse(case, interpreted(made), made, w)
        check_dot_product("reverse", case, gradient, w, v, differences(case, v), 1e-6, 1e-6)


def check_forward(case: Case, made: Built) -> None:
    v = direction(case)
    check_close("forward", forward(case, interpreted(made), made, v)[1], differences(case, v), 1e-6, 1e-6)


WRONG_RULES = [
    ("sin", ("-cos(x)",), scalars.reassigned_many_times, (0.9,)),
    ("sin", ("1.01 * cos(x)",), scalars.reassigned_many_times, (0.9,)),
    ("mul", ("y", "y"), scalars.product_rule, (0.9, 1.4)),
    ("div", ("1 / y", "r / y"), scalars.product_rule, (0.9, 1.4)),
    ("exp", (None,), math_functions.exponentials, (0.4,)),
]


@pytest.mark.parametrize(("name", "partials", "program", "args"), WRONG_RULES, ids=lambda v: str(v)[:30])
def test_wrong_rule(name, partials, program, args) -> None:
    op = by_name(name)
    right = op.partials
    names = (*op.arguments, "r")
    wrong = tuple(
        None if p is None else parse(p.replace("x", names[0]).replace("y", names[-2]), names) for p in partials
    )
    case = make_case("wrong rule", program, args)
    check_reverse(case, built(case, Transform.VJP))
    check_forward(case, built(case, Transform.JVP))
    paths._BUILT.clear()
    object.__setattr__(op, "partials", wrong)
    try:
        with pytest.raises(AssertionError):
            check_reverse(case, built(case, Transform.VJP))
        with pytest.raises(AssertionError):
            check_forward(case, built(case, Transform.JVP))
    finally:
        object.__setattr__(op, "partials", right)


# -- adjoints with a statement missing or changed -----------------------------------------------------------------


def statements(block: Block) -> Iterator[Statement]:
    for statement in block.statements:
        yield statement
        for inner in _blocks(statement):
            yield from statements(inner)


def _blocks(statement: Statement) -> tuple[Block, ...]:
    match statement:
        case If(then=then, orelse=orelse):
            return (then, orelse)
        case For(body=body):
            return (body,)
        case While(condition=condition, body=body):
            return (condition, body)
    return ()


def with_statement(function: Function, old: Statement, new: tuple[Statement, ...]) -> Function:
    """The function with one statement replaced."""

    def change(block: Block) -> Block:
        made: list[Statement] = []
        for statement in block.statements:
            made.extend(new if statement is old else (_with_blocks(statement, change),))
        return replace(block, statements=tuple(made))

    return replace(function, body=change(function.body))


def _with_blocks(statement: Statement, change) -> Statement:
    match statement:
        case If():
            return replace(statement, then=change(statement.then), orelse=change(statement.orelse))
        case For():
            return replace(statement, body=change(statement.body))
        case While():
            return replace(statement, condition=change(statement.condition), body=change(statement.body))
    return statement


PROGRAMS = [
    (arrays_inplace.recurrence_forwards, (POINT,)),
    (arrays_inplace.wrap_around_at_zero, (POINT,)),
    (arrays_inplace.overwritten_in_outer_needed_in_inner, (POINT,)),
    (pingpong.nonlinear_by_swapping, (POINT, 3)),
    (linear_algebra.cholesky_in_place, (np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.7], [0.5, 0.7, 5.0]]),)),
]
ids = pytest.mark.parametrize(("program", "args"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))


def caught(case: Case, made: Built, function: Function) -> bool:
    try:
        code = replace(made.code, load=lambda: (made.primal, function))
        check_reverse(case, replace(made, code=code))
    except (AssertionError, IndexError):  # IndexError: the interpreter follows an index that was not restored
        return True
    return False


@ids
def test_a_missing_store_is_caught(program, args) -> None:
    """Most stores of an adjoint cannot be left out. (Some can: clearing a cotangent that nobody reads again.)"""
    case = make_case("missing store", program, args)
    made = built(case, Transform.VJP)
    check_reverse(case, made)
    stores = [s for s in statements(made.function.body) if isinstance(s, Store)]
    found = [caught(case, made, with_statement(made.function, s, ())) for s in stores]
    assert len(found) >= 2
    assert sum(found) >= 0.6 * len(found), f"{found.count(False)} of {len(found)} missing stores went unnoticed"


@ids
def test_a_doubled_accumulation_is_caught(program, args) -> None:
    case = make_case("doubled", program, args)
    made = built(case, Transform.VJP)
    stores = [s for s in statements(made.function.body) if isinstance(s, Store) and s.accumulate]
    assert stores
    for store in stores:
        assert caught(case, made, with_statement(made.function, store, (store, store))), f"doubled {store} unnoticed"


def test_a_flipped_sign_is_caught() -> None:
    case = make_case("flipped", pingpong.nonlinear_by_copying, (POINT, 3))
    made = built(case, Transform.VJP)
    subtractions = [s for s in statements(made.function.body) if isinstance(s, Let) and s.op is by_name("sub")]
    assert subtractions
    for s in subtractions:
        if s.result.type.is_float:
            assert caught(case, made, with_statement(made.function, s, (replace(s, op=by_name("add")),)))


# -- the public check and the differences themselves --------------------------------------------------------------


def test_check_grads_passes_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    check_grads(pingpong.nonlinear_by_copying, (POINT, 3))
    check_grads(scalars.product_rule, (0.7, 1.3), modes=("rev",))
    right = numerical_jvp

    def wrong(*args, **options):
        vector, error = right(*args, **options)
        return 1.0001 * vector, error

    monkeypatch.setattr("srcgrad.testing.numerical_jvp", wrong)
    for modes in (("fwd",), ("rev",)):
        with pytest.raises(AssertionError, match=r"product_rule.*against differences, along .* against .*tolerance"):
            check_grads(scalars.product_rule, (0.7, 1.3), modes=modes)
    check_grads(scalars.product_rule, (0.7, 1.3), rtol=1e-2)


def step(x):
    return 1.0 if x > 0.0 else x


def test_check_grads_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="order"):
        check_grads(scalars.product_rule, (0.7, 1.3), order=2)
    with pytest.raises(ValueError, match="modes"):
        check_grads(scalars.product_rule, (0.7, 1.3), modes=("sideways",))
    with pytest.raises(ValueError, match="floating"):
        check_grads(scalars.product_rule, (1, 2))
    with pytest.raises(AssertionError, match="do not settle"):
        check_grads(step, (0.0,), modes=("fwd",))


def test_differences_are_accurate() -> None:
    for name in ("sin", "exp", "tanh"):
        function = getattr(np, name)
        found, error = numerical_jvp(function, (0.3,), (1.0,))
        exact = {"sin": np.cos(0.3), "exp": np.exp(0.3), "tanh": 1.0 - np.tanh(0.3) ** 2}[name]
        assert abs(found[0] - exact) < 1e-10
        assert error < 1e-8


def test_differences_show_a_jump_and_a_kink() -> None:
    assert numerical_jvp(lambda x: float(x > 0.0), (0.0,), (1.0,))[1] > 1e-3
    assert numerical_jvp(np.cbrt, (0.0,), (1.0,))[1] > 1e-3
