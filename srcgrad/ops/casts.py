"""Casts: one operation per dtype, named after it. Casting a float to an integer truncates, as `int` does.

The derivative of a cast to a floating dtype is 1; the driver casts the contribution back to the argument's dtype.
"""

from __future__ import annotations

import numpy as np

from srcgrad.ops.registry import Operands, Result, op


def _cast(name: str) -> None:
    dtype = np.dtype(name)
    floating = dtype.kind == "f"
    source = "{0} != 0" if dtype.kind == "b" else f"np.{name}({{0}})"
    result = Result.BOOL if dtype.kind == "b" else Result.INT if dtype.kind in "iu" else Result.FLOAT
    op(
        name,
        "x",
        *(("1",) if floating else ()),
        evaluate=lambda x: dtype.type(x),
        source=source,
        result=result,
        operands=Operands.ANY,
    )


for _name in (
    "float64", "float32", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool",
):  # fmt: skip
    _cast(_name)
