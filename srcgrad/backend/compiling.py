"""The interpreter's settings while something is derived and compiled, and back again."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_DEPTH = 20_000
_lock = threading.Lock()
_inside = 0
_before: tuple[bool, int] = (True, 0)


@contextmanager
def compiling() -> Iterator[None]:
    """Deep recursion, since Numba walks a function's control flow by it; and no search for cyclic garbage, of which a
    compiler makes little for the hundred thousands of objects it has alive: every search visits all of them, an eighth
    of the whole time. Nested or from several threads, the first one in and the last one out set what all share."""
    global _inside, _before
    with _lock:
        if not _inside:
            _before = gc.isenabled(), sys.getrecursionlimit()
            gc.disable()
            sys.setrecursionlimit(max(_before[1], _DEPTH))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                if _before[0]:
                    gc.enable()
                sys.setrecursionlimit(_before[1])
