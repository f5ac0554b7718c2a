"""What the tests of the operation table share: points to test at, formulas evaluated, derivatives by differences."""

import zlib
from collections.abc import Callable, Iterator

import numpy as np

from srcgrad.ops import formula as F
from srcgrad.ops.registry import Op, Operands, by_name

# Operands that are floating when the derivative is taken, by what the operation accepts.
_DIFFERENTIABLE = {
    Operands.SAME: lambda arity: (True,) * arity,
    Operands.FLOAT: lambda arity: (True,) * arity,
    Operands.ANY: lambda arity: (True,),
    Operands.FLOAT_INT: lambda arity: (True, False),
    Operands.BOOL_SAME_SAME: lambda arity: (False, True, True),
}
DISTANCE = 0.06  # from kinks, from ties, and more than the reach of `difference`


def float_positions(op: Op) -> tuple[int, ...]:
    """The arguments that may be active."""
    kinds = _DIFFERENTIABLE[op.operands](op.arity) if op.operands in _DIFFERENTIABLE else ()
    return tuple(k for k, floating in enumerate(kinds) if floating)


def points(op: Op, count: int, dtype: type = np.float64) -> Iterator[tuple]:
    """Random arguments in the operation's domain, away from its kinks and from ties; the same in every run."""
    rng = np.random.default_rng(zlib.crc32(op.name.encode()))
    floating = float_positions(op)
    found = 0
    while found < count:
        values = tuple(
            dtype(rng.uniform(low, high)) if k in floating else _discrete(op, rng, low, high)
            for k, (low, high) in enumerate(op.domain)
        )
        active = [float(values[k]) for k in floating]
        if any(abs(v - kink) < DISTANCE for v in active for kink in op.kinks):
            continue
        if len(active) == 2 and abs(active[0] - active[1]) < DISTANCE:
            continue
        found += 1
        yield values


def _discrete(op: Op, rng: np.random.Generator, low: float, high: float) -> np.generic:
    if op.operands in (Operands.BOOL, Operands.BOOL_SAME_SAME):
        return np.bool_(rng.integers(2))
    return np.int64(rng.integers(int(low), int(high)))


def evaluate(formula: F.Formula, values: dict[str, np.generic], dtype: type = np.float64) -> np.generic:
    """A derivative formula at a point, by the operations' own `evaluate`."""
    match formula:
        case F.Name(name):
            return values[name]
        case F.Number(value):
            return dtype(value)
        case F.Apply("float", (argument,)):
            return dtype(evaluate(argument, values, dtype))
        case F.Apply(name, arguments):
            operands = [evaluate(argument, values, dtype) for argument in arguments]
            if name != "select":
                operands = _integers_stay(operands, arguments)
            if by_name(name).operands is Operands.FLOAT_INT:
                operands[1] = np.int64(operands[1])
            return by_name(name).evaluate(*operands)
    raise AssertionError(formula)


def _integers_stay(operands: list, arguments: tuple[F.Formula, ...]) -> list:
    """Numbers beside an integer become integers, as the drivers make them."""
    typed = [o for o, a in zip(operands, arguments) if not isinstance(a, F.Number)]
    if not typed or any(o.dtype.kind == "f" for o in typed):
        return operands
    return [np.int64(o) if isinstance(a, F.Number) else o for o, a in zip(operands, arguments)]


def partial(op: Op, position: int, values: tuple) -> float:
    """The partial derivative that the rule claims."""
    formula = op.partials[position]
    if formula is None:
        return 0.0
    with np.errstate(all="ignore"):
        named = dict(zip((*op.arguments, "r"), (*values, op.evaluate(*values))))
        return float(evaluate(formula, named))


def difference(function: Callable[[float], float], x: float, step: float = 0.02) -> float:
    """The derivative by central differences, extrapolated four times (Richardson): its error is some 1e-10."""
    table: list[float] = []
    for k in range(5):
        h = step / 2**k
        row = [(float(function(x + h)) - float(function(x - h))) / (2 * h)]
        for j, previous in enumerate(table):
            row.append(row[j] + (row[j] - previous) / (4 ** (j + 1) - 1))
        table = row
    return table[-1]


def rule_error(op: Op, position: int, values: tuple) -> float:
    """How far the rule is from differences, relative to the derivative (or to 1)."""

    def along(x: float) -> float:
        return float(op.evaluate(*values[:position], np.float64(x), *values[position + 1 :]))

    with np.errstate(all="ignore"):
        expected = difference(along, float(values[position]))
    return abs(partial(op, position, values) - expected) / max(1.0, abs(expected))


def operations_in(formula: F.Formula) -> set[str]:
    """The names of the operations a formula uses; `float` is the driver's."""
    if not isinstance(formula, F.Apply):
        return set()
    inner = set().union(*map(operations_in, formula.arguments))
    return inner | ({formula.op} - {"float"})
