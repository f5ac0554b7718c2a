"""Complex arguments and results of a function that computes with their parts.

In: the specs of arguments and results. Out: the specs of their parts, in which a complex leaf is a node of parts; and,
once all passes have run, the function with complex parameters and results again. Gradients and cotangents cross the
border conjugated: of a real function f(x + iy) JAX's gradient is df/dx - i df/dy, and of a holomorphic function its
complex derivative; inside, a cotangent is the pair (df/dx, df/dy).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srcgrad.infer.signature import Leaf, Node, Spec, leaves
from srcgrad.ir.build import Builder, int_const, nest
from srcgrad.ir.nodes import Alloc, Atom, Copy, Function, Let, Reinterpret, Sym
from srcgrad.ir.types import Array, Layout, Scalar, Type
from srcgrad.ops.registry import by_name
from srcgrad.realify.rewrite import is_complex, pair_type, part_type, parts_of


class Parts(tuple):
    """The container of the parts of one complex leaf: two numbers, or an array of pairs."""


def parts_spec(spec: Spec) -> Spec:
    """The spec with a node of parts for each complex leaf."""
    match spec:
        case Leaf(type_, units) if is_complex(type_):
            if isinstance(type_, Array):
                return Node(Parts, (0,), (Leaf(pair_type(type_), units),))
            return Node(Parts, (0, 1), (Leaf(part_type(type_)),) * 2)
        case Node(container, keys, children):
            return Node(container, keys, tuple(map(parts_spec, children)))
        case _:
            return spec


def joined_spec(spec: Spec) -> Spec:
    """The inverse of `parts_spec` (for results, which are in C order)."""
    match spec:
        case Node(container, _, (Leaf(type_), *_)) if container is Parts:
            dtype = np.result_type(type_.dtype, np.complex64)
            if isinstance(type_, Array):
                return Leaf(Array(dtype, type_.ndim - 1, Layout.C))
            return Leaf(Scalar(dtype, type_.weak))
        case Node(container, keys, children):
            return Node(container, keys, tuple(map(joined_spec, children)))
        case _:
            return spec


@dataclass(frozen=True)
class Border:
    """What crosses: the types outside, and which of them (by position) are conjugated on the way."""

    types: tuple[Type, ...]
    conjugated: frozenset[int] = frozenset()


def border_of(specs: Sequence[Spec]) -> Border:
    """The border that the leaves of these specs cross as they are."""
    return Border(tuple(leaf.type for spec in specs for leaf in leaves(spec)))


def with_complex_border(function: Function, arguments: Border, results: Border) -> Function:
    """The function over complex arguments, with complex results; itself where there are none."""
    if not any(map(is_complex, (*arguments.types, *results.types))):
        return function
    builder = Builder()
    builder.span = function.span
    inside = iter(function.params)
    params = tuple(
        _take_apart(builder, type_, [next(inside) for _ in parts_of(type_)], k in arguments.conjugated)
        for k, type_ in enumerate(arguments.types)
    )
    builder.extend(function.body.statements)
    own = {s.result for s in function.body.statements if isinstance(s, Alloc | Copy)}
    inner = function.body.results
    atoms = iter(inner)
    joined: list[Atom] = []
    for k, type_ in enumerate(results.types):
        parts = [next(atoms) for _ in parts_of(type_)]
        is_own = parts[0] in own and inner.count(parts[0]) == 1
        joined.append(_put_together(builder, type_, parts, k in results.conjugated, is_own))
    hints = tuple(atom.hint if isinstance(atom, Sym) else "result" for atom in joined)
    return replace(function, params=params, body=builder.finish(tuple(joined)), result_hints=hints)


def _take_apart(builder: Builder, type_: Type, parts: list[Sym], conjugated: bool) -> Sym:
    """A parameter from outside, and the statements that define its parts."""
    if not is_complex(type_):
        return parts[0]
    outer = Sym(parts[0].hint.removesuffix("_re"), type_)
    if isinstance(type_, Array):
        pairs = Sym(outer.hint, parts[0].type) if conjugated else parts[0]
        builder.emit(Reinterpret(pairs, outer, builder.span))
        if conjugated:
            builder.emit(Copy(parts[0], pairs, builder.span))
            _negate_imaginary(builder, parts[0])
        return outer
    re, im = parts
    builder.emit(Let(re, by_name("real"), (outer,), builder.span))
    if conjugated:
        outside = builder.op("imag", outer, hint=im.hint)
        builder.emit(Let(im, by_name("neg"), (outside,), builder.span))
    else:
        builder.emit(Let(im, by_name("imag"), (outer,), builder.span))
    return outer


def _negate_imaginary(builder: Builder, pairs: Sym) -> None:
    """The conjugate, in place."""
    assert isinstance(pairs.type, Array)
    lengths = [builder.dim(pairs, axis) for axis in range(pairs.type.ndim - 1)]

    def negate(index: tuple[Sym, ...]) -> None:
        place: tuple[Atom, ...] = (*index, int_const(1))
        builder.store(pairs, place, builder.op("neg", builder.load(pairs, place)))

    nest(builder, lengths, negate)


def _put_together(builder: Builder, type_: Type, parts: list[Atom], conjugated: bool, is_own: bool) -> Atom:
    """A result for outside. `is_own` says that its memory is no one else's."""
    if not is_complex(type_):
        return parts[0]
    if isinstance(type_, Array):
        (pairs,) = parts
        assert isinstance(pairs, Sym)
        if conjugated:
            pairs = pairs if is_own else builder.copy(pairs, pairs.hint)
            _negate_imaginary(builder, pairs)
        outer = Sym(pairs.hint, type_)
        builder.emit(Reinterpret(outer, pairs, builder.span))
        return outer
    re, im = parts
    hint = re.hint.removesuffix("_re") if isinstance(re, Sym) else "result"
    return builder.op("complex", re, builder.op("neg", im) if conjugated else im, hint=hint)


def seeds_of(spec: Spec) -> Iterator[Leaf]:
    """The leaves of a spec that a derivative belongs to."""
    return (leaf for leaf in leaves(spec) if leaf.type.is_inexact)
