"""The factors of matrix products and of linear procedures, as the reverse sweep needs them.

    product c += a @ b          a_copy = copy a
    store a[i, j] = t     =>    product c += a @ b        (the reverse sweep reads a_copy)
                                store a[i, j] = t

In: a function and what it is differentiated by. Out: the function with copies of those factors that the reverse sweep
reads and that something overwrites before it does, and for each product the two matrices that it may read instead. A
copy of the whole matrix costs little next to the product; undoing every store into it would not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from srcgrad.analysis.activity import Activity, find_activity
from srcgrad.analysis.clobber import Clobbers, Writing
from srcgrad.analysis.regions import find_regions
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.nodes import Atom, Block, Copy, External, Function, Product, Statement, Sym, written_arrays
from srcgrad.ir.types import Array, Layout
from srcgrad.ir.visit import map_atoms, rebuild, walk


@dataclass(frozen=True, eq=False)
class Factors:
    """`lasting[statement]` are its factors as they were, where they had to be copied."""

    function: Function
    lasting: dict[Statement, tuple[Sym, ...]]


def keep_factors(
    function: Function, wrt: Iterable[Sym], outputs: Sequence[Atom],
    *, writing: Writing, volatile: frozenset[Sym],
) -> Factors:  # fmt: skip
    """Copy the factors that do not last. `writing` are the callees that write into what they are given, `volatile` the
    arrays that the caller may overwrite at any time."""
    products = [s for s in walk(function.body) if isinstance(s, (Product, External))]
    if not products:
        return Factors(function, {})
    activity = find_activity(function, wrt, outputs)
    regions, aliases = find_regions(function), alias_classes(function)
    clobbers = Clobbers(function, regions, aliases, writing)
    unsafe = set(map(aliases.root, volatile))

    def lasts(statement: Statement, factor: Sym) -> bool:
        return aliases.root(factor) not in unsafe and not clobbers.of_array(statement, factor, regions.root)

    lasting: dict[Statement, tuple[Sym, ...]] = {}
    for statement in products:
        if any(map(activity, written_arrays(statement))):
            needed = _factors(statement, activity)
            lasting[statement] = tuple(
                _copy_of(factor) if used and not lasts(statement, factor) else factor for factor, used in needed
            )
    return Factors(rebuild(function, _with_copies(function.body, lasting)), lasting)


def _factors(statement: Product | External, activity: Activity) -> list[tuple[Sym, bool]]:
    """The factors of a statement, and whether its reverse reads them."""
    if isinstance(statement, External):
        return [(factor, True) for factor in statement.factors]
    left, right = statement.left, statement.right
    return [(left, activity(right)), (right, activity(left))]


def _copy_of(factor: Sym) -> Sym:
    assert isinstance(factor.type, Array)
    return Sym(factor.hint, Array(factor.type.dtype, factor.type.ndim, Layout.C))


def _with_copies(block: Block, lasting: dict[Statement, tuple[Sym, ...]]) -> Block:
    statements: list[Statement] = []
    for statement in block.statements:
        if isinstance(statement, (Product, External)) and statement in lasting:
            factors = statement.factors if isinstance(statement, External) else (statement.left, statement.right)
            pairs = zip(factors, lasting[statement], strict=True)
            statements += [Copy(copy, factor, statement.span) for factor, copy in pairs if copy is not factor]
        statements.append(map_atoms(statement, lambda atom: atom, lambda inner: _with_copies(inner, lasting)))
    same = len(statements) == len(block.statements)
    if same and all(a is b for a, b in zip(statements, block.statements, strict=True)):
        return block
    return Block(tuple(statements), block.results)
