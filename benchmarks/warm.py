"""`python -m benchmarks.warm [problem ...]`: the first gradient of each problem, from the disk cache where it is there.

Prints a JSON object, seconds to the first gradient of each problem, small inputs. `python -m benchmarks --warm` runs
this twice and times the second process from outside."""

from __future__ import annotations

import json
import sys
import time

from benchmarks import problems
from srcgrad import grad


def first_gradient(name: str) -> float:
    """Seconds to make the gradient function of the problem `name` and to call it once."""
    problem, arguments = problems.load(name), problems.inputs(name, quick=True)
    start = time.perf_counter()
    grad(problem.primal, argnums=problem.ARGNUMS)(*arguments)
    return time.perf_counter() - start


if __name__ == "__main__":
    print(json.dumps({name: first_gradient(name) for name in sys.argv[1:] or problems.NAMES}))
