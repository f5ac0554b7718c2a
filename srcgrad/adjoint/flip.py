"""Innermost loops of the reverse sweep run forward where the order of their iterations does not matter.

    for j in range(n - 1, i, -1):                   for j in range(i + 1, n):
        t = y_bar[j]                        =>          t = y_bar[j]
        w_bar[j] += t * x                               w_bar[j] += t * x
        x_bar += t * w[j]                               x_bar += t * w[j]

A loop that counts upwards is easier to read, and vectorises without turning every vector round.

In, out: a `Function` (after differentiation). A loop is flipped when its body is straight-line, the values that it
carries are sums, and each piece of memory is only read in it, or only added to, or touched by an iteration at an
element of its own. Only the rounding of sums changes.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.analysis.affine import AffineForms
from srcgrad.analysis.regions import find_regions
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.nodes import Atom, Block, Dim, For, Function, Let, Load, Statement, Store, Sym, operands
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import map_atoms
from srcgrad.opt.rewrite import SUMS, with_helpers


def flip(function: Function) -> Function:
    """The function with innermost loops running forward where they may; the same object when there are none."""
    return with_helpers(function, lambda each: _Flipper(each).block(each.body))


class _Flipper:
    def __init__(self, function: Function) -> None:
        self._aliases = alias_classes(function)
        self._forms = AffineForms(find_regions(function))

    def block(self, block: Block) -> Block:
        statements = tuple(map(self._statement, block.statements))
        if all(a is b for a, b in zip(statements, block.statements, strict=True)):
            return block
        return Block(statements, block.results)

    def _statement(self, statement: Statement) -> Statement:
        if isinstance(statement, For) and statement.reverse and self._may_flip(statement):
            return replace(statement, reverse=False)
        return map_atoms(statement, lambda atom: atom, self.block)

    def _may_flip(self, loop: For) -> bool:
        body = loop.body.statements
        if not all(isinstance(s, (Let, Dim, Load, Store)) for s in body):
            return False
        return all(_is_sum(loop, k) for k in range(len(loop.parameters))) and self._memory_allows(loop)

    def _memory_allows(self, loop: For) -> bool:
        touched: dict[Sym, list[Load | Store]] = {}
        for statement in loop.body.statements:
            if isinstance(statement, (Load, Store)):
                touched.setdefault(self._aliases.root(statement.array), []).append(statement)
        return all(self._commute(loop, accesses) for accesses in touched.values())

    def _commute(self, loop: For, accesses: list[Load | Store]) -> bool:
        """May the accesses of different iterations to one class of memory change places?"""
        if all(isinstance(a, Load) for a in accesses):
            return True
        if all(isinstance(a, Store) and a.accumulate for a in accesses):
            return True
        first = accesses[0]
        if any(a.array is not first.array or a.index != first.index for a in accesses):
            return False
        return loop.index in first.index and self._forms.never_negative(self._forms.of(loop.index))


def _is_sum(loop: For, slot: int) -> bool:
    """Is what the loop carries at `slot` a sum, or left alone? The value so far is used for nothing else."""
    parameter, yielded = loop.parameters[slot], loop.body.results[slot]
    if yielded is parameter:
        return True
    if not isinstance(parameter.type, Scalar) or not parameter.type.is_float:
        return False
    partial: Atom = parameter
    for statement in loop.body.statements:
        if partial not in operands(statement):
            continue
        if not isinstance(statement, Let) or not _adds(statement, partial):
            return False
        partial = statement.result
    return partial is yielded and loop.body.results.count(yielded) == 1


def _adds(statement: Let, partial: Atom) -> bool:
    first, second = (*statement.arguments, None)[:2]
    if statement.op.name in SUMS:
        return (first is partial) != (second is partial)
    return statement.op.name == "sub" and first is partial and second is not partial
