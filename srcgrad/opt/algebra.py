"""The algebra table: which operations on which operands are something simpler, bit for bit.

In: an operation's name and operands, and a function that says how an operand was made. Out: an atom, another
operation (`(name, operands)`), or `None`. Floating-point rules hold for every IEEE value including NaN, infinities
and signed zeros, and they hold for the derivative as well; so `x * 0.0` and `x + 0.0` stay as they are. Integers
form a ring modulo 2**n and are simplified freely.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom, Const, Sym
from srcgrad.ir.types import BOOL, Scalar
from srcgrad.opt.rewrite import dtype_kind, same_atom

Expression = tuple[str, tuple[Atom, ...]]
Made = Callable[[Atom], Expression | None]
Rule = Callable[..., Atom | Expression | None]

TRUE, FALSE = Const(True, BOOL), Const(False, BOOL)
_RULES: dict[str, list[Rule]] = {}


def rewrite(name: str, arguments: tuple[Atom, ...], made: Made) -> Atom | Expression | None:
    """The first rule for the operation `name` that applies to these operands."""
    for rule in _RULES.get(name, ()):
        result = rule(made, *arguments)
        if result is not None:
            return result
    return None


def rules() -> dict[str, list[Rule]]:
    """The table, by operation name."""
    return _RULES


def _rule(*names: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        for name in names:
            _RULES.setdefault(name, []).append(rule)
        return rule

    return register


def _is(atom: Atom, value: float) -> bool:
    """A constant equal to `value`; zeros must agree in sign unless integers."""
    if not isinstance(atom, Const) or atom.value != value or isinstance(atom.value, bool):
        return False
    return not isinstance(atom.value, float) or math.copysign(1.0, atom.value) == math.copysign(1.0, value)


def _int(*atoms: Atom) -> bool:
    return all(dtype_kind(atom) in ("i", "u") for atom in atoms)


def _operand(made: Made, atom: Atom, name: str) -> tuple[Atom, ...] | None:
    """The operands of `atom` if it was made by the operation `name`."""
    expression = made(atom)
    return expression[1] if expression is not None and expression[0] == name else None


def _like(value: int, atom: Atom) -> Const:
    """An integer constant of the type of `atom`, wrapped into its range."""
    assert isinstance(atom.type, Scalar)
    wrapped = int(np.array(value & (2 ** (8 * atom.type.dtype.itemsize) - 1), np.uint64).astype(atom.type.dtype))
    return const_like(wrapped, atom.type)


# -- sums --------------------------------------------------------------------------------------------------------


@_rule("add")
def _add_nothing(made: Made, x: Atom, y: Atom) -> Atom | None:
    """x + (-0.0) is x, for -0.0 too; for integers x + 0."""
    nothing = 0 if _int(x) else -0.0
    return x if _is(y, nothing) else y if _is(x, nothing) else None


@_rule("add")
def _add_negative(made: Made, x: Atom, y: Atom) -> Expression | None:
    """a + -b is a - b."""
    if (negated := _operand(made, y, "neg")) is not None:
        return ("sub", (x, negated[0]))
    if (negated := _operand(made, x, "neg")) is not None:
        return ("sub", (y, negated[0]))
    return None


@_rule("sub")
def _subtract_nothing(made: Made, x: Atom, y: Atom) -> Atom | Expression | None:
    """x - 0.0 is x; -0.0 - x is -x; for integers x - 0 and 0 - x."""
    if _is(y, 0 if _int(x) else 0.0):
        return x
    return ("neg", (y,)) if _is(x, 0 if _int(x) else -0.0) else None


@_rule("sub")
def _subtract_negative(made: Made, x: Atom, y: Atom) -> Expression | None:
    """a - -b is a + b."""
    negated = _operand(made, y, "neg")
    return ("add", (x, negated[0])) if negated is not None else None


def _offset(made: Made, atom: Atom) -> tuple[Atom, int]:
    """An integer as `base + constant`."""
    for name, sign in (("add", 1), ("sub", -1)):
        parts = _operand(made, atom, name)
        if parts is not None and isinstance(parts[1], Const):
            return parts[0], sign * int(parts[1].value)
        if parts is not None and sign == 1 and isinstance(parts[0], Const):
            return parts[1], int(parts[0].value)
    return atom, 0


def _shifted(base: Atom, offset: int) -> Atom | Expression:
    """`base + offset` written with a positive constant where the type has a sign."""
    constant = _like(offset, base)
    if constant.value == 0:
        return base
    if constant.value < 0 and _like(-int(constant.value), base).value > 0:
        return ("sub", (base, _like(-int(constant.value), base)))
    return ("add", (base, constant))


@_rule("add")
def _add_constants(made: Made, x: Atom, y: Atom) -> Atom | Expression | None:
    """(x + c1) + c2 is x + (c1 + c2), and x + -c is x - c, for integers."""
    if not _int(x):
        return None
    if isinstance(x, Const):
        x, y = y, x
    if not isinstance(y, Const):
        return None
    base, offset = _offset(made, x)
    return _shifted(base, offset + int(y.value)) if offset or (y.value < 0 and dtype_kind(x) == "i") else None


@_rule("sub")
def _subtract_constant(made: Made, x: Atom, y: Atom) -> Atom | Expression | None:
    """(x + c1) - c2 is x + (c1 - c2), and x - -c is x + c, for integers."""
    if not _int(x) or not isinstance(y, Const):
        return None
    base, offset = _offset(made, x)
    return _shifted(base, offset - int(y.value)) if offset or y.value < 0 else None


@_rule("sub")
def _subtract_same(made: Made, x: Atom, y: Atom) -> Atom | Expression | None:
    """x - x, (x + y) - y, (x + c1) - (x + c2), for integers (infinity and NaN forbid it for floats)."""
    if not _int(x):
        return None
    parts = _operand(made, x, "add")
    if parts is not None:
        for kept, gone in (parts, parts[::-1]):
            if same_atom(gone, y):
                return kept
    (a, ca), (b, cb) = _offset(made, x), _offset(made, y)
    return _like(ca - cb, x) if same_atom(a, b) else None


@_rule("add")
def _add_back(made: Made, x: Atom, y: Atom) -> Atom | None:
    """(x - y) + y is x, for integers."""
    if not _int(x):
        return None
    for difference, other in ((x, y), (y, x)):
        parts = _operand(made, difference, "sub")
        if parts is not None and same_atom(parts[1], other):
            return parts[0]
    return None


# -- products and powers -----------------------------------------------------------------------------------------


@_rule("mul")
def _times_one(made: Made, x: Atom, y: Atom) -> Atom | Expression | None:
    """x * 1 and x * -1."""
    for a, b in ((x, y), (y, x)):
        if _is(b, 1):
            return a
        if _is(b, -1):
            return ("neg", (a,))
    return None


@_rule("mul")
def _times_constants(made: Made, x: Atom, y: Atom) -> Atom | Expression | None:
    """x * 0 and (x * c1) * c2, for integers."""
    if not _int(x):
        return None
    if isinstance(x, Const):
        x, y = y, x
    if not isinstance(y, Const):
        return None
    if y.value == 0:
        return y
    parts = _operand(made, x, "mul")
    if parts is not None:
        for a, b in (parts, parts[::-1]):
            if isinstance(b, Const):
                return ("mul", (a, _like(int(b.value) * int(y.value), x)))
    return None


@_rule("div")
def _divide_by_one(made: Made, x: Atom, y: Atom) -> Atom | Expression | None:
    """x / 1, x / -1 and 1 / y."""
    if _is(x, 1) and not isinstance(y, Const):
        return ("inverse", (y,))
    return x if _is(y, 1) else ("neg", (x,)) if _is(y, -1) else None


@_rule("floordiv")
def _floor_by_one(made: Made, x: Atom, y: Atom) -> Atom | None:
    """x // 1, for integers."""
    return x if _int(x) and _is(y, 1) else None


