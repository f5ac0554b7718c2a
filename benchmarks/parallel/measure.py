"""`python -m benchmarks.parallel.measure PROBLEM CORES`: one problem on so many cores, as a line of JSON.

Milliseconds of the primal and of the gradient, serial and parallel, of JAX's gradient and of PyTorch's where they are
installed; and by how much the parallel gradient differs from the serial one."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parallel.measure", description=__doc__)
    parser.add_argument("problem")
    parser.add_argument("cores", type=int)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    _keep_to(options.cores)
    print(json.dumps(_measured(options)))


def _keep_to(cores: int) -> None:
    """Everything in this process, whatever starts its threads, runs on so many cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[variable] = str(cores)


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    import numpy as np

    import srcgrad
    from benchmarks.measure import disagreement, interleaved
    from benchmarks.parallel import peers
    from benchmarks.parallel.problems import PROBLEMS

    problem = PROBLEMS[options.problem]
    given = problem.make(options.scale)
    calls: dict[str, Callable[[], object]] = {}
    results = {}
    for parallel in (False, True):
        name = "parallel" if parallel else "serial"
        primal = srcgrad.differentiable(problem.function, parallel=parallel)
        gradient = srcgrad.grad(problem.function, argnums=problem.argnums, parallel=parallel)
        results[name] = gradient(*given)
        calls[f"primal {name}"] = lambda primal=primal: primal(*given)
        calls[name] = lambda gradient=gradient: gradient(*given)
    if not options.no_peers:
        calls.update(peers.calls(options.problem, given, problem.argnums))
    seconds = interleaved(calls, options.rounds, 0.2)
    record: dict[str, Any] = {name: 1e3 * value for name, value in seconds.items()}
    record["difference"] = disagreement(results["parallel"], results["serial"])
    record["finite"] = bool(all(np.all(np.isfinite(g)) for g in results["serial"]))
    return record


if __name__ == "__main__":
    main()
