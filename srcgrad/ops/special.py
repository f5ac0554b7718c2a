"""Special functions: error function, gamma and its derivatives, and the building blocks of statistics.

Aliases are the functions of `math` and `scipy.special`. `polygamma(x, n)` has its order last, so that the table
stays closed under differentiation: its derivative is `polygamma(x, n + 1)`. (Abramowitz and Stegun, chapters 6, 7.)
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable

import numpy as np

from srcgrad.ops.registry import Operands, op

_REAL = (-2.5, 2.5)
_UNIT = (0.1, 0.9)
_POSITIVE = (0.2, 4.0)


def _scipy(name: str) -> Callable:
    """The function of `scipy.special`, which is imported when it is first called: the interpreter and constant
    folding need it, compiled code does not, and importing it takes as long as a third of Numba."""

    def evaluate(*arguments: np.generic | np.ndarray | int) -> np.floating:
        return getattr(importlib.import_module("scipy.special"), name)(*arguments)

    return evaluate


def _unary(
    name: str, partial: str, evaluate: Callable, *aliases: Callable | str, source: str = "", cost: int = 40,
    domain: tuple[float, float] = _REAL, singular: bool = False,
) -> None:  # fmt: skip
    op(name, "x", partial, evaluate=evaluate, source=source or f"special.{name}({{0}})", domain=(domain,), cost=cost,
       singular=singular, aliases=aliases)  # fmt: skip


_unary("erf", f"{2 / math.sqrt(math.pi)!r} * exp(-x * x)", _scipy("erf"), math.erf, "scipy.special.erf",
       source="vm.erf({0})")  # fmt: skip
_unary("erfc", f"-{2 / math.sqrt(math.pi)!r} * exp(-x * x)", _scipy("erfc"), math.erfc, "scipy.special.erfc",
       source="vm.erfc({0})")  # fmt: skip


def _lgamma(x: np.floating) -> np.floating:
    """SciPy's, but inf at -inf, as the C library and `math.lgamma` have it."""
    return abs(x) if np.isneginf(x) else _scipy("gammaln")(x)


def _polygamma(x: np.floating, n: np.integer) -> np.floating:
    """SciPy's where that is defined; left of 0 by the recurrence (6.4.6), from a point right of it."""
    if not -1e6 < x <= 0:
        return x.dtype.type(_scipy("polygamma")(int(n), x))
    if x == np.floor(x):
        return x.dtype.type(np.inf if n % 2 else np.nan)
    steps = x + np.arange(math.floor(-x) + 1)
    sign = 1.0 if n % 2 else -1.0
    here = sign * math.factorial(int(n)) * np.sum(steps ** -float(n + 1))
    return x.dtype.type(_scipy("polygamma")(int(n), steps[-1] + 1) + here)


_unary("gamma", "r * digamma(x)", _scipy("gamma"), math.gamma, "scipy.special.gamma", domain=_POSITIVE,
       singular=True)  # fmt: skip
_unary("lgamma", "digamma(x)", _lgamma, math.lgamma, "scipy.special.gammaln", domain=_POSITIVE, singular=True)
_unary("digamma", "trigamma(x)", _scipy("digamma"), "scipy.special.psi", domain=_POSITIVE, cost=60, singular=True)
_unary("trigamma", "polygamma(x, 2)", lambda x: _polygamma(x, np.int64(1)), source="special.polygamma({0}, 1)",
       domain=_POSITIVE, cost=80, singular=True)  # fmt: skip
op("polygamma", "x n", "polygamma(x, n + 1)", None, evaluate=_polygamma, source="special.polygamma({0}, {1})",
   operands=Operands.FLOAT_INT, domain=(_POSITIVE, (1, 4)), cost=80, singular=True)  # fmt: skip

# -- probabilities --------------------------------------------------------------------------------------------------

_unary("expit", "r * (1 - r)", _scipy("expit"), "scipy.special.expit", source="vm.expit({0})")
_unary("log_expit", "expit(-x)", _scipy("log_expit"), "scipy.special.log_expit")
_unary("logit", "1 / (x * (1 - x))", _scipy("logit"), "scipy.special.logit", domain=_UNIT, singular=True)
_unary("entr", "-log(x) - 1", _scipy("entr"), "scipy.special.entr", domain=_POSITIVE, singular=True)
op("rel_entr", "x y", "log(x / y) + 1", "-x / y", evaluate=_scipy("rel_entr"),
   source="special.rel_entr({0}, {1})", cost=40, singular=True, aliases=("scipy.special.rel_entr",),
   domain=(_POSITIVE, _POSITIVE))  # fmt: skip
op("xlogy", "x y", "log(y)", "0.0 if and_(x == 0, y == 0) else x / y", evaluate=_scipy("xlogy"),
   source="special.xlogy({0}, {1})", cost=40, singular=True, aliases=("scipy.special.xlogy",),
   domain=(_REAL, _POSITIVE))  # fmt: skip
op("xlog1py", "x y", "log1p(y)", "0.0 if and_(x == 0, y == -1) else x / (1 + y)", evaluate=_scipy("xlog1py"),
   source="special.xlog1py({0}, {1})", cost=40, singular=True, aliases=("scipy.special.xlog1py",),
   domain=(_REAL, (-0.8, 4.0)))  # fmt: skip
