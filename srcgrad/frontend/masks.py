"""Masked elements that need no index arrays: `a[m] = f(a[m], b[m], x)` is a loop over all elements with an `if`.

In: an array and a mask of its shape. Out: `Masked`, an array expression that knows the elements it is compressed from.
Where it meets only numbers and other arrays under the same mask, and ends in a target under that mask or in a sum, it
is never compressed; everywhere else it is the array of the elements that NumPy would make.

Two masks are the same if they are written alike, over variables that are the same, with nothing written in between.
That is seen within one statement; an expression lives no longer.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from srcgrad.frontend.context import Context
from srcgrad.frontend.values import ArrayExpr, Num, Static, Value, out_of_order
from srcgrad.ir.nodes import Atom

_PURE = (
    ast.Compare, ast.BinOp, ast.UnaryOp, ast.Name, ast.Constant, ast.Subscript, ast.Slice, ast.Tuple, ast.Attribute,
    ast.operator, ast.unaryop, ast.cmpop, ast.expr_context,
)  # fmt: skip


class Masked(ArrayExpr):
    """The elements of `full` where `mask`, an expression with an identity, holds.

    Shape and elements are those of the compressed array, which is made when they are first asked for."""

    full: ArrayExpr
    mask: ArrayExpr

    def __init__(self, full: ArrayExpr, mask: ArrayExpr, compress: Callable[[], ArrayExpr]) -> None:
        facts = {"dtype": full.dtype, "reads": out_of_order((*full.reads, *mask.reads)), "full": full, "mask": mask}
        for name, value in {**facts, "_compress": compress, "_made": []}.items():
            object.__setattr__(self, name, value)

    @property
    def compressed(self) -> ArrayExpr:
        made: list[ArrayExpr] = self._made  # type: ignore[attr-defined]
        if not made:
            made.append(self._compress())  # type: ignore[attr-defined]
        return made[0]

    @property
    def shape(self) -> tuple[Atom, ...]:
        return self.compressed.shape

    @property
    def at(self) -> Callable[[tuple[Atom, ...]], Atom]:
        return self.compressed.at

    @property
    def ndim(self) -> int:
        return 1


def under_one_mask(operands: tuple[Value, ...]) -> Masked | None:
    """One of the masked operands, if all that are no numbers are elements under the same mask."""
    arrays = [operand for operand in operands if not isinstance(operand, Num)]
    first = arrays[0] if arrays else None
    if not isinstance(first, Masked):
        return None
    same = all(isinstance(a, Masked) and a.mask.identity == first.mask.identity for a in arrays)
    return first if same else None


def identity(ctx: Context, node: ast.expr) -> object | None:
    """What tells a mask apart from others; None where it cannot be said to be the same twice."""
    values: list[tuple[str, Value | None]] = []
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and not _is_ufunc(ctx, part.func):
            return None
        if not isinstance(part, (*_PURE, ast.Call)):
            return None
        if isinstance(part, ast.Name):
            values.append((part.id, ctx.env.get(part.id)))
    return (ast.dump(node), tuple(values), ctx.writes())


def _is_ufunc(ctx: Context, node: ast.expr) -> bool:
    """`np.isnan` and the like: functions that write nowhere."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return False
    found = ctx.expr(node)
    return isinstance(found, Static) and isinstance(found.value, np.ufunc)
