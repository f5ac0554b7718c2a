"""Which loops over a range take a tuple or list apart, item by item.

In: a loop over a range whose number of iterations is known when the function is compiled. Out: whether its body
subscripts a structure by the loop variable whose items are not just numbers, as in

    for k in range(len(weights)):
        x = np.tanh(weights[k] @ x + biases[k])

Unrolled, each iteration knows its own items, whatever their types and shapes; in a loop, every subscript would be a
choice among all items, which must then be of one type.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from srcgrad.frontend.context import Context
from srcgrad.frontend.desugar import ForLoop
from srcgrad.frontend.names import home, is_free, lookup
from srcgrad.frontend.values import Maybe, Num, Record, Value

_MOST_ITERATIONS = 32


def takes_apart(ctx: Context, node: ForLoop, count: int) -> bool:
    """Whether unrolling `count` iterations spares the loop choices among the items of structures."""
    if not 0 < count <= _MOST_ITERATIONS or not isinstance(node.target, ast.Name):
        return False
    structures = (_structure(ctx, receiver) for receiver in _subscripted_by(node.body, node.target.id))
    return any(isinstance(s, Record) and not all(isinstance(i, Num) for i in s.items) for s in structures)


def _subscripted_by(body: list[ast.stmt], name: str) -> Iterator[ast.expr]:
    """What is subscripted by an expression in the loop variable (and not by a slice)."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice | ast.Tuple):
                names = {part.id for part in ast.walk(node.slice) if isinstance(part, ast.Name)}
                if name in names:
                    yield node.value


def _structure(ctx: Context, node: ast.expr) -> Value | None:
    """The value of a name, or of an item of it with a literal key, if it can be had without running anything."""
    match node:
        case ast.Name(name):
            return _named(ctx, name)
        case ast.Attribute(value, key) | ast.Subscript(value, ast.Constant(key)):
            whole = _structure(ctx, value)
            return whole.get(key) if isinstance(whole, Record) and isinstance(key, str | int) else None
        case _:
            return None


def _named(ctx: Context, name: str) -> Value | None:
    scope = home(ctx, name)
    if name in scope.env:
        value = scope.env[name]
        return value.value if isinstance(value, Maybe) else value
    return lookup(ctx, name) if name not in scope.liveness.local and is_free(scope, name) else None
