"""Two-way branches: lower both sides, join what they leave behind.

In: a condition atom and two functions that lower the sides. Out: an `If` statement whose results are the variables
(and the value of the expression, for conditional expressions) that differ between the sides.
"""

from __future__ import annotations

from collections.abc import Callable

from srcgrad.frontend.arrays import unit_axes
from srcgrad.frontend.context import Context, Unknown
from srcgrad.frontend.desugar import RESULT
from srcgrad.frontend.kinds import Merge, coerce
from srcgrad.frontend.liveness import Names
from srcgrad.frontend.values import BOTTOM, NONE, Arr, Undefined, Value, integer
from srcgrad.ir.nodes import Atom, Block, Const, If, Statement

Side = Callable[[], Value]


def nothing() -> Value:
    """The side of an `if` without `else`."""
    return NONE


class Lowered:
    """One lowered side: its statements, what its variables are, its value, whether it always raises."""

    def __init__(self, ctx: Context, side: Side) -> None:
        outer_env, outer_terminated = ctx.env, ctx.terminated
        ctx.scope.env = dict(outer_env)
        ctx.terminated = False
        try:
            with ctx.block() as statements:
                self.value = self._value(side)
            self.statements: list[Statement] = statements
            self.env, self.terminated = ctx.env, ctx.terminated
        finally:
            ctx.scope.env, ctx.terminated = outer_env, outer_terminated

    @staticmethod
    def _value(side: Side) -> Value:
        try:
            return side()
        except Unknown:
            return BOTTOM

    def get(self, name: str) -> Value:
        return BOTTOM if self.terminated else self.env.get(name, Undefined(name))


def branch(ctx: Context, condition: Atom, then: Side, orelse: Side, live: Names | None, hint: str = "t") -> Value:
    """Lower `then` if `condition` else `orelse`; `live` limits the variables that are joined."""
    if isinstance(condition, Const):
        return then() if condition.value else orelse()
    return join(ctx, condition, (Lowered(ctx, then), Lowered(ctx, orelse)), live, hint)


def join(ctx: Context, condition: Atom, sides: tuple[Lowered, Lowered], live: Names | None, hint: str = "t") -> Value:
    """Write the `If` of two lowered sides and bind what they leave."""
    before = ctx.env
    if all(side.terminated for side in sides):
        _emit(ctx, condition, sides, [], [])
        ctx.terminated = True
        return BOTTOM
    names = _changed(sides, before)
    merge = Merge()
    protos: dict[str, Value] = {}
    for name in names:
        if live is not None and name not in live:
            ctx.env.pop(name, None)
            continue
        protos[name] = merge.merge(sides[0].get(name), sides[1].get(name), hint_of(name))
    values = [BOTTOM if side.terminated else side.value for side in sides]
    result = merge.merge(values[0], values[1], hint)
    made = frozenset(merge.made)
    yields: list[list[Atom]] = []
    for side, value in zip(sides, values):
        with ctx.block() as casts:
            atoms = [a for name, proto in protos.items() for a in coerce(ctx, side.get(name), proto, made)]
            atoms += coerce(ctx, value, result, made)
        side.statements.extend(casts)
        yields.append(atoms)
    _emit(ctx, condition, sides, merge.made, yields)
    ctx.env.update(protos)
    for name, proto in protos.items():
        _know_units(ctx, proto, sides[0].get(name), sides[1].get(name))
    _know_units(ctx, result, *values)
    return result


def _know_units(ctx: Context, proto: Value, *values: Value) -> None:
    """A dimension that has the length 1 on both sides has it afterwards."""
    if isinstance(proto, Arr) and proto.whole:
        axes = [unit_axes(ctx, value) for value in values if isinstance(value, Arr)]
        for axis in frozenset.intersection(*axes) if axes else ():
            ctx.dims[-1].setdefault((proto.base, axis), integer(1))


def hint_of(name: str) -> str:
    """An identifier for a variable, the internal ones included."""
    return name.partition("#")[0] if name != RESULT else "result"


def _changed(sides: tuple[Lowered, Lowered], before: dict[str, Value]) -> list[str]:
    """Variables that some side that goes on has assigned, in order."""
    found: dict[str, None] = {}
    for side in sides:
        if not side.terminated:
            found.update((name, None) for name, value in side.env.items() if before.get(name) != value)
    return list(found)


def _emit(ctx: Context, condition: Atom, sides: tuple[Lowered, Lowered], results: list, yields: list) -> None:
    blocks = [Block(tuple(side.statements), tuple(y)) for side, y in zip(sides, yields or ([], []))]
    if results or any(block.statements for block in blocks):
        ctx.builder.emit(If(tuple(results), condition, blocks[0], blocks[1], ctx.span))
