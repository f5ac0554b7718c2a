"""Which subscripts are cast to `uint64`: those that would keep LLVM from vectorising a loop.

In: a function. Out: `Subscripts.unsigned(atom)`. Numba lets a negative subscript count from the end; where LLVM cannot
see that a subscript is not negative, as in `for i in range(1, n)` or `a[k + i]`, the test for that costs a factor of 2
to 10. A cast removes the test. It is made only where the value is proven not to be negative, from the bounds of loops,
the sizes of arrays, and what only grows; and only for what moves in an innermost loop: plain indices that count from 0
or down to 0 are vectorised as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from srcgrad.emit.uses import Uses, is_constant
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Const,
    Dim,
    For,
    Function,
    If,
    Let,
    Load,
    Statement,
    Store,
    Sym,
    While,
    blocks,
    operands,
)  # fmt: skip
from srcgrad.ir.visit import walk

_CAST = "uint64({0})"


class Subscripts:
    """Lower bounds of integers, and the loops whose index needs a cast."""

    def __init__(self, function: Function, uses: Uses, least: Mapping[Sym, int] | None = None) -> None:
        """`least` are values that parameters are never below."""
        self._definition = uses.definition
        self._low: dict[Sym, int | None] = dict(least or {})
        self._tables = _tables(function)
        self._lengths = _lengths(function)
        innermost = [s for s in walk(function.body) if isinstance(s, For) and _is_innermost(s.body)]
        self._plain = {s.index for s in innermost if _counts_from_or_to_zero(s)}
        self._moving = {s.index for s in innermost if not _counts_from_or_to_zero(s)}
        self._moving.update(p for s in innermost for p in s.parameters)

    def template(self, atom: Atom) -> str:
        """The template that a subscript is printed with."""
        return _CAST if self.unsigned(atom) else "{0}"

    def unsigned(self, atom: Atom) -> bool:
        """Is the subscript cast?"""
        if not self._needs_cast(atom):
            return False
        low = self.low(atom)
        return low is not None and low >= 0

    def _needs_cast(self, atom: Atom) -> bool:
        """Does the subscript move in an innermost loop, in a way in which LLVM does not see its sign?"""
        if not isinstance(atom, Sym):
            return False
        definition = self._definition.get(atom)
        if isinstance(definition, Let) and definition.op.name in ("add", "sub", "mul"):
            moving = any(map(self._needs_cast, definition.arguments))
            # a plain index plus what is no constant
            return moving or (
                any(a in self._plain for a in definition.arguments)
                and not any(isinstance(a, Const) for a in definition.arguments)
            )
        return atom in self._moving

    def low(self, atom: Atom) -> int | None:
        """A number that the integer is never below, if one is known."""
        if isinstance(atom, Const):
            return int(atom.value) if atom.type.is_int else None
        if atom not in self._low:
            self._low[atom] = None  # what a value is computed from by way of itself has no bound
            definition = self._definition.get(atom)
            low = None if definition is None else self._low_of(atom, definition)
            self._low[atom] = 0 if low is None and atom in self._lengths else low
        return self._low[atom]

    def _low_of(self, symbol: Sym, definition: Statement) -> int | None:
        match definition:
            case Dim():
                return 0
            case While(counter=counter, trips=trips) if symbol in (counter, trips):
                return 0
            case For(index=index) if symbol is index:
                return self._low_of_index(definition)
            case For(parameters=parameters, results=results, initial=initial, body=body):
                slot = (parameters if symbol in parameters else results).index(symbol)
                grows = self._grows(body.results[slot], parameters[slot])
                return self.low(initial[slot]) if grows else None
            case Load(array=array):
                return self._low_of_table(array)
            case Let():
                return self._low_of_let(definition)
            case _:
                return None

    def _grows(self, atom: Atom, base: Sym) -> bool:
        """Is `atom` certainly not less than `base`, from which it is computed?"""
        if atom is base:
            return True
        definition = self._definition.get(atom) if isinstance(atom, Sym) else None
        match definition:
            case Let(op=op, arguments=(a, b)) if op.name == "add":
                for first, second in ((a, b), (b, a)):
                    if self._grows(first, base) and (self.low(second) or 0) >= 0 and self.low(second) is not None:
                        return True
            case If(results=results, then=then, orelse=orelse):
                slot = results.index(atom)
                return self._grows(then.results[slot], base) and self._grows(orelse.results[slot], base)
            case For(results=results, parameters=parameters, initial=initial, body=body) if atom in results:
                slot = results.index(atom)
                return self._grows(initial[slot], base) and self._grows(body.results[slot], parameters[slot])
        return False

    def _low_of_table(self, array: Sym) -> int | None:
        """The lower bound of what is stored in an array that nothing else names."""
        values = self._tables.get(array)
        if values is None or not array.type.element.is_int:  # type: ignore[union-attr]
            return None
        lows = [self.low(value) for value in values]
        known = [low for low in lows if low is not None]
        return min(known, default=0) if len(known) == len(lows) else None

    def _low_of_index(self, loop: For) -> int | None:
        step = loop.step.value if isinstance(loop.step, Const) else self.low(loop.step)
        if step is None:
            return None
        if step > 0:
            return self.low(loop.start)
        if not isinstance(loop.step, Const):
            return None
        stop = self.low(loop.stop)
        return None if stop is None else stop + 1

    def _low_of_let(self, let: Let) -> int | None:
        if let.op.name == "select":
            lows = [self.low(atom) for atom in let.arguments[1:]]
            return None if None in lows else min(low for low in lows if low is not None)
        if len(let.arguments) != 2:
            return None
        first, second = let.arguments
        a, b = self.low(first), self.low(second)
        match let.op.name:
            case "add" if a is not None and b is not None:
                return a + b
            case "sub" if a is not None and isinstance(second, Const):
                return a - int(second.value)
            case "sub" if self._starts_at(first, second):
                return 0
            case "mul" if a is not None and b is not None and a >= 0 and b >= 0:
                return a * b
            case "maximum":
                return max((low for low in (a, b) if low is not None), default=None)
            case "minimum" if a is not None and b is not None:
                return min(a, b)
            case "mod" if isinstance(second, Const) and second.value > 0:
                return 0
            case "floordiv" if a is not None and a >= 0 and isinstance(second, Const) and second.value > 0:
                return 0
            case _:
                return None

    def _starts_at(self, index: Atom, bound: Atom) -> bool:
        """Is `bound` the least value of a loop index?"""
        loop = self._definition.get(index) if isinstance(index, Sym) else None
        if not isinstance(loop, For) or index is not loop.index or not isinstance(loop.step, Const):
            return False
        if loop.step.value > 0:
            return loop.start is bound
        last = self._definition.get(loop.stop) if isinstance(loop.stop, Sym) else None
        is_last = isinstance(last, Let) and last.op.name == "sub" and last.arguments[0] is bound
        return is_last and is_constant(last.arguments[1], 1)  # type: ignore[union-attr]


def _lengths(function: Function) -> set[Atom]:
    """The lengths of arrays that are allocated before the first loop: negative ones raise there."""
    found: set[Atom] = set()
    for statement in function.body.statements:
        if isinstance(statement, For | While):
            break
        if isinstance(statement, Alloc):
            found.update(statement.shape)
    return found


def _tables(function: Function) -> dict[Sym, list[Atom]]:
    """What is stored into each array that is allocated here, uninitialised or with a fill that is not negative, and
    that no other name stands for."""
    found: dict[Sym, list[Atom]] = {}
    for statement in walk(function.body):
        if isinstance(statement, Alloc) and (statement.fill is None or statement.fill.value >= 0):
            found[statement.result] = []
    for statement in walk(function.body):
        match statement:
            case Store(array=array, value=value, accumulate=False) if array in found:
                found[array].append(value)
            case Load() | Dim():
                continue
            case _:
                _drop(found, operands(statement))
        for block in blocks(statement):
            _drop(found, block.results)
    _drop(found, function.body.results)
    return found


def _drop(tables: dict[Sym, list[Atom]], atoms: tuple[Atom, ...]) -> None:
    for atom in atoms:
        if isinstance(atom, Sym):
            tables.pop(atom, None)


def _counts_from_or_to_zero(loop: For) -> bool:
    if not isinstance(loop.step, Const):
        return False
    downwards = loop.step.value == -1 and is_constant(loop.stop, -1)
    return (loop.step.value > 0 and is_constant(loop.start, 0)) or downwards


def _is_innermost(body: Block) -> bool:
    return not any(isinstance(s, For | While) or not all(map(_is_innermost, blocks(s))) for s in body.statements)
