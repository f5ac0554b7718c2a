"""The first additions to zeros are assignments; and a tape that is read for the last time there serves for the result.

    x_bar = zeros(n); t_tape = empty(n)               x_bar = empty(n)
    for i in range(n): t_tape[i] = exp(x[i])    =>    for i in range(n): x_bar[i] = exp(x[i])
    for i in range(n): x_bar[i] += a * t_tape[i]      for i in range(n): x_bar[i] = a * x_bar[i]

Setting memory to zero, and reading it again to add to it, are passes over memory; so is touching a fresh array at all.

In, out: a `Function` (after differentiation). An allocation of zeros qualifies when the first thing that happens to it
is a nest of loops, in the same block, that comes once to every element: what it loads before it stores is zero, and
what it adds first is assigned. A tape of the same shape, made in the same block, takes its place when its own last use
is one load in that nest, of the element that is added to. A product of matrices is assigned in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.regions import find_regions
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Const,
    Dim,
    For,
    Function,
    Let,
    Load,
    Product,
    Statement,
    Store,
    Sym,
    blocks,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Array
from srcgrad.ir.visit import map_atoms, mentions, substitute, walk
from srcgrad.opt.rewrite import SUMS, exchanged, is_zero, with_helpers


def first_touch(function: Function, threads: bool = False) -> Function:
    """The function with assignments in the place of first additions; the same object when there are none. With
    `threads`, the tape of a loop whose iterations follow one another stays an array of its own: it will lie as the
    threads around that loop do, the result as the user wants it."""
    return with_helpers(function, lambda each: _Assigner(each, threads).block(each.body))


@dataclass(frozen=True)
class _Touch:
    """The first use of an allocation: `store` is the first to each element, in the loops of `outermost`, which stands
    at `position` in the block of the allocation; the `loads` come before it."""

    alloc: Alloc
    loads: tuple[Load, ...]
    store: Store | None
    outermost: For
    position: int


class _Assigner:
    def __init__(self, function: Function, threads: bool) -> None:
        self._threads = threads
        self._forms = AffineForms(find_regions(function))
        self._results = {a for a in function.body.results if isinstance(a, Sym)}

    def block(self, block: Block) -> Block:
        """The block with first additions made assignments, in the blocks inside it too."""
        inner = tuple(map_atoms(s, lambda atom: atom, self.block) for s in block.statements)
        if not all(a is b for a, b in zip(inner, block.statements, strict=True)):
            block = Block(inner, block.results)
        zeros = [s for s in block.statements if isinstance(s, Alloc) and s.fill is not None and is_zero(s.fill)]
        for alloc in zeros:
            product = _first_product(block, alloc)
            if product is not None:
                changes: dict[Statement, Statement | None] = {alloc: replace(alloc, fill=None)}
                block = exchanged(block, {**changes, product: replace(product, accumulate=False)})
                continue
            touch = self._first_touch(block, alloc)
            if touch is not None:
                block = self._assigned(block, touch)
        return block

    # -- what is touched first ------------------------------------------------------------------------------------

    def _first_touch(self, block: Block, alloc: Alloc) -> _Touch | None:
        start = block.statements.index(alloc) + 1
        for position, statement in enumerate(block.statements[start:], start):
            if isinstance(statement, Dim) or not mentions(statement, alloc.result):
                continue
            if not isinstance(statement, For):
                return None
            found = self._covering(statement, alloc)
            if not found:
                return None
            stores = [s for s in found if isinstance(s, Store)]
            before = found[: found.index(stores[0])] if stores else found
            loads = tuple(s for s in before if isinstance(s, Load))
            return _Touch(alloc, loads, stores[0] if stores else None, statement, position)
        return None

    def _covering(self, loop: For, alloc: Alloc) -> list[Load | Store]:
        """What a nest does to the array first, in one block, if it comes to every element there, and once; else
        nothing. Behind that block, each iteration of the loops around its own may use what it has come to."""
        uses = [s for s in _every(loop) if alloc.result in operands(s)]
        accesses = [s for s in uses if isinstance(s, (Load, Store))]
        if len(accesses) < len(uses) or not accesses:
            return []
        chain, index = _loops_around(loop, accesses[0]), accesses[0].index
        if chain is None or len(chain) != len(alloc.shape):
            return []
        here = [a for a in accesses if a in chain[-1].body.statements]
        indices = [each.index for each in chain]
        places = [k for k, atom in enumerate(index) if atom in indices[:-1]]
        later = [a for a in accesses if a not in here]
        if any(a.index != index for a in here) or any(a.index[k] is not index[k] for a in later for k in places):
            return []
        if any(a in _every(chain[-1]) for a in later):
            return []
        if set(index) != set(indices) or len(set(index)) != len(chain):
            return []
        by_index = dict(zip(indices, chain, strict=True))
        axes = zip(index, alloc.shape, strict=True)
        return here if all(self._spans(by_index[k], n) for k, n in axes if isinstance(k, Sym)) else []

    def _spans(self, loop: For, length: Atom) -> bool:
        """Does the index take every value from 0 to `length - 1`?"""
        if not isinstance(loop.step, Const) or abs(loop.step.value) != 1:
            return False
        start, stop = self._forms.of(loop.start), self._forms.of(loop.stop)
        if loop.step.value < 0:
            start, stop = stop.plus(Affine(1)), start.plus(Affine(1))
        return start == Affine(0) and stop == self._forms.of(length)

    # -- what becomes of it ---------------------------------------------------------------------------------------

    def _assigned(self, block: Block, touch: _Touch) -> Block:
        """The block with the addition made an assignment, to memory that is there already or is not set to zero."""
        if touch.loads:
            block = _with_zeros(block, touch)
            again = self._first_touch(block, touch.alloc)
            return self._assigned(block, again) if again else block
        assert touch.store is not None
        store = replace(touch.store, accumulate=False)
        old = self._reusable(block, touch, touch.store)
        fresh = replace(touch.alloc, fill=None)
        changes: dict[Statement, Statement | None] = {touch.alloc: None if old else fresh}
        block = exchanged(block, {**changes, touch.store: store})
        if old is None:
            return block
        one = Sym(touch.alloc.result.hint, touch.alloc.result.type)
        block = exchanged(block, {old: replace(old, result=one)})
        return substitute(block, {old.result: one, touch.alloc.result: one})

    def _reusable(self, block: Block, touch: _Touch, store: Store) -> Alloc | None:
        """An uninitialised array of the same shape whose last use is a load of the element that is added to."""
        around = _loops_around(touch.outermost, store) or [touch.outermost]
        if self._threads and any(loop.parameters for loop in around):
            return None
        innermost = around[-1].body.statements
        before = innermost[: innermost.index(store)]
        for load in (s for s in before if isinstance(s, Load) and s.index == store.index):
            for made in block.statements[: touch.position]:
                if isinstance(made, Alloc) and made.result is load.array and self._ends_with(block, touch, made, load):
                    return made
        return None

    def _ends_with(self, block: Block, touch: _Touch, made: Alloc, load: Load) -> bool:
        array, type_ = made.result, made.result.type
        assert isinstance(type_, Array)
        if not array.hint.endswith("_tape"):  # the user's arrays keep their names
            return False
        alike = type_ == touch.alloc.result.type and made.fill is None and len(made.shape) == len(touch.alloc.shape)
        if not alike or any(map(self._differ, made.shape, touch.alloc.shape)):
            return False
        later = block.statements[touch.position + 1 :]
        before = block.statements[: touch.position]
        used_later = array in block.results or any(mentions(s, array) for s in later)
        inside = [s for s in _every(touch.outermost) if array in operands(s)]
        plain = all(isinstance(s, (Load, Store, Dim)) for b in before for s in _every(b) if array in operands(s))
        kept = any(array in b.results for s in before for each in _every(s) for b in blocks(each))
        sized = any(isinstance(s, Dim) and s.array is touch.alloc.result for s in before)
        return not used_later and inside == [load] and plain and not kept and not sized

    def _differ(self, a: Atom, b: Atom) -> bool:
        return self._forms.of(a) != self._forms.of(b)


def _first_product(block: Block, alloc: Alloc) -> Product | None:
    """The product of matrices that is the first thing to happen to the whole array."""
    start = block.statements.index(alloc) + 1
    mentioning = (s for s in block.statements[start:] if not isinstance(s, Dim) and mentions(s, alloc.result))
    first = next(mentioning, None)
    return first if isinstance(first, Product) and first.array is alloc.result else None


def _with_zeros(block: Block, touch: _Touch) -> Block:
    """The block with zero in the place of what is loaded first; where that is added to something, nothing is."""
    assert touch.alloc.fill is not None
    zeros = {load.result for load in touch.loads}
    sums: dict[Sym, Atom] = {}
    for statement in _every(touch.outermost):
        if isinstance(statement, Let) and statement.op.name in SUMS and zeros & set(statement.arguments):
            first, second = statement.arguments
            sums[statement.result] = second if first in zeros else first
    block = exchanged(block, dict.fromkeys([*touch.loads, *(s for s in _every(touch.outermost) if _makes(s, sums))]))
    for symbol, other in sums.items():  # in program order: what a sum is made of comes before it
        if isinstance(other, Sym) and other in sums:
            sums[symbol] = sums[other]
    block = substitute(block, sums)
    return substitute(block, dict.fromkeys(zeros, touch.alloc.fill))


def _makes(statement: Statement, symbols: dict[Sym, Atom]) -> bool:
    return isinstance(statement, Let) and statement.result in symbols


def _every(statement: Statement) -> Iterator[Statement]:
    return walk(Block((statement,)))


def _loops_around(loop: For, store: Load | Store) -> list[For] | None:
    """The loops from `loop` to the block of `store`, with nothing but loops in between; None where there is more."""
    chain = [loop]
    while store not in chain[-1].body.statements:
        inner = [s for s in chain[-1].body.statements if isinstance(s, For) and store in _every(s)]
        if not inner:
            return None
        chain.append(inner[0])
    return chain
