"""The structure of arguments and results: which parts are run-time leaves and which are compile-time constants.

A `Spec` describes one argument (or result) as the compiler sees it: a `Leaf` is a scalar or an array, `Static` a
value known at compile time (None, str, a function, an object whose attributes are read), `Node` a container whose
children are specs again. The same specs describe results, so containers are rebuilt on the way out.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.ir.types import PY_BOOL, PY_COMPLEX, PY_FLOAT, PY_INT, Array, Layout, Scalar


@dataclass(frozen=True)
class Leaf:
    """A run-time scalar or array. `units` are dimensions of an array that have the length 1 in every call of this
    spec: NumPy's broadcasting repeats them. (They are told apart only for functions that need it.)"""

    type: Scalar | Array
    units: tuple[int, ...] = ()

    def in_words(self) -> str:
        """The value as a user would call it."""
        if isinstance(self.type, Array):
            return f"a {self.type.ndim}-d array of {self.type.dtype.name}"
        words = {"i": "an int", "u": "an int", "b": "a bool", "c": "a complex number"}
        return words.get(self.type.dtype.kind, "a float")


@dataclass(frozen=True, eq=False)
class Static:
    """A value known at compile time; two are equal when the values are the same object or equal strings/None.

    A bound method is a new object at every access: two are equal when function and object are the same."""

    value: Any

    def in_words(self) -> str:
        """The value as a user would call it."""
        return repr(self.value)

    def _key(self) -> object:
        if isinstance(self.value, types.MethodType):
            return id(self.value.__func__), id(self.value.__self__)
        return self.value if isinstance(self.value, (str, type(None), type)) else id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Static) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


@dataclass(frozen=True)
class Node:
    """A container: `container` is tuple, list, dict, a namedtuple class or a dataclass; `keys` are positions,
    dict keys or field names, in order."""

    container: type
    keys: tuple
    children: tuple[Spec, ...]

    def in_words(self) -> str:
        """The value as a user would call it."""
        return f"a {self.container.__name__} of {len(self.children)}"


Spec = Leaf | Static | Node


def is_namedtuple(container: type) -> bool:
    return issubclass(container, tuple) and hasattr(container, "_fields")


def array_layout(value: np.ndarray) -> Layout:
    if value.flags.c_contiguous:
        return Layout.C
    return Layout.F if value.flags.f_contiguous else Layout.ANY


def describe(value: Any) -> Spec:
    """The spec of a run-time value. What is neither number, array nor container is `Static`."""
    match value:
        case bool():
            return Leaf(PY_BOOL)
        case int() if not isinstance(value, np.generic):
            return Leaf(PY_INT)
        case float() if not isinstance(value, np.generic):
            return Leaf(PY_FLOAT)
        case complex() if not isinstance(value, np.generic):
            return Leaf(PY_COMPLEX)
        case np.generic():
            return Leaf(Scalar(value.dtype))
        case np.ndarray():
            return Leaf(Array(value.dtype, value.ndim, array_layout(value)))
        case dict():
            return Node(dict, tuple(value), tuple(map(describe, value.values())))
        case tuple() | list():
            keys = getattr(type(value), "_fields", range(len(value)))
            return Node(type(value), tuple(keys), tuple(map(describe, value)))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = tuple(field.name for field in dataclasses.fields(value))
        return Node(type(value), names, tuple(describe(getattr(value, name)) for name in names))
    return Static(value)


def with_units(spec: Spec, value: Any) -> Spec:
    """The spec of `value` that also tells which dimensions of its arrays have the length 1."""
    if isinstance(spec, Leaf):
        return Leaf(spec.type, units_of(value))
    if isinstance(spec, Node):
        children = tuple(map(with_units, spec.children, _parts(value, spec)))
        return Node(spec.container, spec.keys, children)
    return spec


def units_of(value: Any) -> tuple[int, ...]:
    """The dimensions of length 1 of an array."""
    return tuple(k for k, n in enumerate(value.shape) if n == 1) if isinstance(value, np.ndarray) else ()


def leaves(spec: Spec) -> Iterator[Leaf]:
    """The leaves of a spec, in order."""
    if isinstance(spec, Leaf):
        yield spec
    elif isinstance(spec, Node):
        for child in spec.children:
            yield from leaves(child)


def is_plain(spec: Spec) -> bool:
    """Whether the spec is a leaf, or tuples (not empty) of leaves: what an entry point returns as it is."""
    if isinstance(spec, Node):
        return spec.container is tuple and bool(spec.children) and all(map(is_plain, spec.children))
    return isinstance(spec, Leaf)


def flatten(value: Any, spec: Spec) -> Iterator[Any]:
    """The run-time leaves of `value`, in the order of `leaves(spec)`."""
    if isinstance(spec, Leaf):
        yield value
    elif isinstance(spec, Node):
        for part, child in zip(_parts(value, spec), spec.children, strict=True):
            yield from flatten(part, child)


def _parts(value: Any, spec: Node) -> list:
    if spec.container is dict:
        return [value[key] for key in spec.keys]
    if issubclass(spec.container, (tuple, list)):
        return list(value)
    return [getattr(value, name) for name in spec.keys]


def unflatten(spec: Spec, values: Iterator[Any]) -> Any:
    """The inverse of `flatten`: takes the leaves it needs from `values`."""
    if isinstance(spec, Leaf):
        return next(values)
    if isinstance(spec, Static):
        return spec.value
    children = [unflatten(child, values) for child in spec.children]
    return rebuild(spec, children)


def rebuild(spec: Node, children: list) -> Any:
    """A container of the kind `spec` says, with other children."""
    if spec.container is dict:
        return dict(zip(spec.keys, children))
    if spec.container in (tuple, list):
        return spec.container(children)
    if is_namedtuple(spec.container):
        return spec.container(*children)
    return spec.container(**dict(zip(spec.keys, children)))
