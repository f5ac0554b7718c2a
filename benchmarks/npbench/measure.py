"""`python -m benchmarks.npbench.measure CHECKOUT KERNEL ...`: one kernel, of which it prints one JSON record.

A process each, because peak memory is the process's and a kernel that crashes or never ends must not take the others
along. Each figure is the least of several interleaved rounds, on one core.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import disagreement, first_call, interleaved
from benchmarks.npbench import checkout
from benchmarks.npbench.jax_version import NoJax, gradient
from benchmarks.npbench.objective import NotReal, Outputs, find_outputs, fresh, objective
from benchmarks.npbench.verify import verify
from srcgrad import differentiable, grad, value_and_grad
from srcgrad.errors import SrcgradError

Record = dict[str, Any]


def main() -> int:
    options = _parser().parse_args()
    kernel = checkout.read(options.checkout, options.kernel, options.preset)
    try:
        outputs = find_outputs(kernel)
    except NotReal as reason:
        print(json.dumps({"kernel": kernel.name, "verdict": "not real", "reason": str(reason)}))
        return 0
    _warm_up()
    try:
        record = _measure(kernel, outputs, options)
    except SrcgradError as error:
        record = {"verdict": "refused", "reason": str(error)}
    print(json.dumps({"kernel": kernel.name, **record}))
    return 0


def _measure(kernel: checkout.Kernel, outputs: Outputs, options: argparse.Namespace) -> Record:
    function = kernel.function("numpy")
    scalar = objective(function, outputs)
    arguments = tuple(kernel.arguments.values())
    ours = grad(scalar, cache=options.from_disk)
    call = lambda: ours(arguments, outputs.weights)
    before = _peak()
    record: Record = {"compile": first_call(call), "memory": _peak() - before}
    if options.from_disk:
        return {"disk": record["compile"] - first_call(call)}
    found = call()
    if not options.no_check:
        record.update(_check(kernel, outputs))
    if options.rounds:
        record.update(_times(kernel, outputs, function, call, found, options))
    return record


def _check(kernel: checkout.Kernel, outputs: Outputs) -> Record:
    double = kernel.in_double()
    arguments = tuple(double.arguments.values())
    weights = tuple(np.asarray(w, dtype=np.float64) if np.ndim(w) else float(w) for w in outputs.weights)
    scalar = objective(double.function("numpy"), outputs)
    gradient_of = value_and_grad(scalar, cache=False)
    verdict = verify(lambda *point: gradient_of(*point)[1], scalar, arguments, weights, kernel.rounding())
    return {"verdict": "right" if verdict.right else "wrong", **asdict(verdict)}


def _times(
    kernel: checkout.Kernel,
    outputs: Outputs,
    function: Callable[..., Any],
    call: Callable[[], Any],
    found: Any,
    options: argparse.Namespace,
) -> Record:
    """Seconds per call; the versions of NumPy and Numba work on copies of their arguments, as ours does."""
    arguments = tuple(kernel.arguments.values())
    compiled = differentiable(function, cache=False)
    calls: dict[str, Callable[[], Any]] = {
        "gradient": call,
        "primal": lambda: compiled(*arguments),
        "numpy": lambda: function(*fresh(arguments)),
    }
    record: Record = {"compile_primal": first_call(calls["primal"])}
    if kernel.has("numba_n"):
        try:
            by_numba = kernel.function("numba_n")
            by_numba(*fresh(arguments))
            calls["numba"] = lambda: by_numba(*fresh(arguments))
        except Exception as error:
            record["no_numba"] = f"{type(error).__name__}"
    if not options.no_jax:
        try:
            start = time.perf_counter()
            calls["jax"], chosen = gradient(kernel, outputs.weights)
            record["compile_jax"] = time.perf_counter() - start
            ours = tuple(part for name, part in zip(kernel.arguments, found, strict=True) if name in chosen)
            record["jax_difference"] = disagreement(ours, calls["jax"]())
        except NoJax as reason:
            record["no_jax"] = str(reason)
    return {**record, "seconds": interleaved(calls, options.rounds, options.round_seconds)}


def _peak() -> int:
    """Bytes of memory the process has used at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _warm_up() -> None:
    """What every process pays once: Numba's and LLVM's start, and JAX's when it is imported."""
    value_and_grad(lambda x: x[0] * x[0], cache=False)(np.ones(1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.npbench.measure")
    parser.add_argument("checkout", type=Path)
    parser.add_argument("kernel")
    parser.add_argument("--preset", default="S")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--round-seconds", type=float, default=0.05)
    parser.add_argument("--no-jax", action="store_true")
    parser.add_argument("--no-check", action="store_true")
    parser.add_argument("--from-disk", action="store_true", help="only the first call, with the disk cache")
    return parser


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sys.exit(main())
