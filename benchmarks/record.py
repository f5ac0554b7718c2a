"""What is measured for one problem, and how it is printed and stored."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import metadata


@dataclass(frozen=True)
class Record:
    """Seconds; `jax` is None where JAX is missing. `disagreement` is our gradient's largest relative distance
    from the hand-written one and from JAX's."""

    problem: str
    primal: float
    gradient: float
    handwritten: float
    jax: float | None
    compile_primal: float
    compile_gradient: float
    compile_jax: float | None
    disagreement: float

    @property
    def to_primal(self) -> float:
        return self.gradient / self.primal

    @property
    def to_handwritten(self) -> float:
        return self.gradient / self.handwritten

    @property
    def to_jax(self) -> float | None:
        return None if self.jax is None else self.gradient / self.jax

    @property
    def compile_ratio(self) -> float:
        return self.compile_gradient / self.compile_primal


HEADER = (
    f"{'':<14} {'milliseconds per call':^43} {'gradient over':^26} {'seconds to compile':^34} {'largest':>10}\n"
    f"{'problem':<14} {'primal':>10} {'gradient':>10} {'by hand':>10} {'JAX':>10} {'primal':>8} {'by hand':>8}"
    f" {'JAX':>8} {'primal':>8} {'gradient':>8} {'ratio':>7} {'JAX':>8} {'difference':>10}"
)


def line(record: Record) -> str:
    """One row under `HEADER`."""
    r = record
    times = " ".join(_cell(seconds, 10, 1e3) for seconds in (r.primal, r.gradient, r.handwritten, r.jax))
    ratios = " ".join(_cell(ratio, 8) for ratio in (r.to_primal, r.to_handwritten, r.to_jax))
    compiling = f"{r.compile_primal:>8.2f} {r.compile_gradient:>8.2f} {r.compile_ratio:>7.2f} {_cell(r.compile_jax, 8)}"
    return f"{r.problem:<14} {times} {ratios} {compiling} {r.disagreement:>10.0e}"


def _cell(value: float | None, width: int, scale: float = 1.0) -> str:
    if value is None:
        return f"{'-':>{width}}"
    return f"{value * scale:>{width}.{2 if scale == 1.0 else 4}f}"


def to_json(records: Iterable[Record], warm: dict[str, float] | None) -> str:
    """All records, the machine and the versions of what was measured."""
    packages = ("srcgrad", "numba", "llvmlite", "numpy", "jax", "jaxlib")
    document = {
        "machine": {"processor": _processor(), "python": platform.python_version(), "system": platform.platform()},
        "versions": {name: _version(name) for name in packages},
        "seconds": [asdict(record) for record in records],
        "warm_seconds": warm,
    }
    return json.dumps(document, indent=2) + "\n"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next((text.split(":", 1)[1].strip() for text in file if text.startswith("model name")), "unknown")
    except OSError:
        return platform.processor()
