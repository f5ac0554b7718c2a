"""Which values become part of the expression that uses them.

In: a function and its uses. Out: `Folding`: the `Let`, `Dim` and `Load` statements that are printed inside the one
expression that uses them, and the variables such an expression reads.

A value is folded when it is used once, in the block that defines it. Its evaluation moves down to the use, so a load
stays where it is if a store or call in between may change what it reads, and nothing moves past a branch, a loop or a
`raise`. A line stays within `WIDTH` characters (as far as names are known here: by their hints).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from srcgrad.emit.subscripts import Subscripts
from srcgrad.emit.templates import keeps_dtype, template
from srcgrad.emit.uses import Copy, Use, Uses
from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Call,
    Const,
    Dim,
    External,
    For,
    Function,
    If,
    Kernel,
    Launch,
    Let,
    Load,
    Product,
    Raise,
    Statement,
    Store,
    Sym,
    While,
    blocks,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import Scalar

WIDTH = 96
_INDENT = 4


@dataclass(frozen=True)
class _Pending:
    """An expression on its way to its use: its length as text and the memory it reads."""

    length: int
    reads: frozenset[Sym]


class Folding:
    """The folded statements of one function."""

    def __init__(self, function: Function, uses: Uses, least: Mapping[Sym, int] | None = None) -> None:
        self.uses = uses
        self.subscripts = Subscripts(function, uses, least)
        self._folded: dict[Sym, Let | Dim | Load] = {}
        self._leaves: dict[Sym, tuple[Sym, ...]] = {}
        self._aliases: AliasClasses = alias_classes(function)
        self._count: dict[Sym, int] = {}
        self._site: dict[Sym, Block] = {}
        self._count_block(function.body, tuple(function.body.results))
        self._block(function.body, 1, [list(function.body.results)])

    def expression(self, atom: Atom) -> Let | Dim | Load | None:
        """The statement printed in place of a use of `atom`, or `None` when the atom is printed itself."""
        return self._folded.get(atom) if isinstance(atom, Sym) else None

    def leaves(self, atom: Atom | None) -> tuple[Sym, ...]:
        """The variables that the printed form of `atom` reads."""
        if not isinstance(atom, Sym):
            return ()
        statement = self._folded.get(atom)
        if statement is None:
            return (atom,)
        if atom not in self._leaves:
            found = [leaf for use in self.uses.of(statement) for leaf in self.leaves(use.atom)]
            self._leaves[atom] = tuple(dict.fromkeys(found))
        return self._leaves[atom]

    # -- uses -----------------------------------------------------------------------------------------------------

    def _count_use(self, atom: Atom | None, block: Block) -> None:
        if isinstance(atom, Sym):
            self._count[atom] = self._count.get(atom, 0) + 1
            self._site[atom] = block

    def _count_block(self, block: Block, results: tuple[Atom | None, ...]) -> None:
        uses = self.uses
        for statement in block.statements:
            if not uses.printed(statement):
                continue
            for use in uses.of(statement):
                self._count_use(use.atom, block)
            if isinstance(statement, For | While):
                for copy in uses.before(statement):
                    self._count_use(copy.source, block)
            for inner in blocks(statement):
                self._count_block(inner, tuple(atom for atoms in _ends(uses, statement, inner) for atom in atoms))
        for atom in results:
            self._count_use(atom, block)

    # -- folding --------------------------------------------------------------------------------------------------

    def _block(self, block: Block, depth: int, ends: list[list[Atom]]) -> None:
        """Fold within a block; `ends` are the groups of atoms (one per line) that its end uses."""
        pending: dict[Sym, _Pending] = {}
        width = WIDTH - _INDENT * depth
        for statement in block.statements:
            if not self.uses.printed(statement):
                continue
            taken = self._take(pending, self.uses.of(statement), self._own_length(statement), width)
            if isinstance(statement, For | While):
                for copy in self.uses.before(statement):
                    self._take(pending, _one(copy), len(copy.target.hint) + 3, width)
            self._barrier(pending, statement)
            for inner in blocks(statement):
                self._block(inner, depth + 1, _ends(self.uses, statement, inner))
            if isinstance(statement, Let | Dim | Load) and self._is_candidate(statement.result, block):
                reads = taken.reads
                if isinstance(statement, Load):
                    reads |= {self._aliases.root(statement.array)}
                pending[statement.result] = _Pending(taken.length, reads)
        for atoms in ends:
            self._take(pending, [Use(atom) for atom in atoms], 10, width)

    def _is_candidate(self, symbol: Sym, block: Block) -> bool:
        return self._count.get(symbol) == 1 and self._site[symbol] is block

    def _take(self, pending: dict[Sym, _Pending], uses: list[Use], length: int, width: int) -> _Pending:
        """Fold pending expressions into a line that so far has `length` characters beside its operands."""
        length += sum(_length(use.atom) for use in uses)
        reads: frozenset[Sym] = frozenset()
        for use in uses:
            expression = pending.pop(use.atom, None) if isinstance(use.atom, Sym) else None
            if expression is None or not use.once or (use.conditional and expression.reads):
                continue
            longer = length + expression.length - _length(use.atom)
            if longer > width:
                continue
            assert isinstance(use.atom, Sym)
            statement = self.uses.definition[use.atom]
            assert isinstance(statement, Let | Dim | Load)
            self._folded[use.atom] = statement
            length, reads = longer, reads | expression.reads
        return _Pending(length, reads)

    def _own_length(self, statement: Statement) -> int:
        """The characters of a statement's text beside its operands."""
        match statement:
            case Let(result=result, op=op, arguments=arguments):
                assert isinstance(result.type, Scalar)
                source = template(op, arguments)
                wrapper = 0 if keeps_dtype(source, result.type.dtype) else len("np.float32()")
                return len(source) - 3 * len(arguments) + 2 + wrapper
            case Load(index=index) | Store(index=index):
                casts = sum(len(self.subscripts.template(atom)) - 3 for atom in index)
                return 2 * len(index) + casts + (8 if isinstance(statement, Store) else 0)
            case Dim():
                return len(".shape[0]")
            case _:
                return 16

    def _barrier(self, pending: dict[Sym, _Pending], statement: Statement) -> None:
        """Drop what may not move past a statement: it is printed where it stands."""
        match statement:
            case Store() | Product() | External():
                roots = set(map(self._aliases.root, written_arrays(statement)))
                blocked = [s for s, p in pending.items() if not roots.isdisjoint(p.reads)]
            case Call() | Launch() | Kernel():
                blocked = [s for s, p in pending.items() if p.reads]
            case If() | For() | While() | Raise():
                blocked = list(pending)
            case _:
                return
        for symbol in blocked:
            del pending[symbol]


def _one(copy: Copy) -> list[Use]:
    return [Use(copy.source)] if copy.source is not None else []


def _ends(uses: Uses, statement: Statement, inner: Block) -> list[list[Atom]]:
    """The lines at the end of a nested block, each with the atoms it uses."""
    assert isinstance(statement, If | For | While)
    if isinstance(statement, While) and inner is statement.condition:
        return [[*inner.results]]
    return [[copy.source] for copy in uses.at_end(statement, inner) if copy.source is not None]


def _length(atom: Atom) -> int:
    return len(repr(atom.value)) if isinstance(atom, Const) else len(atom.hint) + 1
