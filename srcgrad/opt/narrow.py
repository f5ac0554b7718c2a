"""Operations in float64 on numbers that were float32, of which the result becomes float32 again.

    a: float64 = float64 x
    r: float64 = sqrt a               =>      y: float32 = sqrt x
    y: float32 = float32 r

In, out: a `Function`. Python's `math.sqrt` gives a float whatever it is given, so this is what `x / math.sqrt(y)` means
for float32. One addition, subtraction, product, quotient or root gives the same bits in float32 (S. A. Figueroa, When
is double rounding innocuous?, SIGNUM Newsletter 30(3), 1995: 53 digits are at least twice 24, and two); `functions`,
which do not, are narrowed where that is asked for, as on a GPU, where float64 costs a multiple.
"""

from __future__ import annotations

import numpy as np

from srcgrad.ir.nodes import Atom, Const, Function, Let, Statement, Sym
from srcgrad.ir.types import Scalar
from srcgrad.opt.rewrite import Rewriter, with_helpers

_EXACT = ("add", "sub", "mul", "div", "neg", "abs", "sqrt", "minimum", "maximum")
_FUNCTIONS = (
    "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "tanh", "sinh", "cosh", "asin", "acos",
    "atan", "atan2", "asinh", "acosh", "atanh", "erf", "erfc", "pow", "hypot",
)  # fmt: skip
_SINGLE = np.dtype(np.float32)


def narrow(function: Function, functions: bool = False) -> Function:
    """The function with such operations in float32; the same object where there are none."""
    names = frozenset(_EXACT + (_FUNCTIONS if functions else ()))
    return with_helpers(function, lambda f: _Narrower(names).block(f.body))


class _Narrower(Rewriter):
    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self._names = names
        self._made: dict[Sym, Let] = {}

    def statement(self, s: Statement, out: list[Statement]) -> None:
        if isinstance(s, Let):
            s = self._narrowed(s) or s
            self._made[s.result] = s
        super().statement(s, out)

    def _narrowed(self, cast: Let) -> Let | None:
        if cast.op.name != "float32" or not isinstance(cast.arguments[0], Sym):
            return None
        wide = self._made.get(cast.arguments[0])
        if wide is None or wide.op.name not in self._names:
            return None
        arguments = [self._single(atom) for atom in wide.arguments]
        if None in arguments or all(isinstance(atom, Const) for atom in arguments):
            return None
        return Let(cast.result, wide.op, tuple(a for a in arguments if a is not None), cast.span)

    def _single(self, atom: Atom) -> Atom | None:
        """The float32 number that an operand is, if it is one."""
        if isinstance(atom, Const):
            exact = isinstance(atom.value, float) and float(np.float32(atom.value)) == atom.value
            return Const(atom.value, Scalar(_SINGLE)) if exact else None
        made = self._made.get(atom)
        if made is None or made.op.name != "float64":
            return None
        source = made.arguments[0]
        return source if isinstance(source.type, Scalar) and source.type.dtype == _SINGLE else None
