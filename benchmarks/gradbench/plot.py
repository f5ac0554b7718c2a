"""A picture of one comparison: for each eval's largest input, the gradient's time over that of `manual`."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

from benchmarks.gradbench.peers import TOOLS
from benchmarks.gradbench.record import Records
from benchmarks.gradbench.table import over


def missing() -> str | None:
    """Why nothing can be drawn; None where it can."""
    if importlib.util.find_spec("matplotlib") is None:
        return "--plot needs matplotlib: python -m pip install matplotlib"
    return None


def draw(records: Records, file: Path) -> None:
    """Write the picture."""
    importlib.import_module("matplotlib").use("Agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    last = {record.eval: record.size for record in records.derivatives()}
    names = [name for name in last if name != "hello"]
    figure, axes = pyplot.subplots(figsize=(1.5 + 1.3 * len(names), 4.0), layout="constrained")
    for position, tool in enumerate(TOOLS):
        mine = {r.eval: over(records, r, "manual") for r in records.derivatives() if r.tool == tool}
        bars = [(at, mine[name]) for at, name in enumerate(names) if mine.get(name)]
        places = [at + (position - len(TOOLS) / 2 + 0.5) * 0.14 for at, _ in bars]
        axes.bar(places, [ratio for _, ratio in bars], width=0.13, label=tool)
    axes.set_xticks(range(len(names)), [f"{name}\n{last[name]}" for name in names], fontsize="small")
    axes.set_yscale("log")
    axes.axhline(1.0, color="black", linewidth=0.8)
    axes.set_ylabel("time of the gradient / manual")
    axes.legend(fontsize="small")
    figure.savefig(file)
