"""Which Python function stands for a library function.

In: the library function, as in `@quotes(np.tile)`. Out: `quoted(np.tile)`, the Python function to lower in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_QUOTED: dict[Any, FunctionType] = {}
METHODS: dict[str, FunctionType] = {}
"""The methods of arrays that are quoted, by name."""


def quotes(*targets: Any, method: str = "") -> Callable[[F], F]:
    """Let a Python function stand for library functions, and for the method of arrays of this name."""

    def register(function: F) -> F:
        assert isinstance(function, FunctionType)
        for target in targets:
            assert target not in _QUOTED, f"{target} is quoted twice"
            _QUOTED[target] = function
        if method:
            METHODS[method] = function
        return function

    return register


def quoted(target: Any) -> FunctionType | None:
    """The Python function that stands for `target`, if there is one."""
    try:
        return _QUOTED.get(target)
    except TypeError:  # unhashable
        return None


def all_quoted() -> dict[Any, FunctionType]:
    """Every library function that is quoted."""
    return dict(_QUOTED)


def constant(x: Any) -> Any:
    """`x`, held constant by differentiation."""
    return x


constant.__srcgrad_op__ = "hold"  # type: ignore[attr-defined]


def with_tangent(x: Any, y: Any) -> Any:
    """`x`, whose derivative is that of `y` (of x's shape). What only `y` needs is not computed where none is taken."""
    return x


with_tangent.__srcgrad_op__ = "with_tangent"  # type: ignore[attr-defined]


def refuse(title: str) -> None:
    """What a quoted function calls where it does not do what NumPy's does: compiling stops with this message."""
    raise NotImplementedError(title)
