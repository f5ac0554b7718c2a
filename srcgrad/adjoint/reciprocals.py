"""Divisions by what a loop does not change become multiplications by its reciprocal.

    for i in range(0, n, 1):                r = div 1.0, h
        t = load v_bar[i]                   for i in range(0, n, 1):
        u = div t, h                  =>        t = load v_bar[i]
        store u_bar[i] += u                     u = mul t, r
                                                store u_bar[i] += u

A division takes four to eight times as long as a multiplication, and the adjoint of a stencil over a grid of width `h`
has many. So has that of `m / sqrt(x)`, all by one number: two or more in one block become products, too. The quotient
may differ in its last bit (and overflows for an `h` below 1e-308).

In, out: a `Function` (after differentiation). The primal keeps its divisions, and so does what decides something: the
operands of comparisons, conditions, subscripts, and all that they are computed from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Const,
    For,
    Function,
    If,
    Let,
    Load,
    Print,
    Raise,
    Statement,
    Store,
    Sym,
    While,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import defined_symbols, inner_symbols, map_atoms, walk
from srcgrad.ops.registry import by_name
from srcgrad.opt.rewrite import with_helpers


def reciprocals(function: Function, primal: Collection[Sym]) -> Function:
    """The function with reciprocals in front of its loops; `primal` are the symbols whose divisions stay. The same
    object when there is nothing to do."""
    return with_helpers(function, lambda each: _Divisions(each, primal).block(each.body, []))


@dataclass
class _Frame:
    """A loop that is being rewritten: what it defines, and the reciprocals that are computed in front of it."""

    inside: set[Sym]
    made: dict[Sym, Let] = field(default_factory=dict)


class _Divisions:
    def __init__(self, function: Function, primal: Collection[Sym]) -> None:
        self._exact = {*primal, *_deciding(function)}

    def block(self, block: Block, around: list[_Frame]) -> Block:
        statements: list[Statement] = []
        repeated = self._repeated(block, around)
        here: dict[Sym, Let] = {}
        for statement in block.statements:
            match statement:
                case For() | While():
                    frame = _Frame({*defined_symbols(Block((statement,))), *inner_symbols(statement)})
                    new = map_atoms(statement, lambda a: a, lambda b, f=frame: self.block(b, [*around, f]))  # type: ignore[misc]
                    statements += frame.made.values()
                    statements.append(new)
                case If():  # what is computed in front of a loop stays in the branch
                    statements.append(map_atoms(statement, lambda a: a, lambda b: self.block(b, [])))
                case Let(arguments=(number, Sym() as divisor)) if statement in repeated:
                    if divisor not in here:
                        here[divisor] = _inverse(divisor, statement)
                        statements.append(here[divisor])
                    product = (number, here[divisor].result)
                    statements.append(Let(statement.result, by_name("mul"), product, statement.span))
                case Let():
                    statements.append(self._divided(statement, around))
                case _:
                    statements.append(statement)
        same = len(statements) == len(block.statements)
        if same and all(a is b for a, b in zip(statements, block.statements, strict=True)):
            return block
        return Block(tuple(statements), block.results)

    def _repeated(self, block: Block, around: list[_Frame]) -> set[Statement]:
        """The divisions in a block by one and the same number, where there are several (and no loop has it outside)."""
        by_divisor: dict[Sym, list[Statement]] = {}
        for s in block.statements:
            if not isinstance(s, Let) or s.op.name != "div" or s.result in self._exact:
                continue
            divisor = s.arguments[1]
            if isinstance(divisor, Sym) and not any(divisor not in frame.inside for frame in around):
                by_divisor.setdefault(divisor, []).append(s)
        return {s for same in by_divisor.values() if len(same) > 1 for s in same}

    def _divided(self, let: Let, around: list[_Frame]) -> Let:
        """The division as a product, where its divisor is the same in all iterations of the innermost loop."""
        if let.op.name != "div" or let.result in self._exact or not around:
            return let
        number, divisor = let.arguments
        if not isinstance(number, Sym) or number not in around[-1].inside or not isinstance(divisor, Sym):
            return let
        frame = next((frame for frame in around if divisor not in frame.inside), None)
        if frame is None or not isinstance(divisor.type, Scalar):
            return let
        if divisor not in frame.made:
            frame.made[divisor] = _inverse(divisor, let)
        return Let(let.result, by_name("mul"), (number, frame.made[divisor].result), let.span)


def _inverse(divisor: Sym, let: Let) -> Let:
    assert isinstance(divisor.type, Scalar)
    result = Sym(f"{divisor.hint}_inverse", divisor.type)
    return Let(result, let.op, (const_like(1.0, divisor.type), divisor), let.span)


def _deciding(function: Function) -> set[Sym]:
    """The symbols from which comparisons, conditions, bounds, subscripts and messages are computed. (Whether something
    is zero is no matter of last bits.)"""
    found: set[Sym] = set()
    statements = tuple(walk(function.body))
    for statement in statements:
        found.update(a for a in _decides(statement) if isinstance(a, Sym))
    while True:
        more = {a for s in statements for a in _sources(s, found) if isinstance(a, Sym)} - found
        if not more:
            return found
        found |= more


def _decides(statement: Statement) -> Iterable[Atom]:
    match statement:
        case Let(op=op, arguments=arguments, result=result):
            against_zero = op.name in ("eq", "ne") and isinstance(arguments[1], Const) and arguments[1].value == 0
            if result.type.is_float or against_zero:  # type: ignore[union-attr]
                return ()
            return arguments
        case Load(index=index) | Store(index=index):
            return index
        case If(condition=condition):
            return (condition,)
        case While(condition=condition):
            return condition.results
        case For(start=start, stop=stop, step=step):
            return (start, stop, step)
        case Raise() | Print():
            return operands(statement)
        case _:
            return ()


def _sources(statement: Statement, found: set[Sym]) -> Iterable[Atom]:
    """What the symbols in `found` that a statement defines are computed from."""
    match statement:
        case Let(result=result, arguments=arguments):
            return arguments if result in found else ()
        case If(results=results, then=then, orelse=orelse):
            pairs = zip(results, then.results, orelse.results, strict=True)
            return [atom for result, *atoms in pairs if result in found for atom in atoms]
        case For() | While():
            slots = zip(statement.results, statement.parameters, statement.initial, statement.body.results, strict=True)
            return [a for r, p, i, y in slots if r in found or p in found for a in (i, y)]
        case _:
            return ()
