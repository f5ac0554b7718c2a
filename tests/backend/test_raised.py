"""Exceptions of compiled code come out as the user's function raises them: class, text, arguments, attributes."""

import numpy as np
import pytest

import srcgrad
from tests.backend.raising import raising


@pytest.mark.parametrize("n", range(14))
def test_the_exception_is_that_of_the_function(n):
    with pytest.raises(Exception) as expected:
        raising(2.5, n)
    gradient = srcgrad.grad(raising)
    calls = (
        lambda: gradient(2.5, n),
        lambda: gradient(2.5, n, "strict"),
        lambda: srcgrad.vjp(raising, 2.5, n),
        lambda: srcgrad.jvp(raising, (2.5, n), (1.0, None)),
    )
    for call in calls:
        with pytest.raises(Exception) as found:
            call()
        assert type(found.value) is type(expected.value)
        assert found.value.args == expected.value.args
        assert vars(found.value) == vars(expected.value)


def test_what_cannot_be_shown_is_left_out():
    def failing(x):
        if x < 0.0:
            raise ValueError(f"no {np.spacing(1.0)}")
        return x

    with pytest.raises(ValueError, match=r"\{\.\.\.\}"):
        srcgrad.grad(failing)(-1.0)


def test_float32_shows_its_own_digits():
    def failing(x):
        raise_it = x[0] > 0
        if raise_it:
            raise ValueError(f"value {x[0]!s}")
        return x[0]

    with pytest.raises(ValueError, match=r"^value 0\.1$"):
        srcgrad.grad(failing)(np.array([0.1], np.float32))
