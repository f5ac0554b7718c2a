"""Loops that make new arrays in each iteration: `u = step(u)`.

Their shadows need not be made in the forward sweep and carried along (see `shadow`): the reverse sweep of the loop
carries the shadow of what an iteration yielded, makes that of what it was given, and hands it to the iteration before.
So no more than two of them exist at a time, and none is cleared long before it is used.

In: a function and its activity. Out: for each such loop of the outermost block, the slots of its arrays. Each iteration
must yield arrays that it made itself, or hands on from slot to slot, all of them different, and nothing may be written
that can be one of those it was given (nor after the loop: where no iteration runs, what comes out went in). Then an
array has one name at a time, and its shadow one place.
"""

from __future__ import annotations

from collections.abc import Callable

from srcgrad.analysis.regions import Loop
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Call,
    Copy,
    For,
    Function,
    If,
    Pop,
    Push,
    Reshape,
    Statement,
    Sym,
    View,
    While,
    blocks,
    operands,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import Array
from srcgrad.ir.visit import walk

_Active = Callable[[Atom], bool]


def late_slots(function: Function, activity: _Active) -> dict[Loop, tuple[int, ...]]:
    """The loops, and the slots of their active arrays."""
    found: dict[Loop, tuple[int, ...]] = {}
    for statement in function.body.statements:
        if isinstance(statement, (For, While)):
            slots = tuple(k for k, p in enumerate(statement.parameters) if is_active_array(p, activity))
            if slots and _makes_new(statement, slots) and _has_one_name(function, statement, slots):
                found[statement] = slots
    return found


def is_active_array(symbol: Atom, activity: _Active) -> bool:
    """Is it a floating array that carries derivatives?"""
    return isinstance(symbol.type, Array) and symbol.type.is_float and activity(symbol)


def _makes_new(loop: Loop, slots: tuple[int, ...]) -> bool:
    """Does an iteration yield, in these slots, arrays of its own or others' of these, each once?"""
    own = {s.result for s in loop.body.statements if isinstance(s, (Alloc, Copy))}
    given = {loop.parameters[k] for k in slots}
    yielded = [loop.body.results[k] for k in slots]
    return (
        len(set(yielded)) == len(yielded)
        and all(y in own or y in given for y in yielded)
        and any(y in own for y in yielded)
        and len({loop.initial[k] for k in slots}) == len(slots)
    )


def _has_one_name(function: Function, loop: Loop, slots: tuple[int, ...]) -> bool:
    """Are the arrays of the slots only read, filled where they are made, and named by nothing that outlives them?"""
    given = {loop.parameters[k] for k in slots}
    yielded = {loop.body.results[k] for k in slots}
    bases = {s.result: s.array for s in walk(function.body) if isinstance(s, (View, Reshape))}
    watched = {*given, *yielded}
    watched |= {v for v in bases if _base(v, bases) in watched}
    others = [r for k, r in enumerate(loop.body.results) if k not in slots]
    if any(_escapes(s, watched) for s in walk(loop.body)) or any(r in watched for r in others):
        return False
    return not _written_later(function, loop, given, bases)


def _written_later(function: Function, loop: Loop, given: set[Sym], bases: dict[Sym, Sym]) -> bool:
    """From the loop on, is anything written that may be an array of the slots, but what is made there to be filled?"""
    aliases = alias_classes(function)
    classes = {aliases.root(p) for p in given}
    statements = function.body.statements
    later = list(walk(Block(statements[statements.index(loop) :])))
    made = {s.result for s in later if isinstance(s, (Alloc, Copy))}
    written = (array for s in later for array in written_arrays(s))
    return any(aliases.root(array) in classes and _base(array, bases) not in made for array in written)


def _base(symbol: Atom, bases: dict[Sym, Sym]) -> Atom:
    while isinstance(symbol, Sym) and symbol in bases:
        symbol = bases[symbol]
    return symbol


def _escapes(statement: Statement, watched: set) -> bool:
    """Does a statement give one of these arrays another name that is no view?"""
    if not isinstance(statement, (If, For, While, Push, Pop, Call)):
        return False
    named = [*operands(statement), *(r for block in blocks(statement) for r in block.results)]
    return any(atom in watched for atom in named)
