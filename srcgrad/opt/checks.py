"""Checks move up, in front of work that does not depend on them.

    n = dim a, 0                         n = dim a, 0
    for i in range(0, n, 1): ...         m = dim b, 0
    m = dim b, 0                   =>    t = ne n, m
    t = ne n, m                          if t: raise ValueError('shapes differ')
    if t: raise ValueError(...)          for i in range(0, n, 1): ...

That two lengths are equal is then known (`simplify`) to all that stands behind; and nothing is computed for a call
that fails.

In, out: a `Function`. A check moves past everything that cannot be seen from outside; so checks, prints and loops that
might not end keep their order, and the same exception is raised.
"""

from __future__ import annotations

from srcgrad.ir.nodes import (
    Block,
    Call,
    Const,
    Dim,
    Function,
    If,
    Let,
    Print,
    Raise,
    Statement,
    Sym,
    While,
    blocks,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.visit import free_symbols, map_atoms
from srcgrad.opt.rewrite import dtype_kind, with_helpers


def raise_early(function: Function) -> Function:
    """The function with its checks moved up; the same object when none moved."""
    return with_helpers(function, lambda each: _block(each.body))


def _block(block: Block) -> Block:
    out: list[Statement] = []
    for statement in block.statements:
        new = map_atoms(statement, lambda atom: atom, _block)
        if _is_check(new):
            _insert(out, new)
        else:
            out.append(new)
    if len(out) == len(block.statements) and all(a is b for a, b in zip(out, block.statements, strict=True)):
        return block
    return Block(tuple(out), block.results)


def _is_check(statement: Statement) -> bool:
    """Is it `if ...: raise ...` and nothing else?"""
    if not isinstance(statement, If) or statement.results or statement.orelse.statements:
        return False
    inside = statement.then.statements
    return bool(inside) and isinstance(inside[-1], Raise) and all(isinstance(s, (Let, Dim)) for s in inside[:-1])


def _insert(out: list[Statement], check: Statement) -> None:
    """Put the check, with what it is computed from, as far up as it may go."""
    needed = {a for a in operands(check) if isinstance(a, Sym)}
    needed.update(symbol for block in blocks(check) for symbol in free_symbols(block))
    moving = [check]
    position = len(out)
    past_work = False
    while position:
        before = out[position - 1]
        if needed.isdisjoint(definitions(before)):
            if _is_seen(before):
                break
            past_work = past_work or not isinstance(before, (Let, Dim))
        elif isinstance(before, (Let, Dim)) and not _may_trap(before):
            moving.insert(0, before)
            needed.update(a for a in operands(before) if isinstance(a, Sym))
        else:
            break
        position -= 1
    if not past_work:
        out.append(check)
        return
    taken = set(map(id, moving))
    out[position:] = [*moving, *(s for s in out[position:] if id(s) not in taken)]


def _may_trap(statement: Let | Dim) -> bool:
    """Integer division by what may be zero raises in Python."""
    if isinstance(statement, Dim) or statement.op.name not in ("floordiv", "mod"):
        return False
    divisor = statement.arguments[1]
    return dtype_kind(divisor) != "f" and not (isinstance(divisor, Const) and divisor.value != 0)


def _is_seen(statement: Statement) -> bool:
    """May running the statement, or one inside it, be noticed: does it raise, print, call or perhaps not end?"""
    if isinstance(statement, (Raise, Print, Call, While)) or (isinstance(statement, Let) and _may_trap(statement)):
        return True
    return any(_is_seen(inner) for block in blocks(statement) for inner in block.statements)
