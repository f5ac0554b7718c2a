"""What an eval may ask for by name: how its input is made ready, what is timed, and how the result is sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Timing = dict[str, Any]


@dataclass(frozen=True)
class Function:
    """`prepare` makes arguments of the JSON input, `call` is timed, `present` makes JSON of its result."""

    prepare: Callable[[Any], tuple]
    call: Callable[..., Any]
    present: Callable[[Any], Any]

    def evaluate(self, sent: Any) -> tuple[Any, list[Timing]]:
        """The output, and one timing for each run, compilation being part of the first.

        As the protocol asks: at least `min_runs` times, and until `min_seconds` have passed in runs."""
        bounds = sent if isinstance(sent, dict) else {}
        runs, seconds = bounds.get("min_runs", 1), bounds.get("min_seconds", 0)
        arguments = self.prepare(sent)
        timings: list[Timing] = []
        elapsed = 0
        while len(timings) < runs or elapsed < 1e9 * seconds:
            start = time.perf_counter_ns()
            result = self.call(*arguments)
            spent = time.perf_counter_ns() - start
            timings.append({"name": "evaluate", "nanoseconds": spent})
            elapsed += spent
        return self.present(result), timings
