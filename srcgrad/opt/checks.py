"""Checks move up, in front of work that does not depend on them, and out of loops in which they give the same answer
each time.

    n = dim a, 0                         n = dim a, 0
    for i in range(0, n, 1): ...         m = dim b, 0
    m = dim b, 0                   =>    t = ne n, m
    t = ne n, m                          if t: raise ValueError('shapes differ')
    if t: raise ValueError(...)          for i in range(0, n, 1): ...

That two lengths are equal is then known (`simplify`) to all that stands behind; and nothing is computed for a call
that fails.

    for i in range(0, n, 1):             r = lt 0, n
        if t: raise ...           =>     s = and r, t
        ...                              if s: raise ...
                                         for i in range(0, n, 1): ...

In, out: a `Function`. A check moves past everything that cannot be seen from outside; so checks, prints and loops that
might not end keep their order, and the same exception is raised.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.ir.nodes import (
    Block,
    Call,
    Const,
    Dim,
    For,
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
from srcgrad.ir.types import BOOL
from srcgrad.ir.visit import free_symbols, map_atoms
from srcgrad.ops.registry import by_name
from srcgrad.opt.rewrite import dtype_kind, with_helpers


def raise_early(function: Function) -> Function:
    """The function with its checks moved up; the same object when none moved."""
    return with_helpers(function, lambda each: _block(each.body))


def _block(block: Block) -> Block:
    out: list[Statement] = []
    for statement in block.statements:
        new = map_atoms(statement, lambda atom: atom, _block)
        for each in _without_checks(new) if isinstance(new, For) else (new,):
            if _is_check(each):
                _insert(out, each)
            else:
                out.append(each)
    if len(out) == len(block.statements) and all(a is b for a, b in zip(out, block.statements, strict=True)):
        return block
    return Block(tuple(out), block.results)


def _without_checks(loop: For) -> list[Statement]:
    """The loop, behind the checks that its first iteration begins with, where these are the same in all iterations."""
    if not isinstance(loop.step, Const):
        return [loop]
    own = {loop.index, *loop.parameters, *(d for s in loop.body.statements for d in definitions(s))}
    lifted: list[If] = []
    for s in loop.body.statements:
        if _is_check(s) and own.isdisjoint(_needed(s)):
            assert isinstance(s, If)
            lifted.append(s)
        elif not isinstance(s, (Let, Dim)) or _may_trap(s):
            break
    if not lifted:
        return [loop]
    low, high = (loop.start, loop.stop) if loop.step.value > 0 else (loop.stop, loop.start)
    runs, out = Sym("runs", BOOL), list[Statement]()
    out.append(Let(runs, by_name("lt"), (low, high), lifted[0].span))
    for check in lifted:
        fails = Sym("test", BOOL)
        out.append(Let(fails, by_name("and_"), (runs, check.condition), check.span))
        out.append(replace(check, condition=fails))
    rest = tuple(s for s in loop.body.statements if s not in lifted)
    return [*out, replace(loop, body=replace(loop.body, statements=rest))]


def _needed(check: Statement) -> set[Sym]:
    """What a check is computed from."""
    needed = {a for a in operands(check) if isinstance(a, Sym)}
    return needed.union(*(free_symbols(block) for block in blocks(check)))


def _is_check(statement: Statement) -> bool:
    """Is it `if ...: raise ...` and nothing else?"""
    if not isinstance(statement, If) or statement.results or statement.orelse.statements:
        return False
    inside = statement.then.statements
    return bool(inside) and isinstance(inside[-1], Raise) and all(isinstance(s, (Let, Dim)) for s in inside[:-1])


def _insert(out: list[Statement], check: Statement) -> None:
    """Put the check, with what it is computed from, as far up as it may go."""
    needed = _needed(check)
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
