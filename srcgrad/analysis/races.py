"""Loops that the user calls parallel and that are not: refused, with the line, whether they are to run so or not.

In: a function. Out: nothing; raises `Unsupported` for every `prange` loop of which two iterations certainly touch one
element (or carry one value), one of them to write it, other than to add it up.
"""

from __future__ import annotations

from srcgrad.analysis.independence import Dependence, Independence
from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.ir.nodes import For, Function
from srcgrad.ir.visit import walk


def refuse_races(function: Function) -> None:
    """Raise for the races in a function and its helpers."""
    found = [d for each in (*function.helpers, function) for d in _races(each)]
    if found:
        raise Unsupported(*dict.fromkeys(map(_diagnostic, found)))


def _races(function: Function) -> list[Dependence]:
    loops = [s for s in walk(function.body) if isinstance(s, For) and s.parallel]
    if not loops:
        return []
    independence = Independence(function)
    return [d for loop in loops for d in independence.dependences(loop) if d.certain]


def _diagnostic(found: Dependence) -> Diagnostic:
    return Diagnostic(
        "the iterations of this prange loop need one another",
        span=found.span,
        label=f"through {found.name!r}",
        why="iterations of prange may run at the same time: what one writes, no other may read or write",
        advice="write range(...), give each iteration elements of its own, or add up: total += ..., a[k] += ...",
    )
