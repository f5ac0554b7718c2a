"""The generated adjoint of a dozen programs, word for word, and its check against differences.

`--update-golden` rewrites the texts; the difference is to be read, since people read the adjoints."""

from collections.abc import Callable
from pathlib import Path

import pytest

from srcgrad import value_and_grad
from srcgrad.testing import check_grads
from tests.sources.programs import ARGUMENTS

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("function", ARGUMENTS, ids=lambda f: f.__name__)
def test_source(function: Callable, update_golden: bool) -> None:
    floating = tuple(k for k, a in enumerate(ARGUMENTS[function]) if not isinstance(a, int))
    source = value_and_grad(function, argnums=floating).lower(*ARGUMENTS[function]).source
    path = GOLDEN / f"{function.__name__}.py.txt"
    if update_golden:
        path.write_text(source)
    assert source == path.read_text()


@pytest.mark.parametrize("function", ARGUMENTS, ids=lambda f: f.__name__)
def test_gradient(function: Callable) -> None:
    check_grads(function, ARGUMENTS[function])
