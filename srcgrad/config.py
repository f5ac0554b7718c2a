"""What can be asked for: a transform, and options that are the same on every transform; both are part of what
identifies a compiled function."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Target(enum.Enum):
    """What code is made for."""

    CPU = "cpu"
    CUDA = "cuda"


class Transform(enum.Enum):
    """What to compile of the user's function."""

    PRIMAL = "primal"
    GRAD = "grad"
    VALUE_AND_GRAD = "value_and_grad"
    VJP = "vjp"
    JVP = "jvp"
    JACOBIAN = "jacobian"  # a loop over products, made by the back end


@dataclass(frozen=True)
class Options:
    """`fastmath` lets the compiler reorder floating-point arithmetic, and takes denormal numbers for zero where nothing
    can be raised; `cache` keeps machine code on disk; `parallel` runs independent iterations of long loops in several
    threads; `nogil` releases Python's lock while compiled code runs; `boundscheck` raises `IndexError` on a subscript
    out of range; `strong_zero` makes a zero cotangent times an infinite or undefined partial zero; `holomorphic` (of
    `grad` and `value_and_grad` only) promises a holomorphic function. `target` is "cpu", or "cuda" for an NVIDIA
    GPU."""

    fastmath: bool = False
    cache: bool = True
    nogil: bool = False
    boundscheck: bool = False
    strong_zero: bool = False
    parallel: bool = False
    holomorphic: bool = False
    target: Target = Target.CPU
