"""`a[i] = a[i] + v` becomes `a[i] += v`.

    t = load a[i]
    s = add t, v            =>      store a[i] += v
    store a[i] = s

In, out: a `Function`. The load and the sum must have no other use, and nothing in between may write the array. The
adjoint of an addition to memory is one load; that of a load and a store would clear the shadow and add it back.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.nodes import Atom, Block, Call, Function, Let, Load, Statement, Store, Sym, written_arrays
from srcgrad.ir.visit import fresh, map_atoms, used_symbols, walk
from srcgrad.ops.registry import by_name
from srcgrad.opt.rewrite import with_helpers


def accumulate(function: Function) -> Function:
    """The function with read-add-write sequences as accumulating stores."""
    return with_helpers(function, lambda f: _Accumulator(f).block(f.body))


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
        """What stands for `store`; the load and the sum are left to dead-code elimination."""
        if not isinstance(store, Store) or store.accumulate or not isinstance(store.value, Sym):
            return None
        total = _definition(store.value, before)
        if not isinstance(total, Let) or total.op.name not in ("add", "sub") or self._uses[total.result] != 1:
            return None
        for place, (read, added) in enumerate((total.arguments, total.arguments[::-1])):
            if place == 1 and total.op.name == "sub":
                break
            if not isinstance(read, Sym) or self._uses[read] != 1:
                continue
            load = _definition(read, before)
            if isinstance(load, Load) and self._same_element(load, store) and self._untouched(load, before):
                return _addition(store, total, added)
        return None

    def _same_element(self, load: Load, store: Store) -> bool:
        return load.array is store.array and load.index == store.index

    def _untouched(self, load: Load, before: list[Statement]) -> bool:
        """Does nothing between the load and the end of `before` write the array?"""
        for statement in before[before.index(load) + 1 :]:
            for inner in walk(Block((statement,))):
                if isinstance(inner, Call) or any(self._aliases.same(a, load.array) for a in written_arrays(inner)):
                    return False
        return True


def _definition(symbol: Sym, before: list[Statement]) -> Statement | None:
    """The statement of this block that defines the symbol, looking back a little way."""
    for statement in before[:-_MOST_STEPS_BACK:-1]:
        if getattr(statement, "result", None) is symbol:
            return statement
    return None


_MOST_STEPS_BACK = 200


def _addition(store: Store, total: Let, added: Atom) -> tuple[Statement, ...]:
    if total.op.name == "add":
        return (replace(store, value=added, accumulate=True),)
    negative = fresh(total.result)
    return (
        Let(negative, by_name("neg"), (added,), total.span),
        replace(store, value=negative, accumulate=True),
    )
