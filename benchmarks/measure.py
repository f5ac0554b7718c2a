"""Timing of several calls against one another, and agreement of gradients."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np


def first_call(call: Callable[[], object]) -> float:
    """Seconds of one call, compilation included."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def interleaved(calls: dict[str, Callable[[], object]], rounds: int, round_seconds: float) -> dict[str, float]:
    """Seconds per call of each, the least over `rounds` rounds of about `round_seconds`.

    The calls take turns, so that a slow spell of the machine falls on all of them. All must be compiled."""
    repeats = {}
    for name, call in calls.items():
        once = min(first_call(call) for _ in range(2))
        repeats[name] = max(1, int(round_seconds / max(once, 1e-9)))
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            best[name] = min(best[name], (time.perf_counter() - start) / repeats[name])
    return best


def disagreement(a: Any, b: Any) -> float:
    """The largest difference between two gradients, relative to the largest entry of the array it is found in."""
    pairs = zip(_arrays(a), _arrays(b), strict=True)
    return max(float(np.abs(x - y).max() / max(np.abs(y).max(), 1e-300)) for x, y in pairs)


def _arrays(gradient: Any) -> list[np.ndarray]:
    parts = gradient if isinstance(gradient, tuple) else (gradient,)
    return [np.asarray(part) for part in parts]
