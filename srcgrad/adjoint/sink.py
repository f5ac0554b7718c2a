"""Adjoint code moves into the branch that needs it.

In the reverse sweep of `if c: y = f(x)`, the branch that was not taken hands back a zero cotangent, and everything
computed from it is zero:

    x_bar = if c: ... else: 0.0              if c:
    t = x_bar * w                      =>        x_bar = ...; t = x_bar * w; u_bar[i] += t
    u_bar[i] += t

Moving it saves the work, and a zero cotangent never meets an infinite partial there (0 * inf would be NaN).

In, out: a `Function` (after differentiation). What moves is zero whenever the cotangent is: products, quotients of a
zero, sums of such values, and their additions to memory; a sum `a + t` with one such term moves as well (it is `a` in
the other branch). The `If` itself moves down past what lies between, where that touches other memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Const,
    Dim,
    Function,
    If,
    Let,
    Load,
    Statement,
    Store,
    Sym,
    blocks,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import fresh, map_atoms, rebuild, substitute, used_symbols, walk
from srcgrad.opt.rewrite import is_zero


def sink(function: Function) -> Function:
    """The function with work on zero cotangents moved into the branch where they are not zero."""
    aliases = alias_classes(function)
    return rebuild(function, _sink_block(function.body, aliases))


def _sink_block(block: Block, aliases: AliasClasses) -> Block:
    position = 0
    while position < len(block.statements):
        statement = block.statements[position]
        if isinstance(statement, If):
            moved = _sink_one(block, position, statement, aliases)
            if moved is not None:
                block = moved
                continue
        position += 1
    statements = tuple(map_atoms(s, lambda a: a, lambda inner: _sink_block(inner, aliases)) for s in block.statements)
    if all(a is b for a, b in zip(statements, block.statements, strict=True)):
        return block
    return Block(statements, block.results)


@dataclass
class _Tail:
    """What follows an `If`, sorted: `zero` and `sums` move into the branch, `before` stays in front, `after` behind."""

    zero_symbols: set[Sym]
    moved: list[Statement] = field(default_factory=list)
    sums: dict[Sym, Atom] = field(default_factory=dict)
    before: list[Statement] = field(default_factory=list)
    after: list[Statement] = field(default_factory=list)


def _sink_one(block: Block, position: int, statement: If, aliases: AliasClasses) -> Block | None:
    for live, dead in ((statement.then, statement.orelse), (statement.orelse, statement.then)):
        zeros = {
            r
            for r, a, b in zip(statement.results, live.results, dead.results, strict=True)
            if is_zero(b) and not is_zero(a)
        }
        if not zeros:
            continue
        tail = _sort_tail(block.statements[position + 1 :], zeros, statement)
        if not tail.moved or not _may_pass(statement, tail, aliases):
            continue
        return _rebuilt(block, position, statement, live is statement.then, tail)
    return None


def _sort_tail(statements: tuple[Statement, ...], zeros: set[Sym], owner: If) -> _Tail:
    tail = _Tail(set(zeros))
    tied = set(owner.results) - zeros  # what depends on the If in another way stays behind it
    for statement in statements:
        uses = _uses(statement)
        if uses & tied:
            tail.after.append(statement)
            tied.update(definitions(statement))
        elif not uses & (tail.zero_symbols | tail.sums.keys()):
            (tail.after if _is_blocked(statement) or tail.after else tail.before).append(statement)
            if tail.after and tail.after[-1] is statement:
                tied.update(definitions(statement))
        elif not tail.after and _moves(statement, tail):
            tail.moved.append(statement)
        else:
            tail.after.append(statement)
            tied.update(definitions(statement))
    return tail


def _uses(statement: Statement) -> set[Sym]:
    found = {a for a in operands(statement) if isinstance(a, Sym)}
    for block in blocks(statement):
        found.update(used_symbols(block))
    return found


def _is_blocked(statement: Statement) -> bool:
    """Only plain statements are passed by an `If` that moves down."""
    return not isinstance(statement, (Let, Dim, Load, Store))


def _moves(statement: Statement, tail: _Tail) -> bool:
    """Is the statement zero (or a sum with a zero term) in the branch not taken? Then it is noted as such."""
    zero = tail.zero_symbols
    if isinstance(statement, Store):
        index = {a for a in statement.index if isinstance(a, Sym)}
        return statement.accumulate and statement.value in zero and not index & (zero | tail.sums.keys())
    if not isinstance(statement, Let) or any(a in tail.sums for a in statement.arguments if isinstance(a, Sym)):
        return False
    are_zero = [a in zero or is_zero(a) for a in statement.arguments]
    match statement.op.name:
        case "mul":
            preserved = any(are_zero)
        case "div":
            preserved = are_zero[0] and not are_zero[1]
        case "neg" | "add" | "sub" | "float64" | "float32":
            preserved = all(are_zero)
        case _:
            return False
    if preserved:
        zero.add(statement.result)
        return True
    if statement.op.name == "add" and sum(are_zero) == 1:
        tail.sums[statement.result] = statement.arguments[are_zero.index(False)]
        return True
    if statement.op.name == "sub" and are_zero == [False, True]:
        tail.sums[statement.result] = statement.arguments[0]
        return True
    return False


def _may_pass(statement: If, tail: _Tail, aliases: AliasClasses) -> bool:
    """May the If, with what it takes along, run after the statements in front of which it stood?"""
    inside = [s for block in (statement.then, statement.orelse) for s in walk(block)]
    if not all(isinstance(s, (Let, Dim, Load, Store, If)) for s in inside):
        return not tail.before
    moving = [s for s in (*inside, *tail.moved) if isinstance(s, (Load, Store))]
    passed = [s for s in tail.before if isinstance(s, (Load, Store))]
    return not any(_conflict(a, b, aliases) for a in moving for b in passed)


def _conflict(a: Load | Store, b: Load | Store, aliases: AliasClasses) -> bool:
    if isinstance(a, Load) and isinstance(b, Load):
        return False
    if isinstance(a, Store) and isinstance(b, Store) and a.accumulate and b.accumulate:
        return False
    return aliases.same(a.array, b.array)


def _rebuilt(block: Block, position: int, statement: If, live_is_then: bool, tail: _Tail) -> Block:
    """The block with the tail moved into the live branch; what is used outside becomes a result of the `If`."""
    live, dead = (statement.then, statement.orelse) if live_is_then else (statement.orelse, statement.then)
    outside: set[Atom] = {*block.results}
    outside.update(s for rest in tail.after for s in _uses(rest))
    own = dict(zip(statement.results, live.results, strict=True))
    moved = substitute(Block(tuple(tail.moved)), own).statements
    exported = [s for each in tail.moved for s in definitions(each) if s in outside]
    inner_names = {s: fresh(s) for s in exported}
    moved = tuple(_renamed(s, inner_names) for s in moved)
    live_results = (*live.results, *(inner_names[s] for s in exported))
    dead_results = (*dead.results, *(tail.sums[s] if s in tail.sums else _zero_like(s) for s in exported))
    new_live = Block((*live.statements, *moved), live_results)
    new_dead = Block(dead.statements, dead_results)
    then, orelse = (new_live, new_dead) if live_is_then else (new_dead, new_live)
    new = replace(statement, results=(*statement.results, *exported), then=then, orelse=orelse)
    return Block((*block.statements[:position], *tail.before, new, *tail.after), block.results)


def _renamed(statement: Statement, names: dict[Sym, Sym]) -> Statement:
    """The statement with some of its definitions and uses renamed."""
    statement = substitute(Block((statement,)), names).statements[0]
    if isinstance(statement, Let) and statement.result in names:
        return replace(statement, result=names[statement.result])
    return statement


def _zero_like(symbol: Sym) -> Const:
    assert isinstance(symbol.type, Scalar)
    return const_like(0.0, symbol.type)
