"""Derived code, remembered on disk: what is behind the frontend runs once for each lowered function.

In: a task. Out: its code, read back where a task equal to it, byte for byte, was derived before by the same compiler.
The lowered function is the key, so nothing that it was read from (other functions, globals, attributes) needs watching.
"""

from __future__ import annotations

import functools
import hashlib
import pickle

from srcgrad.backend import cache
from srcgrad.pipeline import Code, derive
from srcgrad.transforms import Task

_PROTOCOL = 5


def remembered(task: Task) -> Code:
    """`derive(task)`, from disk where it is there."""
    key = _key(task) if task.options.cache else None
    if key is None:
        return derive(task)
    name = f"{key}.derived"
    found = _read(name)
    if found is None:
        found = derive(task)
        _write(name, found)
    return found


def _key(task: Task) -> str | None:
    """A name for the task; None for one that cannot be written down."""
    try:
        content = pickle.dumps(task, _PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError, RecursionError):
        return None
    return hashlib.sha256(content + cache.compiler().encode()).hexdigest()[:40]


def _read(name: str) -> Code | None:
    try:
        entry, source, report, facts, checks, ir = pickle.loads((cache.directory() / name).read_bytes())
    except Exception:  # not there, cut short, or of another time: derived anew
        return None
    later = functools.partial
    return Code(entry, source, report, facts, later(pickle.loads, checks), later(pickle.loads, ir))


def _write(name: str, code: Code) -> None:
    try:
        parts = (pickle.dumps(part, _PROTOCOL) for part in (code.checks(), code.load()))  # read when asked for
        content = (code.entry, code.source, code.report, code.facts, *parts)
        cache.write_bytes(name, pickle.dumps(content, _PROTOCOL))
    except (OSError, pickle.PicklingError, AttributeError, TypeError, RecursionError):
        pass  # remembering is a matter of time only
