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
from collections.abc import Iterator
from dataclasses import replace

from srcgrad.analysis.affine import AffineForms
from srcgrad.analysis.regions import find_regions
from srcgrad.device.choice import Nest, choose, hands_on
from srcgrad.ir.nodes import Alloc, Block, Dim, For, Function, If, Load, Statement, Store, Sym, blocks
from srcgrad.ir.types import Array
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
    made -= {a for a in function.body.results if isinstance(a, Sym)}
    return {array for array in made if not any(hands_on(s, array) for s in walk(function.body))}


def _orders(function: Function, made: set[Sym]) -> dict[Sym, Order]:
    """For each array that threads run along the rows of, the order of dimensions in which they do not."""
    forms = AffineForms(find_regions(function))
    votes: dict[Sym, Counter[int]] = {array: Counter() for array in made}
    other_ways = set(_other_ways(function.body))
    for verdict in choose(function):
        if verdict.nest is not None and not verdict.nest.alone and verdict.loop not in other_ways:
            neighbours = _neighbours(verdict.nest, forms)
            for s, weight in _accesses(verdict.nest):
                if s.array in made:
                    steps = [sum(abs(forms.of(atom).coefficient(x)) for x in neighbours) for atom in s.index]
                    votes[s.array].update({k: weight for k, step in enumerate(steps) if step == 1})
    orders: dict[Sym, Order] = {}
    for array, found in votes.items():
        assert isinstance(array.type, Array)
        fastest = array.type.fastest
        most = max(found, key=lambda k: found[k], default=fastest)
        if found[most] > found[fastest]:
            others = tuple(k for k in range(array.type.ndim) if k != most)
            orders[array] = (*others, most) if fastest else (most, *others)
    return orders


def _other_ways(block: Block) -> Iterator[For]:
    """The loops that run where the way of choice does not pay (see `spread` and `turn`)."""
    for s in block.statements:
        if isinstance(s, If) and any(isinstance(t, For) for t in walk(s.then)):
            yield from (t for t in walk(s.orelse) if isinstance(t, For))
        for inner in blocks(s):
            yield from _other_ways(inner)


def _neighbours(nest: Nest, forms: AffineForms) -> set[Sym]:
    """The indices that are greater by one in the next thread: its own, and those of loops which begin there."""
    along = nest.loops[-1].index
    loops = (s for s in walk(nest.loops[-1].body) if isinstance(s, For))
    return {along, *(s.index for s in loops if forms.of(s.start).coefficient(along) == 1)}


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
