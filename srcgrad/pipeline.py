"""The compiler's table of contents: the one place that knows the order of the stages.

    source -> frontend -> typed IR -> simplify -> adjoint or tangent -> plan -> simplify -> emit -> backend
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from srcgrad.config import Options
from srcgrad.infer.captured import Captured
from srcgrad.infer.signature import Spec
from srcgrad.ir.nodes import Function


class Transform(enum.Enum):
    """What to compile of the user's function."""

    PRIMAL = "primal"
    GRAD = "grad"
    VALUE_AND_GRAD = "value_and_grad"
    VJP = "vjp"
    JVP = "jvp"


@dataclass(frozen=True)
class Request:
    """A function, the specs of its arguments (one per parameter, defaults filled in), and what is wanted.

    `argnums` are the differentiated parameters (positions in `specs`), in the user's order. The entry point
    takes the leaves of all arguments in order; for VJP they are followed by one cotangent per floating leaf of
    the output, for JVP by one tangent per floating leaf of the parameters in `argnums`."""

    function: Callable[..., Any]
    specs: tuple[Spec, ...]
    transform: Transform
    argnums: tuple[int, ...] = (0,)
    has_aux: bool = False
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Built:
    """What the pipeline makes: a Python module as text, whose function `entry` computes the transform.

    `entry` returns the leaves of `result` as a flat tuple, or the bare value when there is exactly one and
    `result` is a Leaf; `result` is the structure to rebuild from them:
    PRIMAL out · GRAD grads (or (grads, aux)) · VALUE_AND_GRAD (value, grads) (or ((value, aux), grads)) ·
    VJP (out, grads) · JVP (out, out_tangent). `grads` is bare for one argnum (the API wraps it where
    the user gave a tuple of one). When `result` is made of plain (nested) tuples, `entry` returns that nesting itself.

    `captured` are the constants the code was compiled for. `captured_arrays` are further leaves of the entry point:
    they stand right after the leaves of the arguments, before cotangents or tangents. `written` are the positions
    (among the leaves of the arguments) of the arrays that the user's function writes into."""

    entry: str
    source: str
    result: Spec
    report: str
    primal: Function
    function: Function
    captured: tuple[Captured, ...] = ()
    captured_arrays: tuple[Captured, ...] = ()
    written: tuple[int, ...] = ()
