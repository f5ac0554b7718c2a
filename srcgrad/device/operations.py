"""The operations that a thread of a GPU can do, and how they are written.

In: an operation. Out: the template of its text. What is no operator of Python's is a function of
`srcgrad.runtime.device_math` for the type of the operand: `f64.exp`, `f32.exp`, `integer.minimum`. Operations that are
missing here are for the host.
"""

from __future__ import annotations

import numpy as np

from srcgrad.ir.nodes import Const, Let
from srcgrad.ir.types import Scalar

_OPERATORS = frozenset((
    "add", "sub", "mul", "neg", "div", "select", "stop_gradient", "hold", "held", "lt", "le", "gt", "ge", "eq", "ne",
    "and_", "or_",
    "not_", "band", "bor", "bxor", "lshift", "rshift", "invert", "bool", "abs", "floordiv", "mod", "float64",
    "float32", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8",
))  # fmt: skip
_OF_FLOATS = frozenset((
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos",
    "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "hypot", "atan2", "erf", "erfc", "gamma", "lgamma",
    "floor", "ceil", "trunc", "rint", "fmod", "remainder", "pow", "half_pow", "powi", "square", "reciprocal", "fabs",
    "sign", "copysign", "heaviside", "minimum", "maximum", "greater", "lesser", "fmin", "fmax", "isnan", "isinf",
    "isfinite", "signbit", "degrees", "radians", "logaddexp", "sinc", "expit", "log_expit", "logit", "entr",
    "rel_entr", "xlogy", "xlog1py", "mod", "floordiv",
))  # fmt: skip
_OF_INTEGERS = frozenset(["minimum", "maximum", "greater", "lesser", "sign", "square", "ipow"])
_OF_WIDE_INTEGERS = frozenset(["mod", "floordiv"])
_KEEP = frozenset(("add", "sub", "mul", "div", "neg", "abs"))
_NATURAL = (np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_))
_WIDE = frozenset(("select", "stop_gradient", "hold", "held"))


def exists(let: Let) -> bool:
    """Can a thread do it?"""
    name = let.op.name
    if name in _OPERATORS or name in ("plus", "inverse"):
        return True
    return name in (_OF_FLOATS if _dtype(let).kind == "f" else _OF_INTEGERS)


def template(let: Let) -> tuple[str, bool]:
    """The text, and whether it computes in the dtype of the result by itself."""
    assert isinstance(let.result.type, Scalar)
    name, dtype, operand = let.op.name, let.result.type.dtype, _dtype(let)
    if name == "plus":
        return "{0} + {1}", dtype in _NATURAL or dtype.kind == "f"
    if name == "inverse":
        return f"np.{dtype.name}(1) / {{0}}", True
    if name == "powi" and isinstance(let.arguments[1], Const) and let.arguments[1].value == 2:
        return f"{_module(operand)}.square({{0}})", True
    if operand.kind == "f" and name in _OF_FLOATS:
        return _call(let, operand), True
    if name in _OF_INTEGERS or (name in _OF_WIDE_INTEGERS and operand == np.int64):
        return _call(let, operand), dtype in _NATURAL
    is_cast = let.op.source.startswith("np.")
    return let.op.source, dtype in _NATURAL or is_cast or name in _WIDE or (dtype.kind == "f" and name in _KEEP)


def _call(let: Let, operand: np.dtype) -> str:
    places = ", ".join(f"{{{k}}}" for k in range(len(let.arguments)))
    return f"{_module(operand)}.{let.op.name}({places})"


def _module(operand: np.dtype) -> str:
    return {"float64": "f64", "float32": "f32"}.get(operand.name, "integer")


def _dtype(let: Let) -> np.dtype:
    """The dtype of the first operand."""
    type_ = let.arguments[0].type
    assert isinstance(type_, Scalar)
    return type_.dtype
