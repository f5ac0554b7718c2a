"""What the frontend knows about the value of an expression while it lowers a function.

The IR has scalars and array references only. Everything else Python offers (tuples, records, views, closures,
ranges, modules, `None`) is a value of this file: known in structure at compile time and gone from the IR.
Values are immutable and compare by meaning, so that "both branches left it alone" is `==`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from srcgrad.infer.derivation import Derivation
from srcgrad.infer.signature import Static
from srcgrad.ir.nodes import Atom, Const, Slice, Sym
from srcgrad.ir.types import PY_BOOL, PY_COMPLEX, PY_FLOAT, PY_INT, Array, Scalar

if TYPE_CHECKING:
    from srcgrad.frontend.context import Scope
    from srcgrad.frontend.source import Source


@dataclass(frozen=True)
class Num:
    """A run-time (or constant) scalar."""

    atom: Atom

    @property
    def type(self) -> Scalar:
        assert isinstance(self.atom.type, Scalar)
        return self.atom.type


Entry = Atom | Slice | None
"""How one dimension of a base array is used: fixed at an index, a slice, or (None) whole."""


@dataclass(frozen=True)
class Arr:
    """An array or a view of one: `entries` has one item per dimension of `base`; the dimensions that are not
    fixed are permuted as in `ir.View`. Views are never materialised unless an SSA value is needed."""

    base: Sym
    entries: tuple[Entry, ...]
    permutation: tuple[int, ...]

    @property
    def base_type(self) -> Array:
        assert isinstance(self.base.type, Array)
        return self.base.type

    @property
    def dtype(self) -> np.dtype:
        return self.base_type.dtype

    @property
    def element(self) -> Scalar:
        return self.base_type.element

    @property
    def ndim(self) -> int:
        return len(self.permutation)

    @property
    def whole(self) -> bool:
        """Is this the base array itself?"""
        return all(e is None for e in self.entries) and self.in_order

    @property
    def in_order(self) -> bool:
        """Do its dimensions come in the order of those of the base?"""
        return self.permutation == tuple(range(self.ndim))

    def axes(self) -> tuple[int, ...]:
        """The dimension of the base behind each dimension of the view."""
        kept = [d for d, e in enumerate(self.entries) if e is None or isinstance(e, Slice)]
        return tuple(kept[p] for p in self.permutation)


def whole(base: Sym) -> Arr:
    """The value that is all of an array symbol."""
    assert isinstance(base.type, Array)
    return Arr(base, (None,) * base.type.ndim, tuple(range(base.type.ndim)))


@dataclass(frozen=True)
class OutOfOrder:
    """An array that is read at other indices than the one whose element is computed."""

    array: Arr


def out_of_order(reads: tuple[Arr | OutOfOrder, ...]) -> tuple[Arr | OutOfOrder, ...]:
    """The reads of an expression that is itself read in another order."""
    return tuple(read if isinstance(read, OutOfOrder) else OutOfOrder(read) for read in reads)


@dataclass(frozen=True, eq=False)
class ArrayExpr:
    """An array that is not in memory yet: its shape, and how to compute the element at given indices.

    It lives only inside one expression of the user's; binding it to a name puts it into memory. `reads` are the
    arrays its elements are computed from: an `Arr` where the element at an index needs those at this index only."""

    dtype: np.dtype
    shape: tuple[Atom, ...]
    at: Callable[[tuple[Atom, ...]], Atom]
    reads: tuple[Arr | OutOfOrder, ...] = ()
    at_array: bool = False
    """Whether an element is just an element of the one array that is read."""
    view_of: Arr | None = None
    """The array of which NumPy has a view here: put into memory, it is a copy, and neither may change afterwards."""
    identity: object = None
    """What tells the expression apart from others, where that is known: equal identities mean equal elements."""

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def element(self) -> Scalar:
        return Scalar(self.dtype)


@dataclass(frozen=True)
class Record:
    """A tuple, list, dict, namedtuple or dataclass whose structure is known: the children are values.

    `tokens` tell lists and dicts apart, which can be changed in place: two variables that may hold the same list
    have a token in common."""

    container: type
    keys: tuple
    items: tuple[Value, ...]
    tokens: frozenset[int] = field(default=frozenset(), compare=False)

    def get(self, key: object) -> Value | None:
        return self.items[self.keys.index(key)] if key in self.keys else None


_TOKENS = itertools.count()


def tuple_of(items: tuple[Value, ...] | list[Value], container: type = tuple) -> Record:
    """A tuple, or a new list."""
    return Record(container, tuple(range(len(items))), tuple(items), new_token(container))


def new_token(container: type) -> frozenset[int]:
    """The identity of a new container that can be changed."""
    return frozenset({next(_TOKENS)}) if container in (list, dict) else frozenset()


@dataclass(frozen=True)
class Range:
    """`range(start, stop, step)`, or Numba's `prange`; int64 atoms."""

    start: Atom
    stop: Atom
    step: Atom
    parallel: bool = False


@dataclass(frozen=True)
class Enumerate:
    inner: Value
    start: Atom


