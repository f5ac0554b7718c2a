"""Random IR programs: scalars of four kinds, arrays under several names, loops, branches, carried values, stacks.

Every program is valid, ends, and stays inside its arrays; it is meant to be awkward otherwise: signed zeros, NaN,
swapped references, stores through views, slots that duplicate one another, code that nobody needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import numpy as np

from srcgrad.ir.build import Builder, bool_const, int_const
from srcgrad.ir.nodes import Atom, Block, Const, For, Function, If, Raise, Slice, Sym, While
from srcgrad.ir.types import BOOL, FLOAT32, FLOAT64, INT64, Array, Layout, Scalar, Type
from srcgrad.span import NOWHERE

SIZE = 4  # of every array that is not a view
FLOATS = (0.0, -0.0, 1.0, -1.0, 2.5, -3.0, float("inf"), float("nan"))
VECTOR = Array(np.dtype(np.float64), 1, Layout.ANY)


@dataclass
class Scope:
    """What may be used at a point: scalars by type, arrays by length (those that may be written, and all)."""

    scalars: dict[Scalar, list[Atom]] = field(default_factory=dict)
    readable: dict[int, list[Sym]] = field(default_factory=dict)
    writable: dict[int, list[Sym]] = field(default_factory=dict)

    def inner(self) -> Scope:
        return Scope(*({k: list(v) for k, v in d.items()} for d in (self.scalars, self.readable, self.writable)))

    def add(self, atom: Atom, size: int = SIZE, writable: bool = True) -> None:
        if isinstance(atom.type, Scalar):
            self.scalars.setdefault(Scalar(atom.type.dtype), []).append(atom)
        else:
            self.readable.setdefault(size, []).append(atom)
            if writable:
                self.writable.setdefault(size, []).append(atom)


class Generator:
    """Writes statements at random through a `Builder`."""

    def __init__(self, random: Random, budget: int = 60) -> None:
        self.random = random
        self.budget = budget
        self.b = Builder()

    def function(self) -> Function:
        params = (Sym("x", Array(np.dtype(np.float64), 1)), Sym("s", FLOAT64), Sym("h", FLOAT32), Sym("n", INT64))
        scope = Scope()
        scope.add(params[0], writable=False)
        for param in params[1:]:
            scope.add(param)
        scope.add(self.b.alloc((int_const(SIZE),), np.float64, 0.5))
        while self.budget > 0:
            self.statements(scope, 3)
        results = [self.scalar(scope, t) for t in (FLOAT64, FLOAT64, FLOAT32, INT64, BOOL)]
        arrays = [a for same in scope.writable.values() for a in same]
        results += self.random.sample(arrays, min(2, len(arrays)))
        return Function("generated", params, self.b.finish(tuple(results)))

    # -- operands ---------------------------------------------------------------------------------------------

    def scalar(self, scope: Scope, type_: Scalar) -> Atom:
        known = scope.scalars.get(type_, [])
        if known and self.random.random() < 0.75:
            return self.random.choice(known[-6:])
        if type_.is_float:
            return Const(self.random.choice(FLOATS), type_)
        return bool_const(self.random.random() < 0.5) if type_.is_bool else int_const(self.random.randint(-3, 3))

    def subscript(self, scope: Scope, size: int) -> Atom:
        if self.random.random() < 0.5:
            return int_const(self.random.randint(-size, size - 1))
        return self.b.op("mod", self.scalar(scope, INT64), int_const(size))

    def array(self, arrays: dict[int, list[Sym]]) -> tuple[Sym, int]:
        size = self.random.choice([size for size, same in arrays.items() if same])
        return self.random.choice(arrays[size]), size

    # -- statements -------------------------------------------------------------------------------------------

    def statements(self, scope: Scope, depth: int) -> None:
        simple = (self.arithmetic, self.logic, self.convert, self.load, self.load, self.store, self.store)
        simple += (self.change, self.name)
        nested = (self.branch, self.loop, self.chain, self.repeat, self.tape, self.guard, self.masked, self.columns)
        for _ in range(self.random.randint(1, 7)):
            if self.budget <= 0:
                return
            self.budget -= 1
            if depth and self.random.random() < 0.35:
                self.random.choice(nested)(scope, depth - 1)
            else:
                self.random.choice(simple)(scope)

    def arithmetic(self, scope: Scope) -> None:
        type_ = self.random.choice((FLOAT64, FLOAT64, FLOAT32, INT64))
        x, y = self.scalar(scope, type_), self.scalar(scope, type_)
        name = self.random.choice(("add", "add", "sub", "sub", "mul", "mul", "neg", "abs", "select", "div", "power"))
        if name in ("neg", "abs"):
            scope.add(self.b.op(name, x))
        elif name == "select":
            scope.add(self.b.op("select", self.scalar(scope, BOOL), x, y))
        elif name == "div":
            scope.add(self.b.op("floordiv" if type_.is_int else "div", x, int_const(3) if type_.is_int else y))
        elif name == "power" and type_.is_float:
            scope.add(self.b.op("powi", x, int_const(self.random.randint(0, 2))))
        elif name != "power":
            scope.add(self.b.op(name, x, y))

    def logic(self, scope: Scope) -> None:
        name = self.random.choice(("lt", "le", "gt", "ge", "eq", "ne", "and_", "or_", "not_"))
        if name == "not_":
            scope.add(self.b.op(name, self.scalar(scope, BOOL)))
        else:
            type_ = BOOL if name in ("and_", "or_") else self.random.choice((FLOAT64, INT64))
            scope.add(self.b.op(name, self.scalar(scope, type_), self.scalar(scope, type_)))

    def convert(self, scope: Scope) -> None:
        source, target = self.random.choice(
            ((FLOAT32, FLOAT64), (FLOAT64, FLOAT32), (INT64, FLOAT64), (BOOL, INT64), (BOOL, FLOAT32), (INT64, BOOL))
        )
        scope.add(self.b.cast(self.scalar(scope, source), target))

    def load(self, scope: Scope) -> None:
        array, size = self.array(scope.readable)
        if self.random.random() < 0.2:
            scope.add(self.b.dim(array, 0))
        scope.add(self.b.load(array, (self.subscript(scope, size),)))

    def change(self, scope: Scope) -> None:
        """`a[i] = a[i] + v`, or minus, with other statements in between now and then."""
        array, size = self.array(scope.writable)
        index = (self.subscript(scope, size),)
        old = self.b.load(array, index)
        if self.random.random() < 0.3:
            self.store(scope)
        added = self.scalar(scope, FLOAT64)
        operands = (old, added) if self.random.random() < 0.6 else (added, old)
        self.b.store(array, index, self.b.op(self.random.choice(("add", "sub")), *operands))

    def store(self, scope: Scope) -> None:
        array, size = self.array(scope.writable)
        index = (self.subscript(scope, size),)
        self.b.store(array, index, self.scalar(scope, FLOAT64), self.random.random() < 0.4)
        if self.random.random() < 0.5:
            scope.add(self.b.load(array, index))

    def name(self, scope: Scope) -> None:
        """A new array, or another name for one."""
        match self.random.randrange(3):
            case 0:
                scope.add(self.b.alloc((int_const(SIZE),), np.float64, self.random.choice((0.0, 1.5, None))))
            case 1:
                array, size = self.array(scope.readable)
                scope.add(self.b.copy(array), size)
            case _:
                self.view(scope)

    def view(self, scope: Scope) -> None:
        array, size = self.array(scope.readable)
        start = self.random.randrange(size)
        step = self.random.choice((1, 1, -1, 2))
        room = (start if step < 0 else size - 1 - start) // abs(step) + 1
        length = self.random.randint(1, room)
        entry = Slice(int_const(start), int_const(length), int_const(step))
        scope.add(self.b.view(array, (entry,), (0,)), length, array in scope.writable.get(size, ()))

    # -- control flow -----------------------------------------------------------------------------------------

    def values(self, scope: Scope, types: list[Type]) -> tuple[Atom, ...]:
        return tuple(
            self.scalar(scope, t) if isinstance(t, Scalar) else self.random.choice(scope.writable[SIZE]) for t in types
        )

    def types(self) -> list[Type]:
        return [self.random.choice((FLOAT64, FLOAT64, INT64, BOOL, VECTOR)) for _ in range(self.random.randint(0, 4))]

    def nested(self, scope: Scope, depth: int, types: list[Type], *bound: Sym) -> Block:
        """A block over `scope` and `bound`; what it yields is often one of these, unchanged or swapped."""
        inner = scope.inner()
        for symbol in bound:
            inner.add(symbol)
        with self.b.block() as statements:
            self.statements(inner, depth)
            results = list(self.values(inner, types))
        for k, type_ in enumerate(types):
            same = [s for s in bound if getattr(s.type, "dtype", None) == type_.dtype and type(s.type) is type(type_)]
            if same and self.random.random() < 0.5:
                results[k] = self.random.choice(same)
        return Block(tuple(statements), tuple(results))

    def define(self, scope: Scope, results: tuple[Sym, ...]) -> None:
        for result in results:
            scope.add(result)

    def branch(self, scope: Scope, depth: int) -> None:
        types, condition = self.types(), self.scalar(scope, BOOL)
        then, orelse = self.nested(scope, depth, types), self.nested(scope, depth, types)
        results = tuple(Sym("r", t) for t in types)
        self.b.emit(If(results, condition, then, orelse))
        self.define(scope, results)

    def masked(self, scope: Scope, depth: int) -> None:
        """An element that is set, and set once more in one branch of two."""
        array, size = self.array(scope.writable)
        index = (self.subscript(scope, size),)
        self.b.store(array, index, self.scalar(scope, FLOAT64))
        if self.random.random() < 0.3:
            self.store(scope)
        condition = self.scalar(scope, BOOL)
        branches = []
        for takes in self.random.sample((True, False), 2):
            inner = scope.inner()
            with self.b.block() as statements:
                self.arithmetic(inner)
                if self.random.random() < 0.2:
                    self.statements(inner, depth and depth - 1)
                if takes:
                    self.b.store(array, index, self.scalar(inner, FLOAT64), self.random.random() < 0.2)
            branches.append(Block(tuple(statements)))
        self.b.if_(condition, *branches, ())
        if self.random.random() < 0.5:
            scope.add(self.b.load(array, index))

    def columns(self, scope: Scope, depth: int) -> None:
        """A matrix whose columns are computed from one another, and from where else it may be."""
        chance = self.random.random
        matrix = self.b.alloc((int_const(SIZE), int_const(SIZE)), np.float64, 1.5)
        k = Sym("k", INT64)
        with self.b.block() as outer:
            before = self.b.op("add", k, int_const(-1))
            for _ in range(self.random.randint(1, 2)):
                i, offset = Sym("i", INT64), int_const(0 if chance() < 0.7 else 1)
                with self.b.block() as inner:
                    row = self.b.op("add", i, offset)
                    rows = (row, row, row, i, k if chance() < 0.2 else row)
                    at = (self.random.choice(rows), self.random.choice((before, before, k)))
                    value = self.b.op("sub", self.b.load(matrix, at), self.scalar(scope, FLOAT64))
                    place = (self.random.choice(rows), k)
                    self.b.store(matrix, place, value, chance() < 0.3)
                self.b.emit(For((), i, int_const(0), int_const(3), int_const(1), (), (), Block(tuple(inner))))
        backwards = chance() < 0.3
        self.b.emit(For((), k, int_const(1), int_const(4), int_const(1), (), (), Block(tuple(outer)), backwards))
        for at in ((3, 3), (1, 2)):
            scope.add(self.b.load(matrix, tuple(map(int_const, at))))

    def slots(self, scope: Scope) -> tuple[list[Type], tuple[Sym, ...], tuple[Atom, ...], tuple[Sym, ...]]:
        types = self.types()
        initial = list(self.values(scope, types))
        if len(types) > 1 and self.random.random() < 0.5:  # two slots that start alike
            types[1], initial[1] = types[0], initial[0]
        return types, tuple(Sym("p", t) for t in types), tuple(initial), tuple(Sym("r", t) for t in types)

    def loop(self, scope: Scope, depth: int) -> None:
        types, parameters, initial, results = self.slots(scope)
        stop: Atom = int_const(self.random.randint(0, 3))
        if self.random.random() < 0.5:
            stop = self.b.op("mod", self.scalar(scope, INT64), int_const(4))
        start, step = int_const(self.random.randint(-1, 1)), int_const(self.random.choice((1, 1, 2)))
        if self.random.random() < 0.3:
            start, stop, step = int_const(3), int_const(self.random.randint(-1, 3)), int_const(-1)
        index = Sym("i", INT64)
        body = self.nested(scope, depth, types, *parameters, index)
        reverse = self.random.random() < 0.3
        self.b.emit(For(results, index, start, stop, step, parameters, initial, body, reverse, NOWHERE))
        self.define(scope, results)

    def chain(self, scope: Scope, depth: int) -> None:
        """Loops over the same elements, one after the other, of which each may read what those before it wrote."""
        stop: Atom = int_const(self.random.randint(2, SIZE))
        if self.random.random() < 0.5:
            stop = self.b.op("mod", self.scalar(scope, INT64), int_const(SIZE + 1))
        arrays = self.random.choices(scope.writable[SIZE], k=3)
        for _ in range(self.random.randint(2, 3)):
            start, total, result = Const(0.0, FLOAT64), Sym("p", FLOAT64), Sym("r", FLOAT64)
            index = Sym("i", INT64)
            inner = scope.inner()
            inner.add(total)
            with self.b.block() as statements:
                for _ in range(2):
                    inner.add(self.b.load(self.random.choice(arrays), (index,)))
                self.arithmetic(inner)
                value = self.scalar(inner, FLOAT64)
                self.b.store(self.random.choice(arrays), (index,), value, self.random.random() < 0.2)
                if depth and self.random.random() < 0.3:
                    self.statements(inner, depth - 1)
                after = self.b.op("add", total, value)
            body = Block(tuple(statements), (after,))
            ends = (int_const(0), stop, int_const(1))
            self.b.emit(For((result,), index, *ends, (total,), (start,), body, False, NOWHERE))
            if self.random.random() < 0.5:
                self.arithmetic(scope)
            if self.random.random() < 0.3:
                scope.add(result)

    def repeat(self, scope: Scope, depth: int) -> None:
        types, parameters, initial, results = self.slots(scope)
        trips, counter = Sym("trips", INT64), Sym("k", INT64)
        inner = scope.inner()
        for symbol in (counter, *parameters):
            inner.add(symbol)
        with self.b.block() as statements:
            go = self.b.op("lt", counter, int_const(self.random.randint(0, 3)))
            go = self.b.op("and_", go, self.scalar(inner, BOOL))
        condition = Block(tuple(statements), (go,))
        body = self.nested(scope, depth, types, *parameters, counter)
        self.b.emit(While(results, trips, counter, parameters, initial, condition, body))
        self.define(scope, (*results, trips))

    def tape(self, scope: Scope, depth: int) -> None:
        """What the adjoint does: push in a loop, pop in the same loop backwards."""
        stack = self.b.new_stack(FLOAT64)
        stop = int_const(self.random.randint(0, 3))
        with self.b.loop(int_const(0), stop) as i:
            inner = scope.inner()
            inner.add(i)
            self.statements(inner, 0)
            self.b.push(stack, self.scalar(inner, FLOAT64))
        if self.random.random() < 0.7:
            array, size = self.array(scope.writable)
            with self.b.loop(int_const(0), stop, reverse=True) as i:
                self.b.store(array, (self.b.op("mod", i, int_const(size)),), self.b.pop(stack), True)

    def guard(self, scope: Scope, depth: int) -> None:
        condition = self.b.op("gt", self.scalar(scope, FLOAT64), Const(1e3, FLOAT64))
        self.b.emit(If((), condition, Block((Raise(ValueError, "too large"),)), Block(())))


def generate(random: Random, budget: int = 60) -> Function:
    """A random function of (x: float64[4], s: float64, h: float32, n: int64)."""
    return Generator(random, budget).function()
