"""A store under a condition, to an element that was stored just before, is a store of one value or the other.

    store x[i] = t                          u = if c: yield f(t)
    if c:                                       else: yield t
        store x[i] = f(t)          =>       store x[i] = u

So `x[x > 0] = f(x[x > 0])` is an expression like any other: what reads the element needs no memory (`forward_store`),
and the array may disappear altogether.

In, out: a `Function`.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.nodes import Block, Function, If, Statement, Store, Sym, definitions
from srcgrad.ir.types import Array
from srcgrad.ir.visit import map_atoms
from srcgrad.opt.rewrite import same_atom, with_helpers

_MOST_BETWEEN = 40  # statements between the two stores


def select_stores(function: Function) -> Function:
    """The function with conditional stores as choices of values; the same object when there are none."""
    return with_helpers(function, lambda each: _Selector(each).block(each.body))


class _Selector:
    def __init__(self, function: Function) -> None:
        self._aliases: AliasClasses = alias_classes(function)

    def block(self, block: Block) -> Block:
        out: list[Statement] = []
        for statement in block.statements:
            new = map_atoms(statement, lambda atom: atom, self.block)
            if not isinstance(new, If) or not self._selected(new, out):
                out.append(new)
        if len(out) == len(block.statements) and all(a is b for a, b in zip(out, block.statements, strict=True)):
            return block
        return Block(tuple(out), block.results)

    def _selected(self, statement: If, out: list[Statement]) -> bool:
        """Make the last store of a branch a result, if `out` ends with one to the same element."""
        for taken, other in ((statement.then, statement.orelse), (statement.orelse, statement.then)):
            store = self._last_store(taken)
            if store is None or any(self._aliases.touches(s, store.array) for s in other.statements):
                continue
            position = self._earlier(out, store)
            if position is None:
                continue
            first = out.pop(position)
            assert isinstance(first, Store)
            out += self._as_choice(statement, taken is statement.then, first, store)
            return True
        return False

    def _last_store(self, branch: Block) -> Store | None:
        """The one statement of a branch that has to do with some memory, if it sets an element known outside."""
        inside = {symbol for s in branch.statements for symbol in definitions(s)}
        for store in reversed(branch.statements):
            if isinstance(store, Store) and not store.accumulate and inside.isdisjoint((store.array, *store.index)):
                others = [s for s in branch.statements if s is not store]
                if not any(self._aliases.touches(s, store.array) for s in others):
                    return store
        return None

    def _earlier(self, out: list[Statement], store: Store) -> int | None:
        """The place in `out` of a store to the same element that nothing has touched since."""
        for position in range(len(out) - 1, max(len(out) - _MOST_BETWEEN, 0) - 1, -1):
            before = out[position]
            if isinstance(before, Store) and before.array is store.array and not before.accumulate:
                return position if all(map(same_atom, before.index, store.index)) else None
            if self._aliases.touches(before, store.array):
                return None
        return None

    def _as_choice(self, statement: If, when_true: bool, first: Store, store: Store) -> tuple[Statement, ...]:
        assert isinstance(store.array.type, Array)
        hint = next((v.hint for v in (store.value, first.value) if isinstance(v, Sym)), "t")
        chosen = Sym(hint, store.array.type.element)
        taken, other = (statement.then, statement.orelse) if when_true else (statement.orelse, statement.then)
        rest = tuple(s for s in taken.statements if s is not store)
        taken = Block(rest, (*taken.results, store.value))
        other = Block(other.statements, (*other.results, first.value))
        then, orelse = (taken, other) if when_true else (other, taken)
        new = replace(statement, results=(*statement.results, chosen), then=then, orelse=orelse)
        return new, replace(store, value=chosen)
