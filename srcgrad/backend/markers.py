"""Functions that do nothing when they run and mean something to the compiler."""

from __future__ import annotations

from typing import TypeVar

from numba.extending import register_jitable

T = TypeVar("T")


@register_jitable
def stop_gradient(x: T) -> T:
    """`x`, taken as a constant: no derivative flows through it."""
    return x


stop_gradient.__srcgrad_op__ = "stop_gradient"  # type: ignore[attr-defined]
