"""Python objects from outside the function as values: globals, closure cells, attributes, items.

In: an object, the name it was found under, and the record of where. Out: a value. Numbers become constants and
arrays hidden parameters; everything that shaped the code is recorded in `Context.constants`, so that a caller can tell
when the compiled code no longer fits.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from srcgrad.frontend.context import CapturedArray, Context
from srcgrad.frontend.values import Record, Static, Value, number, whole
from srcgrad.infer.captured import Captured, Kind
from srcgrad.infer.signature import array_layout
from srcgrad.ir.nodes import Sym
from srcgrad.ir.types import Array

_LONGEST = 64
_FIXED_MODULES = frozenset({"math", "numpy", "scipy", "cmath", "sys"})


def constant(ctx: Context, obj: Any, name: str, where: Captured | None) -> Value:
    """The value of a Python object that was read while compiling."""
    if isinstance(obj, np.ndarray) and obj.dtype.kind in "biufc" and where is not None:
        return whole(_captured_array(ctx, obj, name, where))
    if where is not None and where.kind is not Kind.ITEM and not isinstance(obj, types.ModuleType):
        ctx.capture(where)  # an item is compared with the container it was found in
    if isinstance(obj, bool | int | float | complex | np.bool_ | np.number):
        return number(obj)
    if _is_plain_sequence(obj) and len(obj) <= _LONGEST:
        keys = tuple(getattr(type(obj), "_fields", range(len(obj))))
        children = [
            constant(ctx, item, f"{name}_{key}", Captured(Kind.ITEM, obj, position, item))
            for position, (key, item) in enumerate(zip(keys, obj))
        ]
        return Record(type(obj), keys, tuple(children))
    if isinstance(obj, dict) and len(obj) <= _LONGEST and all(isinstance(key, str | int) for key in obj):
        children = [
            constant(ctx, item, f"{name}_{key}", Captured(Kind.ITEM, obj, key, item)) for key, item in obj.items()
        ]
        return Record(dict, tuple(obj), tuple(children))
    return Static(obj)


def _is_plain_sequence(obj: Any) -> bool:
    """A tuple, list or namedtuple, not something like `sys.float_info`, whose items have names of another kind."""
    return type(obj) in (tuple, list) or (isinstance(obj, tuple | list) and hasattr(obj, "_fields"))


def _captured_array(ctx: Context, obj: np.ndarray, name: str, where: Captured) -> Sym:
    # by where it was found, not by which array it is: either of two names may be bound to another array later
    key = (where.kind, id(where.holder), where.name)
    found = ctx.arrays.get(key)
    if found is None:
        symbol = Sym(name if name.isidentifier() else "array", Array(obj.dtype, obj.ndim, array_layout(obj)))
        found = ctx.arrays[key] = CapturedArray(where, symbol)
        ctx.parameters.add(symbol)
        ctx.note_parameter(symbol)
        ctx.units |= {(symbol, axis) for axis, length in enumerate(obj.shape) if length == 1}
    return found.symbol


def _captured_callable(obj: Any, name: str, found: Any) -> Captured:
    """A function read as an attribute: a method is looked up in the class that defines it."""
    if isinstance(found, types.MethodType) and name not in getattr(obj, "__dict__", {}):
        for owner in type(obj).__mro__:
            if vars(owner).get(name) is found.__func__:
                return Captured(Kind.ATTRIBUTE, owner, name, found.__func__)
    return Captured(Kind.ATTRIBUTE, obj, name, found)


def read_static(ctx: Context, obj: Any, name: str) -> Value | None:
    """`obj.name` for an object known at compile time; None when there is no such attribute."""
    try:
        found = getattr(obj, name)
    except AttributeError:
        return None
    if isinstance(obj, types.ModuleType) and obj.__name__.partition(".")[0] in _FIXED_MODULES:
        return Static(found) if callable(found) else constant(ctx, found, name, None)
    if callable(found) and not isinstance(found, np.ndarray):
        ctx.capture(_captured_callable(obj, name, found))
        return Static(found)
    return constant(ctx, found, name, Captured(Kind.ATTRIBUTE, obj, name, found))