@_rule("mod")
def _remainder_of_one(made: Made, x: Atom, y: Atom) -> Atom | None:
    """x % 1, for integers."""
    return _like(0, x) if _int(x) and _is(y, 1) else None


@_rule("powi", "ipow", "pow")
def _small_power(made: Made, x: Atom, y: Atom) -> Atom | None:
    """x**1 and x**0 (1, even for NaN)."""
    if _is(y, 1):
        return x
    if isinstance(y, Const) and y.value == 0 and isinstance(x.type, Scalar):
        return const_like(1, x.type)
    return None


@_rule("neg")
def _negate(made: Made, x: Atom) -> Atom | Expression | None:
    """--x, and -(a - b) for integers."""
    if (parts := _operand(made, x, "neg")) is not None:
        return parts[0]
    parts = _operand(made, x, "sub") if _int(x) else None
    return ("sub", parts[::-1]) if parts is not None else None


# -- truth values ------------------------------------------------------------------------------------------------

_OPPOSITE = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}


@_rule("not_")
def _not(made: Made, x: Atom) -> Atom | Expression | None:
    """not not x; not (a < b) where no NaN can make both false."""
    expression = made(x)
    if expression is None:
        return None
    name, parts = expression
    if name == "not_":
        return parts[0]
    if name in ("eq", "ne") or (name in _OPPOSITE and dtype_kind(parts[0]) != "f"):
        return (_OPPOSITE[name], parts)
    return None


