"""Python's operators on scalars, comparisons and logic, minima and maxima, rounding.

Integers follow Python (floor division, sign of the remainder), floats follow NumPy (division by zero is inf or NaN).
At a kink the rule says which derivative is taken; where two limits differ without a convention it gives NaN.

`math.floor`, `math.ceil`, `math.trunc` and `round` return integers in Python, `np.power` and `np.fmod` of integers
are integers, `np.float_power` is never float32: such functions are no aliases here, the frontend spells them out.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.ops.registry import Op, Operands, Result, op

_REAL = (-2.5, 2.5)
_QUOTIENT = ((2.3, 2.6), (0.9, 1.1))  # x / y stays between 2.09 and 2.89: one piece of floor and of trunc


def _same(name: str, arguments: str, *partials: str | None, **more: Any) -> Op:
    """An operation whose result has the dtype of its arguments, integer or floating."""
    domain = more.pop("domain", (_REAL,) * len(arguments.split()))
    return op(name, arguments, *partials, result=Result.SAME, operands=Operands.SAME, domain=domain, **more)


# A sum that may be added up in any order.
op("plus", "x y", "1", "1", evaluate=np.add, source="vm.add({0}, {1})", commutative=True, domain=(_REAL, _REAL))
_same("add", "x y", "1", "1", evaluate=np.add, source="{0} + {1}", commutative=True,
      aliases=(operator.add, np.add))  # fmt: skip
_same("sub", "x y", "1", "-1", evaluate=np.subtract, source="{0} - {1}", aliases=(operator.sub, np.subtract))
_same("mul", "x y", "y", "x", evaluate=np.multiply, source="{0} * {1}", commutative=True,
      aliases=(operator.mul, np.multiply))  # fmt: skip
_same("neg", "x", "-1", evaluate=np.negative, source="-{0}", aliases=(operator.neg, np.negative))
op("div", "x y", "1 / y", "-r / y", evaluate=np.true_divide, source="{0} / {1}", cost=4, singular=True,
   aliases=(operator.truediv, np.divide), domain=(_REAL, (0.5, 2.5)))  # fmt: skip
op("inverse", "x", "-r * r", evaluate=lambda x: type(x)(1) / x, source="1.0 / {0}", cost=4, singular=True,
   domain=((0.5, 2.5),))  # fmt: skip  (what 1 / x becomes: its derivative needs no second division)
_same("floordiv", "x y", evaluate=np.floor_divide, source="{0} // {1}", cost=40,
      aliases=(operator.floordiv, np.floor_divide), domain=_QUOTIENT)  # fmt: skip
_same("mod", "x y", "1", "-floordiv(x, y)", evaluate=np.mod, source="{0} % {1}", cost=20, singular=True,
      aliases=(operator.mod, np.mod), domain=_QUOTIENT)  # fmt: skip

# -- remainders that exist for floats only --------------------------------------------------------------------------
# (x - r) / y is an integer up to rounding, so that rint gives it exactly where trunc(x / y) may be one off.


def _ieee_remainder(x: float, y: float) -> float:
    defined = math.isfinite(x) and y != 0 and not math.isnan(y)
    return math.remainder(x, y) if defined else math.nan


op("fmod", "x y", "1", "-rint((x - r) / y)", evaluate=np.fmod, source="np.fmod({0}, {1})", cost=20, singular=True,
   aliases=(math.fmod,), domain=_QUOTIENT)  # fmt: skip
op("remainder", "x y", "1", "-rint((x - r) / y)", evaluate=_ieee_remainder, source="special.remainder({0}, {1})",
   cost=40, singular=True, aliases=(math.remainder,), domain=((2.1, 2.3), (0.95, 1.0)))  # fmt: skip

def _half_pow(x: float, y: float) -> float:
    return np.power(x, y) if abs(y) in (0.5, 1.5, 2.5) else type(x)(math.nan)


# -- powers ---------------------------------------------------------------------------------------------------------
# x**y is 1 at (0, 0) and 0 at (0, y > 0). Its derivatives at x = 0 are taken as the limits from the right for y > 0,
# and as 0 at (0, 0), where no limit exists. To the left of 0 the derivative for y is NaN: x**y is complex nearby.
op("pow", "x y", "0.0 if and_(x == 0, y == 0) else y * pow(x, y - 1)", "0.0 if x == 0 else r * log(x)",
   evaluate=np.power, source="vm.pow({0}, {1})", cost=40, singular=True, aliases=(math.pow,),
   domain=((0.3, 2.5), _REAL), finite_from=1.0)  # fmt: skip

# What x**y becomes, before code is emitted, for y = 0.5, 1.5, 2.5 and their negatives.
op("half_pow", "x y", "y * pow(x, y - 1)", None, evaluate=_half_pow, source="vm.half_pow({0}, {1})", cost=10,
   singular=True, domain=((0.3, 2.5), (0.5, 0.5)), finite_from=1.0)  # fmt: skip

# The inner selection keeps 0 * inf out of the derivative of x**0 at 0.
op("powi", "x n", "float(n) * powi(x, n - 1 if n != 0 else 0)", None, evaluate=lambda x, n: np.power(x, float(n)),
   source="special.powi({0}, {1})", literal_source="{0} ** {1}", operands=Operands.FLOAT_INT, cost=4, singular=True,
   domain=((-2.5, 2.5), (-4, 5)), kinks=(0.0,), finite_from=0.0)  # fmt: skip

# Negative exponents are for the frontend to refuse or to compute in floats.
op("ipow", "x n", evaluate=np.power, source="{0} ** {1}", result=Result.SAME, operands=Operands.INT, cost=10,
   domain=((-6, 7), (0, 6)))  # fmt: skip
op("ldexp", "x n", "ldexp(1.0, n)", None, evaluate=np.ldexp, source="np.ldexp({0}, {1})",
   operands=Operands.FLOAT_INT, cost=10, aliases=(math.ldexp, np.ldexp), domain=(_REAL, (-4, 5)))  # fmt: skip
_same("square", "x", "2 * x", evaluate=np.square, source="np.square({0})", aliases=(np.square,))
_same("reciprocal", "x", "-r * r", evaluate=np.reciprocal, source="np.reciprocal({0})", cost=4, singular=True,
      aliases=(np.reciprocal,), domain=((0.3, 2.5),))  # fmt: skip

# -- pieces ---------------------------------------------------------------------------------------------------------
# The derivative of |x| at 0 is 0. A tie of minimum or maximum shares the cotangent equally.
_same("abs", "x", "sign(x)", evaluate=np.abs, source="abs({0})", kinks=(0.0,),
      aliases=(abs, operator.abs, np.abs))  # fmt: skip
op("fabs", "x", "sign(x)", evaluate=np.fabs, source="np.fabs({0})", kinks=(0.0,), aliases=(math.fabs, np.fabs),
   domain=(_REAL,))  # fmt: skip
_same("sign", "x", evaluate=np.sign, source="np.sign({0})", kinks=(0.0,), aliases=(np.sign,))
op("copysign", "x y", "sign(x) * copysign(1.0, y)", None, evaluate=np.copysign, source="np.copysign({0}, {1})",
   kinks=(0.0,), aliases=(math.copysign, np.copysign), domain=(_REAL, _REAL))  # fmt: skip
op("heaviside", "x y", None, "1.0 if x == 0 else 0.0", evaluate=np.heaviside, source="special.heaviside({0}, {1})",
   kinks=(0.0,), aliases=(np.heaviside,), domain=(_REAL, _REAL))  # fmt: skip
_same("stop_gradient", "x", evaluate=lambda x: x, source="{0}")
# Held constant in a formula for a derivative; in the derivative itself (`held`) it is none, but its own derivative was
# not written down, and is refused.
_same("hold", "x", evaluate=lambda x: x, source="{0}")
_same("held", "x", "1", evaluate=lambda x: x, source="{0}")
# The value of x with the derivative of y: how a formula for a derivative is written down. Gone before code is emitted.
_same("with_tangent", "x y", None, "1", evaluate=lambda x, y: x, source="({0}, {1})[0]")
op("select", "c x y", None, "1.0 if c else 0.0", "0.0 if c else 1.0", evaluate=lambda c, x, y: x if c else y,
   source="{1} if {0} else {2}", result=Result.SAME, operands=Operands.BOOL_SAME_SAME,
   domain=((0, 1), _REAL, _REAL))  # fmt: skip
_same("minimum", "x y", "1.0 if x < y else 0.5 if x == y else 0.0", "1.0 if y < x else 0.5 if x == y else 0.0",
      evaluate=np.minimum, source="np.minimum({0}, {1})", commutative=True, aliases=(np.minimum,))  # fmt: skip
_same("maximum", "x y", "1.0 if x > y else 0.5 if x == y else 0.0", "1.0 if y > x else 0.5 if x == y else 0.0",
      evaluate=np.maximum, source="np.maximum({0}, {1})", commutative=True, aliases=(np.maximum,))  # fmt: skip
# What reductions look for the greatest and the least with: any order will do.
op("greater", "x y", "1.0 if x > y else 0.5 if x == y else 0.0", "1.0 if y > x else 0.5 if x == y else 0.0",
   evaluate=np.maximum, source="vm.greater({0}, {1})", commutative=True, domain=(_REAL, _REAL))  # fmt: skip
op("lesser", "x y", "1.0 if x < y else 0.5 if x == y else 0.0", "1.0 if y < x else 0.5 if x == y else 0.0",
   evaluate=np.minimum, source="vm.lesser({0}, {1})", commutative=True, domain=(_REAL, _REAL))  # fmt: skip
# fmin and fmax prefer the operand that is a number, and so do their derivatives (y != y says that y is NaN).
_same("fmin", "x y", "1.0 if or_(x < y, y != y) else 0.5 if x == y else 0.0",
      "1.0 if or_(y < x, x != x) else 0.5 if x == y else 0.0",
      evaluate=np.fmin, source="np.fmin({0}, {1})", commutative=True, aliases=(np.fmin,))  # fmt: skip
_same("fmax", "x y", "1.0 if or_(x > y, y != y) else 0.5 if x == y else 0.0",
      "1.0 if or_(y > x, x != x) else 0.5 if x == y else 0.0",
      evaluate=np.fmax, source="np.fmax({0}, {1})", commutative=True, aliases=(np.fmax,))  # fmt: skip

for _name in ("floor", "ceil", "trunc", "rint"):
    op(_name, "x", evaluate=getattr(np, _name), source=f"np.{_name}({{0}})", cost=2, domain=((1.6, 1.9),),
       aliases=(getattr(np, _name),))  # fmt: skip
op("nextafter", "x y", "1", None, evaluate=np.nextafter, source="np.nextafter({0}, {1})", cost=20,
   aliases=(math.nextafter, np.nextafter), domain=(_REAL, _REAL))  # fmt: skip

# -- truth values and bits ------------------------------------------------------------------------------------------

for _name in ("isnan", "isinf", "isfinite"):
    op(_name, "x", evaluate=getattr(np, _name), source=f"np.{_name}({{0}})", result=Result.BOOL, domain=(_REAL,),
       aliases=(getattr(math, _name), getattr(np, _name)))  # fmt: skip
op("signbit", "x", evaluate=np.signbit, source="np.signbit({0})", result=Result.BOOL, domain=(_REAL,),
   aliases=(np.signbit,))  # fmt: skip


def _comparison(name: str, ufunc: Callable, builtin: Callable, sign: str, commutative: bool = False) -> None:
    op(name, "x y", evaluate=ufunc, source=f"{{0}} {sign} {{1}}", result=Result.BOOL, operands=Operands.SAME,
       commutative=commutative, domain=(_REAL, _REAL), aliases=(ufunc, builtin))  # fmt: skip


_comparison("lt", np.less, operator.lt, "<")
_comparison("le", np.less_equal, operator.le, "<=")
_comparison("gt", np.greater, operator.gt, ">")
_comparison("ge", np.greater_equal, operator.ge, ">=")
_comparison("eq", np.equal, operator.eq, "==", commutative=True)
_comparison("ne", np.not_equal, operator.ne, "!=", commutative=True)

op("and_", "x y", evaluate=np.logical_and, source="{0} and {1}", result=Result.BOOL, operands=Operands.BOOL,
   commutative=True, aliases=(np.logical_and,))  # fmt: skip
op("or_", "x y", evaluate=np.logical_or, source="{0} or {1}", result=Result.BOOL, operands=Operands.BOOL,
   commutative=True, aliases=(np.logical_or,))  # fmt: skip
op("not_", "x", evaluate=np.logical_not, source="not {0}", result=Result.BOOL, operands=Operands.BOOL,
   aliases=(operator.not_, np.logical_not))  # fmt: skip


def _bits(name: str, arguments: str, evaluate: Callable, source: str, domain: tuple, commutative: bool = False) -> None:
    op(name, arguments, evaluate=evaluate, source=source, result=Result.SAME, operands=Operands.INT, domain=domain,
       commutative=commutative)  # fmt: skip


_BYTES = ((-128, 128), (-128, 128))
_bits("band", "x y", np.bitwise_and, "{0} & {1}", _BYTES, commutative=True)
_bits("bor", "x y", np.bitwise_or, "{0} | {1}", _BYTES, commutative=True)
_bits("bxor", "x y", np.bitwise_xor, "{0} ^ {1}", _BYTES, commutative=True)
_bits("lshift", "x n", np.left_shift, "{0} << {1}", ((-128, 128), (0, 7)))
_bits("rshift", "x n", np.right_shift, "{0} >> {1}", ((-128, 128), (0, 7)))
_bits("invert", "x", np.invert, "~{0}", ((-128, 128),))
