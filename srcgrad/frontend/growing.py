"""Lists of numbers that grow while a loop runs: `out.append(x)`.

In: the variable that holds the list, and what is appended. Out: the variable bound to a longer list, in an array with
room to spare: where that is full, the elements move to one of twice the size. A `for` loop reserves the room for all
that its iterations can append beforehand, so that nothing moves inside it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from srcgrad.frontend.arrays import allocate, dim, load, store
from srcgrad.frontend.branch import branch
from srcgrad.frontend.context import Arguments, Context
from srcgrad.frontend.desugar import ForLoop, WhileLoop
from srcgrad.frontend.elementwise import force, nest
from srcgrad.frontend.kinds import converted
from srcgrad.frontend.liveness import LIST_METHODS
from srcgrad.frontend.records import check_sole_owner
from srcgrad.frontend.scalars import cast, compare, larger_of, minus, plus, raise_if, scalar, times
from srcgrad.frontend.values import NONE, Arr, GrowingList, Num, NumberList, Record, Value, describe, integer
from srcgrad.infer import promote
from srcgrad.ir.nodes import Atom, Slice
from srcgrad.ir.types import PY_INT, Scalar

_LEAST = 8


def as_number_list(value: GrowingList) -> NumberList:
    """The list as it is now."""
    view = Arr(value.array.base, (Slice(integer(0), value.length, integer(1)),), (0,))
    return NumberList(view, value.tokens)


def change_growing(ctx: Context, name: str, value: GrowingList, change: str, arguments: Arguments) -> Value:
    """`name.append(x)` and its kind."""
    check_sole_owner(ctx, name, Record(list, (), (), value.tokens))
    given = [force(ctx, v) for v in arguments.positional]
    match change, given:
        case "append", [Num(atom)]:
            ctx.env[name] = _appended(ctx, value, atom, name)
        case "extend", [Record(items=items)] if all(isinstance(i, Num) for i in items):
            for item in items:
                assert isinstance(item, Num)
                value = _appended(ctx, replace(value, reserved=False), item.atom, name)
            ctx.env[name] = value
        case "pop", []:
            empty = compare(ctx, ast.Eq(), value.length, integer(0))
            raise_if(ctx, empty, IndexError, "pop from empty list")
            last = minus(ctx, value.length, integer(1))
            ctx.env[name] = replace(value, length=last)
            return Num(load(ctx, value.array, (last,)))
        case _:
            ctx.refuse(
                f"{change} of a list that grows in a loop is not compiled with these arguments",
                label=", ".join(map(describe, given)),
                why="such a list is an array of numbers",
                advice="append numbers, or fill an array: out = np.empty(n); out[i] = ...",
            )
    return NONE


def _appended(ctx: Context, value: GrowingList, atom: Atom, name: str) -> GrowingList:
    element = promote.join(value.array.element, scalar(atom))
    array = value.array
    if element.dtype != array.dtype:
        array = converted(ctx, array, element.dtype)
    if not value.reserved:
        array = _with_room(ctx, array, value.length, plus(ctx, value.length, integer(1)), name)
    ctx.wrote(array.base)
    store(ctx, array, (value.length,), cast(ctx, atom, Scalar(array.dtype)))
    return replace(value, array=array, length=plus(ctx, value.length, integer(1)))


def _with_room(ctx: Context, array: Arr, length: Atom, needed: Atom, name: str) -> Arr:
    """The array, or a larger one with the same first elements."""
    capacity = dim(ctx, array, 0)

    def larger() -> Value:
        size = larger_of(ctx, larger_of(ctx, needed, integer(_LEAST)), times(ctx, capacity, integer(2)))
        new = allocate(ctx, (size,), array.dtype, None, name)
        nest(ctx, (length,), lambda index: store(ctx, new, index, load(ctx, array, index)))
        return new

    found = branch(ctx, compare(ctx, ast.Gt(), needed, capacity), larger, lambda: array, None, name)
    assert isinstance(found, Arr)
    return found


# -- loops --------------------------------------------------------------------------------------------------------


def reserve_for(ctx: Context, body: list[ast.stmt], protos: dict[str, Value], count: Callable[[], Atom]) -> bool:
    """Make room for what `count()` runs of a body append to the lists that grow in it, where that can be told."""
    done = False
    for name, proto in protos.items():
        sites = _append_sites(body, name) if isinstance(proto, GrowingList) and not proto.reserved else 0
        if not sites or not isinstance(proto, GrowingList):
            continue
        start = ctx.env[name]
        found = start if isinstance(start, GrowingList) else _from_record(ctx, start, proto.array.dtype)
        if found is None:
            continue
        needed = plus(ctx, found.length, times(ctx, count(), integer(sites)))
        array, dtype = found.array, proto.array.dtype
        if array.dtype != dtype:
            array = converted(ctx, array, dtype)
        ctx.env[name] = replace(found, array=_with_room(ctx, array, found.length, needed, name), reserved=True)
        done = True
    return done


def _from_record(ctx: Context, value: Value, dtype: np.dtype) -> GrowingList | None:
    """A list of known length as one that may grow."""
    if not isinstance(value, Record) or not all(isinstance(i, Num) for i in value.items):
        return None
    array = allocate(ctx, (integer(len(value.items)),), dtype, None, "items")
    for k, item in enumerate(value.items):
        assert isinstance(item, Num)
        store(ctx, array, (integer(k),), cast(ctx, item.atom, Scalar(dtype)))
    return GrowingList(array, cast(ctx, integer(len(value.items)), PY_INT), value.tokens)


def _append_sites(body: list[ast.stmt], name: str) -> int:
    """How many calls of `name.append` a body contains; 0 where another change, or a loop in it, may add more."""
    count = 0
    for statement in body:
        for node, inner in _calls(statement, name, False):
            if inner or node.attr != "append":
                return 0
            count += 1
    return count


def _calls(node: ast.AST, name: str, inner: bool) -> Iterator[tuple[ast.Attribute, bool]]:
    """The changes of the list, each with whether it stands in a loop or function inside."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr=attr) as func) if found == name:
            if attr in LIST_METHODS:
                yield func, inner
        case ast.Name(id=found, ctx=ast.Store()) if found == name:
            yield ast.Attribute(node, "assigned"), True
    loops = (ForLoop, WhileLoop, ast.FunctionDef, ast.Lambda, ast.ListComp, ast.GeneratorExp)
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, name, inner or isinstance(node, loops))
