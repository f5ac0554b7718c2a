"""What a function raises at once, for given arguments: found by following lengths, without running anything else.

In: a function, and the arrays and numbers it is to be called with. Out: the text of an exception, or `None` where none
is certain outside of loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srcgrad.ir.nodes import Atom, Block, Const, Copy, Dim, Function, If, Let, Raise, Sym

_COUNTS = "iub"


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
