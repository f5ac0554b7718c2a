"""The types of IR values: scalars, arrays (memory) and stacks (growing tapes).

Tuples, dicts and objects do not exist here: the frontend takes them apart into their leaves.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np


class Layout(enum.Enum):
    """Memory order of an array as far as it is known at compile time (`ANY` is strided)."""

    C = "C"
    F = "F"
    ANY = "A"


@dataclass(frozen=True)
class Scalar:
    """One number or truth value. `weak` marks a Python `int`, `float` or `bool`, which under NumPy's
    promotion (NEP 50) takes the dtype of the NumPy value it meets."""

    dtype: np.dtype
    weak: bool = False

    @property
    def is_float(self) -> bool:
        return self.dtype.kind == "f"

    @property
    def is_complex(self) -> bool:
        return self.dtype.kind == "c"

    @property
    def is_inexact(self) -> bool:
        """Real or complex floating: what a derivative is taken of."""
        return self.dtype.kind in "fc"

    @property
    def is_int(self) -> bool:
        return self.dtype.kind in "iu"

    @property
    def is_bool(self) -> bool:
        return self.dtype.kind == "b"

    def strong(self) -> Scalar:
        return Scalar(self.dtype)

    def __str__(self) -> str:
        return ("~" if self.weak else "") + self.dtype.name


@dataclass(frozen=True)
class Array:
    """A reference to memory of `ndim` dimensions. Two array symbols may name the same memory."""

    dtype: np.dtype
    ndim: int
    layout: Layout = Layout.C

    @property
    def is_float(self) -> bool:
        return self.dtype.kind == "f"

    @property
    def is_complex(self) -> bool:
        return self.dtype.kind == "c"

    @property
    def is_inexact(self) -> bool:
        return self.dtype.kind in "fc"

    @property
    def element(self) -> Scalar:
        return Scalar(self.dtype)

    @property
    def fastest(self) -> int:
        """The dimension along which neighbours are neighbours in memory, if there is one."""
        return 0 if self.layout is Layout.F else -1

    def __str__(self) -> str:
        return f"{self.dtype.name}[{', '.join(':' * self.ndim)}]{self.layout.value}"


@dataclass(frozen=True)
class Stack:
    """A growing last-in-first-out tape of scalars or array references."""

    element: Scalar | Array

    def __str__(self) -> str:
        return f"stack[{self.element}]"


Type = Scalar | Array | Stack

FLOAT64 = Scalar(np.dtype(np.float64))
FLOAT32 = Scalar(np.dtype(np.float32))
INT64 = Scalar(np.dtype(np.int64))
BOOL = Scalar(np.dtype(np.bool_))
PY_FLOAT = Scalar(np.dtype(np.float64), weak=True)
PY_COMPLEX = Scalar(np.dtype(np.complex128), weak=True)
PY_INT = Scalar(np.dtype(np.int64), weak=True)
PY_BOOL = Scalar(np.dtype(np.bool_), weak=True)


def real_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype of the real and imaginary parts of complex numbers; any other dtype is its own."""
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


def same_value_type(a: Type, b: Type) -> bool:
    """Equal up to weakness and layout: what the verifier asks of yields and carried values."""
    if isinstance(a, Scalar) and isinstance(b, Scalar):
        return a.dtype == b.dtype
    if isinstance(a, Array) and isinstance(b, Array):
        return a.dtype == b.dtype and a.ndim == b.ndim
    if isinstance(a, Stack) and isinstance(b, Stack):
        return same_value_type(a.element, b.element)
    return False


def stack_of(element: Type) -> Stack:
    """The type of a stack of `element`. Raises `TypeError` for a stack of stacks, which does not exist."""
    if isinstance(element, Stack):
        raise TypeError("a stack holds scalars or array references")
    return Stack(element)


def stack_element(stack: Stack) -> Scalar | Array:
    """What `Pop` gives: arrays come back with unknown layout."""
    element = stack.element
    return Array(element.dtype, element.ndim, Layout.ANY) if isinstance(element, Array) else element
