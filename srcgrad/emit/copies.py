"""Parallel copies as a sequence of assignments.

In: copies that happen at once, as (variable written, variables read). Out: groups in an order in which each group
can be printed as one assignment: a single copy where nothing pending reads what it writes, several (a tuple
assignment) where they wait for each other in a cycle.
"""

from __future__ import annotations


def schedule(moves: list[tuple[str, frozenset[str]]]) -> list[list[int]]:
    """The positions of `moves`, grouped and in order. A move may read the variable it writes."""
    groups: list[list[int]] = []
    pending = list(range(len(moves)))
    while pending:
        free = next((k for k in pending if not _readers(moves, pending, k)), None)
        group = [free] if free is not None else _cycle(moves, pending)
        groups.append(group)
        pending = [k for k in pending if k not in group]
    return groups


def _readers(moves: list[tuple[str, frozenset[str]]], pending: list[int], k: int) -> list[int]:
    """The other pending moves that read what move `k` writes: they must come before it, or with it."""
    return [other for other in pending if other != k and moves[k][0] in moves[other][1]]


def _cycle(moves: list[tuple[str, frozenset[str]]], pending: list[int]) -> list[int]:
    """A smallest set of moves that no move outside it has to precede; every pending move has a reader."""
    best: list[int] = pending
    for start in pending:
        closed, todo = {start}, [start]
        while todo:
            for other in _readers(moves, pending, todo.pop()):
                if other not in closed:
                    closed.add(other)
                    todo.append(other)
        if len(closed) < len(best):
            best = sorted(closed)
    return best
