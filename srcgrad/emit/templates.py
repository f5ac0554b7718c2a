"""The source text of operations, and what type it has, compiled and uncompiled.

In: an operation's record and a dtype. Out: the template to print, and whether it computes in that dtype on its own or
must be wrapped in it.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from srcgrad.ir.nodes import Atom, Const
from srcgrad.ops.registry import Op

NATURAL = {np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_), np.dtype(np.complex128)}
_BINARY = re.compile(r"\{0\} (\+|-|\*|/|//|%|\*\*|&|\||\^|<<|>>) \{1\}")


def dtype_text(dtype: np.dtype) -> str:
    return "np.bool_" if dtype == np.bool_ else f"np.{dtype.name}"


def template(op: Op, arguments: tuple[Atom, ...]) -> str:
    """The text of an operation with these operands: `x ** 2`, but `special.powi(x, n)`."""
    last = arguments[-1]
    return op.literal_source if op.literal_source and isinstance(last, Const) and last.value >= 0 else op.source


@cache
def binary_operator(source: str) -> str | None:
    """The operator of a template `{0} op {1}`."""
    found = _BINARY.fullmatch(source)
    return found.group(1) if found else None


@cache
def keeps_dtype(source: str, dtype: np.dtype) -> bool:
    """Whether the text computes in `dtype` on operands of `dtype`, compiled or not."""
    if dtype in NATURAL or source == "{0}" or source.startswith((f"{dtype_text(dtype)}(", "{1} if {0} else {2}")):
        return True
    keeps_floats = source.startswith("vm.") or source == "-{0}" or binary_operator(source) in ("+", "-", "*", "/")
    return dtype.kind == "f" and keeps_floats
