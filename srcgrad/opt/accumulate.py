"""`a[i] = a[i] + v` becomes `a[i] += v`.

    t = load a[i]
    s = add t, v            =>      store a[i] += v
    store a[i] = s

In, out: a `Function`. The load and the sum must have no other use, and nothing in between may write the array. What a
store in front is known to have left there is as good as a load. A sum of sums becomes one store after the other, so
that the order stays what it is (machine code does them in one go). The adjoint of an addition to memory is one load;
that of a load and a store would clear the shadow and add it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from operator import is_

from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.nodes import Atom, Block, Call, For, Function, Let, Load, Statement, Store, Sym, written_arrays
from srcgrad.ir.visit import fresh, map_atoms, used_symbols, walk
from srcgrad.ops.registry import by_name
from srcgrad.opt.rewrite import with_helpers


def accumulate(function: Function) -> Function:
    """The function with read-add-write sequences as accumulating stores."""
    return with_helpers(function, lambda f: _Accumulator(f).block(f.body))


def accumulate_in_parallel(function: Function) -> Function:
    """The same for the bodies of parallel loops alone, before anything else is made of them: there it is the sum, not
    the load and the store, that iterations may make to one element."""
    return with_helpers(function, lambda f: _InParallel(_Accumulator(f)).block(f.body))


class _InParallel:
    def __init__(self, accumulator: _Accumulator) -> None:
        self._accumulator = accumulator

    def block(self, block: Block) -> Block:
        made = tuple(map_atoms(s, lambda atom: atom, self._of(s)) for s in block.statements)
        return block if all(map(is_, made, block.statements)) else Block(made, block.results)

    def _of(self, s: Statement) -> Callable[[Block], Block]:
        return self._accumulator.block if isinstance(s, For) and s.parallel else self.block


class _Accumulator:
    def __init__(self, function: Function) -> None:
        self._uses = Counter(used_symbols(function.body))
        self._aliases: AliasClasses = alias_classes(function)

    def block(self, block: Block) -> Block:
        statements = tuple(map_atoms(s, lambda atom: atom, self.block) for s in block.statements)
        out: list[Statement] = []
        for statement in statements:
            out.extend(self._rewritten(statement, out) or (statement,))
        if len(out) == len(block.statements) and all(a is b for a, b in zip(out, block.statements, strict=True)):
            return block
        return Block(tuple(out), block.results)

    def _rewritten(self, store: Statement, before: list[Statement]) -> tuple[Statement, ...] | None:
        """What stands for `store`; the load and the sums are left to dead-code elimination."""
        if not isinstance(store, Store) or store.accumulate:
            return None
        added: list[tuple[Let, Atom]] = []  # from the last to the first
        value = store.value
        while True:
            if added and self._is_there(value, store, before):
                return _additions(store, added)
            sum_ = self._used_once(value, before)
            if isinstance(sum_, Load):
                found = bool(added) and self._same_element(sum_, store) and self._untouched(sum_, before)
                return _additions(store, added) if found else None
            if not isinstance(sum_, Let) or sum_.op.name not in ("add", "sub"):
                return None
            value, other = sum_.arguments
            if sum_.op.name == "add" and not self._begins_with(value, store, before):
                value, other = other, value
            added.append((sum_, other))

    def _used_once(self, atom: Atom, before: list[Statement]) -> Statement | None:
        """The statement of this block that gives a value for one use."""
        return _definition(atom, before) if isinstance(atom, Sym) and self._uses[atom] == 1 else None

    def _begins_with(self, atom: Atom, store: Store, before: list[Statement]) -> bool:
        """Is it what is at the place of the store, or a sum that begins with it?"""
        while not self._is_there(atom, store, before):
            found = self._used_once(atom, before)
            if not isinstance(found, Let) or found.op.name not in ("add", "sub"):
                return isinstance(found, Load) and self._same_element(found, store)
            atom = found.arguments[0]
        return True

    def _is_there(self, value: Atom, store: Store, before: list[Statement]) -> bool:
        """Is it what the last store to this array left at the place of this one?"""
        for s in before[:-_MOST_STEPS_BACK:-1]:
            if isinstance(s, Store) and self._same_element(s, store):
                return s.value is value and not s.accumulate and isinstance(value, Sym)
            if self._writes(s, store.array):
                return False
        return False

    def _same_element(self, load: Load | Store, store: Store) -> bool:
        return load.array is store.array and load.index == store.index

    def _untouched(self, load: Load, before: list[Statement]) -> bool:
        """Does nothing between the load and the end of `before` write the array?"""
        return not any(self._writes(s, load.array) for s in before[before.index(load) + 1 :])

    def _writes(self, s: Statement, array: Sym) -> bool:
        return any(
            isinstance(inner, Call) or any(self._aliases.same(a, array) for a in written_arrays(inner))
            for inner in walk(Block((s,)))
        )


def _definition(symbol: Sym, before: list[Statement]) -> Statement | None:
    """The statement of this block that defines the symbol, looking back a little way."""
    for statement in before[:-_MOST_STEPS_BACK:-1]:
        if getattr(statement, "result", None) is symbol:
            return statement
    return None


_MOST_STEPS_BACK = 200


def _additions(store: Store, added: list[tuple[Let, Atom]]) -> tuple[Statement, ...]:
    return tuple(s for each in reversed(added) for s in _addition(store, *each))


def _addition(store: Store, total: Let, added: Atom) -> tuple[Statement, ...]:
    if total.op.name == "add":
        return (replace(store, value=added, accumulate=True),)
    negative = fresh(total.result)
    return (
        Let(negative, by_name("neg"), (added,), total.span),
        replace(store, value=negative, accumulate=True),
    )
