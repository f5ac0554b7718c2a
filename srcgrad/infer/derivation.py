"""Which derivative of a function is meant, as far as that is known without its arguments.

Our objects carry it (`__srcgrad_derivation__`, a pair of the function and this), so that the frontend can compile a
derivative that a function calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from srcgrad.config import Options, Transform
from srcgrad.errors import ArgumentError, Diagnostic

Argnums = int | tuple[int, ...] | None
Argnames = str | tuple[str, ...] | None


@dataclass(frozen=True)
class Derivation:
    """A transform and what it is asked to differentiate."""

    transform: Transform
    argnums: Argnums = None
    argnames: Argnames = None
    has_aux: bool = False
    options: Options = field(default_factory=Options)


def differentiated(
    argnums: Argnums, argnames: Argnames, names: Sequence[str], function: str
) -> tuple[tuple[int, ...], bool]:
    """The positions to differentiate among the parameters `names`, and whether the gradient is bare (rather than in a
    tuple). Raises `ArgumentError` for what names no parameter of `function`, or one twice."""
    resolver = _Resolver(names, function)
    if argnames is not None:
        named = (argnames,) if isinstance(argnames, str) else tuple(argnames)
        positions = [resolver.named(name) for name in named]
        if argnums is None:
            return resolver.distinct(positions), isinstance(argnames, str)
        return resolver.distinct([*resolver.numbered(argnums), *positions]), False
    wanted = 0 if argnums is None else argnums
    return resolver.distinct(resolver.numbered(wanted)), not isinstance(wanted, Iterable)


@dataclass(frozen=True)
class _Resolver:
    names: Sequence[str]
    function: str

    def named(self, name: object) -> int:
        if name in self.names:
            return self.names.index(str(name))
        raise self._error(f"argnames names {name!r}, which is not a parameter of {self.function}")

    def numbered(self, argnums: Any) -> list[int]:
        count = len(self.names)
        found = []
        for number in list(argnums) if isinstance(argnums, Iterable) else [argnums]:
            if isinstance(number, bool) or not hasattr(number, "__index__"):
                raise self._error(f"argnums must be an int or a tuple of ints, not {argnums!r}")
            position = number.__index__()
            if not -count <= position < count:
                raise self._error(f"argnums={argnums!r}, but {self.function} has {count} parameter(s)")
            found.append(position % count)
        return found

    def distinct(self, positions: list[int]) -> tuple[int, ...]:
        if not positions:
            raise self._error("there is nothing to differentiate: argnums is empty")
        if len(set(positions)) < len(positions):
            raise self._error(f"argnums names a parameter of {self.function} twice")
        return tuple(positions)

    def _error(self, title: str) -> ArgumentError:
        return ArgumentError(Diagnostic(title, advice=f"the parameters are: {', '.join(self.names) or 'none'}"))
