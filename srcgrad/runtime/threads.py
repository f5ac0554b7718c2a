"""Loops in blocks, for generated code: how many, which iterations each has, and in which order threads get them.

The blocks depend on the number of iterations only, not on that of threads, and what they give is folded in their order:
so results are the same, bit for bit, with any number of threads.
"""

from __future__ import annotations

import os

import numpy as np
from numba import get_num_threads
from numba.extending import register_jitable

from srcgrad.runtime.thread_pool import may_start as may_start
from srcgrad.runtime.thread_pool import note_use as note_use

LEAST_WORK = int(os.environ.get("SRCGRAD_LEAST_WORK", 100_000))
"""Operations: less is done before other threads have woken up."""
COST_OF_ZEROS = 12  # four times three passes over memory, for each element that a block has of its own
ATOMIC_COST = 14  # operations, of an addition that threads make atomically
_MOST_BLOCKS = 64
_FEW_BLOCKS = 16  # of a loop of which each block has zeros of its own to add to
_STRIDE = 27  # has no divisor in common with the number of blocks


@register_jitable
def blocks(count):
    """How many blocks a loop of `count` iterations has."""
    return min(max(count, 0), _MOST_BLOCKS)


@register_jitable
def few_blocks(count):
    """How many blocks a loop has of which each needs memory of its own."""
    return min(max(count, 0), _FEW_BLOCKS)


@register_jitable
def is_too_large(work, blocks, size):
    """Would zeros for each block, and adding them up, cost more than a quarter of the work?"""
    return COST_OF_ZEROS * blocks * size > work


@register_jitable
def atomics_pay(work, additions):
    """Do several threads with atomic additions take less time than one without?"""
    return (get_num_threads() - 1) * work > ATOMIC_COST * additions


@register_jitable
def zeros(blocks, array):
    """Zeros of the shape of an array for each block."""
    return np.zeros((blocks,) + array.shape, array.dtype)


@register_jitable
def add_up(array, parts):
    """Add what each block has, in their order."""
    for k in range(len(parts)):
        array += parts[k]


@register_jitable
def bounds(block, blocks, count):
    """The first iteration of a block, and the one behind its last."""
    return block * count // blocks, (block + 1) * count // blocks


@register_jitable
def place(number, blocks):
    """The block that stands at a place in the order of execution. A thread gets places side by side; blocks that are
    not make its share a fair one where late iterations take longer than early ones."""
    return number * _STRIDE % _MOST_BLOCKS if blocks == _MOST_BLOCKS else number
