"""What a statement touches: the symbols and the memory it reads and writes, and whether it is seen from outside.

In: statements of one function and its alias classes. Out: a `Footprint` each, from which it follows which of them may
change places. Memory is named by the representative of its alias class.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from srcgrad.ir.alias import AliasClasses, is_reference
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Copy,
    Dim,
    External,
    Let,
    Load,
    Print,
    Product,
    Raise,
    Statement,
    Store,
    Sym,
    blocks,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.visit import inner_symbols


@dataclass(frozen=True)
class Place:
    """An element that is read or written."""

    array: Sym
    index: tuple[Atom, ...]


@dataclass(eq=False)
class Footprint:
    """`places` are the elements of each memory that are named one by one; `opaque` is memory touched in other ways.
    `visible` says that the statement may raise or print."""

    uses: set[Sym] = field(default_factory=set)
    definitions: set[Sym] = field(default_factory=set)
    reads: set[Sym] = field(default_factory=set)
    writes: set[Sym] = field(default_factory=set)
    opaque: set[Sym] = field(default_factory=set)
    places: dict[Sym, list[Place]] = field(default_factory=dict)
    visible: bool = False


def independent(a: Footprint, b: Footprint) -> bool:
    """Whether two statements, `a` in front of `b`, may change places."""
    if a.definitions & b.uses or (a.visible and b.visible):
        return False
    return not (a.writes & (b.reads | b.writes) or a.reads & b.writes)


class Footprints:
    """The footprints of the statements of one function, each computed once."""

    def __init__(self, classes: AliasClasses) -> None:
        self._classes = classes
        self._known: dict[Statement, Footprint] = {}

    def of(self, statement: Statement) -> Footprint:
        """The footprint of a statement with all that is nested in it."""
        if statement not in self._known:
            found = Footprint(definitions=set(definitions(statement)))
            self._add(found, statement)
            self._known[statement] = found
        return self._known[statement]

    def _add(self, found: Footprint, statement: Statement) -> None:
        found.uses.update(a for a in operands(statement) if isinstance(a, Sym))
        match statement:
            case Let() | Dim():
                pass
            case Load(array=array, index=index):
                self._place(found, found.reads, array, index)
            case Store(array=array, index=index, accumulate=accumulate):
                self._place(found, found.writes, array, index)
                if accumulate:
                    found.reads.add(self._classes.root(array))
            case Product(array=array, left=left, right=right):
                self._touched(found, (left, right))
                self._touched(found, (array,), written=True)
            case External(outputs=outputs, inputs=inputs):
                self._touched(found, inputs)
                self._touched(found, outputs, written=True)
            case Alloc(result=result):
                found.writes.add(self._classes.root(result))
            case Copy(result=result, array=array):
                self._touched(found, (array,))
                found.writes.add(self._classes.root(result))
            case Raise() | Print():
                found.visible = True
            case _ if blocks(statement):
                self._nested(found, statement)
            case _:  # views, calls and stacks
                found.visible = True
                self._touched(found, (*operands(statement), *definitions(statement)), written=True)

    def _nested(self, found: Footprint, statement: Statement) -> None:
        self._touched(found, (*operands(statement), *definitions(statement), *inner_symbols(statement)), written=True)
        for block in blocks(statement):
            self._block(found, block)

    def _block(self, found: Footprint, block: Block) -> None:
        for statement in block.statements:
            self._add(found, statement)
        found.uses.update(a for a in block.results if isinstance(a, Sym))
        self._touched(found, block.results, written=True)

    def _place(self, found: Footprint, where: set[Sym], array: Sym, index: tuple[Atom, ...]) -> None:
        memory = self._classes.root(array)
        where.add(memory)
        found.places.setdefault(memory, []).append(Place(array, index))

    def _touched(self, found: Footprint, atoms: Iterable[Atom], written: bool = False) -> None:
        """References that are handed about, and through which memory may be read, or written."""
        for atom in atoms:
            if isinstance(atom, Sym) and is_reference(atom):
                memory = self._classes.root(atom)
                found.opaque.add(memory)
                found.reads.add(memory)
                if written:
                    found.writes.add(memory)
