"""Run emitted code in every way there is and compare with the reference interpreter."""

from __future__ import annotations

import types
from typing import Any

import numba
import numpy as np

import srcgrad.ops
from srcgrad.emit import emit, entry_name
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Function
from srcgrad.ir.verify import verify

assert srcgrad.ops


def flat(count: int) -> Any:
    return tuple(range(count))


def module_of(text: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": __name__}  # Numba compiles recursion in imported modules only
    exec(compile(text, "<emitted>", "exec"), namespace)
    return namespace


def compiled(text: str, name: str) -> Any:
    """The entry point with every function of the module compiled by Numba."""
    namespace = module_of(text)
    for key, value in list(namespace.items()):
        if isinstance(value, types.FunctionType):
            namespace[key] = numba.njit(error_model="numpy")(value)
    return namespace[name]


def copied(arguments: tuple) -> tuple:
    return tuple(a.copy(order="K") if isinstance(a, np.ndarray) else a for a in arguments)


def outcome(function: Any, arguments: tuple) -> tuple:
    """The results, or the exception, of a call; and the arrays it was given, as they are afterwards."""
    given = copied(arguments)
    with np.errstate(all="ignore"):
        try:
            value: Any = function(*given)
        except ValueError as error:
            return ("raised", str(error))
    return ("returned", *value, *(a for a in given if isinstance(a, np.ndarray)))


def same(a: Any, b: Any, rtol: float) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    if rtol and a.dtype.kind == "f":
        return bool(np.allclose(a, b, rtol=rtol, atol=0, equal_nan=True))
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def assert_same(expected: tuple, got: tuple, text: str, how: str, rtol: float) -> None:
    right = len(expected) == len(got) and all(same(a, b, rtol) for a, b in zip(expected, got))
    assert right, f"{how}: {got}, the interpreter: {expected}\n{text}"


def check(function: Function, *arguments: Any, rtol: float = 0.0, compile: bool = True) -> str:
    """Emit a function, run it on `arguments`, compare with the interpreter. The text."""
    verify(function)
    text = emit(function, flat(len(function.body.results)))
    assert text == emit(function, flat(len(function.body.results))), "not deterministic"
    assert max(map(len, text.splitlines())) <= 120, text
    expected = outcome(lambda *given: run(function, *given), arguments)
    assert_same(expected, outcome(module_of(text)[entry_name(function)], arguments), text, "uncompiled", rtol)
    if compile:
        assert_same(expected, outcome(compiled(text, entry_name(function)), arguments), text, "compiled", rtol)
    return text
