"""The operation table: one record per scalar function, from which forward and reverse mode both come.

In: nothing (this is the lowest layer; records are data). Out: `Op` records, found by name or by the Python
callable (`math.exp`, `np.exp`) they implement.

A rule is one line:

    op("exp", "x", "r", evaluate=np.exp, source="np.exp({0})", aliases=(math.exp, np.exp))

The partial derivatives are formulas in the argument names and in the result `r`, written in Python syntax and
parsed by `ops.formula`; what the reverse sweep must keep is read off them. Rules never mention broadcasting,
accumulation, activity or dtypes: the drivers in `adjoint/` do those once, for all operations.
"""

from __future__ import annotations

import enum
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from srcgrad.ops.formula import Formula, parse


class Result(enum.Enum):
    """How the dtype of the result follows from the arguments (whose dtypes the frontend has made agree)."""

    SAME = "the dtype of the (last) argument"
    FLOAT = "the argument's floating dtype (the frontend casts integers to float64 first)"
    BOOL = "bool"
    INT = "int64"
    REAL = "the dtype of the parts of the complex argument"
    COMPLEX = "the complex dtype whose parts the arguments are"
    NAMED = "the dtype that the operation is named after (casts)"


class Operands(enum.Enum):
    """What the frontend must make of the arguments before it applies the operation."""

    SAME = "all one dtype"
    FLOAT = "all one floating dtype"
    INT = "all one integer dtype"
    BOOL = "all bool"
    FLOAT_INT = "a floating base and an integer (powi, ldexp)"
    BOOL_SAME_SAME = "a bool and two of one dtype (select)"
    ANY = "one argument of any scalar type (casts)"
    COMPLEX = "a complex number"
    PARTS = "two of one floating dtype, to become a complex number"


@dataclass(frozen=True, eq=False)
class Op:
    """One scalar operation.

    `evaluate` runs it on NumPy scalars (the interpreter's meaning of the operation); `source` is the Python
    text that `emit` prints, with `{0}`, `{1}` for operands, each once; it may name the modules `np`, `math`,
    `special` (`srcgrad.runtime.special`) and `vm` (`srcgrad.runtime.vector_math`), and may compute in a wider dtype
    than the IR says: `emit` casts. `literal_source`, if any, is the text to print instead where the last operand is
    a non-negative literal.
    `partials[i]` is the derivative with respect to argument i, `None` where it is identically zero. `singular`
    marks partials that can be infinite or NaN at finite arguments (sqrt at 0, division by 0), `finite_from` from which
    value of the last argument on they cannot (powers); `domain` gives, per argument, an interval for tests; `kinks`
    lists values of an argument to avoid there. `cost` is in units of an addition.
    """

    name: str
    arguments: tuple[str, ...]
    result: Result
    operands: Operands
    evaluate: Callable
    source: str
    partials: tuple[Formula | None, ...]
    singular: bool = False
    domain: tuple[tuple[float, float], ...] = ()
    kinks: tuple[float, ...] = ()
    cost: int = 1
    commutative: bool = False
    aliases: tuple[Callable | str, ...] = field(default=(), repr=False)
    literal_source: str = ""
    finite_from: float = math.inf

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
_BY_PLACE: dict[str, tuple[str, Op]] = {}  # by name: the module that has a function of this name, imported or not


def op(
    name: str,
    arguments: str,
    *partials: str | None,
    evaluate: Callable,
    source: str,
    result: Result = Result.FLOAT,
    operands: Operands = Operands.FLOAT,
    aliases: tuple[Callable | str, ...] = (),
    singular: bool = False,
    domain: tuple[tuple[float, float], ...] = (),
    kinks: tuple[float, ...] = (),
    cost: int = 1,
    commutative: bool = False,
    literal_source: str = "",
    finite_from: float = math.inf,
) -> Op:
    """Register one operation and return its record.

    `partials` holds one formula per argument, or is empty for an operation whose derivative is zero
    everywhere. Raises `ValueError` when the name is taken, when an alias means another operation, or when the
    number of partials is wrong.
    """
    names = tuple(arguments.split())
    if partials and len(partials) != len(names):
        raise ValueError(f"operation {name!r}: {len(partials)} partials for {len(names)} arguments")
    if name in _BY_NAME:
        raise ValueError(f"operation {name!r} is already registered")
    formulas = tuple(None if p is None else parse(p, (*names, "r")) for p in partials) or (None,) * len(names)
    record = Op(
        name, names, result, operands, evaluate, source, formulas,
        singular, domain, kinks, cost, commutative, aliases, literal_source, finite_from,
    )  # fmt: skip
    for callable_ in aliases:
        alias(callable_, record)
    _BY_NAME[name] = record
    return record


def alias(function: Callable | str, record: Op) -> None:
    """Let `function` mean the operation `record`. Raises `ValueError` when it means another one already.

    A function of a module that is costly to import is given as text, "scipy.special.erf"."""
    if isinstance(function, str):
        module, _, name = function.rpartition(".")
        _BY_PLACE[name] = (module, record)
        return
    if _BY_CALLABLE.setdefault(function, record) is not record:
        raise ValueError(f"{function!r} already means {_BY_CALLABLE[function]}")


def by_name(name: str) -> Op:
    """The operation called `name`; `KeyError` when there is none."""
    return _BY_NAME[name]


def by_callable(function: Callable) -> Op | None:
    """The operation that implements a Python callable such as `math.exp`, or `None`."""
    try:
        found = _BY_CALLABLE.get(function)
    except TypeError:  # unhashable callables are nobody's rule
        return None
    if found is None and (name := getattr(function, "__name__", None)) in _BY_PLACE:
        module, record = _BY_PLACE[name]
        if getattr(sys.modules.get(module), name, None) is function:
            return record
    return found


def all_ops() -> tuple[Op, ...]:
    """Every registered operation, in the order of registration."""
    return tuple(_BY_NAME.values())
