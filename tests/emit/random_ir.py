"""Random structured IR: programs that are valid, terminate, and stay inside their arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import numpy as np

import srcgrad.ops
from srcgrad.ir.build import Builder, bool_const, int_const
from srcgrad.ir.nodes import Atom, Block, Const, For, Function, If, Raise, Slice, Sym, While
from srcgrad.ir.types import BOOL, FLOAT64, INT64, Array, Type, same_value_type

assert srcgrad.ops
SIZE = 4
VECTOR = Array(np.dtype(np.float64), 1)
_HINTS = ("t", "t", "x", "y", "s", "i")


@dataclass
class Scope:
    """What is visible: a list of atoms per kind."""

    values: list[Sym] = field(default_factory=list)
    subscripts: tuple[Sym, ...] = ()  # integers that are valid subscripts, and so are they minus one

    def of(self, type_: Type) -> list[Sym]:
        return [s for s in self.values if same_value_type(s.type, type_)]

    def inner(self, *more: Sym) -> Scope:
        return Scope([*self.values, *more], self.subscripts)


class Generator:
    """Writes one random function."""

    def __init__(self, random: Random, size: int) -> None:
        self.random = random
        self.budget = size
        self.builder = Builder()

    def function(self) -> Function:
        params = (Sym("x", FLOAT64), Sym("n", INT64), Sym("a", VECTOR), Sym("b", VECTOR))
        scope = Scope(list(params))
        for param in params[2:]:
            scope.values[scope.values.index(param)] = self.builder.copy(param, param.hint)
        while self.budget > 0:
            self.statements(scope, 0)
        results = tuple(s for t in (FLOAT64, INT64, VECTOR, BOOL) for s in scope.of(t)[-5:])
        return Function("f", params, self.builder.finish(results), result_hints=())

    # -- values ---------------------------------------------------------------------------------------------------

    def hint(self) -> str:
        return self.random.choice(_HINTS)

    def atom(self, scope: Scope, type_: Type) -> Atom:
        found = scope.of(type_)
        if found and (isinstance(type_, Array) or self.random.random() < 0.9):
            return self.random.choice(found[-6:] if self.random.random() < 0.7 else found)
        assert not isinstance(type_, Array)
        if type_ == BOOL:
            return bool_const(self.random.random() < 0.5)
        if type_ == INT64:
            return int_const(self.random.randrange(-3, 4))
        return Const(self.random.choice([0.0, -0.0, 1.0, -0.5, 2.0]), FLOAT64)

    def array(self, scope: Scope) -> Sym:
        atom = self.atom(scope, VECTOR)
        assert isinstance(atom, Sym)
        return atom

    def index(self, scope: Scope) -> Atom:
        if scope.subscripts and self.random.random() < 0.6:
            index = self.random.choice(scope.subscripts)
            return index if self.random.random() < 0.6 else self.builder.op("sub", index, int_const(1))
        if self.random.random() < 0.5:
            return int_const(self.random.randrange(-SIZE, SIZE))
        return self.builder.op("mod", self.atom(scope, INT64), int_const(SIZE), hint=self.hint())

    # -- statements -----------------------------------------------------------------------------------------------

    def statements(self, scope: Scope, depth: int) -> None:
        for _ in range(self.random.randrange(1, 7 if depth else 10)):
            if self.budget <= 0:
                return
            self.budget -= 1
            kinds = [self.let] * 6 + [self.load] * 3 + [self.store] * 3 + [self.memory, self.stack, self.integer]
            kinds += [self.compare] * 2 + ([self.branch] * 4 + [self.loop] * 5 + [self.while_] * 2 if depth < 3 else [])
            kinds += [self.guard] if self.random.random() < 0.05 else []
            self.random.choice(kinds)(scope, depth)

    def let(self, scope: Scope, depth: int) -> None:
        name = self.random.choice(["add", "sub", "mul", "neg", "select", "add", "minimum"])
        arity = {"neg": 1, "select": 3}.get(name, 2)
        arguments = [self.atom(scope, FLOAT64) for _ in range(arity)]
        if name == "select":
            arguments[0] = self.atom(scope, BOOL)
        scope.values.append(self.builder.op(name, *arguments, hint=self.hint()))

    def integer(self, scope: Scope, depth: int) -> None:
        name = self.random.choice(["add", "sub", "mul"])
        t = self.builder.op(name, self.atom(scope, INT64), self.atom(scope, INT64), hint=self.hint())
        scope.values.append(self.builder.op("mod", t, int_const(7), hint=self.hint()))

    def compare(self, scope: Scope, depth: int) -> None:
        kind = self.random.choice([FLOAT64, INT64, BOOL])
        if kind == BOOL:
            name = self.random.choice(["and_", "or_", "not_"])
            arguments = [self.atom(scope, BOOL) for _ in range(1 if name == "not_" else 2)]
        else:
            name = self.random.choice(["lt", "ge", "eq"])
            arguments = [self.atom(scope, kind), self.atom(scope, kind)]
        scope.values.append(self.builder.op(name, *arguments, hint=self.hint()))

    def load(self, scope: Scope, depth: int) -> None:
        scope.values.append(self.builder.load(self.array(scope), (self.index(scope),), self.hint()))

    def store(self, scope: Scope, depth: int) -> None:
        index = self.index(scope)
        accumulate = self.random.random() < 0.4
        self.builder.store(self.array(scope), (index,), self.atom(scope, FLOAT64), accumulate)

    def memory(self, scope: Scope, depth: int) -> None:
        kind = self.random.randrange(4)
        if kind == 0:
            new = self.builder.alloc((int_const(SIZE),), np.dtype(np.float64), 0.5, self.hint())
        elif kind == 1:
            new = self.builder.copy(self.array(scope), self.hint())
        else:
            base = self.array(scope)
            size = self.builder.dim(base, 0) if kind == 2 else int_const(SIZE)
            start = self.builder.op("sub", size, int_const(1))
            new = self.builder.view(base, (Slice(start, size, int_const(-1)),), (0,), self.hint())
        scope.values.append(new)

    def stack(self, scope: Scope, depth: int) -> None:
        """Push a few values, do other things, pop them."""
        type_ = self.random.choice([FLOAT64, INT64, VECTOR])
        stack = self.builder.new_stack(type_)
        count = self.random.randrange(1, 4)
        for _ in range(count):
            self.builder.push(stack, self.atom(scope, type_))
        self.statements(scope, 3)
        scope.values += [self.builder.pop(stack, self.hint()) for _ in range(count)]

    def guard(self, scope: Scope, depth: int) -> None:
        with self.builder.block() as then:
            self.builder.emit(Raise(ValueError, "refused"))
        condition = self.builder.op("gt", self.atom(scope, FLOAT64), Const(4.0, FLOAT64))
        result = Sym(self.hint(), FLOAT64)
        branches = (Block(tuple(then), (Const(0.0, FLOAT64),)), Block((), (self.atom(scope, FLOAT64),)))
        self.builder.emit(If((result,), condition, *branches))
        scope.values.append(result)

    def yields(self, scope: Scope, types: list[Type], carried: tuple[Sym, ...] = ()) -> tuple[Atom, ...]:
        """Values of these types; often what the loop carries, at another position."""
        among = Scope(list(carried))
        often = 0.4 if carried else 0.0
        return tuple(self.atom(among if among.of(t) and self.random.random() < often else scope, t) for t in types)

    def types(self) -> list[Type]:
        count = self.random.choice([0, 1, 2, 2, 3, 3, 4, 6])
        return [self.random.choice([FLOAT64, FLOAT64, INT64, VECTOR]) for _ in range(count)]

    def body(self, scope: Scope, depth: int, types: list[Type], *more: Sym) -> Block:
        inner = scope.inner(*more)
        with self.builder.block() as statements:
            self.statements(inner, depth + 1)
            results = self.yields(inner, types, more)
        return Block(tuple(statements), results)

    def branch(self, scope: Scope, depth: int) -> None:
        types = self.types()
        condition = self.atom(scope, BOOL)
        then, orelse = self.body(scope, depth, types), self.body(scope, depth, types)
        results = tuple(Sym(self.hint(), t) for t in types)
        self.builder.emit(If(results, condition, then, orelse))
        scope.values += results

    def loop(self, scope: Scope, depth: int) -> None:
        types = self.types()
        start, stop = self.small(scope, -2, 2), self.small(scope, 1, 5)
        step: Atom = int_const(self.random.choice([1, 1, 1, -1, 2, -2]))
        over_elements = self.random.random() < 0.4
        if over_elements:
            start, stop = int_const(self.random.randrange(3)), int_const(self.random.randrange(2, SIZE + 1))
            step = int_const(self.random.choice([1, 2]))
        elif self.random.random() < 0.2:  # a step that is not known: its sign is that of a comparison
            sign = self.builder.op("lt", self.atom(scope, FLOAT64), self.atom(scope, FLOAT64))
            step = self.builder.op("select", sign, int_const(2), int_const(-1))
        initial = self.yields(scope, types)
        index, parameters = Sym(self.hint(), INT64), tuple(Sym(self.hint(), t) for t in types)
        around = Scope(scope.values, (*scope.subscripts, index)) if over_elements else scope
        body = self.body(around, depth, types, index, *parameters)
        results = tuple(Sym(self.hint(), t) for t in types)
        reverse = self.random.random() < 0.4
        self.builder.emit(For(results, index, start, stop, step, parameters, initial, body, reverse))
        scope.values += results

    def small(self, scope: Scope, low: int = -3, high: int = 3) -> Atom:
        if self.random.random() < 0.6:
            return int_const(self.random.randrange(low, high))
        t = self.builder.op("mod", self.atom(scope, INT64), int_const(4), hint=self.hint())
        return t if self.random.random() < 0.5 else self.builder.op("add", t, int_const(-1), hint=self.hint())

    def while_(self, scope: Scope, depth: int) -> None:
        types = self.types()
        initial = self.yields(scope, types)
        counter, parameters = Sym(self.hint(), INT64), tuple(Sym(self.hint(), t) for t in types)
        with self.builder.block() as statements:
            inner = scope.inner(*parameters)
            if self.random.random() < 0.4:
                self.statements(inner, 3)
            few = self.builder.op("lt", counter, int_const(self.random.randrange(4)))
            condition: Atom = few
            if self.random.random() < 0.5:
                condition = self.builder.op("and_", few, self.atom(inner, BOOL))
        test = Block(tuple(statements), (condition,))
        body = self.body(scope, depth, types, counter, *parameters)
        results, trips = tuple(Sym(self.hint(), t) for t in types), Sym(self.hint(), INT64)
        self.builder.emit(While(results, trips, counter, parameters, initial, test, body))
        scope.values += [*results, trips]
