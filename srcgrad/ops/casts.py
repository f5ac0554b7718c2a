"""Casts: one operation per dtype, named after it. A float becomes an integer by truncation, as with `int`.

The derivative of a cast to a floating dtype is 1 (the driver casts the contribution back to the dtype of the
argument); of a cast to integers or truth values, zero.

The text is never `float(x)` or `int(x)`: compiled, those keep a float32 or a uint8 as it is.
"""

from __future__ import annotations

import numpy as np

from srcgrad.ops.registry import Operands, Result, op

FLOATS = ("float64", "float32")
INTEGERS = ("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8")


def _cast(name: str, source: str, *partials: str) -> None:
    op(
        name, "x", *partials, evaluate=lambda x: np.asarray(x).astype(name)[()], source=source, result=Result.NAMED,
        operands=Operands.ANY, domain=((-3.0, 3.0),),
    )  # fmt: skip


for _name in FLOATS:
    _cast(_name, f"np.{_name}({{0}})", "1")
for _name in INTEGERS:
    _cast(_name, f"np.{_name}({{0}})")
_cast("bool", "{0} != 0")
