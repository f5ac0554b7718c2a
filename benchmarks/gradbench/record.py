"""What a tool did on one input of an eval."""

from __future__ import annotations

import dataclasses
import statistics
from dataclasses import dataclass, field

DERIVATIVES = {
    "double": "square",
    "gradient": "primal",
    "jacobian": "objective",
    "dir": "cost",
    "search": "",
}  # the functions that evals ask for, each with the one it is the derivative of
SEARCHES = ("rr", "ff", "fr", "rf")  # what `saddle` and `particle` ask for: one search, by four choices of modes


@dataclass
class Record:
    """Nanoseconds of all runs of one function, the first of each process apart: that one may have compiled."""

    eval: str
    size: str
    function: str
    tool: str
    first: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    valid: bool = True
    error: str | None = None

    @property
    def seconds(self) -> float | None:
        """The median; of a function that ran once only, that run's."""
        runs = self.later or self.first
        return statistics.median(runs) / 1e9 if runs else None

    @property
    def compiling(self) -> float | None:
        """What the first run took longer than the others."""
        if not self.first or not self.later:
            return None
        return max(0.0, min(self.first) - statistics.median(self.later)) / 1e9

    def add(self, nanoseconds: list[int]) -> None:
        self.first.extend(nanoseconds[:1])
        self.later.extend(nanoseconds[1:])

    def json(self) -> dict[str, object]:
        runs = len(self.first) + len(self.later)
        kept = {key: value for key, value in dataclasses.asdict(self).items() if key not in ("first", "later")}
        return {**kept, "seconds": self.seconds, "compiling": self.compiling, "runs": runs}


class Records:
    """All that was measured, in the order of the inputs."""

    def __init__(self) -> None:
        self.all: dict[tuple[str, str, str, str], Record] = {}

    def of(self, name: str, size: str, function: str, tool: str) -> Record:
        return self.all.setdefault((name, size, function, tool), Record(name, size, function, tool))

    def seconds(self, name: str, size: str, function: str, tool: str) -> float | None:
        """Of a tool whose results were all valid."""
        found = self.all.get((name, size, function, tool))
        return found.seconds if found is not None and found.valid else None

    def derivatives(self) -> list[Record]:
        return [record for record in self.all.values() if record.function in DERIVATIVES]
