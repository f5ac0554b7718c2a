"""How often a loop runs at most, as seen from outside the loops around it.

    for k in range(n):
        for j in range(k + 1, n): ...       at most n - 1 times

In: a loop and the loops around it. Out: an affine form of what is known before the outermost of them starts. It is
found by taking for each index the end of its range that makes the number of iterations largest. (A triangle is kept in
its square: at twice the memory, the tape is an array like any other, which loops fill and read at full speed; a stack
is pushed element by element.)
"""

from __future__ import annotations

from collections.abc import Sequence

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.regions import Loop
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import Atom, Const, For

_MOST_STEPS = 16


def most_iterations(forms: AffineForms, loop: Loop, around: Sequence[Loop]) -> Affine | None:
    """An upper bound of the number of iterations, free of the indices of the loops `around`; None where there is no
    affine one. It may be negative, for none."""
    if not _counts_up(loop):
        return None
    indices = {each.index: each for each in around if isinstance(each, For)}
    count = forms.of(loop.stop).plus(forms.of(loop.start), -1)  # type: ignore[union-attr]
    for _ in range(_MOST_STEPS):
        index = next((symbol for symbol in count.symbols if symbol in indices), None)
        if index is None:
            return count
        other, factor = indices[index], count.coefficient(index)
        if not _counts_up(other):
            return None
        end = forms.of(other.stop).plus(Affine(1), -1) if factor > 0 else forms.of(other.start)
        count = count.without(index).plus(end, factor)
    return None


def _counts_up(loop: Loop) -> bool:
    return isinstance(loop, For) and isinstance(loop.step, Const) and loop.step.value == 1


def write_count(builder: Builder, count: Affine) -> Atom:
    """The number itself, or zero where it is negative."""
    total: Atom = int_const(count.constant)
    for symbol, factor in count.terms:
        term = symbol if abs(factor) == 1 else builder.op("mul", int_const(abs(factor)), symbol)
        if factor > 0:
            zero = isinstance(total, Const) and total.value == 0
            total = term if zero else builder.op("add", term, total)
        else:
            total = builder.op("sub", total, term)
    return builder.op("select", builder.op("gt", total, int_const(0)), total, int_const(0), hint="trips")
