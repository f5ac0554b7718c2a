"""`python -m benchmarks.gpu`: time per gradient on the GPU, against the primal, a copy, and the one-thread CPU code.

With `--verify`, small sizes and a comparison with the CPU's gradients instead. Ends with status 1 where one differs."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import srcgrad
from benchmarks.gpu import peers
from benchmarks.gpu.problems import PROBLEMS, Problem
from srcgrad.backend.device.modules import gpu


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--scale", type=float, default=1.0, help="of the sizes (default 1)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--float32", action="store_true", help="float32 arrays")
    parser.add_argument("--verify", action="store_true", help="compare with the CPU, at a hundredth of the size")
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # JAX takes three quarters of the memory else
    if arguments.verify:
        return _verify(arguments.only)
    rows = []
    copy = _copy_bandwidth(gpu(False))
    print(f"copy: {copy / 1e9:.0f} GB/s, read and written")
    print(f"{'':15}{'primal':>10}{'gradient':>10}{'ratio':>7}{'of copy':>9}{'compile':>9}  peers, ms")
    for name in arguments.only:
        row = _measure(PROBLEMS[name], name, arguments.scale, arguments.rounds, arguments.float32, copy)
        rows.append(row)
        others = ", ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in row["peers"].items())
        share = f"{row['of_copy']:9.0%}" if row["of_copy"] else " " * 9
        print(
            f"{name:15}{row['primal']:10.3f}{row['gradient']:10.3f}{row['gradient'] / row['primal']:7.2f}{share}"
            f"{row['compile']:9.1f}  {others}", flush=True,
        )  # fmt: skip
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"copy": copy, "rows": rows}, file, indent=1)
    return 0


def _arguments(problem: Problem, scale: float, float32: bool) -> tuple:
    values = problem.make(scale)
    narrow = float32 and (lambda v: v.astype(np.float32) if getattr(v, "dtype", None) == np.float64 else v)
    return tuple(map(narrow, values)) if narrow else values


def _measure(problem: Problem, name: str, scale: float, rounds: int, float32: bool, copy: float) -> dict[str, Any]:
    device = gpu(False)
    host = _arguments(problem, scale, float32)
    given = tuple(device.upload(v) if isinstance(v, np.ndarray) else v for v in host)
    primal = srcgrad.differentiable(problem.function, target="cuda")
    gradient = srcgrad.grad(problem.function, argnums=problem.argnums, target="cuda")
    began = time.perf_counter()
    gradient(*given)
    device.finish()
    compiling = time.perf_counter() - began
    row: dict[str, Any] = {"name": name, "compile": compiling}
    row["primal"] = _time(lambda: primal(*given), device.finish, rounds)
    row["gradient"] = _time(lambda: gradient(*given), device.finish, rounds)
    least = problem.traffic(*host)
    row["of_copy"] = least / (row["gradient"] * 1e-3) / copy if least else 0.0
    row["peers"] = peers.times(name, host, problem.argnums, rounds)
    return row


def _time(call: Callable[[], Any], finish: Callable[[], None], rounds: int) -> float:
    """The median over rounds, in milliseconds."""
    call()
    finish()
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        finish()
        found.append(time.perf_counter() - began)
    return 1e3 * statistics.median(found)


def _copy_bandwidth(device: Any) -> float:
    """Bytes read and written in a second by a copy of 1 GB."""
    source = device.empty((1 << 27,), np.float64)
    target = device.empty((1 << 27,), np.float64)
    ms = _time(lambda: device.assign(target, source), device.finish, 10)
    return 2 * (1 << 30) / (ms * 1e-3)


def _verify(names: list[str]) -> int:
    wrong = 0
    for name in names:
        problem = PROBLEMS[name]
        given = problem.make(0.01)
        expected = srcgrad.value_and_grad(problem.function, argnums=problem.argnums)(*given)
        found = srcgrad.value_and_grad(problem.function, argnums=problem.argnums, target="cuda")(*given)
        pairs = [(expected[0], found[0]), *zip(expected[1], found[1])]
        worst = max(_difference(np.asarray(a), np.asarray(b)) for a, b in pairs)
        wrong += worst > 1e-9
        print(f"{name:15}{'right' if worst <= 1e-9 else 'WRONG'}  {worst:.1e}", flush=True)
    return 1 if wrong else 0


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / (np.abs(a).max() + 1e-300))


if __name__ == "__main__":
    sys.exit(main())
