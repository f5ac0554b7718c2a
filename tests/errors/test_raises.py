"""The user's own `raise` and `assert` work in derivatives as in the function; plain mistakes stay Python's."""

import re

import numpy as np
import pytest

import srcgrad
from tests.errors.raising import bare, guarded, in_a_helper, number_or_nothing, perhaps_unassigned

CALLS = {
    "value": lambda f, *args: srcgrad.value_and_grad(f)(*args),
    "vjp": lambda f, *args: srcgrad.vjp(f, *args),
    "jvp": lambda f, *args: srcgrad.jvp(f, args, (1.0,) * len(args)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("args", "error"),
    [((1.0, -1.0), ValueError), ((6.0, 1.0), AssertionError), ((3.0, 9.0), OverflowError)],
    ids=["guard", "assert", "loop"],
)
def test_raises_what_the_function_raises(call, args, error) -> None:
    with pytest.raises(error) as wanted:
        guarded(*args)
    with pytest.raises(error, match=re.escape(str(wanted.value))) as got:
        call(guarded, *args)
    assert type(got.value) is type(wanted.value)


@pytest.mark.parametrize(("x", "error"), [(-1.0, RuntimeError), (6.0, AssertionError)])
def test_without_a_message(x, error) -> None:
    with pytest.raises(error):
        srcgrad.grad(bare)(x)


def test_the_gradient_where_nothing_is_raised() -> None:
    value, gradient = srcgrad.value_and_grad(bare)(3.0)
    assert (value, gradient) == (9.0, 6.0)


def test_missing_argument_is_a_type_error_as_in_python() -> None:
    with pytest.raises(TypeError):
        srcgrad.grad(guarded)(1.0)


def test_boundscheck_finds_a_subscript_out_of_range() -> None:
    def beyond(a, k):
        return a[k] * 2.0

    with pytest.raises(IndexError):
        srcgrad.grad(beyond, boundscheck=True)(np.ones(3), 7)


def test_a_name_that_was_not_assigned_is_an_error_as_in_python() -> None:
    assert srcgrad.grad(perhaps_unassigned)(11.0) == 22.0
    with pytest.raises(UnboundLocalError, match="'y'"):
        srcgrad.grad(perhaps_unassigned)(1.0)


def test_raised_in_a_helper() -> None:
    assert srcgrad.grad(in_a_helper)(2.0) == 12.0
    with pytest.raises(ArithmeticError, match="negative"):
        srcgrad.grad(in_a_helper)(-2.0)


def test_a_result_that_is_nothing_on_the_path_taken() -> None:
    assert srcgrad.grad(number_or_nothing)(3.0) == 6.0
    with pytest.raises(TypeError):
        srcgrad.grad(number_or_nothing)(-3.0)
