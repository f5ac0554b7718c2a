"""Subscripts: `a[i, j]`, `a[1:-1]`, `a[indices]`, `params["w"]`, read, written and updated in place.

In: `ast.Subscript` nodes. Out: element loads, views, gathers; `Place` is a target whose subscripts have been
evaluated once, so that `a[i] += x` reads and writes the same element.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

from srcgrad.frontend.arrays import (
    FULL,
    EllipsisItem,
    Item,
    SliceItem,
    copy,
    load,
    load_at,
    shape,
    store,
    store_at,
    subscript,
    wrap,
)  # fmt: skip
from srcgrad.frontend.branch import branch
from srcgrad.frontend.constants import constant
from srcgrad.frontend.context import Context, Snapshot, expression
from srcgrad.frontend.elementwise import (
    Index,
    array_of,
    assign,
    broadcast,
    element_at,
    expr_of,
    force,
    into_memory,
    nest,
    stack_items,
)  # fmt: skip
from srcgrad.frontend.records import check_sole_owner, with_item
from srcgrad.frontend.scalars import compare, plus, scalar, select, settle, times
from srcgrad.frontend.special_methods import native, special
from srcgrad.frontend.values import (
    Arr,
    ArrayExpr,
    Num,
    NumberList,
    Range,
    Record,
    Static,
    Value,
    describe,
    integer,
    out_of_order,
)  # fmt: skip
from srcgrad.infer.captured import Captured, Kind
from srcgrad.ir.nodes import Atom, Const, Sym

_LONGEST_CHOICE = 32  # arrays and tuples: each is a branch
_LONGEST_SELECT = 8


@dataclass(frozen=True)
class _NewAxis:
    """`None` in a subscript: a dimension of length 1."""


_Subscript = Item | _NewAxis | ArrayExpr


def subscripts(ctx: Context, node: ast.expr) -> tuple[_Subscript, ...]:
    """The evaluated subscripts between the brackets."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    if isinstance(node, ast.Tuple | ast.Slice):
        return tuple(_item(ctx, part) for part in parts)
    value = ctx.expr(node)
    if isinstance(value, Record) and value.container is tuple:
        return tuple(_item_of(ctx, item) for item in value.items)
    return (_item_of(ctx, value),)


def _item(ctx: Context, node: ast.expr) -> _Subscript:
    if isinstance(node, ast.Slice):
        bounds = [None if part is None else _bound(ctx, part) for part in (node.lower, node.upper, node.step)]
        return SliceItem(*bounds)
    with ctx.at(node):
        return _item_of(ctx, ctx.expr(node))


def _bound(ctx: Context, node: ast.expr) -> Atom | None:
    value = ctx.expr(node)
    if value == Static(None):
        return None
    if isinstance(value, Num) and scalar(value.atom).is_int:
        return value.atom
    ctx.refuse(
        "a slice bound must be an integer",
        label=describe(value),
        why="elements are counted by integers",
        advice="convert it with int(...)",
        node=node,
    )


def _item_of(ctx: Context, value: Value) -> _Subscript:
    match value:
        case Num(atom) if scalar(atom).is_int:
            return atom
        case Num(atom):
            kind = "bool" if scalar(atom).is_bool else "float"
            ctx.refuse(
                f"a {kind} cannot be a subscript",
                label=describe(value),
                why="elements are counted by integers",
                advice="convert it with int(...)",
            )
        case Static(None):
            return _NewAxis()
        case Static(obj) if obj is Ellipsis:
            return EllipsisItem()
        case Static(slice() as s) if all(isinstance(b, int | None) for b in (s.start, s.stop, s.step)):
            return SliceItem(*[None if b is None else integer(b) for b in (s.start, s.stop, s.step)])
        case Arr() | ArrayExpr() | Record():
            expr = expr_of(ctx, value)
            if expr.dtype.kind in "iu":
                return expr if isinstance(value, Arr) else expr_of(ctx, force(ctx, expr, "index"))
            ctx.refuse(
                "an array used as a subscript must hold integers",
                label=describe(value),
                why="how many elements a mask selects is not known when memory is laid out",
                advice="loop over the elements and test each, or use np.where(mask, a, b)",
            )
        case _:
            ctx.refuse(
                "this cannot be a subscript",
                label=describe(value),
                why="subscripts are integers and slices",
                advice="use an integer, a slice or an array of integers",
            )


# -- reading ------------------------------------------------------------------------------------------------------


@expression(ast.Subscript)
def read(ctx: Context, node: ast.Subscript) -> Value:
    receiver = settle(ctx, ctx.expr(node.value))
    with ctx.at(node):
        if isinstance(receiver, NumberList):
            items = subscripts(ctx, node.slice)
            found = read_array(ctx, receiver.array, items)
            if isinstance(found, Num):
                return found
            is_row = isinstance(found, Arr) and not any(isinstance(i, SliceItem | EllipsisItem) for i in items)
            return NumberList(found if is_row else copy_of(ctx, found))  # type: ignore[arg-type]
        if isinstance(receiver, Arr | ArrayExpr):
            return read_array(ctx, receiver, subscripts(ctx, node.slice))
        if isinstance(receiver, Record) and isinstance(node.slice, ast.Slice):
            return _slice_of_record(ctx, receiver, node.slice)
        key = ctx.expr(node.slice)
        own = special(ctx, "__getitem__", receiver, key)
        return item(ctx, receiver, key) if own is None else own


