"""The loop over unit seeds that makes a Jacobian of products with it.

In: a description of the argument and of the result, and the name of the compiled function that multiplies (a `jvp`, or
a `vjp` and the primal). Out: the text of a module with that loop, which compiled code and Python call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_ARRAY, _NUMBERS, _NUMBER = "array", "numbers", "number"


@dataclass(frozen=True)
class Side:
    """What is on one side of a derivative: an array, a number, or (of results) a tuple or list of numbers.

    `leaves` are the expressions for its derivatives in what the product returns (None for a part that is not
    floating), `dtype` is NumPy's name of its type."""

    leaves: tuple[str | None, ...]
    dtype: str
    is_array: bool
    is_number: bool

    @property
    def kind(self) -> str:
        return _ARRAY if self.is_array else _NUMBER if self.is_number else _NUMBERS


@dataclass(frozen=True)
class Loop:
    """What the text is made for: its name, the modules and names of the functions it calls, its parameters, and which
    of them is the argument."""

    name: str
    product: tuple[str, str]
    primal: tuple[str, str] | None
    parameters: Sequence[str]
    argument: str
    given: Side
    out: Side


def forward_text(loop: Loop) -> str:
    """Columns, one for each number of the argument."""
    call = f"product({', '.join([*loop.parameters, 'seed'])})"
    if loop.given.is_number:
        lines = [f"seed = np.{loop.given.dtype}(1.0)", f"raw = {call}", *_column_alone(loop.out)]
        return _module(loop, lines)
    lines = [
        f"seed = np.zeros({loop.argument}.shape, np.{loop.given.dtype})",
        "flat = seed.ravel()",
        "if flat.shape[0] > 0:",
        "    flat[0] = 1.0",
        f"raw = {call}",
        *_room(loop.out),
        "for j in range(flat.shape[0]):",
        "    if j > 0:",
        "        flat[j - 1] = 0.0",
        "        flat[j] = 1.0",
        f"        raw = {call}",
        *(f"    {line}" for line in _column(loop.out)),
        f"return result.reshape({_shape(loop.out, 'raw_shape')}{loop.argument}.shape)",
    ]
    return _module(loop, lines)


def _room(out: Side) -> list[str]:
    """Where the columns go. The shape is read before the loop: the first tangent may be the seed itself."""
    match out.kind:
        case "array":
            size = [f"raw_shape = {out.leaves[0]}.shape", f"rows = {out.leaves[0]}.size"]
            return [*size, f"result = np.empty((rows, flat.shape[0]), np.{out.dtype})"]
        case "number":
            return [f"result = np.empty(flat.shape[0], np.{out.dtype})"]
    return [f"result = np.zeros(({len(out.leaves)}, flat.shape[0]), np.{out.dtype})"]


def _column(out: Side) -> list[str]:
    match out.kind:
        case "array":
            return [f"result[:, j] = {out.leaves[0]}.ravel()"]
        case "number":
            return [f"result[j] = {out.leaves[0]}"]
    return [f"result[{k}, j] = {leaf}" for k, leaf in enumerate(out.leaves) if leaf is not None]


def _column_alone(out: Side) -> list[str]:
    match out.kind:
        case "array":
            return [f"return {out.leaves[0]}.copy()"]
        case "number":
            return [f"return {out.leaves[0]}"]
    stores = [f"result[{k}] = {leaf}" for k, leaf in enumerate(out.leaves) if leaf is not None]
    return [f"result = np.zeros({len(out.leaves)}, np.{out.dtype})", *stores, "return result"]


def _shape(out: Side, name: str) -> str:
    """What stands in front of the shape of the argument."""
    return {_ARRAY: f"{name} + ", _NUMBER: "", _NUMBERS: f"({len(out.leaves)},) + "}[out.kind]


def reverse_text(loop: Loop) -> str:
    """Rows, one for each number of the result."""
    gradient = str(loop.given.leaves[0])
    if loop.out.is_number:
        seed = f"np.{loop.out.dtype}(1.0)"
        result = f"{gradient}.astype(np.{loop.out.dtype})" if loop.given.is_array else gradient
        return _module(loop, [f"raw = {_product(loop, [seed])}", f"return {result}"])
    if loop.out.is_array:
        return _module(loop, _rows_of_an_array(loop, gradient))
    return _module(loop, _rows_of_numbers(loop, gradient))


def _rows_of_an_array(loop: Loop, gradient: str) -> list[str]:
    place, value = ("i, :", f"{gradient}.ravel()") if loop.given.is_array else ("i", gradient)
    columns, shape = (f", {loop.argument}.size", f" + {loop.argument}.shape") if loop.given.is_array else ("", "")
    return [
        f"raw_shape = primal({', '.join(loop.parameters)}).shape",
        f"seed = np.zeros(raw_shape, np.{loop.out.dtype})",
        "flat = seed.ravel()",
        f"result = np.empty((flat.shape[0]{columns or ','}), np.{loop.out.dtype})",
        "for i in range(flat.shape[0]):",
        "    if i > 0:",
        "        flat[i - 1] = 0.0",
        "    flat[i] = 1.0",
        f"    raw = {_product(loop, ['seed'])}",
        f"    result[{place}] = {value}",
        f"return result.reshape(raw_shape{shape})",
    ]


def _rows_of_numbers(loop: Loop, gradient: str) -> list[str]:
    rows = len(loop.out.leaves)
    columns, place = (f", {loop.argument}.size", ", :") if loop.given.is_array else (",", "")
    lines = [f"result = np.zeros(({rows}{columns}), np.{loop.out.dtype})"]
    floating = [k for k, leaf in enumerate(loop.out.leaves) if leaf is not None]
    for k in floating:
        seeds = [f"{'1.0' if other == k else '0.0'}" for other in floating]
        lines.append(f"raw = {_product(loop, seeds)}")
        lines.append(f"result[{k}{place}] = {gradient}{'.ravel()' if loop.given.is_array else ''}")
    shape = f"({rows},) + {loop.argument}.shape" if loop.given.is_array else f"({rows},)"
    return [*lines, f"return result.reshape({shape})"]


def _product(loop: Loop, seeds: list[str]) -> str:
    return f"product({', '.join([*loop.parameters, *seeds])})"


def _module(loop: Loop, lines: list[str]) -> str:
    imports = [f"from {loop.product[0]} import {loop.product[1]} as product"]
    if loop.primal is not None:
        imports.append(f"from {loop.primal[0]} import {loop.primal[1]} as primal")
    title = f'"""The loop over unit seeds of {loop.name}, generated by srcgrad."""'
    head = [title, "", "import numpy as np", "", *imports, "", "", f"def {loop.name}({', '.join(loop.parameters)}):"]
    return "\n".join([*head, *(f"    {line}" for line in lines), ""])
