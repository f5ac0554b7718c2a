"""Which dtype two scalars meet in: NumPy's promotion (NEP 50) on `Scalar` types.

In: `Scalar` types, weak ones being Python's own numbers. Out: the `Scalar` of the result. A weak operand adapts to
the NumPy value it meets (`1.5 * float32` is float32), two weak ones follow Python (`bool < int < float < complex`).
"""

from __future__ import annotations

import numpy as np

from srcgrad.ir.types import BOOL, FLOAT64, PY_BOOL, PY_COMPLEX, PY_FLOAT, PY_INT, Array, Layout, Scalar

_RANK = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
_WEAK = {"b": PY_BOOL, "i": PY_INT, "u": PY_INT, "f": PY_FLOAT, "c": PY_COMPLEX}
_EXAMPLE = {"b": False, "i": 0, "u": 0, "f": 0.0, "c": 0j}


def join(a: Scalar, b: Scalar) -> Scalar:
    """The type that holds both: of two branches, of two operands of `+`."""
    if a.weak and b.weak:
        return _WEAK[max(a.dtype.kind, b.dtype.kind, key=_RANK.__getitem__)]
    if a.weak or b.weak:
        weak, strong = (a, b) if a.weak else (b, a)
        return Scalar(np.result_type(strong.dtype, _EXAMPLE[weak.dtype.kind]))
    return Scalar(np.result_type(a.dtype, b.dtype))


def arithmetic(*types: Scalar) -> Scalar:
    """The type of `+ - * // % **`: the join, where truth values count as integers."""
    joined = types[0]
    for other in types[1:]:
        joined = join(joined, other)
    if not joined.is_bool:
        return joined
    return PY_INT if joined.weak else Scalar(np.dtype(np.int64))


def floating(*types: Scalar) -> Scalar:
    """The type of `/` and of mathematical functions: the join, at least a float (or complex)."""
    joined = types[0]
    for other in types[1:]:
        joined = join(joined, other)
    if joined.is_inexact:
        return joined
    return PY_FLOAT if joined.weak else FLOAT64


def python_type(type_: Scalar) -> Scalar:
    """The type of the Python number that `float`, `int` or `bool` makes of one of `type_`."""
    return _WEAK[type_.dtype.kind]


def truth(*types: Scalar) -> Scalar:
    """The type of a comparison of such operands."""
    return PY_BOOL if all(t.weak for t in types) else BOOL


def join_arrays(a: Array, b: Array) -> Array | None:
    """The type of a reference that may be to either array; `None` when they differ in dtype or rank."""
    if a.dtype != b.dtype or a.ndim != b.ndim:
        return None
    return Array(a.dtype, a.ndim, a.layout if a.layout == b.layout else Layout.ANY)
