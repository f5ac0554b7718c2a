"""Which names may still be read: what an `if` must join and a loop must carry.

In: the desugared statements of one function. Out: `Liveness`: per `if` and loop the names live after it, per loop
the names live at its head and the names its body assigns. Names are strings; flags and the returned value count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from srcgrad.frontend.desugar import RESULT, Emit, FlagsClear, ForLoop, SetFlag, SetReturn, WhileLoop

Names = frozenset[str]
LIST_METHODS = frozenset({"append", "extend", "pop", "insert", "reverse"})
_FUNCTIONS = (ast.FunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.GeneratorExp, ast.ListComp, ast.DictComp, ast.SetComp)


@dataclass
class Liveness:
    """`after` and `head` are keyed by the statement; `local` are all names the function assigns; `captured` those
    its nested functions read."""

    local: Names
    captured: Names
    after: dict[ast.stmt, Names] = field(default_factory=dict)
    head: dict[ast.stmt, Names] = field(default_factory=dict)
    assigned: dict[ast.stmt, tuple[str, ...]] = field(default_factory=dict)


def liveness(body: list[ast.stmt], parameters: list[str], results: tuple[str, ...] = (RESULT,)) -> Liveness:
    """Analyse a function whose desugared body is given; `results` are read at its end."""
    facts = Liveness(frozenset([*parameters, *_stored_names(body)]), frozenset(_captured(body)))
    _block(body, frozenset(results) | facts.captured, facts)
    return facts


def assigned_names(body: list[ast.stmt]) -> tuple[str, ...]:
    """The names a block assigns, in order of appearance."""
    return tuple(dict.fromkeys(name for statement in body for name in _assigned(statement)))


def _stored_names(body: list[ast.stmt]) -> Iterator[str]:
    """The names that are local to the function because it binds them."""
    changed = {name for statement in body for node in ast.walk(statement) for name in _changed(node)}
    bound = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    yield from (name for name in assigned_names(body) if name in bound or name not in changed)


def _changed(node: ast.AST) -> Iterator[str]:
    """Variables whose list a statement may change in place: they are carried, but what they held is not gone."""
    match node:
        case ast.Subscript(value=inner, ctx=ast.Store()):
            while isinstance(inner, ast.Subscript):  # an item of an item
                inner = inner.value
            if isinstance(inner, ast.Name):
                yield inner.id
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in LIST_METHODS:
            yield name


def _assigned(node: ast.AST) -> Iterator[str]:
    yield from _changed(node)
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case SetFlag():
            yield node.flag
        case Emit(elt=elt):
            yield from node.names
            yield from _assigned(elt)
        case SetReturn():
            yield RESULT
            yield from _assigned(node.value)
        case ast.FunctionDef(name=name):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case _ if not isinstance(node, _SCOPES):
            for child in ast.iter_child_nodes(node):
                yield from _assigned(child)
        case ast.GeneratorExp() | ast.ListComp() | ast.DictComp():
            yield from (n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr))


def _reads(node: ast.AST) -> Names:
    """Every name an expression reads, those of nested functions and comprehensions included."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for inner in ast.walk(node):
        if isinstance(inner, FlagsClear):
            found.update(inner.flags)
    return frozenset(found)


def _captured(body: list[ast.stmt]) -> Iterator[str]:
    """Names that nested functions read: they see later assignments, so they stay live throughout."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, _FUNCTIONS):
                yield from _reads(node)


def _block(body: list[ast.stmt], out: Names, facts: Liveness) -> Names:
    """Names live before `body`, given those live after it."""
    for statement in reversed(body):
        out = _statement(statement, out, facts)
    return out


def _statement(node: ast.stmt, out: Names, facts: Liveness) -> Names:
    """Names live before a statement. What nested functions read stays live: they may be called at any time."""
    return _live_before(node, out, facts) | facts.captured


def _live_before(node: ast.stmt, out: Names, facts: Liveness) -> Names:
    match node:
        case ast.If(test=test, body=body, orelse=orelse):
            facts.after[node] = out
            return _reads(test) | _block(body, out, facts) | _block(orelse, out, facts)
        case ForLoop():
            targets = frozenset(_assigned(node.target))
            return _loop(node, _reads(node.iter), _reads(node.target), targets, out, facts)
        case WhileLoop():
            return _loop(node, frozenset(), _reads(node.test), frozenset(), out, facts)
        case SetFlag():
            return out - {node.flag}
        case Emit(elt=elt):
            return out | frozenset(node.names) | _reads(elt)
        case SetReturn():
            return (out - {RESULT}) | _reads(node.value)
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            return out | {name} | _reads(value)
        case ast.Raise():
            return _reads(node)
        case ast.FunctionDef(name=name):
            return (out - {name}) | _reads(node)
        case _:
            return (out - _bound(node)) | _reads(node)


def _bound(node: ast.stmt) -> Names:
    """The names an assignment gives a new value."""
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return frozenset()
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [n for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
    return frozenset(n.id for n in names if isinstance(n.ctx, ast.Store))


def _loop(
    node: ForLoop | WhileLoop, before: Names, each: Names, targets: Names, out: Names, facts: Liveness
) -> Names:
    facts.after[node] = out
    own = [node.target] if isinstance(node, ForLoop) else [node.test]
    names = [name for part in own for name in _assigned(part)]
    facts.assigned[node] = tuple(dict.fromkeys([*names, *assigned_names(node.body)]))
    head = out | each | frozenset(node.stop)
    while True:
        wider = head | (_block(node.body, head, facts) - targets)
        if wider == head:
            break
        head = wider
    facts.head[node] = head
    return head | before
