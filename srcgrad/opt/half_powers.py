"""Powers whose exponent is an odd multiple of a half, by a square root.

In, out: a `Function`, after differentiation. NumPy computes `a**0.5` by a root, too; the result may differ from that of
`pow` in the last place, and takes a fifth of the time. The primal takes those that are right within two units.

    t: ... = pow x, -1.5          =>      t: ... = half_pow x, -1.5
"""

from __future__ import annotations

from collections.abc import Collection

from srcgrad.ir.nodes import Const, Function, Let, Statement, Sym
from srcgrad.ops.registry import by_name
from srcgrad.opt.rewrite import Rewriter, with_helpers

_EXPONENTS = (0.5, 1.5, 2.5, -0.5, -1.5, -2.5)
_WITHIN_TWO_UNITS = _EXPONENTS[:-1]


def half_powers(function: Function, primal: Collection[Sym]) -> Function:
    """The function with such powers exchanged; the same object when there are none. `primal` are the symbols of the
    primal."""
    return with_helpers(function, lambda f: _Exchanger(primal).block(f.body))


class _Exchanger(Rewriter):
    def __init__(self, primal: Collection[Sym]) -> None:
        super().__init__()
        self.primal = primal

    def statement(self, s: Statement, out: list[Statement]) -> None:
        if isinstance(s, Let) and s.op.name == "pow":
            exponent = s.arguments[1]
            wanted = _WITHIN_TWO_UNITS if s.result in self.primal else _EXPONENTS
            if isinstance(exponent, Const) and exponent.value in wanted:
                s = Let(s.result, by_name("half_pow"), s.arguments, s.span)
        super().statement(s, out)
