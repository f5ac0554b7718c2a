"""Carried values that need not be carried, and branch results that are no choice.

In, out: a `Function`; the loops and branches that remain have fewer slots.

    for i ... carrying a = x, b = x, k = c:          for i ... carrying a = x:
        ...                                    =>        ...           (b is a, k is c inside and after the loop)
        yield a1, a1, k                                  yield a1

A slot is invariant when it yields itself or its initial value, a duplicate when initial value and yield are those
of another slot; both are decided together, by splitting the slots into classes of equal values until nothing
splits (so slots that only permute equal values are found, too). An `If` result is no choice when both branches
yield the same atom. (Slots that nobody uses are removed by `dce`.)
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.ir.nodes import Atom, Block, For, Function, If, Statement, Sym, While, blocks
from srcgrad.ir.visit import map_atoms
from srcgrad.opt.rewrite import Rewriter, atom_key, same_atom, with_helpers


def carried(function: Function) -> Function:
    """The function without invariant and duplicate slots; the same object when there are none."""
    return with_helpers(function, _carried)


def _carried(function: Function) -> Block:
    found = _Finder()
    found.visit(function.body)
    return _Remover(found).block(function.body) if found.mapping else function.body


class _Finder:
    """Walks inner loops before outer ones; `mapping` says what stands for a removed parameter or result."""

    def __init__(self) -> None:
        self.mapping: dict[Sym, Atom] = {}
        self.kept: dict[Statement, list[int]] = {}

    def resolve(self, atom: Atom) -> Atom:
        while isinstance(atom, Sym) and atom in self.mapping:
            atom = self.mapping[atom]
        return atom

    def visit(self, block: Block) -> None:
        for statement in block.statements:
            for inner in blocks(statement):
                self.visit(inner)
            if isinstance(statement, (For, While)) and statement.parameters:
                self.loop(statement)
            elif isinstance(statement, If) and statement.results:
                self.branch(statement)

    def branch(self, s: If) -> None:
        kept: list[int] = []
        first: dict[object, Sym] = {}
        for k, (result, a, b) in enumerate(zip(s.results, s.then.results, s.orelse.results)):
            a, b = self.resolve(a), self.resolve(b)
            if same_atom(a, b):
                self.mapping[result] = a
            elif (twin := first.setdefault((atom_key(a), atom_key(b)), result)) is not result:
                self.mapping[result] = twin
            else:
                kept.append(k)
        if len(kept) < len(s.results):
            self.kept[s] = kept

    def loop(self, s: For | While) -> None:
        initial = [self.resolve(a) for a in s.initial]
        yields = [self.resolve(a) for a in s.body.results]
        slot = {parameter: k for k, parameter in enumerate(s.parameters)}
        number = _equal_slots(initial, yields, slot)
        kept: list[int] = []
        leader: dict[int, int] = {}
        constant = _constant_classes(initial, yields, slot, number)
        for k, (parameter, result) in enumerate(zip(s.parameters, s.results)):
            if number[k] in constant:
                self.mapping[parameter] = self.mapping[result] = initial[k]
            elif (j := leader.setdefault(number[k], k)) != k:
                self.mapping[parameter], self.mapping[result] = s.parameters[j], s.results[j]
            else:
                kept.append(k)
        if len(kept) < len(s.parameters):
            self.kept[s] = kept


def _equal_slots(initial: list[Atom], yields: list[Atom], slot: dict[Sym, int]) -> list[int]:
    """A class number for each slot; slots of one class are equal in every iteration."""
    number = _numbered([atom_key(a) for a in initial])
    while True:
        signatures: list[object] = [
            (n, number[slot[y]]) if isinstance(y, Sym) and y in slot else (n, atom_key(y), None)
            for n, y in zip(number, yields)
        ]
        finer = _numbered(signatures)
        if max(finer) == max(number):
            return number
        number = finer


def _numbered(keys: list[object]) -> list[int]:
    seen: dict[object, int] = {}
    return [seen.setdefault(key, len(seen)) for key in keys]


def _constant_classes(
    initial: list[Atom], yields: list[Atom], slot: dict[Sym, int], number: list[int]
) -> set[int]:
    """The classes whose slots always yield their initial value, directly or through one another."""
    changing = set()
    for k, (start, y) in enumerate(zip(initial, yields)):
        through_slot = isinstance(y, Sym) and y in slot and number[slot[y]] == number[k]
        if not through_slot and not same_atom(y, start):
            changing.add(number[k])
    return set(number) - changing


class _Remover(Rewriter):
    """Drops the slots that were found and renames their uses."""

    def __init__(self, found: _Finder) -> None:
        super().__init__()
        self.mapping = {symbol: found.resolve(symbol) for symbol in found.mapping}
        self.kept = found.kept

    def statement(self, s: Statement, out: list[Statement]) -> None:
        new = map_atoms(s, self.atom, self.block)
        kept = self.kept.get(s)
        if kept is not None:
            assert isinstance(new, (If, For, While))
            new = keep_slots(new, kept)
        out.append(new)


def keep_slots(s: If | For | While, kept: list[int]) -> If | For | While:
    """A branch or loop with only the given result slots."""

    def pick(block: Block) -> Block:
        return Block(block.statements, tuple(block.results[k] for k in kept))

    results = tuple(s.results[k] for k in kept)
    if isinstance(s, If):
        return replace(s, results=results, then=pick(s.then), orelse=pick(s.orelse))
    parameters, initial = tuple(s.parameters[k] for k in kept), tuple(s.initial[k] for k in kept)
    return replace(s, results=results, parameters=parameters, initial=initial, body=pick(s.body))
