"""The run-time arguments: what can be compiled for, what is refused, and what is brought into shape first.

In: argument values. Out: a cheap hashable key (equal keys mean equal specs, equal checks and equal conversions), or
an `ArgumentError` that names the argument, or leaves ready for compiled code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from types import NoneType
from typing import Any

import numpy as np

from srcgrad.errors import ArgumentError, Diagnostic, OverlapError
from srcgrad.infer.signature import Leaf, Node, Spec, Static, leaves, units_of
from srcgrad.ir.types import Array, real_dtype

_INT_LIMIT = 2**63
_MAX_ITEMS = 1000  # of a list or dict: each number in it becomes a parameter of the compiled function
_OVERLAP_WORK = 100_000


class Huge:
    """Key of a Python int that does not fit 64 bits."""


def key_of(value: Any) -> Any:
    """A hashable key of everything about a value that decides how it is compiled for."""
    kind = type(value)
    if kind is np.ndarray:
        flags = value.flags
        return value.dtype, value.ndim, flags.c_contiguous, flags.f_contiguous, flags.behaved
    if kind is float or kind is bool:
        return kind
    if kind is int:
        return int if -_INT_LIMIT <= value < _INT_LIMIT else Huge
    if value is None or kind is str:
        return value
    if kind is tuple or kind is list:
        return kind, *map(key_of, value)
    if kind is dict:
        return kind, *((key, key_of(item)) for key, item in value.items())
    if issubclass(kind, np.ndarray):
        return kind, value.dtype, value.ndim, value.strides, value.flags.behaved
    if issubclass(kind, np.generic):
        return kind, value.dtype
    if issubclass(kind, (tuple, list, dict)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return kind, *((key, key_of(item)) for key, item in items)
    if issubclass(kind, (bool, int, float, complex)):
        return kind
    if is_record(value):
        return kind, *(key_of(getattr(value, field.name)) for field in dataclasses.fields(value))
    return Static(value)


def units_key(value: Any) -> Any:
    """What distinguishes values by their dimensions of length 1: nested as the containers are, None without any."""
    if isinstance(value, np.ndarray):
        return units_of(value) or None
    if isinstance(value, (tuple, list)):
        return tuple(map(units_key, value))
    if isinstance(value, dict):
        return tuple(map(units_key, value.values()))
    if is_record(value):
        return tuple(units_key(getattr(value, field.name)) for field in dataclasses.fields(value))
    return None


def is_record(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


# -- refusals -------------------------------------------------------------------------------------------------------


def check(value: Any, name: str) -> None:
    """Refuse, naming the argument, what has no right compiled form. Numbers, arrays, containers of them and
    compile-time constants pass."""
    match value:
        case np.ndarray():
            _check_array(value, name)
        case np.generic():
            _check_dtype(value.dtype, name)
        case int() if not -_INT_LIMIT <= value < _INT_LIMIT:
            raise _refusal(name, "does not fit 64 bits", "compiled code has 64-bit integers", "pass a float")
        case dict() | list() | tuple():
            _check_container(value, name)
        case _ if is_record(value):
            for field in dataclasses.fields(value):
                check(getattr(value, field.name), f"{name}.{field.name}")
        case _ if hasattr(type(value), "__array__"):
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            raise _refusal(name, f"is a {kind}", "compiled code takes NumPy arrays", f"pass np.asarray({name})")


def _check_container(value: Any, name: str) -> None:
    if type(value) not in (dict, list, tuple) and not hasattr(value, "_fields"):
        plain = next(kind.__name__ for kind in (dict, list, tuple) if isinstance(value, kind))
        raise _refusal(
            name, f"is a {type(value).__qualname__}", "a subclass of a container may behave differently from it",
            f"pass a plain {plain}",
        )  # fmt: skip
    if len(value) > _MAX_ITEMS:
        raise _refusal(
            name, f"is a container of {len(value)} items", "each item becomes a parameter of the compiled function",
            f"pass np.array({name})",
        )  # fmt: skip
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        check(item, f"{name}[{key!r}]")


def _check_array(value: np.ndarray, name: str) -> None:
    if isinstance(value, np.ma.MaskedArray):
        raise _refusal(name, "is a masked array", "the mask would be ignored", f"pass {name}.filled(...)")
    if type(value) is not np.ndarray and not isinstance(value, np.memmap):
        raise _refusal(
            name, f"is a {type(value).__module__}.{type(value).__qualname__}",
            "a subclass of numpy.ndarray may calculate differently from it", f"pass np.asarray({name})",
        )  # fmt: skip
    _check_dtype(value.dtype, name)


def _check_dtype(dtype: np.dtype, name: str) -> None:
    if dtype.kind not in "fiubc":
        words = {"O": "of Python objects", "U": "of strings", "S": "of bytes", "V": "structured"}
        what = words.get(dtype.kind, f"of dtype {dtype}")
        why = "only floating-point and complex numbers, integers and booleans compile"
        raise _refusal(name, f"is {what} (dtype {dtype})", why, "pass an array of numbers")
    if dtype.kind in "fc" and real_dtype(dtype).itemsize not in (4, 8):
        why = "compiled code calculates in float64 or float32, and pairs of these"
        wider = "np.complex128" if dtype.kind == "c" else "np.float64"
        raise _refusal(name, f"has dtype {dtype}", why, f"pass {name}.astype({wider})")
    if not dtype.isnative:
        why = "its bytes are not in the order of this machine"
        raise _refusal(name, f"has dtype {dtype.str}", why, f"pass {name}.astype({name}.dtype.newbyteorder('='))")


def _refusal(name: str, what: str, why: str, advice: str) -> ArgumentError:
    return ArgumentError(Diagnostic(f"argument {name} {what}", why=why, advice=advice))


def check_differentiable(spec: Spec, name: str) -> None:
    """Refuse an argument named in `argnums` that has nothing to differentiate."""
    if any(leaf.type.is_inexact for leaf in leaves(spec)):
        return
    if isinstance(spec, Leaf):
        array = isinstance(spec.type, Array)
        kind = {"b": "boolean", "i": "integer", "u": "integer"}[spec.type.dtype.kind]
        what = f"is an array of {kind}s" if array else f"is {'an' if kind == 'integer' else 'a'} {kind}"
        convert = f"pass {name}.astype(float)" if array else f"pass float({name})"
        why = f"a function has no derivative with respect to {kind} values"
        advice = f"{convert}, or leave it out of argnums"
    elif isinstance(spec, Node):
        what, why = "contains no floating-point number", "there is nothing to differentiate in it"
        advice = "make its numbers floats, or leave it out of argnums"
    else:
        what, why = f"is {_named(spec.value)}", "such a value is a compile-time constant"
        advice = "leave it out of argnums"
    raise _refusal(name, f"is to be differentiated, but {what}", why, advice)


def _named(value: Any) -> str:
    if isinstance(value, (str, NoneType)):
        return repr(value)
    return f"the {type(value).__name__} {getattr(value, '__name__', value)!r}"


# -- conversions ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Writable:
    """Tells NumPy of an array's memory as if it were writable, and keeps that memory alive."""

    __array_interface__: dict[str, Any]
    owner: np.ndarray


