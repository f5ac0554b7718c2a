"""What tests of the passes on adjoint code share."""

from __future__ import annotations

import numpy as np

from srcgrad.ir.nodes import For, Function, Store, While, blocks
from srcgrad.ir.visit import walk


def additions_in_loops(function: Function) -> int:
    """How many accumulating stores stand inside loops."""
    outer = [s for s in walk(function.body) if isinstance(s, (For, While))]
    inside = {s for loop in outer for block in blocks(loop) for s in walk(block)}
    return sum(isinstance(s, Store) and s.accumulate for s in inside)


def same_results(a: tuple, b: tuple) -> bool:
    """Two tuples of results agree to rounding, dtypes included."""
    pairs = list(zip(map(np.asarray, a), map(np.asarray, b), strict=True))
    return all(x.dtype == y.dtype and np.allclose(x, y, rtol=1e-6, atol=1e-12, equal_nan=True) for x, y in pairs)
