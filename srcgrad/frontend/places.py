"""Targets of assignments with subscripts: `a[i, j] = ...`, `a[1:-1] += ...`, `a[mask] = ...`, `params["w"] = ...`.

In: `ast.Subscript` nodes. Out: a `Place`, whose subscripts have been evaluated once, so that `a[i] += x` reads and
writes the same element.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from srcgrad.frontend.arrays import Item, load, load_at, shape, store, store_at, subscript
from srcgrad.frontend.context import Context
from srcgrad.frontend.elementwise import (
    Index,
    array_of,
    assign,
    element_at,
    expr_of,
    force,
    into_memory,
    may_overlap,
    nest,
)  # fmt: skip
from srcgrad.frontend.index_arrays import find_gather, fits, is_mask, pick, without_masks
from srcgrad.frontend.items import item
from srcgrad.frontend.masks import Masked
from srcgrad.frontend.records import check_sole_owner, with_item
from srcgrad.frontend.scalars import settle, truth_of
from srcgrad.frontend.subscripts import NewAxis, subscripts
from srcgrad.frontend.values import Arr, ArrayExpr, Num, NumberList, Record, Value, describe, out_of_order
from srcgrad.ir.nodes import Block, If


@dataclass(frozen=True)
class Place:
    """A target whose subscripts have been evaluated: how to read what is there, and how to write it."""

    read: Callable[[], Value]
    write: Callable[[Value], None]
    owner: str = ""
    """The variable that holds the list or dict that is changed."""


def place(ctx: Context, node: ast.Subscript, *, at_once: bool = False) -> Place:
    """The target `node`, evaluated up to the access itself; with `at_once`, nothing in it is left for later (when what
    it depends on may have been written)."""
    inner = node.value
    with ctx.at(inner):
        outer = place(ctx, inner) if isinstance(inner, ast.Subscript) and _is_item_of_record(ctx, inner) else None
        receiver = settle(ctx, outer.read() if outer else ctx.expr(inner))
    if isinstance(receiver, Record) and isinstance(node.value, ast.Name):
        return _record_place(ctx, node.value.id, receiver, ctx.expr(node.slice))
    if isinstance(receiver, Record) and outer:
        return _inner_place(ctx, outer, receiver, ctx.expr(node.slice))
    if isinstance(receiver, NumberList) and not isinstance(node.slice, ast.Slice):
        receiver = receiver.array
    if not isinstance(receiver, Arr):
        ctx.refuse(
            "an item of this cannot be assigned",
            label=describe(receiver),
            why="only arrays can be changed in place",
            advice="use an array, or build a new tuple",
            node=node,
        )
    items = subscripts(ctx, node.slice)
    if any(isinstance(i, NewAxis) for i in items):
        ctx.refuse("None in the subscript of a target is not compiled", advice="leave it out")
    if len(items) == 1 and is_mask(items[0]):
        return _mask_place(ctx, receiver, items[0], at_once)  # type: ignore[arg-type]
    if any(isinstance(i, ArrayExpr) for i in items):
        return _scatter_place(ctx, receiver, without_masks(ctx, receiver, items))  # type: ignore[arg-type]
    region = subscript(ctx, receiver, tuple(i for i in items if not isinstance(i, ArrayExpr | NewAxis)))
    if region.ndim:
        return Place(lambda: region, lambda value: write_region(ctx, region, value))
    return Place(lambda: Num(load_at(ctx, region)), lambda value: _write_element(ctx, region, value))


def _is_item_of_record(ctx: Context, node: ast.expr) -> bool:
    """Is this `name[...]` (or `name[...][...]`) where the variable holds a list or dict of known structure?"""
    while isinstance(node, ast.Subscript):
        node = node.value
        if isinstance(node, ast.Name):
            return isinstance(ctx.env.get(node.id), Record)
    return False


def write_region(ctx: Context, region: Arr, value: Value) -> None:
    ctx.wrote(region.base)
    assign(ctx, region, value)


def _write_element(ctx: Context, element: Arr, value: Value) -> None:
    ctx.wrote(element.base)
    if isinstance(value, Arr | ArrayExpr) and value.ndim == 0:
        value = Num(expr_of(ctx, value).at(()))
    if not isinstance(value, Num):
        ctx.refuse(
            "only a number fits into an element of an array",
            label=describe(value),
            why="arrays of objects are not compiled",
            advice="store numbers one by one, or assign to a slice: a[i, :] = ...",
        )
    store_at(ctx, element, value.atom)


def _mask_place(ctx: Context, array: Arr, mask: ArrayExpr, at_once: bool) -> Place:
    """`a[mask]`: a number goes to every element that is selected, in one nest, and so do elements under the same mask;
    any other array is taken apart."""
    scattered: list[Place] = []

    def taken_apart() -> Place:
        if not scattered:
            scattered.append(_scatter_place(ctx, array, without_masks(ctx, array, (mask,))))
        return scattered[0]

    def read() -> Value:
        if at_once or mask.identity is None or mask.ndim != array.ndim:
            return taken_apart().read()
        return pick(ctx, array, (mask,))

    def write(value: Value) -> None:
        nonlocal mask
        if scattered or not (isinstance(value, Num) or _goes_with(ctx, value, array, mask)):
            taken_apart().write(value)
            return
        if any(may_overlap(ctx, array, read) for read in mask.reads):
            mask = expr_of(ctx, force(ctx, mask, "mask"))
        ctx.wrote(array.base)
        fits(ctx, array, mask)
        element = expr_of(ctx, value.full if isinstance(value, Masked) else value)

        def store_selected(index: Index) -> None:
            with ctx.block() as then:
                store(ctx, array, index, element_at(ctx, element, index))
            test = truth_of(ctx, mask.at(index[: mask.ndim]))
            ctx.builder.emit(If((), test, Block(tuple(then)), Block(()), ctx.span))

        nest(ctx, shape(ctx, array), store_selected)

    return Place(read, write)


def _goes_with(ctx: Context, value: Value, array: Arr, mask: ArrayExpr) -> bool:
    """Whether the value is made of elements under this very mask, each read before the array is written there."""
    if not isinstance(value, Masked) or mask.identity is None or value.mask.identity != mask.identity:
        return False
    return not any(may_overlap(ctx, array, read) for read in value.full.reads)


def _scatter_place(ctx: Context, array: Arr, items: tuple[Item | ArrayExpr, ...]) -> Place:
    found = find_gather(ctx, array, items)

    def read() -> Value:
        reads = out_of_order((array,))
        expr = ArrayExpr(array.dtype, found.shape, lambda i: load(ctx, found.view, found.position(ctx, i)), reads)
        return into_memory(ctx, expr, "gathered")

    def write(value: Value) -> None:
        ctx.wrote(array.base)
        source = expr_of(ctx, value)
        if source.reads:
            source = expr_of(ctx, array_of(ctx, force(ctx, source)))
        nest(ctx, found.shape, lambda i: store(ctx, found.view, found.position(ctx, i), element_at(ctx, source, i)))

    return Place(read, write)


def _inner_place(ctx: Context, outer: Place, record: Record, key: Value) -> Place:
    """An item of a list or dict that is itself an item."""

    def write(value: Value) -> None:
        current = outer.read()
        assert isinstance(current, Record)
        check_sole_owner(ctx, outer.owner, current)
        outer.write(with_item(ctx, current, key, force(ctx, value)))

    return Place(lambda: item(ctx, record, key), write, outer.owner)


def _record_place(ctx: Context, name: str, record: Record, key: Value) -> Place:
    """An item of a list or dict that one local variable holds: assigning it gives the variable a changed list."""

    def write(value: Value) -> None:
        check_sole_owner(ctx, name, record)
        current = ctx.env[name]
        assert isinstance(current, Record)
        ctx.env[name] = with_item(ctx, current, key, force(ctx, value))

    return Place(lambda: item(ctx, record, key), write, name)
