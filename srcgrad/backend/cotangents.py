"""Cotangents and tangents: values in the structure of something else.

In: the structure to match (a spec, and the leaves it was taken from), and what the user passed. Out: one leaf for each
floating leaf of the structure, in its exact type and C order; or an `ArgumentError` that says which part does not fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.backend.device.boundary import is_copied
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.infer.signature import Leaf, Node, Spec
from srcgrad.ir.types import Array, Scalar


@dataclass(frozen=True)
class Matcher:
    """Checks values against a structure. `noun` is what the value is (a cotangent, a tangent), `of` is what it
    belongs to (the output, a primal)."""

    noun: str
    of: str

    def match(self, value: Any, spec: Spec, leaves: Iterator[Any], name: str) -> Iterator[Any]:
        """The floating leaves of `value`; `leaves` are those of the structure, whose shapes count."""
        if isinstance(spec, Node):
            for key, child, part in zip(spec.keys, spec.children, self._parts(value, spec, name)):
                yield from self.match(part, child, leaves, f"{name}[{key!r}]")
        elif not isinstance(spec, Leaf):
            self._expect_none(value, name)
        elif not spec.type.is_inexact:
            next(leaves)
            self._expect_none(value, name)
        elif isinstance(spec.type, Array):
            yield self._array(value, next(leaves), name)
        else:
            next(leaves)
            assert isinstance(spec.type, Scalar)
            yield self._scalar(value, spec.type, name)

    def _parts(self, value: Any, spec: Node, name: str) -> list:
        keys, container = spec.keys, spec.container
        if container is dict:
            if isinstance(value, dict) and set(value) == set(keys):
                return [value[key] for key in keys]
        elif issubclass(container, (tuple, list)):
            if isinstance(value, (tuple, list)) and len(value) == len(keys):
                return list(value)
        elif isinstance(value, container):
            return [getattr(value, key) for key in keys]
        wanted = f"{container.__name__} of {len(keys)}"
        raise self._error(f"{name} is {_described(value)}", f"{self.of} is a {wanted}")

    def _expect_none(self, value: Any, name: str) -> None:
        if value is not None:
            raise self._error(
                f"{name} is {_described(value)}", f"{self.of} is not a floating-point value there: pass None"
            )

    def _scalar(self, value: Any, kind: Scalar, name: str) -> Any:
        number = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
        is_number = isinstance(number, (int, float, np.floating, np.integer)) or (
            kind.is_complex and isinstance(number, (complex, np.complexfloating))
        )
        if isinstance(number, (bool, np.bool_)) or not is_number:
            raise self._error(f"{name} is {_described(value)}", f"{self.of} is one number of type {kind.dtype}")
        python = {np.dtype(np.float64): float, np.dtype(np.complex128): complex}
        return python.get(kind.dtype, kind.dtype.type)(number)

    def _array(self, value: Any, like: np.ndarray, name: str) -> np.ndarray:
        if like.ndim == 0 and isinstance(value, (int, float, complex, np.inexact)) and not isinstance(value, bool):
            return np.array(value, like.dtype)
        if not isinstance(value, np.ndarray):
            what = f"{self.of} is an array of shape {like.shape}"
            raise self._error(f"{name} is {_described(value)}", what)
        if value.shape != like.shape:
            raise self._error(f"{name} has shape {value.shape}", f"{self.of} has shape {like.shape}")
        if value.dtype != like.dtype:
            raise self._error(f"{name} has dtype {value.dtype}", f"{self.of} has dtype {like.dtype}")
        if is_copied(value):
            raise self._error(f"{name} does not lie in memory row by row", "on the GPU it is taken as it is")
        return np.require(value, like.dtype, ["C", "A", "W", "E"])

    def _error(self, title: str, why: str) -> ArgumentError:
        advice = f"pass a {self.noun} with the structure, shapes and dtypes of what it belongs to"
        return ArgumentError(Diagnostic(title, why=why, advice=advice))


def _described(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return repr(value)
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (tuple, list, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"
