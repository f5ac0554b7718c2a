"""Which loops run in parallel, and why the others do not.

In: a function that is otherwise done. Out: for each outermost loop the verdict; a loop that stays as it is may have
inner ones that do not. A loop is chosen when its iterations need nothing of one another, but for values that they fold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcgrad.analysis.folds import fold_of
from srcgrad.analysis.independence import Independence
from srcgrad.ir.fold import Fold
from srcgrad.ir.nodes import Alloc, Block, Const, For, Function, If, Let, NewStack, Sym, While, blocks
from srcgrad.ir.types import Array, Scalar
from srcgrad.ir.visit import defined_symbols, loops_of, uses, walk

_LEAST_WORK = 4096  # operations of a loop whose length is known


@dataclass(frozen=True)
class Verdict:
    """`folds` are the operations by which the loop folds what it carries, `own` what each block of iterations makes for
    itself, `sums` the arrays that several iterations add to; `obstacle` says why the loop is not chosen."""

    loop: For
    folds: tuple[Fold, ...] = ()
    own: tuple[Alloc | NewStack, ...] = ()
    sums: tuple[Sym, ...] = ()
    obstacle: str = ""

    @property
    def chosen(self) -> bool:
        return not self.obstacle


def choose(function: Function) -> list[Verdict]:
    """The verdicts about the loops of a function, from the outside in, up to those that are chosen."""
    independence = Independence(function)
    return list(_verdicts(function.body, independence))


def _verdicts(block: Block, independence: Independence) -> Iterator[Verdict]:
    for s in block.statements:
        if isinstance(s, For):
            verdict = _verdict(s, independence)
            yield verdict
            if verdict.chosen:
                continue
        if isinstance(s, (For, While, If)):
            for inner in blocks(s):
                yield from _verdicts(inner, independence)


def _verdict(loop: For, independence: Independence) -> Verdict:
    found = next(iter(independence.dependences(loop)), None)
    if found is not None:
        return Verdict(loop, obstacle=f"iterations {'' if found.certain else 'may '}meet in {found.name!r}")
    names = independence.two_names(loop)
    if names is not None:  # Numba compiles the arguments of parallel loops as if they never shared memory
        return Verdict(loop, obstacle=f"{names[0].hint!r} and {names[1].hint!r} may be one array")
    stores = independence.sums(loop)
    sums = tuple(dict.fromkeys(s.array for s in stores))
    if not independence.are_apart(sums) or not all(_is_made_outside(loop, array) for array in sums):
        return Verdict(loop, obstacle=f"several iterations add to one element of {sums[0].hint!r}")
    if not isinstance(loop.step, Const):
        return Verdict(loop, obstacle="the step is not a constant")
    folds = [fold_of(loop.body, p, r) for p, r in zip(loop.parameters, loop.body.results)]
    if not all(uses(loop.body, p) and isinstance(p.type, Scalar) for p in loop.parameters) or None in folds:
        return Verdict(loop, obstacle="what the last iteration gives is used")
    if _is_short(loop):
        return Verdict(loop, obstacle="it is short")
    own: tuple[Alloc | NewStack, ...] = (*independence.work_arrays(loop), *independence.work_stacks(loop))
    return Verdict(loop, tuple(fold for fold in folds if fold is not None), own, sums)


def _is_made_outside(loop: For, array: Sym) -> bool:
    """Does the array have its name in front of the loop, and room for floating-point numbers?"""
    if array in {*defined_symbols(loop.body), *loop.parameters} or not isinstance(array.type, Array):
        return False
    return array.type.dtype.kind == "f" and array.type.ndim > 0


def _is_short(loop: For) -> bool:
    """Is the work known, and less than is worth it?"""
    total = 1
    for each in loops_of(loop):
        if not isinstance(each.start, Const) or not isinstance(each.stop, Const):
            return False
        total *= max(abs(int(each.stop.value) - int(each.start.value)), 1)
    return total * sum(isinstance(s, Let) for s in walk(loop.body)) < _LEAST_WORK
