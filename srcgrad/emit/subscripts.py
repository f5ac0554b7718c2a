"""Which subscripts are cast to `uint64`: those that would keep LLVM from vectorising a loop.

In: a function. Out: `Subscripts.unsigned(atom)`. Numba lets a negative subscript count from the end; where LLVM cannot
see that the index of a loop is not negative, as in `for i in range(1, n)`, the test for that costs a factor of 2 to 10.
A cast removes the test. It is made only where the value is proven not to be negative, from the bounds of loops and
the sizes of arrays, and only for the index of an innermost forward loop that does not start at 0: the others are
vectorised as they are.
"""

from __future__ import annotations

from srcgrad.emit.uses import Uses, is_constant
from srcgrad.ir.nodes import Atom, Block, Const, Dim, For, Function, Let, Statement, Sym, While, blocks
from srcgrad.ir.visit import walk

_CAST = "uint64({0})"


class Subscripts:
    """Lower bounds of integers, and the loops whose index needs a cast."""

    def __init__(self, function: Function, uses: Uses) -> None:
        self._definition = uses.definition
        self._low: dict[Sym, int | None] = {}
        self._eligible = {
            s.index
            for s in walk(function.body)
            if isinstance(s, For) and not s.reverse and not is_constant(s.start, 0) and _is_innermost(s.body)
        }

    def template(self, atom: Atom) -> str:
        """The template that a subscript is printed with."""
        return _CAST if self.unsigned(atom) else "{0}"

    def unsigned(self, atom: Atom) -> bool:
        """Is the subscript cast?"""
        if not self._eligible or not self._varies(atom):
            return False
        low = self.low(atom)
        return low is not None and low >= 0

    def _varies(self, atom: Atom) -> bool:
        """Does the subscript move with the index of an eligible loop?"""
        if not isinstance(atom, Sym):
            return False
        definition = self._definition.get(atom)
        if isinstance(definition, Let) and definition.op.name in ("add", "sub", "mul"):
            return any(map(self._varies, definition.arguments))
        return atom in self._eligible

    def low(self, atom: Atom) -> int | None:
        """A number that the integer is never below, if one is known."""
        if isinstance(atom, Const):
            return int(atom.value) if atom.type.is_int else None
        if atom not in self._low:
            definition = self._definition.get(atom)
            self._low[atom] = None if definition is None else self._low_of(atom, definition)
        return self._low[atom]

    def _low_of(self, symbol: Sym, definition: Statement) -> int | None:
        match definition:
            case Dim():
                return 0
            case While(counter=counter, trips=trips) if symbol in (counter, trips):
                return 0
            case For(index=index) if symbol is index:
                return self._low_of_index(definition)
            case Let():
                return self._low_of_let(definition)
            case _:
                return None

    def _low_of_index(self, loop: For) -> int | None:
        if not isinstance(loop.step, Const):
            return None
        if loop.step.value > 0:
            return self.low(loop.start)
        stop = self.low(loop.stop)
        return None if stop is None else stop + 1

    def _low_of_let(self, let: Let) -> int | None:
        if len(let.arguments) != 2:
            return None
        first, second = let.arguments
        a, b = self.low(first), self.low(second)
        match let.op.name:
            case "add" if a is not None and b is not None:
                return a + b
            case "sub" if a is not None and isinstance(second, Const):
                return a - int(second.value)
            case "mul" if a is not None and b is not None and a >= 0 and b >= 0:
                return a * b
            case "mod" if isinstance(second, Const) and second.value > 0:
                return 0
            case "floordiv" if a is not None and a >= 0 and isinstance(second, Const) and second.value > 0:
                return 0
            case _:
                return None


def _is_innermost(body: Block) -> bool:
    return not any(isinstance(s, For | While) or not all(map(_is_innermost, blocks(s))) for s in body.statements)
