"""The problems, one module each: `primal` (plain loops), `inputs`, `ARGNUMS`, and `handwritten`, its gradient.

`primal` and `handwritten` are plain functions, compiled by whoever times them; helpers carry `@njit`, as Numba asks.
"""

from __future__ import annotations

import importlib
from types import ModuleType

NAMES = ("gmm", "lstm", "ode", "lennard_jones", "stencil", "logsumexp", "chain")

QUICK = {
    "gmm": {"n": 50, "d": 4, "k": 5},
    "lstm": {"steps": 10},
    "ode": {"steps": 200},
    "lennard_jones": {"n": 40},
    "stencil": {"n": 30, "steps": 10},
    "logsumexp": {"n": 2000},
    "chain": {"n": 2000},
}


def load(name: str) -> ModuleType:
    """The module of the problem `name`."""
    return importlib.import_module(f"{__name__}.{name}")


def inputs(name: str, quick: bool) -> tuple:
    """The arguments of the problem: the ones that are reported, or small ones that only show that all works."""
    return load(name).inputs(**(QUICK[name] if quick else {}))
