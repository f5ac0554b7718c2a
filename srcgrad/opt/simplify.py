"""Simplification: constants are evaluated, the algebra table applied, decided control flow dissolved.

In, out: a `Function` that computes the same values to the last bit. One forward walk, so that every rule sees
operands that are simple already.

    t: ... = mul x, 1.0
    u: ... = neg y                                   u: ... = neg y
    v: ... = add t, u                        =>      v: ... = sub x, y
    w: ... = if True:
        s ...                                        s ...
        yield v                                      (v stands for w)
    for i in range(3, 4, 1) carrying p = v:
        s ...                                        s ... with 3 for i and v for p

Inside the branches of an `If` its condition is a known constant, and so it is behind one that raises; lengths known
to be equal are one symbol. The extent of an `Alloc`, a `Copy`, a `View` or a `Reshape` is read off its definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from srcgrad.ir.build import const_like, int_const
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Const,
    Copy,
    Dim,
    For,
    Function,
    If,
    Let,
    Raise,
    Reshape,
    Slice,
    Statement,
    Sym,
    View,
    While,
)  # fmt: skip
from srcgrad.ir.types import INT64, Scalar, same_value_type
from srcgrad.ir.visit import map_atoms
from srcgrad.ops.registry import Op, by_name
from srcgrad.opt.algebra import FALSE, TRUE, Expression, definition_of, rewrite
from srcgrad.opt.rewrite import Rewriter, dtype_kind, has_effects, same_atom, with_helpers

_MOST_REWRITES = 16  # of one operation: the table has no long chains, this only guards against a cycle


def simplify(function: Function) -> Function:
    """The simplified function; the same object when no rule applied."""
    with np.errstate(all="ignore"):
        return with_helpers(function, lambda f: _Simplifier().block(f.body))


def fold(op: Op, arguments: tuple[Atom, ...], result: Scalar) -> Const | None:
    """The constant `op(*arguments)`, or `None` where that raises or divides an integer by zero."""
    if not all(isinstance(a, Const) for a in arguments):
        return None
    values = [a.type.dtype.type(a.value) for a in arguments if isinstance(a, Const)]
    if op.name in ("floordiv", "mod") and values[1] == 0 and result.is_int:
        return None
    try:
        value = op.evaluate(*values)
        return const_like(result.dtype.type(value).item(), Scalar(result.dtype, result.weak))
    except (ArithmeticError, ValueError, TypeError):
        return None


class _Simplifier(Rewriter):
    """`expressions` and `memory` say how the symbols seen so far were made; `settled` are the symbols known since the
    open block began; `never_both` are pairs of conditions that exclude one another; `order` numbers the lengths of
    arrays."""

    def __init__(self) -> None:
        super().__init__()
        self.expressions: dict[Sym, Expression] = {}
        self.made = definition_of(self.expressions)
        self.memory: dict[Sym, Alloc | Copy | View | Reshape] = {}
        self.settled: list[Sym] = []
        self.never_both: list[tuple[Atom, ...]] = []
        self.order: dict[Sym, int] = {}

    def statement(self, s: Statement, out: list[Statement]) -> None:
        match s:
            case Let():
                self.let(s, out)
            case Dim():
                self.dim(s, out)
            case If():
                self.if_(s, out)
            case For():
                self.for_(s, out)
            case While():
                self.while_(s, out)
            case Reshape():
                self.reshape(s, out)
            case _:
                s = self.renamed(s)
                if isinstance(s, (Alloc, Copy, View)):
                    self.memory[s.result] = s
                out.append(s)

    # -- scalars ----------------------------------------------------------------------------------------------

    def let(self, s: Let, out: list[Statement]) -> None:
        op, arguments = s.op, self.atoms(s.arguments)
        assert isinstance(s.result.type, Scalar)
        for _ in range(_MOST_REWRITES):
            new = fold(op, arguments, s.result.type) or rewrite(op.name, arguments, self.made)
            if new is None:
                break
            if not isinstance(new, tuple):
                if same_value_type(new.type, s.result.type):
                    self.mapping[s.result] = new
                    return
                break
            name, operands = new
            if name == op.name and all(map(same_atom, operands, arguments)):
                break
            op, arguments = by_name(name), operands
        if op is not s.op or arguments is not s.arguments:
            s = Let(s.result, op, arguments, s.span)
        self.expressions[s.result] = (op.name, arguments)
        out.append(s)

    def dim(self, s: Dim, out: list[Statement]) -> None:
        """Follow the array to what fixed its extent."""
        renamed = self.atom(s.array)
        assert isinstance(renamed, Sym)
        array, axis = renamed, s.axis
        while (made := self.memory.get(array)) is not None:
            match made:
                case Alloc(shape=shape) | Reshape(shape=shape):
                    extent = shape[axis]
                case Copy(array=array):
                    continue
                case View(entries=entries, permutation=permutation):
                    extent = [entry for entry in entries if isinstance(entry, Slice)][permutation[axis]].length
            if not same_value_type(extent.type, INT64):
                break
            self.mapping[s.result] = extent
            return
        self.order[s.result] = len(self.order) + 1
        out.append(s if (array, axis) == (s.array, s.axis) else Dim(s.result, array, axis, s.span))

    def reshape(self, s: Reshape, out: list[Statement]) -> None:
        """Of what was reshaped already, the first array is taken."""
        new = self.renamed(s)
        assert isinstance(new, Reshape)
        while isinstance(made := self.memory.get(new.array), Reshape):
            new = replace(new, array=made.array)
        array, shape = new.array, made.shape if isinstance(made, Alloc) else ()
        if array.type == new.result.type and shape and all(map(same_atom, shape, new.shape)):
            self.mapping[s.result] = array
            return
        self.memory[new.result] = new
        out.append(new)

    # -- control flow -----------------------------------------------------------------------------------------

    def splice(self, block: Block, results: tuple[Sym, ...], out: list[Statement]) -> None:
        """Run a block in place: its statements join `out` and its yields stand for `results`."""
        for statement in block.statements:
            self.statement(statement, out)
        self.mapping.update(zip(results, self.atoms(block.results)))

    def if_(self, s: If, out: list[Statement]) -> None:
        condition = self.atom(s.condition)
        if isinstance(condition, Const):
            self.splice(s.then if condition.value else s.orelse, s.results, out)
            return
        then, orelse = self.assuming(condition, TRUE, s.then), self.assuming(condition, FALSE, s.orelse)
        if not then.statements and not orelse.statements and all(map(same_atom, then.results, orelse.results)):
            self.mapping.update(zip(s.results, then.results))
            return
        if condition is not s.condition or then is not s.then or orelse is not s.orelse:
            s = replace(s, condition=condition, then=then, orelse=orelse)
        out.append(s)
        if then.statements and isinstance(then.statements[-1], Raise):
            self.settled += self.learn(condition, FALSE)

    def block(self, block: Block) -> Block:
        outer, self.settled = self.settled, []
        with self.facts_end():
            result = super().block(block)
        self.forget(self.settled)
        self.settled = outer
        return result

    @contextmanager
    def facts_end(self) -> Iterator[None]:
        """What excludes one another inside the `with` need not do so behind it."""
        count = len(self.never_both)
        yield
        del self.never_both[count:]

    def assuming(self, condition: Sym, truth: Const, block: Block) -> Block:
        """The block where `condition` is known, and with it what it is made of."""
        with self.facts_end():
            known = self.learn(condition, truth)
            result = self.block(block)
            self.forget(known)
        return result

    def learn(self, condition: Sym, truth: Const) -> list[Sym]:
        """Take the value of a condition as known, and with it what it is made of. Gives what was not known before."""
        known: list[Sym] = []
        pending: list[tuple[Atom, Const]] = [(condition, truth)]
        while pending:
            atom, value = pending.pop()
            if not isinstance(atom, Sym) or atom in self.mapping:
                continue
            self.mapping[atom] = value
            known.append(atom)
            name, operands = self.expressions.get(atom, ("", ()))
            if name == ("and_" if value.value else "or_"):
                pending.extend((operand, value) for operand in operands)
            elif name == "and_":
                self.never_both.append(operands)
            elif name == "not_":
                pending.append((operands[0], FALSE if value.value else TRUE))
            elif name == ("eq" if value.value else "ne"):
                known += self.equate(*operands)
        return known

    def equate(self, a: Atom, b: Atom) -> list[Sym]:
        """Take one of two equal integers for the other: a constant, or the one that was there first."""
        if dtype_kind(a) != "i" or not same_value_type(a.type, b.type):
            return []
        if isinstance(a, Const) or (isinstance(b, Sym) and self.order.get(a, 0) < self.order.get(b, 0)):
            a, b = b, a
        if not isinstance(a, Sym) or a in self.mapping or a not in self.order:
            return []
        self.mapping[a] = b
        return [a]

    def forget(self, known: list[Sym]) -> None:
        for symbol in known:
            del self.mapping[symbol]

    def for_(self, s: For, out: list[Statement]) -> None:
        start, stop, step = map(self.atom, (s.start, s.stop, s.step))
        if isinstance(start, Const) and isinstance(stop, Const) and isinstance(step, Const):
            trips = len(range(int(start.value), int(stop.value), int(step.value)))
        else:
            trips = 0 if start is stop else 2
        if trips == 0:
            self.mapping.update(zip(s.results, self.atoms(s.initial)))
        elif trips == 1:
            assert isinstance(start, Const)
            self.mapping[s.index] = int_const(int(start.value))
            self.mapping.update(zip(s.parameters, self.atoms(s.initial)))
            self.splice(s.body, s.results, out)
        else:
            with self.facts_end():  # they hold in the body, not for the bounds and the values to begin with
                known = self.learn_running(start, stop, step)
                body = self.block(s.body)
                self.forget(known)
            out.append(map_atoms(s, self.atom, lambda _: body))

    def learn_running(self, start: Atom, stop: Atom, step: Atom) -> list[Sym]:
        """What is known where a loop has an iteration: what is never true together with that is false."""
        known: list[Sym] = []
        bounds = (start, stop) if isinstance(step, Const) and step.value > 0 else (stop, start)
        for pair in tuple(self.never_both):
            for one, other in (pair, pair[::-1]):
                name, operands = self.expressions.get(one, ("", ())) if isinstance(one, Sym) else ("", ())
                if name == "lt" and all(map(same_atom, operands, bounds)) and isinstance(other, Sym):
                    known += self.learn(other, FALSE)
        return known

    def while_(self, s: While, out: list[Statement]) -> None:
        initial = self.atoms(s.initial)
        condition = self.block(s.condition)
        (truth,) = condition.results
        if isinstance(truth, Const) and not truth.value and not has_effects(condition):
            self.mapping.update(zip(s.results, initial))
            self.mapping[s.trips] = int_const(0)
            return
        body = self.block(s.body)
        if initial is not s.initial or condition is not s.condition or body is not s.body:
            s = replace(s, initial=initial, condition=condition, body=body)
        out.append(s)
