"""Arithmetic, comparison, logic and rounding: what Python's operators mean on scalars.

Integers follow Python (floor division, sign of the remainder), floats follow NumPy (division by zero is inf or NaN).
Where a function has a kink the rule says what the derivative is there; `docs/user.md` has the same as a table.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from srcgrad.ops.registry import Op, Operands, Result, op


def _same(name: str, arguments: str, *partials: str | None, **more) -> Op:
    """An operation whose result has the dtype of its arguments, integer or floating."""
    return op(name, arguments, *partials, result=Result.SAME, operands=Operands.SAME, **more)


_same("add", "x y", "1", "1", evaluate=np.add, source="{0} + {1}", commutative=True, aliases=(np.add,))
_same("sub", "x y", "1", "-1", evaluate=np.subtract, source="{0} - {1}", aliases=(np.subtract,))
_same("mul", "x y", "y", "x", evaluate=np.multiply, source="{0} * {1}", commutative=True, aliases=(np.multiply,))
_same("neg", "x", "-1", evaluate=np.negative, source="-{0}", aliases=(np.negative,))
op("div", "x y", "1 / y", "-r / y", evaluate=np.true_divide, source="{0} / {1}", cost=4, singular=True,
   aliases=(np.divide,), domain=((-3.0, 3.0), (0.5, 3.0)))  # fmt: skip
_same("floordiv", "x y", evaluate=np.floor_divide, source="{0} // {1}", cost=10, aliases=(np.floor_divide,))
_same("mod", "x y", "1", "-floordiv(x, y)", evaluate=np.mod, source="{0} % {1}", cost=10,
      aliases=(np.mod,), domain=((1.1, 1.9), (0.6, 1.0)))  # fmt: skip

# d/dy x**y is 0 where x is 0: the one-sided limit for y > 0 (x**y is 0 there for all such y).
op("pow", "x y", "0.0 if y == 0 else y * pow(x, y - 1)", "0.0 if x == 0 else r * log(x)",
   evaluate=np.float_power, source="{0} ** {1}", cost=40, singular=True, aliases=(math.pow,),
   domain=((0.3, 3.0), (-2.0, 2.0)))  # fmt: skip


def _powi(x: np.floating, n: int) -> np.floating:
    return x ** float(n)


op("powi", "x n", "0.0 if n == 0 else float(n) * powi(x, n - 1)", None, evaluate=_powi, source="{0} ** {1}",
   operands=Operands.FLOAT_INT, cost=4, singular=True, domain=((0.3, 3.0), (-4, 5)))  # fmt: skip
op("ipow", "x n", evaluate=lambda x, n: x ** max(n, 0), source="{0} ** {1}", result=Result.SAME, operands=Operands.INT,
   cost=10)  # fmt: skip

# |x| at 0 has derivative 0.
_same("abs", "x", "sign(x)", evaluate=np.abs, source="abs({0})", kinks=(0.0,), aliases=(np.abs, np.absolute))
op("fabs", "x", "sign(x)", evaluate=np.fabs, source="abs({0})", kinks=(0.0,), aliases=(math.fabs, np.fabs))
_same("sign", "x", evaluate=np.sign, source="np.sign({0})", aliases=(np.sign,))
_same("stop_gradient", "x", evaluate=lambda x: x, source="({0})")

op("select", "c x y", None, "1.0 if c else 0.0", "0.0 if c else 1.0", evaluate=lambda c, x, y: x if c else y,
   source="{1} if {0} else {2}", result=Result.SAME, operands=Operands.BOOL_SAME_SAME)  # fmt: skip

# A tie shares the derivative equally; NaN passes through, as in NumPy.
_same("minimum", "x y", "1.0 if x < y else 0.5 if x == y else 0.0", "1.0 if y < x else 0.5 if x == y else 0.0",
      evaluate=np.minimum, source="np.minimum({0}, {1})", commutative=True, aliases=(np.minimum,))  # fmt: skip
_same("maximum", "x y", "1.0 if x > y else 0.5 if x == y else 0.0", "1.0 if y > x else 0.5 if x == y else 0.0",
      evaluate=np.maximum, source="np.maximum({0}, {1})", commutative=True, aliases=(np.maximum,))  # fmt: skip


def _comparison(name: str, function: Callable, sign: str, commutative: bool = False) -> None:
    op(name, "x y", evaluate=function, source=f"{{0}} {sign} {{1}}", result=Result.BOOL, operands=Operands.SAME,
       commutative=commutative, aliases=(function,))  # fmt: skip


_comparison("lt", np.less, "<")
_comparison("le", np.less_equal, "<=")
_comparison("gt", np.greater, ">")
_comparison("ge", np.greater_equal, ">=")
_comparison("eq", np.equal, "==", commutative=True)
_comparison("ne", np.not_equal, "!=", commutative=True)

_LOGIC = {"result": Result.BOOL, "operands": Operands.BOOL}
op("and_", "x y", evaluate=np.logical_and, source="{0} and {1}", commutative=True, **_LOGIC)
op("or_", "x y", evaluate=np.logical_or, source="{0} or {1}", commutative=True, **_LOGIC)
op("not_", "x", evaluate=np.logical_not, source="not {0}", **_LOGIC)

_same("band", "x y", evaluate=np.bitwise_and, source="{0} & {1}", commutative=True, aliases=(np.bitwise_and,))
_same("bor", "x y", evaluate=np.bitwise_or, source="{0} | {1}", commutative=True, aliases=(np.bitwise_or,))
_same("bxor", "x y", evaluate=np.bitwise_xor, source="{0} ^ {1}", commutative=True, aliases=(np.bitwise_xor,))
_same("lshift", "x y", evaluate=np.left_shift, source="{0} << {1}", aliases=(np.left_shift,))
_same("rshift", "x y", evaluate=np.right_shift, source="{0} >> {1}", aliases=(np.right_shift,))
_same("invert", "x", evaluate=np.invert, source="~{0}", aliases=(np.invert,))

for _name in ("floor", "ceil", "trunc", "rint"):
    op(_name, "x", evaluate=getattr(np, _name), source=f"np.{_name}({{0}})", cost=2, kinks=(0.0,),
       aliases=(getattr(np, _name),))  # fmt: skip
for _name in ("isnan", "isinf", "isfinite", "signbit"):
    op(_name, "x", evaluate=getattr(np, _name), source=f"np.{_name}({{0}})", result=Result.BOOL,
       aliases=tuple(filter(None, (getattr(np, _name), getattr(math, _name, None)))))  # fmt: skip
