"""Values that a loop folds into one: sums, products, the greatest, the least.

In: a block, the parameter that carries a value into it and what it yields for that. Out: the operation, where the block
does nothing with the value but apply one and the same operation, once or many times, through nested loops and branches.
"""

from __future__ import annotations

from srcgrad.ir.fold import Fold
from srcgrad.ir.nodes import Atom, Block, For, If, Let, Statement, Sym, definitions
from srcgrad.ir.visit import mentions, uses

_OPERATIONS = {
    "add": Fold.SUM, "plus": Fold.SUM, "sub": Fold.SUM, "mul": Fold.PRODUCT, "maximum": Fold.MAXIMUM,
    "greater": Fold.MAXIMUM, "minimum": Fold.MINIMUM, "lesser": Fold.MINIMUM,
}  # fmt: skip
_COMPARISONS = {"gt": True, "ge": True, "lt": False, "le": False}


def fold_of(block: Block, parameter: Sym, result: Atom) -> Fold | None:
    """The operation by which a block folds new values into `parameter`, if that is all it does to give `result`."""
    found = _Folding()
    end = found.end(block, parameter)
    return next(iter(found.operations)) if end is result and len(found.operations) == 1 else None


class _Folding:
    """Follows a value through a block. `greater` are the tests whether some other value is greater than it (or less,
    where `False`): the other one, and which."""

    def __init__(self) -> None:
        self.operations: set[Fold] = set()
        self._tests: dict[Atom, tuple[Atom, bool]] = {}

    def end(self, block: Block, value: Sym) -> Atom | None:
        """The last of the values that `value` becomes; None where anything else is done with one of them."""
        current: Atom = value
        before: list[Atom] = []
        for s in block.statements:
            if any(mentions(s, atom) for atom in before):
                return None
            concerned = (current, *self._tests)
            if not any(mentions(s, atom) for atom in concerned) or self._compares(s, current):
                continue
            following = self._next(s, current)
            if following is None:
                return None
            before += [current, *self._tests]
            current = following
            self._tests.clear()
        handed = [atom for atom in block.results if atom in (*before, *self._tests) or atom is current]
        return current if len(handed) == 1 and handed[0] is current else None

    def _compares(self, s: Statement, current: Atom) -> bool:
        if not isinstance(s, Let) or s.op.name not in _COMPARISONS:
            return False
        a, b = s.arguments
        other, greater = (a, _COMPARISONS[s.op.name]) if b is current else (b, not _COMPARISONS[s.op.name])
        self._tests[s.result] = (other, greater)
        return other is not current

    def _next(self, s: Statement, current: Atom) -> Atom | None:
        match s:
            case Let(result=result, op=op, arguments=(test, a, b)) if op.name == "select":
                return result if self._picks(test, a, b, current) else None
            case Let(result=result, op=op, arguments=(a, b)) if op.name in _OPERATIONS:
                if a is b or current not in (a, b) or (op.name == "sub" and b is current):
                    return None
                self.operations.add(_OPERATIONS[op.name])
                return result
            case For():
                return self._through_loop(s, current)
            case If():
                return self._through_branch(s, current)
        return None

    def _picks(self, test: Atom, a: Atom, b: Atom, current: Atom) -> bool:
        """Is this the greater, or the lesser, of the value and one that it was compared with?"""
        other, greater = self._tests.get(test, (None, False))
        if other is None or not ((a is other and b is current) or (a is current and b is other)):
            return False
        self.operations.add(Fold.GREATEST if greater == (a is other) else Fold.LEAST)
        return True

    def _through_loop(self, s: For, current: Atom) -> Atom | None:
        places = [k for k, atom in enumerate(s.initial) if atom is current]
        if len(places) != 1 or current in (s.start, s.stop, s.step):
            return None
        if any(uses(s.body, atom) for atom in (current, *self._tests)):
            return None
        k = places[0]
        return s.results[k] if self.end(s.body, s.parameters[k]) is s.body.results[k] else None

    def _through_branch(self, s: If, current: Atom) -> Atom | None:
        assert isinstance(current, Sym)
        branches = (s.then, s.orelse)
        places = [k for k in range(len(s.results)) if any(self._reaches(block, k, current) for block in branches)]
        if len(places) != 1:
            return None
        k = places[0]
        if s.condition in self._tests:  # it may decide nothing else
            alone = len(s.results) == 1 and not any(block.statements for block in branches)
            picks = alone and self._picks(s.condition, s.then.results[k], s.orelse.results[k], current)
            return s.results[k] if picks else None
        return s.results[k] if all(self.end(block, current) is block.results[k] for block in branches) else None

    def _reaches(self, block: Block, k: int, current: Atom) -> bool:
        """Is the k-th result of a block made of a value?"""
        return block.results[k] is current or (uses(block, current) and _depends(block, block.results[k], current))


def _depends(block: Block, result: Atom, value: Atom) -> bool:
    """Does a result of a block depend on a value? (By what the statements mention, in their order.)"""
    made: set[Atom] = {value}
    for s in block.statements:
        if any(mentions(s, atom) for atom in made):
            made.update(definitions(s))
    return result in made
