"""Gradients into the caller's own arrays.

In: a gradient, and buffers in its structure. Out: the buffers, holding the gradient, or what they held plus the
gradient; or an error that names the buffer that does not fit, before anything is written.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from srcgrad.backend.arguments import is_record
from srcgrad.errors import ArgumentError, Diagnostic, OverlapError

_MOST_WORK = 10_000


class add_to:
    """As `out` of a gradient: `out=add_to(buffers)` adds the gradient to what the buffers hold."""

    def __init__(self, buffers: Any) -> None:
        self.buffers = buffers


def deliver(gradient: Any, out: Any) -> Any:
    """Write `gradient` into the buffers `out`, or add it to them; returns the buffers."""
    adds = isinstance(out, add_to)
    buffers = out.buffers if adds else out
    pairs = list(_pairs(gradient, buffers, "out"))
    for one, other in itertools.combinations([buffer for buffer, _ in pairs], 2):
        if _share(one, other):
            raise OverlapError(
                Diagnostic(
                    "two buffers of out share memory", why="one part of the gradient would be written over the other",
                    advice="pass buffers of their own",
                )
            )  # fmt: skip
    for buffer, part in pairs:
        if adds:
            buffer += part
        else:
            buffer[...] = part
    return buffers


def _share(one: np.ndarray, other: np.ndarray) -> bool:
    """Do they have an element in common? (Where that takes long to find out, they are taken to.)"""
    try:
        return bool(np.shares_memory(one, other, max_work=_MOST_WORK))  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def _pairs(gradient: Any, buffer: Any, name: str) -> Iterator[tuple[np.ndarray, Any]]:
    """Each buffer with what belongs into it."""
    if gradient is None:
        if buffer is not None:
            raise _refused(name, buffer, "None: there is no gradient")
    elif isinstance(gradient, (tuple, list, dict)) or is_record(gradient):
        parts = dict(_items(gradient))
        alike = type(buffer) is type(gradient) or (isinstance(buffer, (tuple, list)) and type(gradient) is tuple)
        found = dict(_items(buffer)) if alike else {}
        if not alike or found.keys() != parts.keys():
            raise _refused(name, buffer, f"a {type(gradient).__name__} with {', '.join(map(repr, parts)) or 'nothing'}")
        for key, part in parts.items():
            yield from _pairs(part, found[key], f"{name}[{key!r}]")
    else:
        _check(np.asarray(gradient), buffer, name)
        yield buffer, gradient


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, (tuple, list)):
        yield from enumerate(value)
    else:
        yield from ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))


def _check(gradient: np.ndarray, buffer: Any, name: str) -> None:
    wanted = f"an array of shape {gradient.shape} and dtype {gradient.dtype}"
    fits = type(buffer) is np.ndarray and buffer.shape == gradient.shape and buffer.dtype == gradient.dtype
    if not fits:
        raise _refused(name, buffer, wanted)
    if any(stride == 0 and length > 1 for stride, length in zip(buffer.strides, buffer.shape)):
        raise OverlapError(
            Diagnostic(
                f"elements of {name} share memory", why="one part of the gradient would be written over another",
                advice="pass a buffer with memory for each element",
            )
        )  # fmt: skip
    if not buffer.flags.writeable:
        raise ArgumentError(Diagnostic(f"{name} is read-only", advice="pass a buffer that can be written"))


def _refused(name: str, buffer: Any, wanted: str) -> ArgumentError:
    found = type(buffer).__name__
    if type(buffer) is np.ndarray:
        found = f"an array of shape {buffer.shape} and dtype {buffer.dtype}"
    elif isinstance(buffer, (tuple, list, dict)):
        found = f"a {found} of {len(buffer)}"
    return ArgumentError(
        Diagnostic(
            f"{name} is {found}, where the gradient is {wanted}",
            advice="pass buffers with the structure, shapes and dtypes of the gradient (for a number, of shape ())",
        )
    )