def read_array(ctx: Context, array: Arr | ArrayExpr, items: tuple[_Subscript, ...]) -> Value:
    """`array[items]`: a number, a view, or (for index arrays and new dimensions) an array expression."""
    if isinstance(array, ArrayExpr):
        array = into_memory(ctx, array)
    simple = [i for i in items if not isinstance(i, _NewAxis)]
    if any(isinstance(i, ArrayExpr) for i in simple):
        if len(simple) < len(items):
            ctx.refuse("index arrays together with None are not compiled", advice="use two subscripts")
        return gather(ctx, array, tuple(simple))
    place = subscript(ctx, array, tuple(i for i in simple if not isinstance(i, ArrayExpr)))
    if len(simple) < len(items):
        return _new_axes(ctx, place, items)
    return place if place.ndim else Num(load_at(ctx, place))


def copy_of(ctx: Context, value: Value) -> Arr:
    """A slice of a list is a new list."""
    return copy(ctx, value) if isinstance(value, Arr) else array_of(ctx, value)


def _new_axes(ctx: Context, place: Arr, items: tuple[_Subscript, ...]) -> ArrayExpr:
    """The view with dimensions of length 1 where the subscripts say `None`."""
    named = sum(not isinstance(i, _NewAxis | EllipsisItem) for i in items)
    fixed = sum(not isinstance(i, _NewAxis | EllipsisItem | SliceItem) for i in items)
    free = place.ndim - (named - fixed)  # dimensions that `...` (or the end) stands for
    kinds: list[bool] = []
    dots = any(isinstance(i, EllipsisItem) for i in items)
    for i in items:
        if isinstance(i, EllipsisItem):
            kinds += [False] * free
        elif isinstance(i, _NewAxis | SliceItem):
            kinds.append(isinstance(i, _NewAxis))
    kinds += [False] * (0 if dots else free)
    lengths = iter(shape(ctx, place))
    full = tuple(integer(1) if new else next(lengths) for new in kinds)

    def at(index: Index) -> Atom:
        return load(ctx, place, tuple(i for i, new in zip(index, kinds) if not new))

    return ArrayExpr(place.dtype, full, at, (place,))


def item(ctx: Context, receiver: Value, key: Value) -> Value:
    """`receiver[key]` of a record or of a compile-time object."""
    match receiver, key:
        case Record(container=container), Num(Const(int() as k)) if container is not dict:
            if -len(receiver.items) <= k < len(receiver.items):
                return receiver.items[k]
            ctx.refuse(
                "index out of range",
                label=f"{len(receiver.items)} items",
                why="the item does not exist",
                advice="use an index within the length",
            )
        case Record(), Static(str() as k) | Num(Const(int() as k)):
            found = receiver.get(k)
            if found is None:
                ctx.refuse(
                    f"there is no item {k!r}",
                    label=describe(receiver),
                    why="the structure is fixed",
                    advice="use a key that it has when the function is compiled, or an array indexed by integers",
                )
            return found
        case Record(container=container), Num(atom) if container is not dict and scalar(atom).is_int:
            return _dynamic_item(ctx, receiver, atom)
        case Range(start, _, step), Num(atom):
            return Num(plus(ctx, start, times(ctx, atom, step)))
        case Static(obj), (Static(k) | Num(Const(k))):
            try:
                found = native(ctx, receiver, itemgetter(k))
            except Exception as error:
                ctx.refuse(
                    f"this item cannot be read: {error}",
                    why="it is read when the function is compiled",
                    advice="read it outside and pass it as an argument",
                )
            return constant(ctx, found, str(k), Captured(Kind.ITEM, obj, k, found))
    ctx.refuse(
        "this cannot be subscripted",
        label=f"{describe(receiver)} by {describe(key)}",
        why="only arrays, tuples, lists and dicts of known structure have items",
        advice="use literal keys, or an array indexed by integers",
    )


def _dynamic_item(ctx: Context, receiver: Record, index: Atom) -> Value:
    """An item of a tuple or list whose number is known at run time only."""
    items = receiver.items
    numbers = all(isinstance(i, Num) for i in items)
    if len(items) > (_LONGEST_SELECT if numbers else _LONGEST_CHOICE):
        return _item_of_copy(ctx, items, index)
    position = wrap(ctx, index, integer(len(items)))
    if numbers:
        atoms = [i.atom for i in items if isinstance(i, Num)]
        result = atoms[-1]
        for k in reversed(range(len(atoms) - 1)):
            result = select(ctx, compare(ctx, ast.Eq(), position, integer(k)), atoms[k], result)
        return Num(result)
    return _chosen(ctx, items, position, 0)


