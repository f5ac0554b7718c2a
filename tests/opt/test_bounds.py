"""What the bounds of loops decide, and what they do not."""

from __future__ import annotations

import numpy as np
import pytest

from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Atom, Function, Let
from srcgrad.ir.types import INT64
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from srcgrad.opt.bounds import decide
from tests.ir.make import VECTOR, for_, function, sym

CASES = [
    ("minimum", "k", "n", True),
    ("minimum", "n", "k", True),
    ("maximum", "k", 0, True),
    ("maximum", "k", 1, True),
    ("maximum", "k", 2, False),
    ("minimum", "k", "m", False),
    ("lt", "k", "n", True),
    ("ge", "k", "n", True),
    ("le", "n", "k", True),
    ("gt", "k", 0, True),
    ("gt", "k", 1, False),
    ("ne", "k", "n", True),
    ("eq", "k", 0, True),
    ("eq", "k", 2, False),
    ("lt", "k", "m", False),
]


def loop(name: str, a: object, b: object) -> Function:
    """The sum over k in range(1, n) of `op(a, b)`; m is a number of the caller's."""
    build = Builder()
    x, m = sym("x", VECTOR), sym("m", INT64)
    n = build.dim(x, 0)

    def body(k: Atom, total: Atom) -> tuple[Atom]:
        known = {"k": k, "n": n, "m": m}
        operands = [known[v] if isinstance(v, str) else int_const(v) for v in (a, b)]  # type: ignore[arg-type]
        return (build.op("add", total, build.cast(build.op(name, *operands), INT64)),)

    (total,) = for_(build, int_const(1), n, int_const(1), (int_const(0),), body)
    return function(build, (x, m), total)


@pytest.mark.parametrize(("name", "a", "b", "decided"), CASES)
def test_in_a_loop(name: str, a: object, b: object, decided: bool) -> None:
    before = loop(name, a, b)
    after = decide(before)
    verify(after)
    left = any(isinstance(s, Let) and s.op.name == name for s in walk(after.body))
    assert left is not decided
    for length in (0, 1, 2, 5):
        for m in (-3, 0, 2, 9):
            assert run(before, np.zeros(length), m) == run(after, np.zeros(length), m)


def test_an_argument_may_be_anything() -> None:
    b = Builder()
    n, m = sym("n", INT64), sym("m", INT64)
    before = function(b, (n, m), b.op("maximum", n, int_const(0)), b.op("minimum", n, m))
    assert decide(before) is before
