"""Whose numbers a library function gives: Python's, which adapt to the NumPy values they meet, or NumPy's own.

In: the Python callable that is called, and evaluated values. Out: the same numbers as Python's (weak, floats in double
precision) or as NumPy's (strong). `math.sin(x)` is a Python float whatever `x` is; `np.sin(2.0)` is a `np.float64`.
"""

from __future__ import annotations

import enum
import math
from typing import Any

import numpy as np

from srcgrad.frontend.context import Arguments, Context
from srcgrad.frontend.scalars import strong, weak
from srcgrad.frontend.values import Num, Value
from srcgrad.infer.promote import python_type
from srcgrad.ir.types import Scalar


class Numbers(enum.Enum):
    """What the numbers in the result of a function are. `GIVEN` follows the arguments, as Python's operators do."""

    PYTHON = "Python's"
    NUMPY = "NumPy's"
    GIVEN = "as given"

    def taken(self, type_: Scalar) -> Scalar:
        """The type an argument counts as."""
        return python_type(type_) if self is Numbers.PYTHON else type_

    def given(self, type_: Scalar) -> Scalar:
        """The type a result has that would be of `type_` by promotion alone."""
        return type_.strong() if self is Numbers.NUMPY else type_


_GIVEN = frozenset({math.prod, np.shape, np.size, np.ndim, np.isscalar, np.allclose, np.array_equal})


def numbers_of(target: Any) -> Numbers:
    """Whose numbers `target` gives."""
    module = str(getattr(target, "__module__", ""))
    if isinstance(target, np.ufunc):
        return Numbers.NUMPY
    if (module != "math" and module.partition(".")[0] != "numpy") or target in _GIVEN:
        return Numbers.GIVEN
    return Numbers.PYTHON if module == "math" else Numbers.NUMPY


def taken(ctx: Context, numbers: Numbers, arguments: Arguments) -> Arguments:
    """The arguments as the function sees them."""
    if numbers is not Numbers.PYTHON:
        return arguments
    keywords = {name: _python(ctx, value) for name, value in arguments.keywords.items()}
    return Arguments(tuple(_python(ctx, value) for value in arguments.positional), keywords)


def given(ctx: Context, numbers: Numbers, value: Value) -> Value:
    """The result as the caller sees it."""
    if numbers is Numbers.NUMPY and isinstance(value, Num) and value.type.weak and not value.type.is_bool:
        return Num(strong(ctx, value.atom, value.type.strong()))
    return value


def _python(ctx: Context, value: Value) -> Value:
    return Num(weak(ctx, value.atom)) if isinstance(value, Num) else value