def _writable_alias(array: np.ndarray) -> np.ndarray:
    """A view of a read-only array that does not say so: compiled code never writes into its parameters, and this
    way it is compiled once for both kinds."""
    interface = dict(array.__array_interface__)
    interface["data"] = (interface["data"][0], False)
    return np.asarray(_Writable(interface, array))


def conversion(value: Any) -> Callable[[Any], Any] | None:
    """What has to be done to a leaf before compiled code takes it; None in the common case."""
    if not isinstance(value, np.ndarray):
        if isinstance(value, np.generic) or type(value) in (bool, int, float, complex):
            return None
        return next(kind for kind in (int, float, complex) if isinstance(value, kind))  # an IntEnum member, say
    if not value.flags.aligned:
        return np.array
    if not value.flags.writeable:
        return _writable_alias
    return None if type(value) is np.ndarray else np.asarray


def protect(result: Any, values: Iterable[Any]) -> None:
    """Arrays of a result that show the memory of a read-only argument become read-only too."""
    if isinstance(result, tuple):
        for item in result:
            protect(item, values)
    elif isinstance(result, np.ndarray) and any(np.may_share_memory(result, array) for array in _read_only(values)):
        result.flags.writeable = False


def _read_only(values: Iterable[Any]) -> Iterator[np.ndarray]:
    for value in values:
        if isinstance(value, np.ndarray):
            if not value.flags.writeable:
                yield value
        elif isinstance(value, (tuple, list)):
            yield from _read_only(value)
        elif isinstance(value, dict):
            yield from _read_only(value.values())
        elif is_record(value):
            yield from _read_only(getattr(value, field.name) for field in dataclasses.fields(value))


def leaf_names(spec: Spec, name: str) -> Iterator[str]:
    """The leaves of an argument as a reader would write them: `params['w']`, `state.x`, `pair[0]`."""
    if isinstance(spec, Leaf):
        yield name
    elif isinstance(spec, Node):
        for key, child in zip(spec.keys, spec.children):
            by_index = issubclass(spec.container, (tuple, list, dict)) and not hasattr(spec.container, "_fields")
            yield from leaf_names(child, f"{name}[{key!r}]" if by_index else f"{name}.{key}")


# -- overlap --------------------------------------------------------------------------------------------------------


def check_overlap(values: list, written: tuple[int, ...], names: tuple[str, ...]) -> None:
    """Refuse a call whose written arrays share memory with another array: the compiled function works on copies,
    so a write would not be seen through the other name."""
    for position in written:
        array = values[position]
        if 0 in array.strides and array.size > 1 and _repeats(array):
            why = "its elements share memory, so one write changes several of them"
            raise OverlapError(
                Diagnostic(f"argument {names[position]} is written, and overlaps itself", why=why, advice="pass a copy")
            )
        for other, value in enumerate(values):
            if other == position or not isinstance(value, np.ndarray) or not _share(array, value):
                continue
            raise OverlapError(
                Diagnostic(
                    f"arguments {names[position]} and {names[other]} share memory, and {names[position]} is written",
                    why="a write through one name would change what the other name sees",
                    advice=f"pass {names[other]}.copy()",
                )
            )


def _repeats(array: np.ndarray) -> bool:
    return any(stride == 0 and length > 1 for stride, length in zip(array.strides, array.shape))


def _share(a: np.ndarray, b: np.ndarray) -> bool:
    if not np.may_share_memory(a, b):
        return False
    try:
        return np.shares_memory(a, b, max_work=_OVERLAP_WORK)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True
