"""The iterations of a loop as numbers 0, 1, 2, ...: how many there are, and the index of each.

In: a loop whose step is a constant. Out: statements.
"""

from __future__ import annotations

from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import Atom, Const, For, Let, Statement, Sym
from srcgrad.ops.registry import by_name


def count(builder: Builder, loop: For) -> Atom:
    """The number of iterations (or less than 0, for none)."""
    assert isinstance(loop.step, Const)
    step = int(loop.step.value)
    low, high = (loop.start, loop.stop) if step > 0 else (loop.stop, loop.start)
    distance = builder.op("sub", high, low)
    if abs(step) == 1:
        return distance
    return builder.op("floordiv", builder.op("add", distance, int_const(abs(step) - 1)), int_const(abs(step)))


def is_numbered(loop: For) -> bool:
    """Is the index the number of the iteration?"""
    assert isinstance(loop.step, Const)
    return loop.step.value == 1 and isinstance(loop.start, Const) and loop.start.value == 0


def index_statements(loop: For, number: Sym) -> list[Statement]:
    """The statements that give the loop's index from the number of the iteration."""
    assert isinstance(loop.step, Const)
    step = int(loop.step.value)
    if step == 1:
        return [Let(loop.index, by_name("add"), (loop.start, number), loop.span)]
    moved = Sym("i", loop.index.type)
    return [
        Let(moved, by_name("mul"), (number, int_const(step)), loop.span),
        Let(loop.index, by_name("add"), (loop.start, moved), loop.span),
    ]
