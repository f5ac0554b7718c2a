"""The elementary functions: those of Python's `math` module and their NumPy namesakes.

Formulas use the result `r` where that is cheaper or more accurate than starting again from the argument, and are
written so that they do not cancel: 1 - x*x is (1 - x) * (1 + x).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from srcgrad.ops.registry import op

_REAL = (-2.5, 2.5)
_POSITIVE = (0.2, 4.0)
_UNIT = (-0.9, 0.9)
_LN2, _LN10 = math.log(2.0), math.log(10.0)


def _unary(
    name: str, partial: str, function: Callable, *more: Callable, domain: tuple[float, float] = _REAL, cost: int = 20,
    singular: bool = False, vector: bool = True,
) -> None:  # fmt: skip
    """A NumPy ufunc of one argument; `math` has a function of the operation's name for most. `vector` says that
    `srcgrad.runtime.vector_math` has one, too: compiled code calls that."""
    found = (getattr(math, name, None), function, *more)
    source = f"vm.{name}({{0}})" if vector else f"np.{function.__name__}({{0}})"
    op(name, "x", partial, evaluate=function, source=source, domain=(domain,), cost=cost, singular=singular,
       aliases=tuple(f for f in found if f is not None))  # fmt: skip


_unary("exp", "r", np.exp)
_unary("exp2", f"{_LN2!r} * r", np.exp2)
_unary("expm1", "exp(x)", np.expm1)  # r + 1 would cancel where x is very negative
_unary("log", "1 / x", np.log, domain=_POSITIVE, singular=True)
_unary("log2", f"{1 / _LN2!r} / x", np.log2, domain=_POSITIVE, singular=True)
_unary("log10", f"{1 / _LN10!r} / x", np.log10, domain=_POSITIVE, singular=True)
_unary("log1p", "1 / (1 + x)", np.log1p, domain=(-0.8, 4.0), singular=True)
_unary("sqrt", "0.5 / r", np.sqrt, domain=_POSITIVE, cost=10, singular=True, vector=False)
_unary("cbrt", "1 / (3 * r * r)", np.cbrt, domain=_POSITIVE, cost=40, singular=True)

_unary("sin", "cos(x)", np.sin, cost=40)
_unary("cos", "-sin(x)", np.cos, cost=40)
_unary("tan", "1 + r * r", np.tan, domain=(-1.2, 1.2), cost=40)
_unary("asin", "1 / sqrt((1 - x) * (1 + x))", np.arcsin, domain=_UNIT, cost=40, singular=True)
_unary("acos", "-1 / sqrt((1 - x) * (1 + x))", np.arccos, domain=_UNIT, cost=40, singular=True)
_unary("atan", "1 / (1 + x * x)", np.arctan, cost=40)
_unary("sinh", "cosh(x)", np.sinh, cost=40)
_unary("cosh", "sinh(x)", np.cosh, cost=40)
_unary("tanh", "1 - r * r", np.tanh, cost=40)
_unary("asinh", "1 / hypot(x, 1.0)", np.arcsinh, cost=40)
_unary("acosh", "1 / (sqrt(x - 1) * sqrt(x + 1))", np.arccosh, domain=(1.1, 4.0), cost=40, singular=True)
_unary("atanh", "1 / ((1 - x) * (1 + x))", np.arctanh, domain=_UNIT, cost=40, singular=True)
_unary("degrees", repr(180.0 / math.pi), np.degrees, np.rad2deg, cost=1, vector=False)
_unary("radians", repr(math.pi / 180.0), np.radians, np.deg2rad, cost=1, vector=False)

# At the origin, where hypot has no derivative, it is taken as 0.
op("hypot", "x y", "x / r if r != 0 else 0.0", "y / r if r != 0 else 0.0", evaluate=np.hypot,
   source="vm.hypot({0}, {1})", cost=40, aliases=(np.hypot,), domain=(_REAL, _REAL))  # fmt: skip
op("atan2", "y x", "x / (x * x + y * y)", "-y / (x * x + y * y)", evaluate=np.arctan2, source="vm.atan2({0}, {1})",
   cost=40, singular=True, aliases=(math.atan2, np.arctan2), domain=((0.3, 2.5), _REAL))  # fmt: skip

# Where both arguments are the same infinity (x - x is NaN, unequal to all), they share the derivative equally.
_TIE = "0.5 if and_(x == y, x - x != 0) else"
op("logaddexp", "x y", f"{_TIE} exp(x - r)", f"{_TIE} exp(y - r)", evaluate=np.logaddexp,
   source="np.logaddexp({0}, {1})", cost=60, commutative=True, aliases=(np.logaddexp,),
   domain=(_REAL, _REAL))  # fmt: skip
op("logaddexp2", "x y", f"{_TIE} exp2(x - r)", f"{_TIE} exp2(y - r)", evaluate=np.logaddexp2,
   source="np.logaddexp2({0}, {1})", cost=60, commutative=True, aliases=(np.logaddexp2,),
   domain=(_REAL, _REAL))  # fmt: skip


def _sinc_slope() -> str:
    """The derivative of sin(pi x) / (pi x): (cos(pi x) - r) / x, by its Taylor series where that would cancel."""
    series = ""
    for k in range(9, 0, -1):  # the last term is 1e-16 of the first where |x| is 0.5
        coefficient = (-1) ** k * 2 * k * math.pi ** (2 * k) / math.factorial(2 * k + 1)
        series = f"({coefficient!r} + x * x * {series})" if series else f"{coefficient!r}"
    divisor = "(x if abs(x) > 0.5 else 1.0)"  # never 0: the quotient is computed on both sides of the choice
    return f"(cos({math.pi!r} * x) - r) / {divisor} if abs(x) > 0.5 else x * {series}"


op("sinc", "x", _sinc_slope(), evaluate=np.sinc, source="special.sinc({0})", cost=60, aliases=(np.sinc,),
   domain=(_REAL,))  # fmt: skip
