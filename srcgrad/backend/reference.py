"""How our objects pickle: by reference to the user's function, found again by name where it has one.

A decorated function stands behind our object under its own name, so pickle cannot find it there: a reference looks
the name up and unwraps what it finds. A function without such a name (a lambda, one defined inside another, one of
`__main__`) travels by value, in the manner of cloudpickle, which Numba ships.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import MethodType
from typing import Any

from numba import cloudpickle

_pickling = threading.local()


@dataclass(frozen=True)
class FunctionReference:
    """A function by module and qualified name."""

    module: str
    qualname: str

    def load(self) -> Callable[..., Any]:
        """The function, without our or Numba's decoration."""
        found: Any = importlib.import_module(self.module)
        for name in self.qualname.split("."):
            found = vars(found)[name] if isinstance(found, type) else getattr(found, name)
        return bare(found)


@dataclass(frozen=True)
class FunctionByValue:
    """A function as bytes that hold its code and what it refers to."""

    payload: bytes

    def load(self) -> Callable[..., Any]:
        """A copy of the function."""
        return cloudpickle.loads(self.payload)


@dataclass(frozen=True)
class BoundMethod:
    """A method together with its object, which pickles as usual."""

    function: FunctionReference | FunctionByValue
    owner: Any

    def load(self) -> Callable[..., Any]:
        """The method, bound again."""
        return MethodType(self.function.load(), self.owner)


@dataclass(frozen=True)
class Itself:
    """One of our objects, which pickles by itself: what is differentiated again."""

    found: Any

    def load(self) -> Callable[..., Any]:
        """The object."""
        return self.found


Reference = FunctionReference | FunctionByValue | BoundMethod | Itself


def bare(found: Any) -> Any:
    """The Python function behind one of our objects, a jitted function, or itself."""
    while hasattr(found, "__srcgrad_transform__"):
        found = found.__wrapped__
    return getattr(found, "py_func", found)


def refer(function: Any) -> Reference:
    """A picklable reference to a Python function or bound method."""
    if hasattr(function, "__srcgrad_transform__"):
        return Itself(function)
    if isinstance(function, MethodType):
        inner = refer(function.__func__)
        assert isinstance(inner, FunctionReference | FunctionByValue)
        return BoundMethod(inner, function.__self__)
    reference = FunctionReference(function.__module__, function.__qualname__)
    busy: list = _pickling.__dict__.setdefault("busy", [])
    if function in busy or (function.__module__ != "__main__" and _finds(reference, function)):
        return reference
    busy.append(function)  # a function that calls itself by its decorated name comes by here again
    try:
        return FunctionByValue(cloudpickle.dumps(function))
    finally:
        busy.pop()


def _finds(reference: FunctionReference, function: Any) -> bool:
    try:
        return reference.load() is function
    except (AttributeError, KeyError, ImportError):
        return False
