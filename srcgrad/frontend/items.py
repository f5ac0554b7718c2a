"""Items of tuples, lists, dicts, ranges and compile-time objects.

In: a receiver and a key, evaluated. Out: the item: a constant key picks it when the function is compiled, a run-time
index chooses among all of them.
"""

from __future__ import annotations

import ast
import operator
from operator import itemgetter

from srcgrad.frontend.arrays import load_at, subscript, wrap
from srcgrad.frontend.branch import branch
from srcgrad.frontend.constants import constant
from srcgrad.frontend.context import Arguments, Context, Snapshot
from srcgrad.frontend.elementwise import stack_items
from srcgrad.frontend.scalars import compare, plus, scalar, select, times
from srcgrad.frontend.special_methods import native
from srcgrad.frontend.values import BOTTOM, Arr, Num, Range, Record, Static, Value, describe, integer
from srcgrad.infer.captured import Captured, Kind
from srcgrad.ir.nodes import Atom, Const, Raise, Sym

_LONGEST_CHOICE = 32  # arrays and tuples: each is a branch
_LONGEST_SELECT = 8
_LONGEST_TABLE = 32  # of constants: nothing is left of the choice where the loop around it is unrolled


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
        case Record(keys=keys), (Num() | Record()) if keys:
            return _looked_up(ctx, receiver, key, 0)
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


def _looked_up(ctx: Context, receiver: Record, key: Value, k: int) -> Value:
    """The item of a dict under a key known at run time only: its keys are compared one by one, from the k-th on."""
    if k == len(receiver.keys):
        ctx.builder.emit(Raise(KeyError, "no such key", (), ctx.span))
        ctx.terminated = True
        return BOTTOM
    equal = ctx.call(Static(operator.eq), Arguments((key, constant(ctx, receiver.keys[k], "key", None))))
    assert isinstance(equal, Num)
    return branch(
        ctx, equal.atom, lambda: receiver.items[k], lambda: _looked_up(ctx, receiver, key, k + 1), None, "item"
    )


def _dynamic_item(ctx: Context, receiver: Record, index: Atom) -> Value:
    """An item of a tuple or list whose number is known at run time only."""
    items = receiver.items
    if not items:
        ctx.builder.emit(Raise(IndexError, f"{receiver.container.__name__} index out of range", (), ctx.span))
        ctx.terminated = True
        return BOTTOM
    numbers = all(isinstance(i, Num) for i in items)
    constants = all(isinstance(i, Num) and isinstance(i.atom, Const) for i in items)
    longest = _LONGEST_TABLE if constants else _LONGEST_SELECT if numbers else _LONGEST_CHOICE
    if len(items) > longest:
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
    return element_or_row(ctx, copied, index)


def slice_of_record(ctx: Context, receiver: Record, node: ast.Slice) -> Value:
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


def element_or_row(ctx: Context, array: Arr, k: Atom) -> Value:
    """`array[k]`: a number, or a view of a row."""
    place = subscript(ctx, array, (k,))
    return place if place.ndim else Num(load_at(ctx, place))
