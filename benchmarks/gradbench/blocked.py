"""`python -m benchmarks.gradbench.blocked RUN.PY`: GradBench's JAX tool, made to wait for its results.

A jitted function returns before its result is there, so that what their tool times is the dispatch. What GradBench
wraps in a timer is wrapped once more here, before its problems are imported: their files stay as they are."""

from __future__ import annotations

import functools
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from gradbench import wrap


def waiting(decorator: Callable[..., Any]) -> Callable[..., Any]:
    """GradBench's `wrap.function` or `wrap.multiple_runs`, of functions that return when the result is there."""

    @functools.wraps(decorator)
    def configured(**options: Any) -> Callable[..., Any]:
        def decorate(function: Callable[..., Any]) -> Any:
            return decorator(**options)(lambda *given: jax.block_until_ready(function(*given)))

        return decorate

    return configured


if __name__ == "__main__":
    wrap.function, wrap.multiple_runs = waiting(wrap.function), waiting(wrap.multiple_runs)
    script = sys.argv[1]
    sys.argv = [script]
    sys.path[0] = str(Path(script).parent)  # as Python does for a script; there the problems are found
    runpy.run_path(script, run_name="__main__")
