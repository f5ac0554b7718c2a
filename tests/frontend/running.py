"""Lower a function, verify the IR, run it in the interpreter, and compare with calling the function."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.frontend import Lowered, lower
from srcgrad.infer.signature import describe, flatten, leaves, unflatten
from srcgrad.ir.interp import run
from srcgrad.ir.verify import verify


def bind(function: Callable, arguments: tuple) -> list[Any]:
    bound = inspect.signature(function).bind(*arguments)
    bound.apply_defaults()
    return list(bound.arguments.values())


def lowered(function: Callable, *arguments: Any) -> Lowered:
    """The verified IR for these arguments."""
    result = lower(function, tuple(map(describe, bind(function, arguments))))
    verify(result.function)
    return result


def execute(function: Callable, *arguments: Any) -> Any:
    """What the lowered function computes; the arguments are checked to be left alone."""
    values = bind(function, arguments)
    result = lowered(function, *arguments)
    before = [copy.deepcopy(leaf) for v in values for leaf in flatten(v, describe(v))]
    passed = [leaf for v in values for leaf in flatten(v, describe(v))]
    out = run(result.function, *passed, *(c.read() for c in result.captured_arrays))
    for old, new in zip(before, passed):
        np.testing.assert_array_equal(old, new, err_msg="an argument was changed")
    return unflatten(result.out, iter(out))


def check(function: Callable, *arguments: Any) -> None:
    """The lowered function computes what Python computes, with the same structure and dtypes."""
    got = execute(function, *arguments)
    wanted = function(*copy.deepcopy(arguments))
    assert [leaf.type.dtype for leaf in leaves(describe(got))] == [leaf.type.dtype for leaf in leaves(describe(wanted))]
    a, b = (list(flatten(v, describe(v))) for v in (got, wanted))
    assert len(a) == len(b)
    for x, y in zip(a, b):
        np.testing.assert_allclose(x, y, rtol=1e-12)
