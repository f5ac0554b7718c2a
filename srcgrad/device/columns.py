"""The dimension that threads run along, last.

    v_tape = alloc (n, steps)                     v_tape = alloc (steps, n)
    for i in range(0, n, 1):                      for i in range(0, n, 1):
        for t in range(0, steps, 1):      =>          for t in range(0, steps, 1):
            store v_tape[i, t] = v                        store v_tape[t, i] = v

In, out: a function that is otherwise done. Threads that are neighbours should touch memory that is; where each goes
along a row of its own, every access of a warp takes 32 pieces of memory, of which a part is used. An array that the
function makes, and touches element by element only, may lie as the threads like it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from srcgrad.analysis.affine import AffineForms
from srcgrad.analysis.regions import find_regions
from srcgrad.device.choice import Nest, choose
from srcgrad.ir.nodes import Alloc, Block, Dim, For, Function, Load, Statement, Store, Sym, blocks, operands
from srcgrad.ir.visit import rebuild, walk
from srcgrad.opt.rewrite import exchanged

_INSIDE = 16  # how much more an access counts that stands in a loop which each thread runs through

Order = tuple[int, ...]


def columns(function: Function) -> Function:
    """The function with such arrays transposed; the same object where there are none."""
    made = _made(function)
    if not made:
        return function
    orders = _orders(function, made)
    if not orders:
        return function
    changes: dict[Statement, Statement | None] = {}
    for s in walk(function.body):
        match s:
            case Alloc(result=array) if array in orders:
                changes[s] = replace(s, shape=tuple(s.shape[k] for k in orders[array]))
            case Load(array=array) | Store(array=array) if array in orders:
                changes[s] = replace(s, index=tuple(s.index[k] for k in orders[array]))
            case Dim(array=array) if array in orders:
                changes[s] = replace(s, axis=orders[array].index(s.axis))
    return rebuild(function, exchanged(function.body, changes))


def _made(function: Function) -> set[Sym]:
    """The arrays of several dimensions that are used element by element only."""
    made = {s.result for s in walk(function.body) if isinstance(s, Alloc) and len(s.shape) > 1}
    handed = {a for a in function.body.results if isinstance(a, Sym)}
    for s in walk(function.body):
        if isinstance(s, Store):
            handed.update(a for a in (s.value, *s.index) if isinstance(a, Sym))
        elif not isinstance(s, (Load, Dim)):
            handed.update(a for a in operands(s) if isinstance(a, Sym))
        for block in blocks(s):
            handed.update(a for a in block.results if isinstance(a, Sym))
    return made - handed


def _orders(function: Function, made: set[Sym]) -> dict[Sym, Order]:
    """For each array that threads run along the rows of, the order of dimensions in which they do not."""
    forms = AffineForms(find_regions(function))
    votes: dict[Sym, Counter[int]] = {array: Counter() for array in made}
    for verdict in choose(function):
        if verdict.nest is not None and not verdict.nest.alone:
            for s, weight in _accesses(verdict.nest):
                if s.array in made:
                    along = verdict.nest.loops[-1].index
                    moved = [k for k, atom in enumerate(s.index) if abs(forms.of(atom).coefficient(along)) == 1]
                    votes[s.array].update(dict.fromkeys(moved, weight))
    orders: dict[Sym, Order] = {}
    for array, found in votes.items():
        last = array.type.ndim - 1  # type: ignore[union-attr]
        most = max(found, key=lambda k: found[k], default=last)
        if found[most] > found[last]:
            orders[array] = (*(k for k in range(last + 1) if k != most), most)
    return orders


def _accesses(nest: Nest) -> list[tuple[Load | Store, int]]:
    """What a thread touches, with how much each counts."""
    found: list[tuple[Load | Store, int]] = []

    def collect(block: Block, weight: int) -> None:
        for s in block.statements:
            if isinstance(s, (Load, Store)):
                found.append((s, weight))
            for inner in blocks(s):
                collect(inner, weight * (_INSIDE if isinstance(s, For) else 1))

    collect(nest.loops[-1].body, 1)
    return found
