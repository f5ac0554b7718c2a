"""Joining what different paths leave in a variable: the values of `If` and of loops.

A *prototype* is a value some of whose scalar and array leaves are new symbols ("made" ones): the results of an
`If`, the parameters of a loop. `Merge` builds it, `coerce` turns a path's value into the atoms it yields for the
made symbols, `fits` says whether a loop body's value needs no wider prototype.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from srcgrad.frontend.arrays import materialise
from srcgrad.frontend.context import Context
from srcgrad.frontend.elementwise import expr_of, into_memory, stack_items
from srcgrad.frontend.scalars import cast
from srcgrad.frontend.values import (
    BOTTOM,
    NONE,
    Arr,
    ArrayExpr,
    Bottom,
    Choice,
    Closure,
    Conflict,
    Derived,
    GrowingList,
    Maybe,
    Num,
    NumberList,
    Partial,
    Range,
    Record,
    Static,
    Undefined,
    Value,
    describe,
    integer,
    truth,
    whole,
)  # fmt: skip
from srcgrad.infer.promote import join, join_arrays
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom, Slice, Sym
from srcgrad.ir.types import PY_BOOL, PY_INT, Array, Layout, Scalar


class Merge:
    """Builds prototypes. Symbols in `varying` (parameters of the loop) are never taken as they are."""

    def __init__(self, varying: frozenset[Sym] = frozenset()) -> None:
        self.made: list[Sym] = []
        self.varying = varying

    def sym(self, hint: str, type_: Scalar | Array) -> Sym:
        symbol = Sym(hint, type_)
        self.made.append(symbol)
        return symbol

    def open(self, value: Value, hint: str) -> Value:
        """A prototype in which every leaf of `value` is made."""
        match value:
            case Num():
                return Num(self.sym(_hint(value.atom, hint), value.type))
            case Arr():
                return whole(self.sym(_hint(value.base, hint), reference_type(value)))
            case NumberList(array):
                opened_array = self.open(array, hint)
                assert isinstance(opened_array, Arr)
                return NumberList(opened_array)
            case GrowingList():
                return self.growing(value, value.array.element, hint, value.tokens)
            case Record(container, keys, items):
                opened = tuple(self.open(item, f"{hint}_{key}") for key, item in zip(keys, items))
                return Record(container, keys, opened, value.tokens)
            case Maybe(inner, _, name):
                return Maybe(self.open(inner, hint), self.sym(f"{hint}_defined", PY_BOOL), name)
            case Choice(first, second):
                return Choice(first, self.open(second, hint), self.sym(f"{hint}_is_first", PY_BOOL))
            case _ if symbols(value):
                return Conflict(f"it is {describe(value)} that is known on one path only")
            case _:
                return value

    def merge(self, a: Value, b: Value, hint: str) -> Value:
        """A prototype that both values fit."""
        if a == b and not (self.varying and self.varying & set(symbols(a))):
            return _same_tokens(a, b)
        match a, b:
            case (Bottom(), other) | (other, Bottom()):
                return self.open(other, hint)
            case Conflict(), _:
                return a
            case _, Conflict():
                return b
            case Num(), Num():
                return Num(self.sym(hint, join(a.type, b.type)))
            case Arr(), Arr():
                return self._arrays(a, b, hint)
            case NumberList(), NumberList():
                joined = self._arrays(a.array, b.array, hint)
                return NumberList(joined) if isinstance(joined, Arr) else joined
            case Record(), Record() if (a.container, a.keys) == (b.container, b.keys):
                pairs = zip(a.keys, a.items, b.items)
                items = tuple(self.merge(x, y, f"{hint}_{k}") for k, x, y in pairs)
                return Record(a.container, a.keys, items, a.tokens | b.tokens)
            case (Record() | GrowingList(), Record() | GrowingList()) if (element := _common_element(a, b)):
                return self.growing(a, element, hint, a.tokens | b.tokens, b)
            case (Undefined(name) | Maybe(_, _, name), _) | (_, Undefined(name) | Maybe(_, _, name)):
                return self._maybe(a, b, name, hint)
            case (Choice(first), _) | (_, Choice(first)):
                return self._choice(first, a, b, hint)
            case _ if a == NONE or b == NONE:
                return self._choice(NONE, a, b, hint)
            case _ if is_function(a) and is_function(b):
                return Choice(a, b, self.sym(f"{hint}_is_first", PY_BOOL))
            case _:
                return conflict(a, b)

    def growing(
        self, a: Value, element: Scalar, hint: str, tokens: frozenset[int], b: Value | None = None
    ) -> GrowingList:
        """A list that grows: an array, and how many of its elements count."""
        array, length = self.sym(hint, Array(element.dtype, 1, Layout.C)), self.sym(f"{hint}_length", PY_INT)
        reserved = all(isinstance(v, GrowingList) and v.reserved for v in (a, b) if v is not None)
        return GrowingList(whole(array), length, tokens, reserved)

    def _arrays(self, a: Arr, b: Arr, hint: str) -> Value:
        joined = join_arrays(reference_type(a), reference_type(b))
        if joined is None:
            return conflict(a, b)
        return whole(self.sym(hint, joined))

    def _choice(self, first: Value, a: Value, b: Value, hint: str) -> Value:
        """One of the two may be `first`."""
        rest = [v.second if isinstance(v, Choice) else BOTTOM if v == first else v for v in (a, b)]
        firsts = [v.first for v in (a, b) if isinstance(v, Choice)]
        second = self.merge(rest[0], rest[1], hint)
        if any(f != first for f in firsts) or isinstance(second, Conflict | Choice | Maybe):
            return conflict(a, b)
        return Choice(first, second, self.sym(f"{hint}_is_first", PY_BOOL))

    def _maybe(self, a: Value, b: Value, name: str, hint: str) -> Value:
        a, b = (v.value if isinstance(v, Maybe) else BOTTOM if isinstance(v, Undefined) else v for v in (a, b))
        inner = self.merge(a, b, hint)
        return inner if isinstance(inner, Conflict) else Maybe(inner, self.sym(f"{hint}_defined", PY_BOOL), name)


def element_of(value: Value) -> Scalar | None:
    """What a list of numbers is made of; `None` for an empty one, and for what is none."""
    if isinstance(value, GrowingList):
        return value.array.element
    if isinstance(value, Record) and value.container is list and value.items:
        types = [item.type for item in value.items if isinstance(item, Num)]
        return functools.reduce(join, types) if len(types) == len(value.items) else None
    return None


def _common_element(a: Value, b: Value) -> Scalar | None:
    """What a list is made of that is one of two: lists of numbers, one of them perhaps empty."""
    found = [element_of(value) for value in (a, b)]
    for value, element in zip((a, b), found):
        empty = isinstance(value, Record) and value.container is list and not value.items
        if element is None and not empty:
            return None
    known = [element for element in found if element is not None]
    return functools.reduce(join, known) if known else None


def conflict(a: Value, b: Value) -> Conflict:
    """What a variable holds that is `a` on one path and `b` on another."""
    why = f"it is {describe(a)} on one path and {describe(b)} on another"
    match a, b:
        case Record(container=x), Record(container=y) if x is list and y is list:
            return Conflict(why, "fill an array: out = np.empty(n); out[i] = ...", "length")
        case Record(container=x), Record(container=y) if x is dict and y is dict:
            return Conflict(why, "give it all its keys first, or fill an array: out = np.empty(n)", "set of keys")
        case _:
            return Conflict(why)


def reference_type(value: Arr) -> Array:
    """The type of a symbol that names `value`: of a view nothing is known about the layout."""
    return value.base_type if value.whole else Array(value.dtype, value.ndim, Layout.ANY)


def is_function(value: Value) -> bool:
    return isinstance(value, Closure | Partial | Derived) or (isinstance(value, Static) and callable(value.value))


def _same_tokens(a: Value, b: Value) -> Value:
    """Two equal values; equal lists may still be two lists."""
    if isinstance(a, Record) and isinstance(b, Record) and a.tokens != b.tokens:
        return Record(a.container, a.keys, a.items, a.tokens | b.tokens)
    return a


def _hint(atom: Atom, hint: str) -> str:
    return hint or (atom.hint if isinstance(atom, Sym) else "t")


def symbols(value: Value) -> tuple[Sym, ...]:
    """The symbols a value is made of."""
    match value:
        case Num(atom):
            return (atom,) if isinstance(atom, Sym) else ()
        case Arr(base, entries):
            atoms = [x for e in entries if e is not None for x in _entry_atoms(e)]
            return (base, *(x for x in atoms if isinstance(x, Sym)))
        case Record(items=items) | Partial(positional=items):
            return tuple(s for item in items for s in symbols(item))
        case Maybe(inner, flag) | Choice(second=inner, is_first=flag):
            return (*symbols(inner), *((flag,) if isinstance(flag, Sym) else ()))
        case NumberList(array):
            return symbols(array)
        case GrowingList(array, length):
            return (*symbols(array), *((length,) if isinstance(length, Sym) else ()))
        case Range(start, stop, step):
            return tuple(x for x in (start, stop, step) if isinstance(x, Sym))
        case _:
            return ()


def _entry_atoms(entry: Atom | Slice) -> tuple[Atom, ...]:
    return (entry.start, entry.length, entry.step) if isinstance(entry, Slice) else (entry,)


def fits(value: Value, proto: Value, made: frozenset[Sym]) -> bool:
    """Can `value` be carried as `proto` without a wider type?"""
    match value, proto:
        case Bottom(), _:
            return True
        case Num(), Num(Sym() as symbol) if symbol in made:
            return join(value.type, proto.type) == proto.type
        case Arr(), Arr(base) if base in made:
            return join_arrays(reference_type(value), proto.base_type) == base.type
        case NumberList(array), NumberList(other):
            return fits(array, other, made)
        case (Record() | GrowingList()), GrowingList(array) if array.base in made:
            element = _common_element(value, proto)
            return element is not None and element.dtype == array.dtype
        case Record(), Record() if (value.container, value.keys) == (proto.container, proto.keys):
            return all(fits(v, p, made) for v, p in zip(value.items, proto.items))
        case Undefined(), Maybe():
            return True
        case Maybe(inner), Maybe(other):
            return fits(inner, other, made)
        case _, Maybe(other):
            return fits(value, other, made)
        case _, Conflict():
            return True
        case Choice(first, second), Choice():
            return first == proto.first and fits(second, proto.second, made)
        case _, Choice(first, second):
            return value == first or fits(value, second, made)
        case _:
            return value == proto


def coerce(ctx: Context, value: Value, proto: Value, made: frozenset[Sym]) -> list[Atom]:
    """The atoms that carry `value`, one per made symbol of `proto` in order; casts are emitted here."""
    match proto:
        case Num(Sym() as symbol) if symbol in made:
            assert isinstance(symbol.type, Scalar)
            return [cast(ctx, value.atom, symbol.type) if isinstance(value, Num) else const_like(0, symbol.type)]
        case Arr(base) if base in made:
            return [materialise(ctx, value) if isinstance(value, Arr) else _empty(ctx, proto)]
        case NumberList(array):
            return coerce(ctx, value.array if isinstance(value, NumberList) else BOTTOM, array, made)
        case GrowingList(array) if array.base in made:
            return _grown_atoms(ctx, value, array)
        case Record(items=protos):
            items = value.items if isinstance(value, Record) else (BOTTOM,) * len(protos)
            return [atom for v, p in zip(items, protos) for atom in coerce(ctx, v, p, made)]
        case Maybe(inner, flag):
            missing = isinstance(value, Undefined | Bottom)
            present = value.value if isinstance(value, Maybe) else BOTTOM if missing else value
            atoms = coerce(ctx, present, inner, made)
            if flag not in made:
                return atoms
            return [*atoms, value.defined if isinstance(value, Maybe) else truth(not missing)]
        case Choice(first, second, flag) if flag in made:
            inner = value.second if isinstance(value, Choice) else BOTTOM if value == first else value
            atoms = coerce(ctx, inner, second, made)
            return [*atoms, value.is_first if isinstance(value, Choice) else truth(value == first)]
        case _:
            return []


def _grown_atoms(ctx: Context, value: Value, proto: Arr) -> list[Atom]:
    """The array of a growing list, and its length."""
    if isinstance(value, GrowingList):
        same = value.array.dtype == proto.dtype
        array = value.array if same else converted(ctx, value.array, proto.dtype)
        return [array.base, cast(ctx, value.length, PY_INT)]
    items = value.items if isinstance(value, Record) else ()
    return [stack_items(ctx, items, proto.dtype, "items").base, cast(ctx, integer(len(items)), PY_INT)]


def converted(ctx: Context, array: Arr, dtype: np.dtype) -> Arr:
    """A copy of another dtype."""
    expr = expr_of(ctx, array)
    return into_memory(ctx, ArrayExpr(dtype, expr.shape, lambda i: cast(ctx, expr.at(i), Scalar(dtype)), expr.reads))


def _empty(ctx: Context, proto: Arr) -> Sym:
    """An array for a path that has none: it is never read."""
    return ctx.builder.alloc((integer(0),) * proto.ndim, proto.dtype, 0, "unused")


def rename(value: Value, mapping: Mapping[Sym, Atom]) -> Value:
    """The prototype with other atoms for its made symbols."""
    match value:
        case Num(Sym() as symbol) if symbol in mapping:
            return Num(mapping[symbol])
        case Arr(base) if base in mapping:
            new = mapping[base]
            assert isinstance(new, Sym)
            return whole(new)
        case NumberList(array):
            inner = rename(array, mapping)
            assert isinstance(inner, Arr)
            return NumberList(inner, value.tokens)
        case GrowingList(array, length):
            renamed = rename(array, mapping)
            assert isinstance(renamed, Arr)
            now = mapping.get(length, length) if isinstance(length, Sym) else length
            return replace(value, array=renamed, length=now)
        case Record(container, keys, items):
            return Record(container, keys, tuple(rename(item, mapping) for item in items), value.tokens)
        case Choice(first, second, Sym() as flag):
            return Choice(first, rename(second, mapping), mapping.get(flag, flag))
        case Maybe(inner, Sym() as flag, name):
            return Maybe(rename(inner, mapping), mapping.get(flag, flag), name)
        case _:
            return value


def like(merge: Merge, value: Value, old: Value, made: frozenset[Sym], hint: str) -> Value:
    """A first prototype for `value`, as wide as the one an earlier round arrived at."""
    match value, old:
        case Num(), Num(Sym() as symbol) if symbol in made:
            return Num(merge.sym(hint, join(value.type, old.type)))
        case Arr(), Arr(base) if base in made:
            joined = join_arrays(reference_type(value), old.base_type)
            return merge.open(value, hint) if joined is None else whole(merge.sym(hint, joined))
        case (Record() | GrowingList()), GrowingList(array) if array.base in made and (
            element := _common_element(value, old)
        ):
            return merge.growing(value, element, hint, value.tokens)
        case Record(), Record() if (value.container, value.keys) == (old.container, old.keys):
            rows = zip(value.keys, value.items, old.items)
            items = tuple(like(merge, v, o, made, f"{hint}_{k}") for k, v, o in rows)
            return Record(value.container, value.keys, items, value.tokens)
        case _, Choice(first, second) if value == first:
            return Choice(first, merge.open(second, hint), merge.sym(f"{hint}_is_first", PY_BOOL))
        case Undefined(name), Maybe(inner):
            return Maybe(merge.open(inner, hint), merge.sym(f"{hint}_defined", PY_BOOL), name)
        case Num(), _:
            return merge.open(value, hint)
        case _:
            return value
