"""The operation table: one record per scalar function, from which forward and reverse mode both come.

In: nothing (this is the lowest layer; records are data). Out: `Op` records, found by name or by the Python
callable (`math.exp`, `np.exp`) they implement.

A rule is one line:

    op("hypot", "x y", "x / r", "y / r", python=math.hypot, numpy=np.hypot, source="math.hypot({0}, {1})")

The partial derivatives are formulas in the argument names and in the result `r`, written in Python syntax and
parsed by `ops.formula`; what the reverse sweep must keep is read off them. Rules never mention broadcasting,
accumulation, activity or dtypes: the drivers in `adjoint/` do those once, for all operations.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from srcgrad.ops.formula import Formula, parse


class Result(enum.Enum):
    """How the dtype of the result follows from the arguments (whose dtypes the frontend has made agree)."""

    SAME = "the dtype of the (last) argument"
    FLOAT = "the argument's floating dtype (the frontend casts integers to float64 first)"
    BOOL = "bool"
    INT = "int64"


class Operands(enum.Enum):
    """What the frontend must make of the arguments before it applies the operation."""

    SAME = "all one dtype"
    FLOAT = "all one floating dtype"
    INT = "all one integer dtype"
    BOOL = "all bool"
    FLOAT_INT = "a floating base and an integer (powi, ldexp)"
    BOOL_SAME_SAME = "a bool and two of one dtype (select)"
    ANY = "one argument of any scalar type (casts)"


@dataclass(frozen=True, eq=False)
class Op:
    """One scalar operation.

    `evaluate` runs it on NumPy scalars (the interpreter's meaning of the operation); `source` is the Python
    text that `emit` prints, with `{0}`, `{1}` for operands and `precedence` saying how tightly that text binds
    (`ast` order: see `emit`). `partials[i]` is the derivative with respect to argument i, `None` where it is
    identically zero. `singular` marks partials that can be infinite or NaN at points where the function itself
    is finite (sqrt at 0); `domain` gives, per argument, an interval for tests; `kinks` lists points to avoid.
    """

    name: str
    arguments: tuple[str, ...]
    result: Result
    operands: Operands
    evaluate: Callable
    source: str
    precedence: int
    partials: tuple[Formula | None, ...]
    singular: bool = False
    domain: tuple[tuple[float, float], ...] = ()
    kinks: tuple[float, ...] = ()
    cost: int = 1
    commutative: bool = False
    aliases: tuple[Callable, ...] = field(default=(), repr=False)

    @property
    def arity(self) -> int:
        return len(self.arguments)

    @property
    def differentiable(self) -> bool:
        return any(p is not None for p in self.partials)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple:
        return (by_name, (self.name,))


_BY_NAME: dict[str, Op] = {}
_BY_CALLABLE: dict[Callable, Op] = {}

CALL = 100  # precedence of an atom or a call: never needs parentheses


def op(
    name: str,
    arguments: str,
    *partials: str | None,
    evaluate: Callable,
    source: str,
    result: Result = Result.FLOAT,
    operands: Operands = Operands.FLOAT,
    precedence: int = CALL,
    aliases: tuple[Callable, ...] = (),
    singular: bool = False,
    domain: tuple[tuple[float, float], ...] = (),
    kinks: tuple[float, ...] = (),
    cost: int = 1,
    commutative: bool = False,
) -> Op:
    """Register one operation and return its record.

    `partials` holds one formula per argument, or is empty for an operation whose derivative is zero
    everywhere. Raises `ValueError` when the name is taken or the number of partials is wrong.
    """
    names = tuple(arguments.split())
    if partials and len(partials) != len(names):
        raise ValueError(f"operation {name!r}: {len(partials)} partials for {len(names)} arguments")
    if name in _BY_NAME:
        raise ValueError(f"operation {name!r} is already registered")
    formulas = tuple(None if p is None else parse(p, (*names, "r")) for p in partials) or (None,) * len(names)
    record = Op(
        name, names, result, operands, evaluate, source, precedence, formulas,
        singular, domain, kinks, cost, commutative, aliases,
    )  # fmt: skip
    _BY_NAME[name] = record
    for callable_ in aliases:
        _BY_CALLABLE[callable_] = record
    return record


def by_name(name: str) -> Op:
    """The operation called `name`; `KeyError` when there is none."""
    return _BY_NAME[name]


def by_callable(function: Callable) -> Op | None:
    """The operation that implements a Python callable such as `math.exp`, or `None`."""
    try:
        return _BY_CALLABLE.get(function)
    except TypeError:  # unhashable callables are nobody's rule
        return None


def all_ops() -> tuple[Op, ...]:
    """Every registered operation, in the order of registration."""
    return tuple(_BY_NAME.values())
