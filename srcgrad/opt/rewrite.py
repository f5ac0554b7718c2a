"""What the passes share: a forward walk that renames as it goes, and the step over a function's helpers.

A `Rewriter` visits statements in program order, so the definition of an operand is always seen before its use. A
subclass overrides `statement`, appends what it keeps to `out` and records in `mapping` what stands for a symbol it
dropped. Whatever is left alone comes back as the same object, up to the function itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import is_

from srcgrad.ir.alias import AliasClasses
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Call,
    Const,
    External,
    For,
    Function,
    Pop,
    Print,
    Product,
    Push,
    Raise,
    Statement,
    Store,
    Sym,
    blocks,
    written_arrays,
)
from srcgrad.ir.visit import map_atoms, rebuild, walk

SUMS = ("add", "plus")
"""Operations that add."""

Effect = (Store, Product, External, Push, Pop, Raise, Print, Call)


def with_helpers(function: Function, body: Callable[[Function], Block]) -> Function:
    """The function with the body that `body` gives for it, and its helpers likewise."""
    helpers = tuple(rebuild(helper, body(helper)) for helper in function.helpers)
    if not all(map(is_, helpers, function.helpers)):
        function = replace(function, helpers=helpers)
    return rebuild(function, body(function))


def exchanged(block: Block, changes: Mapping[Statement, Statement | None]) -> Block:
    """The block with some statements, at any depth, exchanged for others or left out."""

    def rewrite(inner: Block) -> Block:
        found = (changes.get(s, s) for s in inner.statements)
        kept = [map_atoms(s, lambda atom: atom, rewrite) for s in found if s is not None]
        if len(kept) == len(inner.statements) and all(map(is_, kept, inner.statements)):
            return inner
        return Block(tuple(kept), inner.results)

    return rewrite(block)


def has_effects(block: Block) -> bool:
    """Whether running the block can be seen from outside, apart from its results."""
    return any(isinstance(statement, Effect) for statement in walk(block))


def written_classes(function: Function, classes: AliasClasses) -> dict[Statement, frozenset[Sym]]:
    """The alias classes that each statement may write to, those inside it included."""
    found: dict[Statement, frozenset[Sym]] = {}

    def collect(block: Block) -> frozenset[Sym]:
        for s in block.statements:
            own = frozenset(map(classes.root, written_arrays(s)))
            found[s] = own.union(*map(collect, blocks(s)))
        return frozenset().union(*(found[s] for s in block.statements))

    collect(function.body)
    return found


def dtype_kind(atom: Atom) -> str:
    """NumPy's letter for the kind of a scalar: f, i, u or b (empty for references)."""
    dtype = getattr(atom.type, "dtype", None)
    return dtype.kind if dtype is not None else ""


def same_atom(a: Atom, b: Atom) -> bool:
    """The same symbol, or constants equal to the last bit and of one dtype."""
    if isinstance(a, Const) and isinstance(b, Const):
        return repr(a.value) == repr(b.value) and a.type.dtype == b.type.dtype
    return a is b


def same_range(a: For, b: For) -> bool:
    """Whether two loops have equal bounds."""
    ends = zip((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    return all(same_atom(x, y) for x, y in ends)


def never_negative(loop: For) -> bool:
    """Whether the index certainly is none of the negative numbers, of which each names an element a second time."""
    if not isinstance(loop.step, Const):
        return False
    end, least = (loop.start, 0) if loop.step.value > 0 else (loop.stop, -1)
    return isinstance(end, Const) and end.value >= least


def is_zero(atom: Atom) -> bool:
    """Is it the floating constant zero?"""
    return isinstance(atom, Const) and atom.type.is_float and atom.value == 0.0


def atom_key(atom: Atom) -> object:
    """A dictionary key under which `same_atom` atoms meet."""
    return (repr(atom.value), atom.type.dtype.char) if isinstance(atom, Const) else atom


class Rewriter:
    """The walk itself; as it stands it only applies `mapping`."""

    def __init__(self) -> None:
        self.mapping: dict[Sym, Atom] = {}

    def atom(self, atom: Atom) -> Atom:
        """What stands for an operand now."""
        return self.mapping.get(atom, atom) if isinstance(atom, Sym) else atom

    def atoms(self, atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
        new = tuple(map(self.atom, atoms))
        return atoms if all(map(is_, new, atoms)) else new

    def block(self, block: Block) -> Block:
        """A block rewritten in the scope that is open now."""
        out: list[Statement] = []
        for statement in block.statements:
            self.statement(statement, out)
        results = self.atoms(block.results)
        if results is block.results and len(out) == len(block.statements) and all(map(is_, out, block.statements)):
            return block
        return Block(tuple(out), results)

    def statement(self, statement: Statement, out: list[Statement]) -> None:
        """Append what becomes of a statement to `out`."""
        out.append(self.renamed(statement))

    def renamed(self, statement: Statement) -> Statement:
        """The statement with renamed operands and rewritten blocks."""
        if blocks(statement):
            return map_atoms(statement, self.atom, self.block)
        return map_atoms(statement, self.atom, _same)


def _same(block: Block) -> Block:
    return block
