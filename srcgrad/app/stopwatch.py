"""How long a call takes. In: a function of no arguments. Out: seconds per call, the best of several batches."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds_per_call(call: Callable[[], object], batches: int = 7, batch_seconds: float = 0.02) -> float:
    """The best of `batches` averages over about `batch_seconds` each; the first call is not counted.

    The best, not the mean: other processes only ever make a call slower."""
    call()
    once = _timed(call, 1)
    repeats = max(1, int(batch_seconds / max(once, 1e-9)))
    return min(_timed(call, repeats) for _ in range(batches)) / repeats


def _timed(call: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return time.perf_counter() - start


def readable(seconds: float) -> str:
    """`1.23 ms` and the like, three significant digits."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