@_rule("and_", "band", "or_", "bor")
def _same_twice(made: Made, x: Atom, y: Atom) -> Atom | None:
    return x if same_atom(x, y) else None


@_rule("and_")
def _and(made: Made, x: Atom, y: Atom) -> Atom | None:
    for a, b in ((x, y), (y, x)):
        if isinstance(a, Const):
            return b if a.value else a
    return None


@_rule("or_")
def _or(made: Made, x: Atom, y: Atom) -> Atom | None:
    for a, b in ((x, y), (y, x)):
        if isinstance(a, Const):
            return a if a.value else b
    return None


def _compare_with_itself(truth: Const) -> Rule:
    """An integer (or bool) compared with itself; a NaN is not equal to itself."""
    return lambda made, x, y: truth if dtype_kind(x) != "f" and same_atom(x, y) else None


for _name in ("le", "ge", "eq"):
    _rule(_name)(_compare_with_itself(TRUE))
for _name in ("lt", "gt", "ne"):
    _rule(_name)(_compare_with_itself(FALSE))


@_rule("select")
def _select(made: Made, condition: Atom, x: Atom, y: Atom) -> Atom | Expression | None:
    """A known choice, a choice between equals, a choice between truth values, a negated condition."""
    if isinstance(condition, Const):
        return x if condition.value else y
    if same_atom(x, y):
        return x
    if dtype_kind(x) == "b" and isinstance(x, Const) and isinstance(y, Const):
        return condition if x.value else ("not_", (condition,))
    negated = _operand(made, condition, "not_")
    return ("select", (negated[0], y, x)) if negated is not None else None


# -- casts -------------------------------------------------------------------------------------------------------

CASTS = frozenset(
    ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
)


def _keeps_values(source: np.dtype, target: np.dtype) -> bool:
    """Whether every value of `source` is a value of `target` (NumPy calls int64 to float64 safe; it is not)."""
    if source.kind == "b" or source == target:
        return True
    if target.kind == "f" and source.kind in "iu":
        return 8 * source.itemsize <= np.finfo(target).nmant + 1
    return target.kind != "b" and np.can_cast(source, target, "safe")


def _cast(target: str) -> Rule:
    def rule(made: Made, x: Atom) -> Atom | Expression | None:
        """A cast to the same type, or after one that kept the value."""
        if not isinstance(x.type, Scalar):
            return None
        if x.type.dtype.name == target:
            return x
        expression = made(x)
        if expression is None or expression[0] not in CASTS:
            return None
        source = expression[1][0]
        if isinstance(source.type, Scalar) and _keeps_values(source.type.dtype, x.type.dtype):
            return source if source.type.dtype.name == target else (target, (source,))
        return None

    return rule


for _name in CASTS:
    _rule(_name)(_cast(_name))


def definition_of(definitions: dict[Sym, Expression]) -> Made:
    """A `Made` over a dictionary of definitions."""
    return lambda atom: definitions.get(atom) if isinstance(atom, Sym) else None
