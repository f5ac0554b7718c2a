"""Values that are known at compile time, as the Python objects they stand for."""

from __future__ import annotations

from typing import Any

from srcgrad.frontend.values import Num, Range, Record, Static, Value
from srcgrad.ir.nodes import Const

_DYNAMIC = object()


def static_object(value: Value) -> Any:
    """The Python object behind a compile-time constant; for a run-time value something that `is_dynamic`."""
    match value:
        case Static(obj):
            return obj
        case Num(Const(obj)):
            return obj
        case Record(container=container, items=items) if container in (tuple, list):
            objects = [static_object(item) for item in items]
            return _DYNAMIC if any(o is _DYNAMIC for o in objects) else container(objects)
        case Range(Const(a), Const(b), Const(c)):
            return range(int(a), int(b), int(c))
        case _:
            return _DYNAMIC


def is_dynamic(obj: object) -> bool:
    return obj is _DYNAMIC
