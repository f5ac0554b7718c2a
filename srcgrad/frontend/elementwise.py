"""Array expressions: `a + 2 * np.exp(b)` as one loop nest.

In: array and scalar values and a function on their elements. Out: an `ArrayExpr`, not computed yet; `force` puts it
into fresh memory and `assign` into a region of an existing array, each with one loop nest. Shapes follow NumPy's
broadcasting where a dimension is known to be 1 when the function is compiled; lengths that differ at run time raise.
(A call that fails for a length of 1 in an argument is compiled again, for arguments that have it: `Leaf.units`.)
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from srcgrad.frontend.arrays import (
    allocate,
    has_rows,
    is_contiguous,
    load,
    note_order,
    reshaped,
    shape,
    snapshot,
    store,
    with_rows,
)  # fmt: skip
from srcgrad.frontend.context import Context
from srcgrad.frontend.masks import Masked, under_one_mask
from srcgrad.frontend.scalars import apply, cast, compare, raise_if, scalar, settle
from srcgrad.frontend.values import Arr, ArrayExpr, Num, NumberList, OutOfOrder, Record, Value, describe, integer, whole
from srcgrad.infer import promote
from srcgrad.ir.nodes import Atom, Block, Const, For, Sym
from srcgrad.ir.types import PY_BOOL, PY_INT, Scalar

Index = tuple[Atom, ...]


def nest(ctx: Context, lengths: tuple[Atom, ...], body: Callable[[Index], None], hints: str = "ijkl") -> None:
    """`for i in range(n0): for j in range(n1): ... body((i, j, ...))`."""

    def level(axis: int, index: Index) -> None:
        if axis == len(lengths):
            body(index)
            return
        counter = Sym(hints[axis] if axis < len(hints) else f"i{axis}", PY_INT)
        ctx.nonnegative.add(counter)
        with ctx.block() as statements:
            level(axis + 1, (*index, counter))
        loop_body = Block(tuple(statements))
        ctx.builder.emit(
            For((), counter, integer(0), lengths[axis], integer(1), (), (), loop_body, span=ctx.span)
        )

    level(0, ())


def expr_of(ctx: Context, value: Value) -> ArrayExpr:
    """A number or an array as an array expression."""
    match value := settle(ctx, value):
        case ArrayExpr():
            return value
        case Arr():
            note_order(ctx, value)
            return ArrayExpr(
                value.dtype, shape(ctx, value), lambda index: load(ctx, value, index), (value,), at_array=True
            )  # fmt: skip
        case NumberList(array):
            return expr_of(ctx, array)
        case Num(atom):
            return ArrayExpr(scalar(atom).dtype, (), lambda index: atom)
        case Record(items=items):
            return expr_of(ctx, stack_items(ctx, items))
        case _:
            ctx.refuse(
                "this is not a number or an array",
                label=describe(value),
                why="arithmetic needs numbers or arrays",
                advice="compute with the numbers inside it, or make an array of them: np.array(...)",
            )


def stack_items(ctx: Context, items: tuple[Value, ...], dtype: np.dtype | None = None, hint: str = "a") -> Arr:
    """`np.array([...])` of numbers, arrays and nested lists: fresh memory."""
    if not items:
        return allocate(ctx, (integer(0),), dtype or np.dtype(np.float64), None, hint)
    parts = [expr_of(ctx, item) for item in items]
    inner = parts[0].shape
    for part in parts[1:]:
        if len(part.shape) != len(inner):
            ctx.refuse(
                "the rows of an array differ in rank",
                why="an array is rectangular",
                advice="make the rows equally long, or keep them apart as a tuple",
            )
        inner = tuple(same_length(ctx, a, b) for a, b in zip(inner, part.shape))
    kind = dtype or np.result_type(*[_example(item, part) for item, part in zip(items, parts)])
    result = allocate(ctx, (integer(len(items)), *inner), kind, None, hint)
    for k, part in enumerate(parts):
        _fill_row(ctx, result, k, part)
    return result


def _fill_row(ctx: Context, result: Arr, row: int, part: ArrayExpr) -> None:
    nest(ctx, part.shape, lambda index: store(ctx, result, (integer(row), *index), part.at(index)))


def _example(item: Value, part: ArrayExpr) -> np.dtype:
    if isinstance(item, Num) and scalar(item.atom).weak:
        return promote.python_type(scalar(item.atom)).dtype
    return part.dtype


# -- shapes -------------------------------------------------------------------------------------------------------


_OPERANDS = "operands could not be broadcast together"
_VIEWED = "another view of it was made"
_TARGET = "could not broadcast input array"
LENGTH_ONE = "np.squeeze: the length of a dimension is 1 in this call only"
SHAPES_DIFFER = (_OPERANDS, _TARGET, LENGTH_ONE)
"""What is raised where two lengths differ at run time. If one of them is a 1, it should have been repeated."""


def same_length(ctx: Context, a: Atom, b: Atom, where: str = _OPERANDS) -> Atom:
    """One of two lengths that must be equal; checked at run time where that is not certain."""
    a, b = (ctx.dim(n) or n for n in (a, b))
    if a == b or (isinstance(a, Const) and isinstance(b, Const) and a.value == b.value):
        return a
    if isinstance(a, Const) and isinstance(b, Const):
        ctx.refuse(
            "shapes do not match",
            label=f"{a.value} against {b.value}",
            why=where,
            advice="give the operands the same shape, or lengths of 1 where they should be repeated",
        )
    if isinstance(a, Const):
        a, b = b, a
    a, b = cast(ctx, a, PY_INT), cast(ctx, b, PY_INT)
    raise_if(ctx, apply(ctx, "ne", (a, b), PY_BOOL, "test"), ValueError, where)
    if isinstance(b, Const):
        ctx.dims[-1][a] = b
        return b
    ctx.dims[-1][b] = a
    return a


def _is_one(length: Atom) -> bool:
    return isinstance(length, Const) and length.value == 1


def broadcast(ctx: Context, shapes: list[tuple[Atom, ...]]) -> tuple[Atom, ...]:
    """The common shape of operands."""
    rank = max(map(len, shapes))
    result: list[Atom] = []
    for axis in range(rank):
        lengths = [s[axis - rank + len(s)] for s in shapes if axis - rank + len(s) >= 0]
        result.append(_common(ctx, lengths))
    return tuple(result)


def _common(ctx: Context, lengths: list[Atom]) -> Atom:
    """The length of one dimension of the result."""
    narrow = [n for n in lengths if n in ctx.at_most_one]
    wide = [n for n in lengths if not _is_one(n) and n not in narrow]
    if not wide:
        return narrow[0] if narrow else integer(1)
    length = wide[0]
    for other in wide[1:]:
        length = same_length(ctx, length, other)
    for n in narrow:  # it is repeated, unless it is 0
        empty = compare(ctx, ast.Eq(), n, integer(0))
        differs = apply(ctx, "and_", (empty, compare(ctx, ast.NotEq(), length, integer(0))), PY_BOOL, "test")
        raise_if(ctx, differs, ValueError, _OPERANDS)
    return length


def _is_narrow(ctx: Context, length: Atom) -> bool:
    return _is_one(length) or length in ctx.at_most_one


def element_at(ctx: Context, expr: ArrayExpr, index: Index) -> Atom:
    """The element of an operand for an index of the broadcast result."""
    return expr.at(own_index(ctx, expr.shape, index))


def own_index(ctx: Context, lengths: Index, index: Index) -> Index:
    """An index of the broadcast result, as one of an operand of this shape."""
    own = index[len(index) - len(lengths) :]
    return tuple(integer(0) if _is_narrow(ctx, n) else i for i, n in zip(own, lengths))


def elementwise(ctx: Context, compute: Callable[..., Atom], *operands: Value) -> ArrayExpr:
    """`compute` applied element by element."""
    masked = under_one_mask(operands)
    if masked is not None:
        whole = [operand.full if isinstance(operand, Masked) else operand for operand in operands]

        def compress() -> ArrayExpr:
            return elementwise(ctx, compute, *[o.compressed if isinstance(o, Masked) else o for o in operands])

        return Masked(elementwise(ctx, compute, *whole), masked.mask, compress)
    parts = [expr_of(ctx, operand) for operand in operands]
    shape_ = broadcast(ctx, [part.shape for part in parts])
    with ctx.block():
        probes = [
            operand.atom if isinstance(operand, Num) else Sym("t", Scalar(part.dtype))
            for operand, part in zip(operands, parts)
        ]
        dtype = scalar(compute(*probes)).dtype

    def at(index: Index) -> Atom:
        return cast(ctx, compute(*[element_at(ctx, part, index) for part in parts]), Scalar(dtype))

    return ArrayExpr(dtype, shape_, at, tuple(r for part in parts for r in part.reads))


# -- into memory --------------------------------------------------------------------------------------------------


def force(ctx: Context, value: Value, hint: str = "a") -> Value:
    """The value with everything lazy computed: what a name can be bound to."""
    match value:
        case ArrayExpr():
            return into_memory(ctx, value, hint)
        case Record(container, keys, items):
            forced = tuple(force(ctx, item, hint) for item in items)
            same = all(a is b for a, b in zip(forced, items))
            return value if same else Record(container, keys, forced, value.tokens)
        case _:
            return value


def noted_as_view(ctx: Context, original: Arr, result: Value) -> Value:
    """What was made of an array where NumPy has a view of it (or may have one)."""
    match result:
        case ArrayExpr(view_of=None):
            return replace(result, view_of=original)
        case Arr() if ctx.memory_of(result.base) is not ctx.memory_of(original.base):
            memory = whole(result.base)
            if is_contiguous(memory):  # under a new name: what filled it was no change
                result = replace(result, base=reshaped(ctx, memory, shape(ctx, memory), "view").base)
            return snapshot(ctx, original, result, _VIEWED)
        case Record(items=items):
            return replace(result, items=tuple(noted_as_view(ctx, original, item) for item in items))
    return result


def into_memory(ctx: Context, expr: ArrayExpr, hint: str = "a", dtype: np.dtype | None = None) -> Arr:
    """A fresh array with the elements of an expression."""
    result = allocate(ctx, expr.shape, dtype or expr.dtype, None, hint)
    nest(ctx, expr.shape, lambda index: store(ctx, result, index, expr.at(index)))
    if expr.view_of is not None:
        snapshot(ctx, expr.view_of, result, _VIEWED)
    reads = [read.array if isinstance(read, OutOfOrder) else read for read in expr.reads]
    return with_rows(ctx, result) if all(has_rows(ctx, array) for array in reads) else result


def computed_once(ctx: Context, expr: ArrayExpr) -> ArrayExpr:
    """An operand whose elements are used several times: in memory, unless it is an array as it stands."""
    is_array = expr.reads and isinstance(expr.reads[0], Arr) and expr.at_array
    return expr if is_array else expr_of(ctx, into_memory(ctx, expr))


def array_of(ctx: Context, value: Value, hint: str = "a") -> Arr:
    """The value as an array in memory (an `Arr` as it is)."""
    if isinstance(value, Arr):
        return value
    if isinstance(value, Record):
        return stack_items(ctx, value.items, hint=hint)
    return into_memory(ctx, expr_of(ctx, value), hint)


def assign(ctx: Context, region: Arr, value: Value) -> None:
    """`region[...] = value`."""
    source = expr_of(ctx, value)
    if _kind_rank(source.dtype) > _kind_rank(region.dtype) and not isinstance(value, Num) and region.dtype.kind == "b":
        ctx.refuse(
            "numbers cannot be stored in an array of truth values",
            why="the numbers would be lost",
            advice="make the array of floats, or store a comparison",
        )
    lengths = shape(ctx, region)
    extra = len(source.shape) - len(lengths)
    if extra > 0 and not all(map(_is_one, source.shape[:extra])):
        ctx.refuse(
            "the shapes of this assignment do not match",
            label=f"{len(source.shape)} dimensions into {len(lengths)}",
            why="a value of more dimensions does not fit",
            advice="index the left side so that it has the dimensions of the value, or reduce the value",
        )
    source = ArrayExpr(source.dtype, source.shape[max(extra, 0) :], _drop_leading(source, max(extra, 0)), source.reads)
    rank = len(lengths)
    for axis, length in enumerate(source.shape):
        if not _is_narrow(ctx, length):
            same_length(ctx, lengths[rank - len(source.shape) + axis], length, _TARGET)
    if any(may_overlap(ctx, region, read) for read in source.reads):
        source = expr_of(ctx, into_memory(ctx, source, "copied"))
    nest(ctx, lengths, lambda index: store(ctx, region, index, element_at(ctx, source, index)))


def _drop_leading(expr: ArrayExpr, count: int) -> Callable[[Index], Atom]:
    return lambda index: expr.at((*[integer(0)] * count, *index))


def _kind_rank(dtype: np.dtype) -> int:
    return "biufc".index(dtype.kind)


def may_overlap(ctx: Context, target: Arr, source: Arr | OutOfOrder) -> bool:
    """May writing `target` in index order change elements of `source` before they are read?"""
    if isinstance(source, OutOfOrder):
        source = source.array
    elif target == source:
        return False  # each element is read before it is written
    if target.base is source.base:
        return not _disjoint(target, source)
    memories = {ctx.memory_of(target.base), ctx.memory_of(source.base)}
    return len(memories) == 1 or not memories <= ctx.fresh | ctx.parameters


def _disjoint(a: Arr, b: Arr) -> bool:
    """Are two views of one array certainly apart: fixed at different constants in some dimension?"""
    pairs = zip(a.entries, b.entries)
    return any(
        isinstance(x, Const) and isinstance(y, Const) and x.value != y.value and x.value >= 0 and y.value >= 0
        for x, y in pairs
    )
