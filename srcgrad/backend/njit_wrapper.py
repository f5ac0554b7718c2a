"""A small generated function between `@njit` code and an entry point: the user's parameters and results outside,
flat leaves inside.

In: an entry point, and the structures of arguments and results. Out: a compiled function with one parameter for each
of the user's; compile-time constants among them are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from srcgrad.backend import cpu
from srcgrad.config import Options
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.infer.signature import Leaf, Node, Spec, is_namedtuple, is_plain, leaves

_TEMPLATE = '''"""Lets compiled code call generated code with the arguments and results of the user's function."""


def bind({values}):
    def call({parameters}):
        raw = entry({arguments})
        return {result}

    return call
'''


@dataclass(frozen=True)
class Shape:
    """The user's parameters, what the entry point returns, and what the user is to get."""

    specs: tuple[Spec, ...]
    built: Spec
    wanted: Spec


def make_wrapper(entry: Any, shape: Shape, captured: list[Any], options: Options) -> Any:
    """The compiled function. Captured arrays are frozen into it, as Numba does with global arrays."""
    values: dict[str, Any] = {"entry": entry}
    values.update((f"captured{position}", array) for position, array in enumerate(captured))
    hidden = list(values)[1:]
    parameters = [f"p{position}" for position in range(len(shape.specs))]
    arguments = [text for p, spec in zip(parameters, shape.specs) for text in _taken_apart(spec, p)]
    raw = iter(list(raw_leaves(shape.built, "raw")))
    result = _put_together(shape.wanted, raw, values)
    text = _TEMPLATE.format(
        values=", ".join(values), parameters=", ".join(parameters), arguments=", ".join(arguments + hidden),
        result=result,
    )  # fmt: skip
    return cpu.compile_closure("njit_call", text, values, options)


def _taken_apart(spec: Spec, text: str) -> Iterator[str]:
    """The leaves of an argument as expressions. Compiled code knows tuples and namedtuples only."""
    if isinstance(spec, Leaf):
        yield text
    elif isinstance(spec, Node):
        for position, child in enumerate(spec.children):
            yield from _taken_apart(child, f"{text}[{position}]")


def raw_leaves(built: Spec, text: str) -> Iterator[str]:
    """The leaves of what the entry point returns as expressions."""
    if is_plain(built):
        yield from _taken_apart(built, text)
    else:
        for position, _ in enumerate(leaves(built)):
            yield f"{text}[{position}]"


def _put_together(spec: Spec, raw: Iterator[str], values: dict[str, Any]) -> str:
    """An expression that builds the result; adds the classes it needs to `values`."""
    if isinstance(spec, Leaf):
        return next(raw)
    if not isinstance(spec, Node):
        if spec.value is None or isinstance(spec.value, str):
            return repr(spec.value)
        raise _no_result(f"the {type(spec.value).__name__} {spec.value!r}")
    parts = [_put_together(child, raw, values) for child in spec.children]
    if spec.container is tuple:
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    if is_namedtuple(spec.container):
        name = next((key for key, value in values.items() if value is spec.container), f"kind{len(values)}")
        values[name] = spec.container
        return f"{name}({', '.join(parts)})"
    raise _no_result(f"a {spec.container.__name__}")


def _no_result(what: str) -> ArgumentError:
    return ArgumentError(
        Diagnostic(
            f"the result contains {what}, which compiled code cannot hand to compiled code",
            advice="return tuples, namedtuples, numbers and arrays where the gradient is called inside @njit code",
        )
    )
