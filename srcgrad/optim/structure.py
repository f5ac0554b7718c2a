"""The containers of parameters, gradients and states, as structures of leaves.

In: specs. Out: which leaves of the parameters are trained; or an `ArgumentError` that names the part that does not fit.
"""

from __future__ import annotations

from collections.abc import Iterator

from srcgrad.backend.arguments import leaf_names
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.infer.signature import Leaf, Node, Spec, leaves
from srcgrad.ir.types import Array
from srcgrad.transforms import gradient_spec


def trained(params: Spec) -> list[bool]:
    """For each leaf of the parameters, whether it is floating, and so trained. Refuses complex numbers, and parameters
    in which nothing is floating."""
    marks = []
    for leaf, name in zip(leaves(params), leaf_names(params, "params")):
        if leaf.type.is_complex:
            raise ArgumentError(
                Diagnostic(
                    f"{name} is {leaf.in_words()}", why="an optimiser steps along real numbers",
                    advice="keep the real and the imaginary part as two parameters",
                )
            )  # fmt: skip
        marks.append(leaf.type.is_float)
    if not any(marks):
        advice = "pass a floating-point number or array, or a container of them"
        raise ArgumentError(Diagnostic("params hold no floating-point number", advice=advice))
    return marks


def check_like(params: Spec, other: Spec, name: str) -> None:
    """Refuse gradients, or a part of a state, that do not have the structure of the gradient of `params`."""
    for wanted, found, where in _pairs(gradient_spec(params), other, name):
        if not _alike(wanted, found):
            raise ArgumentError(
                Diagnostic(
                    f"{where} is {_in_words(found)}, where params give {_in_words(wanted)}",
                    advice=f"pass {name} with the structure, dimensions and dtypes of the gradient of params",
                )
            )


def _pairs(wanted: Spec, found: Spec, name: str) -> Iterator[tuple[Spec, Spec, str]]:
    """The parts that have to be alike, down to the first difference of containers."""
    both = isinstance(wanted, Node) and isinstance(found, Node)
    if both and wanted.container is found.container and wanted.keys == found.keys:  # type: ignore[union-attr]
        for key, one, other in zip(wanted.keys, wanted.children, found.children):  # type: ignore[union-attr]
            yield from _pairs(one, other, f"{name}[{key!r}]")
    else:
        yield wanted, found, name


def _alike(wanted: Spec, found: Spec) -> bool:
    if isinstance(wanted, Leaf) and isinstance(found, Leaf):
        dimensions = [spec.type.ndim if isinstance(spec.type, Array) else -1 for spec in (wanted, found)]
        return dimensions[0] == dimensions[1] and wanted.type.dtype == found.type.dtype
    return wanted == found


def _in_words(spec: Spec) -> str:
    if isinstance(spec, Node):
        return f"a {spec.container.__name__} with {', '.join(map(repr, spec.keys)) or 'nothing'}"
    return spec.in_words()


def rebuilt(spec: Spec, found: Iterator[Spec]) -> Spec:
    """`spec` with its leaves replaced, in order, by the specs that are found."""
    if isinstance(spec, Leaf):
        return next(found)
    if isinstance(spec, Node):
        return Node(spec.container, spec.keys, tuple(rebuilt(child, found) for child in spec.children))
    return spec
