"""What callers of compiled code want to know of it.

In: the IR of a primal, and of what was derived from it. Out: `Facts`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srcgrad.ir.nodes import Function, Raise
from srcgrad.ir.types import Stack
from srcgrad.ir.visit import defined_symbols, walk

WIDE = frozenset(map(np.dtype, (np.float64, np.int64, np.bool_, np.complex128)))


@dataclass(frozen=True)
class Facts:
    """`only_wide`: the primal calculates in float64, int64, complex128 and bool only. `raised`: the texts of the
    exceptions that the code may raise itself."""

    only_wide: bool
    raised: frozenset[str]


def facts_of(primal: Function, function: Function) -> Facts:
    """The facts about a primal and the code derived from it."""
    every = (s for f in (function, *function.helpers) for s in walk(f.body))
    return Facts(_only_wide(primal), frozenset(s.message for s in every if isinstance(s, Raise)))


def _only_wide(function: Function) -> bool:
    symbols = (*function.params, *defined_symbols(function.body))
    types = [symbol.type.element if isinstance(symbol.type, Stack) else symbol.type for symbol in symbols]
    return all(kind.dtype in WIDE for kind in types) and all(map(_only_wide, function.helpers))
