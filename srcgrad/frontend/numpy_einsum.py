"""`np.einsum`: one loop nest over the labels of the result, with one over those that are summed inside it.

In: the subscripts, known at compile time, and the operands. Out: a number or a fresh array.
"""

from __future__ import annotations

import string
from typing import NoReturn

import numpy as np

from srcgrad.frontend.arrays import allocate, store
from srcgrad.frontend.context import Arguments, Context, function
from srcgrad.frontend.elementwise import Index, computed_once, expr_of, nest, same_length
from srcgrad.frontend.numpy_reductions import atom, sum_of
from srcgrad.frontend.scalars import cast, mul
from srcgrad.frontend.statics import static_object
from srcgrad.frontend.values import ArrayExpr, Num, Value
from srcgrad.ir.nodes import Atom
from srcgrad.ir.types import Scalar


@function(np.einsum)
def einsum(ctx: Context, arguments: Arguments) -> Value:
    text, *values = arguments.positional
    if set(arguments.keywords) - {"optimize"}:
        _refuse(ctx, "np.einsum is compiled with no other keyword than optimize=")
    parts = [computed_once(ctx, expr_of(ctx, value)) for value in values]
    inputs, output = _labels(ctx, static_object(text), parts)
    lengths: dict[str, Atom] = {}
    for labels, part in zip(inputs, parts, strict=True):
        for label, length in zip(labels, part.shape, strict=True):
            known = lengths.get(label)
            lengths[label] = length if known is None else same_length(ctx, known, length)
    summed = [label for label in lengths if label not in output]
    kind = Scalar(np.result_type(*[part.dtype for part in parts]))

    def element(outer: Index) -> Atom:
        def product(inner: Index) -> Atom:
            place = {**dict(zip(output, outer)), **dict(zip(summed, inner))}
            factors = [cast(ctx, p.at(tuple(place[k] for k in labels)), kind) for labels, p in zip(inputs, parts)]
            result = factors[0]
            for factor in factors[1:]:
                result = mul(ctx, result, factor)
            return result

        if not summed:
            return product(())
        return atom(sum_of(ctx, kind)(tuple(lengths[k] for k in summed), product))

    if not output:
        return Num(element(()))
    ctx.mixed_orders = ctx.mixed_orders or len(output) > 1  # NumPy's choice
    result = allocate(ctx, tuple(lengths[k] for k in output), kind.dtype, None, "einsum")
    nest(ctx, tuple(lengths[k] for k in output), lambda index: store(ctx, result, index, element(index)))
    return result


def _labels(ctx: Context, text: object, parts: list[ArrayExpr]) -> tuple[list[str], str]:
    """The labels of the operands and of the result."""
    if not isinstance(text, str):
        _refuse(ctx, "np.einsum needs its subscripts as a constant text")
    left, arrow, right = text.replace(" ", "").partition("->")
    inputs = left.split(",")
    if "..." in left and len(inputs) == len(parts):
        ranks = [p.ndim - len(labels.replace("...", "")) for labels, p in zip(inputs, parts) if "..." in labels]
        others = [k for k in string.ascii_letters if k not in text][: max(ranks)]
        if len(set(ranks)) > 1:
            _refuse(ctx, "`...` stands for as many dimensions in every operand of np.einsum here")
        inputs = [labels.replace("...", "".join(others)) for labels in inputs]
        implied = "" if arrow else "..." + "".join(k for k in sorted(set(left)) if k.isalpha() and left.count(k) == 1)
        arrow, right = "->", (right or implied).replace("...", "".join(others))
    if len(inputs) != len(parts) or any(len(labels) != p.ndim for labels, p in zip(inputs, parts)):
        _refuse(ctx, "the subscripts of np.einsum do not fit its operands")
    everything = "".join(inputs)
    output = right if arrow else "".join(k for k in sorted(set(everything)) if everything.count(k) == 1)
    if not set(output) <= set(everything) or len(set(output)) < len(output):
        _refuse(ctx, "the result of np.einsum has labels that its operands have not, or one twice")
    return inputs, output


def _refuse(ctx: Context, title: str) -> NoReturn:
    ctx.refuse(title, why="they decide which loops are written", advice="write them out, as in 'ij,jk->ik'")
