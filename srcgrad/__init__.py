"""Machine-code gradients of ordinary Python: loops, branches and in-place writes, on NumPy arrays and scalars."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from srcgrad.config import Options
from srcgrad.errors import ArgumentError, Diagnostic, InternalError, OverlapError, SrcgradError, Unsupported

if TYPE_CHECKING:
    from srcgrad.api import (
        add_to,
        differentiable,
        grad,
        hessian,
        jacobian,
        jvp,
        stop_gradient,
        to_device,
        value_and_grad,
        vjp,
    )

__version__ = "0.1.0"

__all__ = [
    "ArgumentError", "Diagnostic", "InternalError", "Options", "OverlapError", "SrcgradError", "Unsupported",
    "add_to", "differentiable", "grad", "hessian", "jacobian", "jvp", "stop_gradient", "to_device", "value_and_grad",
    "vjp",
]  # fmt: skip

_TRANSFORMS = frozenset(__all__) - frozenset(globals())


def __getattr__(name: str) -> Any:
    """The transforms bring NumPy and Numba with them: they are imported when first asked for."""
    if name == "optim":
        return importlib.import_module("srcgrad.optim")
    if name not in _TRANSFORMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module("srcgrad.api"), name)
    return found
