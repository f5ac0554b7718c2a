"""Sums that loops may add up in any order: then they are added up in vector registers.

In: the finished function, and the symbols of the primal it was made from. Out: a `Function` in which sums that a loop
carries are made by `plus` instead of `add`, if nobody has a claim on their order: those of derivatives, whose order is
ours, and those of NumPy's reductions, which are `plus` already and have no promised order. Sums that the user's own
loops write are left in the user's order. A `plus` that no loop carries becomes an ordinary `add` again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from srcgrad.ir.nodes import Atom, Block, For, Function, Let, Statement, Sym, blocks, operands
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import walk
from srcgrad.ops.registry import by_name
from srcgrad.opt.rewrite import SUMS, exchanged, with_helpers


def reassociate(function: Function, primal: Collection[Sym]) -> Function:
    """The function with sums in any order where that is allowed; the same object where there are none."""
    return with_helpers(function, lambda f: _reassociated(f.body, primal))


def _reassociated(body: Block, primal: Collection[Sym]) -> Block:
    free: set[Statement] = set()
    for statement in walk(body):
        if isinstance(statement, For):
            for parameter, yielded in zip(statement.parameters, statement.body.results, strict=True):
                free.update(_chain(statement, parameter, yielded, primal))
    changes: dict[Statement, Statement | None] = {}
    for statement in walk(body):
        if isinstance(statement, Let) and statement.op.name in SUMS:
            op = by_name("plus" if statement in free else "add")
            if op is not statement.op:
                changes[statement] = replace(statement, op=op)
    return exchanged(body, changes) if changes else body


def _chain(loop: For, parameter: Sym, yielded: Atom, primal: Collection[Sym]) -> list[Let]:
    """The additions that make what the loop yields of what it carries, if they are all that is done with it."""
    if not isinstance(parameter.type, Scalar) or not parameter.type.is_float or loop.body.results.count(yielded) != 1:
        return []
    chain: list[Let] = []
    partial: Sym = parameter
    for statement in loop.body.statements:
        if not _uses(statement, partial):
            continue
        if not isinstance(statement, Let) or statement.op.name not in SUMS or statement.arguments.count(partial) != 1:
            return []
        if statement.op.name == "add" and statement.result in primal:
            return []
        chain.append(statement)
        partial = statement.result
    return chain if partial is yielded else []


def _uses(statement: Statement, symbol: Sym) -> bool:
    """Whether the statement, or anything nested in it, uses the symbol."""
    if symbol in operands(statement):
        return True
    return any(symbol in b.results or any(_uses(s, symbol) for s in b.statements) for b in blocks(statement))
