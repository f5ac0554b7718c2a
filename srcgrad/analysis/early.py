"""What a function raises at once, for given arguments: found by following lengths, without running anything else.

In: a function, and the arrays and numbers it is to be called with. Out: the text of an exception, or `None` where none
is certain outside of loops. `checks_of` is the part of the function that is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from srcgrad.ir.nodes import (
    Atom,
    Block,
    Const,
    Copy,
    Dim,
    Function,
    If,
    Let,
    Raise,
    Statement,
    Sym,
    definitions,
    operands,
)  # fmt: skip

_COUNTS = "iub"


def checks_of(function: Function) -> Function:
    """What a function raises outside of loops, and what that is decided by."""
    needed: set[Sym] = set()

    def part(block: Block) -> Block:
        kept: list[Statement] = []
        for s in reversed(block.statements):
            used = not needed.isdisjoint(definitions(s))
            if isinstance(s, If):
                if used:
                    needed.update(_symbols((*s.then.results, *s.orelse.results)))
                then, orelse = part(s.then), part(s.orelse)
                if not (used or then.statements or orelse.statements):
                    continue
                kept.append(replace(s, then=then, orelse=orelse))
                needed.update(_symbols((s.condition,)))
            elif isinstance(s, Raise) or (used and isinstance(s, (Dim, Copy, Let))):
                kept.append(s)
                needed.update(() if isinstance(s, Raise) else _symbols(operands(s)))
        return Block(tuple(reversed(kept)), block.results)

    return replace(function, body=part(function.body), helpers=())


def _symbols(atoms: Iterable[Atom]) -> Iterator[Sym]:
    return (atom for atom in atoms if isinstance(atom, Sym))


def early_failure(function: Function, arguments: Sequence[Any]) -> str | None:
    """The text of the exception that the checks at the top of the function raise."""
    known: dict[Sym, Any] = dict(zip(function.params, arguments))

    def value(atom: Atom) -> Any:
        return atom.value if isinstance(atom, Const) else known.get(atom)

    def follow(block: Block) -> str | None:
        for s in block.statements:
            match s:
                case Raise(message=message):
                    return message
                case Dim(result=result, array=array, axis=axis) if known.get(array) is not None:
                    known[result] = np.int64(known[array].shape[axis])
                case Copy(result=result, array=array) if known.get(array) is not None:
                    known[result] = known[array]
                case Let(result=result, op=op, arguments=atoms):
                    values = [value(atom) for atom in atoms]
                    if all(v is not None and np.asarray(v).dtype.kind in _COUNTS for v in values):
                        with np.errstate(all="ignore"):
                            known[result] = op.evaluate(*map(np.int64, values))
                case If(condition=condition, then=then, orelse=orelse) if value(condition) is not None:
                    taken = then if value(condition) else orelse
                    failure = follow(taken)
                    if failure is not None:
                        return failure
                    known.update(zip(s.results, map(value, taken.results)))
        return None

    return follow(function.body)