def _chosen(ctx: Context, items: tuple[Value, ...], position: Atom, k: int) -> Value:
    """The very item, from the k-th on: an array that it names can be written through it."""
    if k == len(items) - 1:
        return items[k]
    test = compare(ctx, ast.Eq(), position, integer(k))
    return branch(ctx, test, lambda: items[k], lambda: _chosen(ctx, items, position, k + 1), None, "item")


def _item_of_copy(ctx: Context, items: tuple[Value, ...], index: Atom) -> Value:
    """The item, taken from a copy of all of them in one array: good for reading only."""
    copied = stack_items(ctx, items, hint="items")
    originals: list[Sym | None] = [i.base for i in items if isinstance(i, Arr)]
    for original in originals or [None]:
        ctx.snapshots.append(Snapshot(
            original, copied.base, ctx.span, "an item of a long list is changed",
            f"line {ctx.span.line} takes it by an index known at run time only, from a copy of all items",
            "make the list an array with one more dimension: a = np.array(...); a[i, j] = ...",
        ))  # fmt: skip
    return read_array(ctx, copied, (index,))


def _slice_of_record(ctx: Context, receiver: Record, node: ast.Slice) -> Value:
    bounds: list[int | None] = []
    for part in (node.lower, node.upper, node.step):
        value = Static(None) if part is None else ctx.expr(part)
        match value:
            case Static(None):
                bounds.append(None)
            case Num(Const(int() as k)):
                bounds.append(k)
            case _:
                ctx.refuse(
                    "a slice of a tuple needs constant bounds",
                    why="its structure is fixed when compiled",
                    advice="write the bounds as literals, or use an array",
                )
    items = receiver.items[slice(*bounds)]
    container = list if receiver.container is list else tuple
    return Record(container, tuple(range(len(items))), items)


# -- index arrays -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Gather:
    """`base[..., indices, ...]`: `view` has the slices applied; `advanced` says what selects the axes from
    `first` on (numbers or index arrays, broadcast to `inner`)."""

    view: Arr
    first: int
    advanced: tuple[ArrayExpr, ...]
    inner: tuple[Atom, ...]
    shape: tuple[Atom, ...]

    def position(self, ctx: Context, index: Index) -> Index:
        """The subscripts of `view` for an index of the result."""
        inner = index[self.first : self.first + len(self.inner)]
        picked = tuple(element_at(ctx, a, inner) for a in self.advanced)
        return (*index[: self.first], *picked, *index[self.first + len(self.inner) :])


def _gather(ctx: Context, array: Arr, items: tuple[_Subscript, ...]) -> _Gather:
    dots = [k for k, i in enumerate(items) if isinstance(i, EllipsisItem)]
    at = dots[0] if dots else len(items)
    full = (*items[:at], *[FULL] * (array.ndim - len(items) + len(dots)), *items[at + 1 :])
    where = [k for k, i in enumerate(full) if not isinstance(i, SliceItem)]
    if where != list(range(where[0], where[-1] + 1)):
        ctx.refuse(
            "index arrays with a slice between them are not compiled",
            why="NumPy then moves the selected dimensions to the front",
            advice="take the slice first, or loop",
        )
    view = subscript(ctx, array, tuple(i if isinstance(i, SliceItem) else FULL for i in full))
    advanced = tuple(
        i if isinstance(i, ArrayExpr) else expr_of(ctx, Num(i))  # type: ignore[arg-type]
        for i in full
        if not isinstance(i, SliceItem)
    )
    inner = broadcast(ctx, [a.shape for a in advanced])
    lengths = shape(ctx, view)
    return _Gather(
        view, where[0], advanced, inner, (*lengths[: where[0]], *inner, *lengths[where[0] + len(advanced) :])
    )


def gather(ctx: Context, array: Arr, items: tuple[_Subscript, ...]) -> ArrayExpr:
    """`array[indices]`."""
    found = _gather(ctx, array, items)
    reads = out_of_order((array, *(r for a in found.advanced for r in a.reads)))
    return ArrayExpr(array.dtype, found.shape, lambda index: load(ctx, found.view, found.position(ctx, index)), reads)


# -- writing ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A target whose subscripts have been evaluated: how to read what is there, and how to write it."""

    read: Callable[[], Value]
    write: Callable[[Value], None]
    owner: str = ""
    """The variable that holds the list or dict that is changed."""


def place(ctx: Context, node: ast.Subscript) -> Place:
    """The target `node`, evaluated up to the access itself."""
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
    if any(isinstance(i, _NewAxis) for i in items):
        ctx.refuse("None in the subscript of a target is not compiled", advice="leave it out")
    if any(isinstance(i, ArrayExpr) for i in items):
        return _scatter_place(ctx, receiver, items)
    region = subscript(ctx, receiver, tuple(i for i in items if not isinstance(i, ArrayExpr | _NewAxis)))
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


def _scatter_place(ctx: Context, array: Arr, items: tuple[_Subscript, ...]) -> Place:
    found = _gather(ctx, array, items)

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
