"""Loops in blocks, for generated code: how many, which iterations each has, and in which order threads get them.

The blocks depend on the number of iterations only, not on that of threads, and what they give is folded in their order:
so results are the same, bit for bit, with any number of threads.
"""

from __future__ import annotations

from numba.extending import register_jitable

LEAST_WORK = 100_000  # operations: less is done before other threads have woken up
_MOST_BLOCKS = 64
_STRIDE = 27  # has no divisor in common with the number of blocks


@register_jitable
def blocks(count):
    """How many blocks a loop of `count` iterations has."""
    return min(max(count, 0), _MOST_BLOCKS)


@register_jitable
def bounds(block, blocks, count):
    """The first iteration of a block, and the one behind its last."""
    return block * count // blocks, (block + 1) * count // blocks


@register_jitable
def place(number, blocks):
    """The block that stands at a place in the order of execution. A thread gets places side by side; blocks that are
    not make its share a fair one where late iterations take longer than early ones."""
    return number * _STRIDE % _MOST_BLOCKS if blocks == _MOST_BLOCKS else number
