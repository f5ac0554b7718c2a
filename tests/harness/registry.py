"""The corpus: small plain-Python programs, each registered with the arguments to run it on.

A program is registered by decorating it, which leaves it as it is:

    @program(lambda rng: (rng.standard_normal(4), 3))
    def scaled(x, n): ...

Each maker gives one argument set; programs whose control flow depends on data have several, one per path. Points lie
away from kinks and jumps, so that differences are a fair judge.
"""

from __future__ import annotations

import importlib
import pkgutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.differences import is_float_leaf
from srcgrad.infer.signature import describe, leaves

Maker = Callable[[np.random.Generator], tuple]

_PROGRAMS: dict[str, Program] = {}


@dataclass(frozen=True)
class Program:
    """One corpus program. `argnums` are the differentiated arguments, by default every one that holds floats;
    `rtol` and `atol` differ from the harness's defaults for a reason only, given where the program stands."""

    name: str
    function: Callable
    makers: tuple[Maker, ...]
    argnums: tuple[int, ...] | None
    rtol: float | None
    atol: float | None

    def argument_sets(self) -> list[tuple]:
        """Fresh arguments, the same each time."""
        seed = zlib.crc32(self.name.encode())
        return [tuple(maker(np.random.default_rng([seed, k]))) for k, maker in enumerate(self.makers)]

    def positions(self, args: tuple) -> tuple[int, ...]:
        """The differentiated positions."""
        return floating_positions(args) if self.argnums is None else self.argnums


def floating_positions(args: tuple) -> tuple[int, ...]:
    """The arguments that hold floats."""
    return tuple(k for k, value in enumerate(args) if any(map(is_float_leaf, leaves(describe(value)))))


def program(
    *makers: Maker,
    argnums: int | tuple[int, ...] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
) -> Callable[[Any], Any]:
    """Register the decorated function; it is returned unchanged."""
    if not makers:
        raise ValueError("a program needs at least one argument maker")

    def register(function: Any) -> Any:
        name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        if name in _PROGRAMS:
            raise ValueError(f"two programs are called {name}")
        positions = (argnums,) if isinstance(argnums, int) else argnums
        _PROGRAMS[name] = Program(name, function, makers, positions, rtol, atol)
        return function

    return register


def all_programs() -> list[Program]:
    """Every program of `tests.programs`, in a fixed order."""
    package = importlib.import_module("tests.programs")
    for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
        importlib.import_module(f"tests.programs.{module}")
    return [_PROGRAMS[name] for name in sorted(_PROGRAMS)]
