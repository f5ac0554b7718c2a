"""`python -m benchmarks.frameworks`: first lessons in TensorFlow, PyTorch and JAX beside ours.

Every way to do a lesson starts from the same numbers and must come to the same (the exit status is 1 where one does
not). Everything runs in one process on one core, in float64 (digits: float32); each time is the least of several
interleaved rounds, per call, cotangent, gradient, step or epoch. A framework that is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.frameworks import lessons, ours, peers
from benchmarks.frameworks.agreement import difference
from benchmarks.frameworks.lessons import Lesson
from benchmarks.measure import first_call, interleaved

OURS = "srcgrad"
_PACKAGES = ("srcgrad", "numba", "numpy", "torch", "tensorflow-cpu", "jax", "scikit-learn")


def main() -> int:
    """Time the lessons asked for, print the tables, write the JSON."""
    options = _parser().parse_args()
    _use_one_core()
    found = {name: peers.find(name) for name in peers.PEERS if name not in options.without}
    for reason in found.values():
        if isinstance(reason, str):
            print(reason)
    modules = {name: module for name, module in found.items() if isinstance(module, ModuleType)}
    records = []
    for name in options.only or lessons.ALL:
        if (reason := lessons.missing(name)) is not None:
            print(f"{name} is left out: {reason}")
            continue
        records.append(measure(lessons.ALL[name](options.quick), modules, options))
        print("\n".join(_table(records[-1])), flush=True)
    if options.json:
        options.json.write_text(json.dumps(_document(records), indent=1) + "\n", encoding="utf-8")
    return int(any(not way["difference"] <= 1.0 for record in records for way in record["ways"]))


def measure(lesson: Lesson, modules: dict[str, ModuleType], options: argparse.Namespace) -> dict[str, Any]:
    """All ways to do one lesson: seconds per step, seconds of the first run, and whether the numbers agree."""
    calls: dict[tuple[str, str], Callable[[], tuple]] = {(OURS, way): f for way, f in ours.run(lesson).items()}
    for name, module in modules.items():
        calls.update({(peers.PEERS[name], way): f for way, f in module.run(lesson).items()})
    first, failures = {}, []
    for key in list(calls):
        try:
            first[key] = first_call(calls[key])
        except Exception as error:
            if key[0] == OURS:
                raise
            del calls[key]  # a peer that cannot do a lesson is no failure of ours
            failures.append(f"{' '.join(key)}: {type(error).__name__}: {str(error).splitlines()[:1]}")
    results = {key: call() for key, call in calls.items()}
    expected = next(iter(results.values()))
    seconds = interleaved({str(key): call for key, call in calls.items()}, options.rounds, options.seconds)
    ways = [
        {
            "framework": key[0], "way": key[1], "seconds": seconds[str(key)] / lesson.steps, "first": first[key],
            "difference": difference(lesson, results[key], expected),
            "accuracy": float(results[key][-1]) if lesson.name == "digits" else None,
        }
        for key in calls
    ]  # fmt: skip
    return {"lesson": lesson.name, "title": lesson.title, "unit": lesson.unit, "ways": ways, "failures": failures}


def _table(record: dict[str, Any]) -> list[str]:
    unit, best = record["unit"], record["ways"][0]["seconds"]
    lines = [f"\n{record['title']} ({record['lesson']})", f"{'':<34} {f'us per {unit}':>16} {'times ours':>11}"]
    for way in record["ways"]:
        title = f"{way['framework']}, {way['way']}"
        notes = "" if way["difference"] <= 1.0 else "  ANOTHER RESULT"
        notes += "" if way["accuracy"] is None else f"  {100 * way['accuracy']:.2f} % right"
        lines.append(f"{title:<34} {1e6 * way['seconds']:>16.3f} {way['seconds'] / best:>11.1f}{notes}")
    return [*lines, *(f"left out: {failure}" for failure in record["failures"])]


def _document(records: list[dict[str, Any]]) -> dict[str, Any]:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {"machine": platform.platform(), "versions": versions, "lessons": records}


def _use_one_core() -> None:
    """Before the frameworks are imported: their thread pools take the process's cores."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[variable] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frameworks", description=__doc__.split("\n\n")[1])
    parser.add_argument("--only", nargs="+", choices=list(lessons.ALL), help="these lessons only")
    parser.add_argument("--without", nargs="+", default=[], choices=list(peers.PEERS), help="leave frameworks out")
    parser.add_argument("--quick", action="store_true", help="few steps: only to see that all works")
    parser.add_argument("--rounds", type=int, default=9, help="rounds, of which the least counts (default 9)")
    parser.add_argument("--seconds", type=float, default=0.1, help="seconds per round and way (default 0.1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured to FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
