"""The functions of Python's `math` module and their NumPy and SciPy namesakes, with their derivatives.

One line per function. Formulas use the result `r` where that is cheaper or more accurate than starting again from the
argument. Sources: Abramowitz and Stegun, Handbook of Mathematical Functions, chapters 4 (elementary functions), 6
(gamma and polygamma) and 7 (error function).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import special as scipy_special

from srcgrad.ops.registry import Op, Operands, op

_POSITIVE = ((0.2, 4.0),)
_UNIT = ((-0.9, 0.9),)
_REAL = ((-2.5, 2.5),)


def _unary(
    name: str, partial: str, evaluate: Callable, source: str, *, domain: tuple = _REAL, cost: int = 20,
    aliases: tuple[Callable, ...] = (), **more,
) -> Op:  # fmt: skip
    named = getattr(math, name, None)
    found = tuple(dict.fromkeys(f for f in (named, evaluate, *aliases) if f is not None))
    return op(name, "x", partial, evaluate=evaluate, source=source, domain=domain, cost=cost, aliases=found, **more)


_unary("exp", "r", np.exp, "np.exp({0})")
_unary("exp2", f"r * {math.log(2.0)!r}", np.exp2, "np.exp2({0})")
_unary("expm1", "r + 1", np.expm1, "np.expm1({0})")
_unary("log", "1 / x", np.log, "np.log({0})", domain=_POSITIVE, singular=True)
_unary("log2", f"1 / (x * {math.log(2.0)!r})", np.log2, "np.log2({0})", domain=_POSITIVE, singular=True)
_unary("log10", f"1 / (x * {math.log(10.0)!r})", np.log10, "np.log10({0})", domain=_POSITIVE, singular=True)
_unary("log1p", "1 / (1 + x)", np.log1p, "np.log1p({0})", domain=((-0.8, 4.0),), singular=True)
_unary("sqrt", "0.5 / r", np.sqrt, "np.sqrt({0})", domain=_POSITIVE, singular=True, cost=10)
_unary("cbrt", "1 / (3 * r * r)", np.cbrt, "np.cbrt({0})", domain=_POSITIVE, singular=True)
_unary("sin", "cos(x)", np.sin, "np.sin({0})")
_unary("cos", "-sin(x)", np.cos, "np.cos({0})")
_unary("tan", "1 + r * r", np.tan, "np.tan({0})", domain=((-1.2, 1.2),))
_unary("asin", "1 / sqrt((1 - x) * (1 + x))", np.arcsin, "np.arcsin({0})", domain=_UNIT, singular=True)
_unary("acos", "-1 / sqrt((1 - x) * (1 + x))", np.arccos, "np.arccos({0})", domain=_UNIT, singular=True)
_unary("atan", "1 / (1 + x * x)", np.arctan, "np.arctan({0})")
_unary("sinh", "cosh(x)", np.sinh, "np.sinh({0})")
_unary("cosh", "sinh(x)", np.cosh, "np.cosh({0})")
_unary("tanh", "1 - r * r", np.tanh, "np.tanh({0})")
_unary("asinh", "1 / hypot(1.0, x)", np.arcsinh, "np.arcsinh({0})")
_unary("acosh", "1 / (sqrt(x - 1) * sqrt(x + 1))", np.arccosh, "np.arccosh({0})", domain=((1.1, 4.0),), singular=True)
_unary("atanh", "1 / ((1 - x) * (1 + x))", np.arctanh, "np.arctanh({0})", domain=_UNIT, singular=True)
_unary("degrees", repr(180.0 / math.pi), np.degrees, "np.degrees({0})", aliases=(np.rad2deg,), cost=1)
_unary("radians", repr(math.pi / 180.0), np.radians, "np.radians({0})", aliases=(np.deg2rad,), cost=1)
_unary("square", "2 * x", np.square, "{0} * {0}", cost=1)
_unary("reciprocal", "-r * r", np.reciprocal, "1.0 / {0}", domain=_POSITIVE, cost=4, singular=True)

_unary("erf", f"{2 / math.sqrt(math.pi)!r} * exp(-x * x)", scipy_special.erf, "special.erf({0})")
_unary("erfc", f"{-2 / math.sqrt(math.pi)!r} * exp(-x * x)", scipy_special.erfc, "special.erfc({0})")
_unary("gamma", "r * digamma(x)", scipy_special.gamma, "special.gamma({0})", domain=((0.6, 4.0),), cost=40)
_unary("lgamma", "digamma(x)", scipy_special.gammaln, "special.lgamma({0})", domain=((0.6, 6.0),), cost=40)
_unary("digamma", "polygamma(x, 1)", scipy_special.digamma, "special.digamma({0})", domain=((0.6, 6.0),), cost=60)
op("polygamma", "x n", "polygamma(x, n + 1)", None, evaluate=lambda x, n: scipy_special.polygamma(n, x)[()],
   source="special.polygamma({0}, {1})", operands=Operands.FLOAT_INT, domain=((0.6, 6.0), (1, 3)), cost=80)  # fmt: skip
_unary("expit", "r * (1 - r)", scipy_special.expit, "special.expit({0})", cost=25)

# At the origin the derivatives of hypot do not exist; they are taken as 0.
op("hypot", "x y", "0.0 if r == 0 else x / r", "0.0 if r == 0 else y / r", evaluate=np.hypot,
   source="np.hypot({0}, {1})", cost=15, aliases=(np.hypot,), domain=(*_REAL, *_REAL))  # fmt: skip
op("atan2", "y x", "x / (x * x + y * y)", "-y / (x * x + y * y)", evaluate=np.arctan2, source="np.arctan2({0}, {1})",
   cost=40, singular=True, aliases=(math.atan2, np.arctan2), domain=((0.3, 2.5), (-2.5, 2.5)))  # fmt: skip
op("copysign", "x y", "sign(x) * copysign(1.0, y)", None, evaluate=np.copysign, source="np.copysign({0}, {1})",
   aliases=(math.copysign, np.copysign), domain=((0.3, 2.5), (0.3, 2.5)))  # fmt: skip
op("fmod", "x y", "1", "-trunc(x / y)", evaluate=np.fmod, source="np.fmod({0}, {1})", cost=20,
   aliases=(math.fmod, np.fmod), domain=((1.1, 1.9), (0.6, 1.0)))  # fmt: skip


def _remainder(x: float, y: float) -> float:
    """IEEE 754 remainder, NaN where it is undefined."""
    return math.remainder(x, y) if np.isfinite(x) and y != 0 and not np.isnan(y) else math.nan


op("remainder", "x y", "1", "-rint(x / y)", evaluate=_remainder, source="special.remainder({0}, {1})", cost=30,
   aliases=(math.remainder,), domain=((1.2, 1.4), (0.9, 1.0)))  # fmt: skip
op("logaddexp", "x y", "exp(x - r)", "exp(y - r)", evaluate=np.logaddexp, source="special.logaddexp({0}, {1})",
   cost=45, aliases=(np.logaddexp,), domain=(*_REAL, *_REAL))  # fmt: skip
