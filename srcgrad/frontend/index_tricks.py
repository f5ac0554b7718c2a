"""NumPy's objects that make arrays when subscripted: `np.mgrid[0:n, 0:m]`, `np.ogrid`, `np.r_[a, b]`, `np.c_`.

In: the brackets. Out: the array, by the functions that do the same.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.frontend.context import Arguments, Context
from srcgrad.frontend.values import Num, Static, Value, number, tuple_of
from srcgrad.ir.nodes import Const
from srcgrad.library import picking, shapes


def trick(ctx: Context, target: Any, node: ast.expr) -> Value | None:
    """What `target[node]` is, if `target` is one of these objects."""
    make = next((make for each, make in _TRICKS if each is target), None)
    if make is None:
        return None
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return make(ctx, [_part(ctx, part) for part in parts])


def _part(ctx: Context, node: ast.expr) -> Value:
    if not isinstance(node, ast.Slice):
        return ctx.expr(node)
    low, high, step = (None if part is None else ctx.expr(part) for part in (node.lower, node.upper, node.step))
    if high is None:
        ctx.refuse("this slice needs an end", why="it is a range of numbers", advice="write low:high", node=node)
    low, step = low or number(0), step or number(1)
    if isinstance(step, Num) and isinstance(step.atom, Const) and isinstance(step.atom.value, complex):
        count = number(int(abs(step.atom.value)))
        return ctx.call(Static(np.linspace), Arguments((low, high, count)))
    return ctx.call(Static(np.arange), Arguments((low, high, step)))


def _by(function: Callable, several: bool) -> Callable[[Context, list[Value]], Value]:
    """By a function of all parts, or of a tuple of them."""

    def make(ctx: Context, parts: list[Value]) -> Value:
        return ctx.call(Static(function), Arguments(tuple(parts) if several else (tuple_of(parts),)))

    return make


_TRICKS: tuple[tuple[Any, Callable[[Context, list[Value]], Value]], ...] = (
    (np.mgrid, _by(shapes.grid, several=True)),
    (np.ogrid, _by(picking.open_grid, several=True)),
    (np.r_, _by(np.hstack, several=False)),
    (np.c_, _by(np.column_stack, several=False)),
)