@dataclass(frozen=True)
class Zip:
    inners: tuple[Value, ...]


@dataclass(frozen=True)
class Reversed:
    inner: Value


@dataclass(frozen=True)
class Closure:
    """A function defined inside the compiled function; free names are looked up in `scope` when it is called."""

    source: Source
    scope: Scope
    defaults: tuple[tuple[str, Value], ...] = field(default=())


@dataclass(frozen=True)
class Partial:
    """`functools.partial(callee, ...)` over run-time values, or a method with its receiver."""

    callee: Value
    positional: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class Derived:
    """A derivative of a function, as `grad` returns it."""

    callee: Value
    derivation: Derivation


@dataclass(frozen=True)
class Method:
    """A method of an array, a number or a record, on its way to being called."""

    receiver: Value
    name: str


@dataclass(frozen=True)
class Generator:
    """A generator expression or a list comprehension over run-time data, not run yet."""

    source: Any = field(compare=False)
    scope: Scope


@dataclass(frozen=True)
class NumberList:
    """A list of numbers whose length is known at run time only. Like an array it is a reference to memory; unlike
    one it has no arithmetic. `tokens` tell whose list it is, where it grows."""

    array: Arr
    tokens: frozenset[int] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class GrowingList:
    """A list of numbers that a loop appends to: the first `length` elements of `array`, which has room for more. Only
    variables hold one; read, it is a `NumberList`. Where room is `reserved` for all a loop appends, it is not looked
    for."""

    array: Arr
    length: Atom
    tokens: frozenset[int] = field(default=frozenset(), compare=False)
    reserved: bool = False


@dataclass(frozen=True)
class Shown:
    """A run-time number in a text; `spec` is the rest of its replacement field, as in `!r` or `:.3f`."""

    atom: Atom
    spec: str = ""


@dataclass(frozen=True)
class Text:
    """A string with run-time numbers in it: good for `print` and for the messages of exceptions only."""

    parts: tuple[str | Shown, ...]


@dataclass(frozen=True)
class Undefined:
    """A name that has not been assigned."""

    name: str


@dataclass(frozen=True)
class Maybe:
    """A value that is there only if the run-time truth value `defined` holds."""

    value: Value
    defined: Atom
    name: str


@dataclass(frozen=True)
class Choice:
    """`first` (a compile-time value: None, a function) if the run-time truth value `is_first`, else `second`."""

    first: Value
    second: Value
    is_first: Atom


@dataclass(frozen=True)
class Conflict:
    """Two values that cannot be one, as an array and a number: refused if it is used. `lacks` says what the variable
    has not one of."""

    why: str
    advice: str = "give it the same type on every path"
    lacks: str = "type"


@dataclass(frozen=True)
class Bottom:
    """No value at all: of code that cannot be reached, or whose type is not known in this round."""


BOTTOM = Bottom()
NONE = Static(None)

Value = (
    Num | Arr | ArrayExpr | Record | Static | Range | Enumerate | Zip | Reversed | Closure | Partial | Derived
    | Method | Generator | NumberList | GrowingList | Text | Undefined | Maybe | Choice | Conflict | Bottom
)  # fmt: skip


def integer(value: int) -> Const:
    """A Python int as an atom."""
    return Const(int(value), PY_INT)


def truth(value: bool) -> Const:
    return Const(bool(value), PY_BOOL)


def number(value: complex | float | int | bool | np.generic) -> Num:
    """A Python or NumPy number as a constant value."""
    if isinstance(value, np.generic):
        return Num(Const(value.item(), Scalar(value.dtype)))
    if isinstance(value, bool):
        return Num(truth(value))
    if isinstance(value, int):
        return Num(integer(value))
    if isinstance(value, complex):
        return Num(Const(complex(value), PY_COMPLEX))
    return Num(Const(float(value), PY_FLOAT))


def describe(value: Value) -> str:
    """A few words for diagnostics."""
    match value:
        case Num():
            words = {"f": "a float", "c": "a complex number", "i": "an int", "u": "an int", "b": "a bool"}
            kind = words[value.type.dtype.kind]
            return kind if value.type.weak else f"{kind} ({value.type.dtype.name})"
        case Arr() | ArrayExpr():
            return f"a {value.ndim}-d array of {value.dtype.name}"
        case Record(container, _, items):
            return f"a {container.__name__} of {len(items)}" if items else f"an empty {container.__name__}"
        case Static(None):
            return "None"
        case Static(obj):
            return f"the {type(obj).__name__} {getattr(obj, '__name__', None) or repr(obj)[:40]}"
        case Range():
            return "a range"
        case Closure(source):
            return f"the function {source.name}"
        case Derived(callee, derivation):
            return f"the {derivation.transform.value} of {describe(callee)}"
        case Choice(first, second):
            return f"{describe(first)} or {describe(second)}"
        case Undefined(name):
            return f"the unassigned name {name}"
        case Conflict():
            return "a value of more than one type"
        case Generator():
            return "a generator expression"
        case NumberList() | GrowingList():
            return "a list of numbers"
        case _:
            return f"a {type(value).__name__.lower()}"
