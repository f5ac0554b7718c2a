"""`python -m benchmarks.gpu.profile`: what a call costs besides the kernels, on small arrays."""

from __future__ import annotations

import cProfile
import pstats
import time

import numpy as np

import srcgrad
from benchmarks.gpu.problems import PROBLEMS
from srcgrad.backend.device.modules import gpu


def main() -> None:
    device = gpu(False)
    for name in ("chain", "heston", "dense"):
        problem = PROBLEMS[name]
        given = tuple(device.upload(a) if isinstance(a, np.ndarray) else a for a in problem.make(0.001))
        primal = srcgrad.differentiable(problem.function, target="cuda")
        gradient = srcgrad.grad(problem.function, argnums=problem.argnums, target="cuda")
        for function in (primal, gradient):
            function(*given)
            device.finish()
            began = time.perf_counter()
            for _ in range(200):
                function(*given)
            device.finish()
            print(f"{name:10} {function!r:40} {(time.perf_counter() - began) / 200 * 1e6:8.1f} us a call")
        profile = cProfile.Profile()
        profile.enable()
        for _ in range(200):
            gradient(*given)
        device.finish()
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(14)


if __name__ == "__main__":
    main()
