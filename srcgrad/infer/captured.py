"""What a compiled function took from outside its arguments: globals, closure cells, attributes, items.

Scalars, strings and functions read this way are constants of the compiled code, so the code is right only while a
fresh `read()` gives the same value; `holds()` is asked before every call from Python. Arrays are not constants:
they become further leaves of the entry point, read at call time, so that in-place changes are seen.
"""

from __future__ import annotations

import enum
import types
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srcgrad.infer.signature import describe


class Kind(enum.Enum):
    """How a captured value is reached from its holder."""

    GLOBAL = "global"
    CELL = "closure variable"
    ATTRIBUTE = "attribute"
    ITEM = "item"
    PART = "part of a function"
    RESULT = "what is computed from"


class Missing:
    """What `Captured.read` gives when the value is not there any more."""


MISSING = Missing()

_BY_VALUE = (bool, int, float, complex, str, bytes, np.generic, np.dtype)


@dataclass(frozen=True, eq=False)
class Captured:
    """One value that was read at compile time.

    `holder` is the globals dict (GLOBAL), the cell object (CELL), the object or module (ATTRIBUTE), the list,
    tuple or dict (ITEM), the function (PART: its code, its defaults), or an object that something is computed from
    (RESULT: its length, its truth); `name` is the name, attribute, index or key, or the function that computes;
    `value` is what was found (of a list or dict a copy, so that in-place changes are noticed), `found` the very
    object."""

    kind: Kind
    holder: Any
    name: Any
    value: Any
    found: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "found", self.value)
        object.__setattr__(self, "value", _snapshot(self.value))

    def read(self) -> Any:
        """The value as it is now."""
        try:
            match self.kind:
                case Kind.GLOBAL | Kind.ITEM:
                    return self.holder[self.name]
                case Kind.CELL:
                    return self.holder.cell_contents
                case Kind.ATTRIBUTE | Kind.PART:
                    return getattr(self.holder, self.name)
                case Kind.RESULT:
                    return self.name(self.holder)
        except (AttributeError, LookupError, TypeError, ValueError):
            return MISSING

    def holds(self) -> bool:
        """Whether code that was compiled for `value` is right for the value of now."""
        now = self.read()
        if self.kind is Kind.PART and now is not self.found:
            return False
        return same_constant(self.value, now)

    @property
    def is_fixed(self) -> bool:
        """Whether the object found cannot change in place: while it is the same object, the code is right."""
        return _is_fixed(self.found)

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name!r}"


def _snapshot(value: Any) -> Any:
    if type(value) is list:
        return [_snapshot(item) for item in value]
    if type(value) is tuple:
        return tuple(map(_snapshot, value))
    if type(value) is dict:
        return {key: _snapshot(item) for key, item in value.items()}
    if type(value) is set:
        return set(value)
    return value


def _is_fixed(value: Any) -> bool:
    if type(value) is tuple:
        return all(map(_is_fixed, value))
    return type(value) not in (list, dict, set)


def same_constant(old: Any, new: Any) -> bool:
    """Whether compiled code cannot tell `new` from `old`."""
    if old is new and not isinstance(old, (np.ndarray, list, dict, set)):
        return True
    if isinstance(old, np.ndarray):  # its contents are read at call time: compiled in are the type, and lengths of 1
        if not isinstance(new, np.ndarray) or describe(old) != describe(new):
            return False
        return [n == 1 for n in old.shape] == [n == 1 for n in new.shape]
    if type(old) is not type(new):
        return False
    if isinstance(old, _BY_VALUE):
        return repr(old) == repr(new)  # tells 0.0 from -0.0, and finds nan equal to nan
    if isinstance(old, (tuple, list)):
        return len(old) == len(new) and all(map(same_constant, old, new))
    if isinstance(old, dict):
        return list(old) == list(new) and all(same_constant(old[key], new[key]) for key in old)
    if isinstance(old, (set, frozenset)):
        return old == new and {*map(repr, old)} == {*map(repr, new)}
    if isinstance(old, types.MethodType):
        return old.__func__ is new.__func__ and old.__self__ is new.__self__
    return False
