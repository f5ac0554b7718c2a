"""GradBench's problems as a user of srcgrad would write them: one module each, named as the eval is.

A module's `FUNCTIONS` are what its eval may ask for."""

from __future__ import annotations

import importlib

from benchmarks.gradbench.function import Function

NAMES = ("hello", "llsq", "lse", "ode", "det", "gmm", "lstm", "ba", "kmeans", "ht", "saddle", "particle")


def functions(name: str) -> dict[str, Function]:
    """The functions of one problem; it is imported when first asked for."""
    if name not in NAMES:
        raise KeyError(name)
    found: dict[str, Function] = importlib.import_module(f"{__name__}.{name}").FUNCTIONS
    return found
