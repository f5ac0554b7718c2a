"""`python -m benchmarks`: gradient against primal, against a hand-written adjoint, and against JAX.

Everything runs in one process on one core. The primal is the problem's own function under plain `@njit`; the
hand-written adjoint is compiled with `error_model="numpy"`, as generated code is. Each figure is the least of several
interleaved rounds. The gradients must agree: the exit status is 1 where they do not.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
from numba import njit

from benchmarks import problems
from benchmarks.measure import disagreement, first_call, interleaved
from benchmarks.record import HEADER, Record, line, to_json
from srcgrad import grad

TOLERANCE = 1e-8


def main() -> int:
    """Time the problems asked for, print the table, write the JSON."""
    options = _parser().parse_args()
    _use_one_core()
    _warm_up_the_compilers()
    with_jax = not options.no_jax and _jax_is_there()
    print(HEADER, flush=True)
    records = []
    for name in options.only or problems.NAMES:
        records.append(measure(name, options.quick, options.rounds, with_jax))
        print(line(records[-1]), flush=True)
    warm = warm_start(options.only or list(problems.NAMES)) if options.warm else None
    if warm is not None:
        print(f"a second process with the disk cache, from start to end: {warm['process']:.2f} s")
        print("first gradients in it: " + ", ".join(f"{key} {warm[key]:.3f} s" for key in warm if key != "process"))
    if options.json:
        options.json.write_text(to_json(records, warm), encoding="utf-8")
    wrong = [record.problem for record in records if not record.disagreement < TOLERANCE]
    if wrong:
        print(f"the gradients disagree: {', '.join(wrong)}")
    return 1 if wrong else 0


def measure(name: str, quick: bool, rounds: int, with_jax: bool) -> Record:
    """Compile, compare and time one problem."""
    problem, arguments = problems.load(name), problems.inputs(name, quick)
    primal = njit(problem.primal)
    gradient = grad(problem.primal, argnums=problem.ARGNUMS, cache=False)
    by_hand = njit(error_model="numpy")(problem.handwritten)
    calls: dict[str, Callable[[], object]] = {
        "primal": lambda: primal(*arguments),
        "gradient": lambda: gradient(*arguments),
        "handwritten": lambda: by_hand(*arguments),
    }
    if with_jax:
        calls["jax"] = _jax_call(importlib.import_module(f"benchmarks.jax_problems.{name}"), arguments)
    compiling = {key: first_call(call) for key, call in calls.items()}
    others = [calls[key]() for key in ("handwritten", "jax") if key in calls]
    difference = max(disagreement(calls["gradient"](), other) for other in others)
    seconds = interleaved(calls, *((1, 0.001) if quick else (rounds, 0.1)))
    return Record(
        name,
        seconds["primal"],
        seconds["gradient"],
        seconds["handwritten"],
        seconds.get("jax"),
        compiling["primal"],
        compiling["gradient"],
        compiling.get("jax"),
        difference,
    )


def warm_start(names: list[str]) -> dict[str, float]:
    """Seconds of a second process that calls each gradient once, in all and for each first call."""
    command = [sys.executable, "-m", "benchmarks.warm", *names]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SRCGRAD_CACHE_DIR": folder, "PYTHONDONTWRITEBYTECODE": ""}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        start = time.perf_counter()
        second = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        process = time.perf_counter() - start
    return {"process": process, **json.loads(second.stdout)}


def _jax_call(module: ModuleType, arguments: tuple) -> Callable[[], object]:
    jax = importlib.import_module("jax")
    placed = [
        value if position in module.STATIC else jax.numpy.asarray(value) for position, value in enumerate(arguments)
    ]
    return lambda: jax.block_until_ready(module.gradient(*placed))


def _use_one_core() -> None:
    """Before JAX is imported: its thread pool takes the process's cores, and float64 is off unless asked for."""
    os.environ["JAX_ENABLE_X64"] = "1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _jax_is_there() -> bool:
    try:
        importlib.import_module("jax")
    except ImportError:
        print("JAX is not installed: its columns stay empty (python -m pip install jax)")
        return False
    return True


def _warm_up_the_compilers() -> None:
    """Numba's first compilation in a process pays for starting LLVM; no problem's figure should."""
    njit(_square)(np.ones(1))
    grad(_square, cache=False)(np.ones(1))


def _square(x):
    return x[0] * x[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n\n")[1])
    parser.add_argument("--only", nargs="+", choices=problems.NAMES, help="these problems only")
    parser.add_argument("--quick", action="store_true", help="small inputs, one round: only to see that all works")
    parser.add_argument("--rounds", type=int, default=15, help="rounds, of which the least counts (default 15)")
    parser.add_argument("--warm", action="store_true", help="also time a second process, from the disk cache")
    parser.add_argument("--no-jax", action="store_true", help="leave JAX out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured to FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
