"""Loops along rows, in loops over rows: which may run for all rows at once, and the code that runs them so.

In: a function whose loops are to be kernels, and a loop of it. Out: a `Row`, the first loop inside it that can be taken
out; and the loops over rows and lanes that do so. See `spread`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

from srcgrad.analysis.affine import AffineForms
from srcgrad.analysis.folds import fold_of
from srcgrad.analysis.regions import find_regions
from srcgrad.device.choice import Chooser
from srcgrad.ir.alias import AliasClasses
from srcgrad.ir.build import Builder, const_like, int_const
from srcgrad.ir.fold import Fold
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Const,
    Copy,
    Dim,
    For,
    Function,
    If,
    Let,
    Load,
    Statement,
    Store,
    Sym,
    View,
    definitions,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import INT64
from srcgrad.ir.visit import clone_block, defined_symbols, free_symbols, walk
from srcgrad.opt.footprint import Footprints
from srcgrad.parallel.iterations import is_numbered

MOST_ROWS = 1 << 16
"""With more rows there are threads enough."""
LEAST = 256
"""Shorter rows do not pay for a second kernel,"""
LEAST_ALONG = 64
"""unless threads side by side in a row touch memory that lies so."""
_THREADS = 1 << 18  # about what a large GPU runs at a time
_WARP = 32
_FEW = 8  # threads side by side: 64 bytes of float64, as much as memory gives at least
_LEAST_EACH = 4  # iterations for each of the threads of a row


@dataclass(frozen=True)
class Row:
    """`inner` stands in the body of the innermost of `loops`, and folds what it carries, if anything. `prefixes` are
    what the loops around that one compute in front of the next, `needed` what else of the body the inner loop needs.
    It may be `followed` by other loops. `along` and `across` say how many loads move with the inner loop's index, and
    with that of the rows, along the dimension that lies at a stretch. `own` are the arrays that an iteration
    makes, or fills before it reads them. Where it must not run before what is in `front` of it, that is taken first. Of
    the numbers of iterations, those that are `unsure` may be negative."""

    loops: tuple[For, ...]
    prefixes: tuple[tuple[Statement, ...], ...]
    needed: tuple[Statement, ...]
    inner: For
    folds: tuple[Fold, ...]
    followed: bool
    along: int
    across: int
    own: tuple[Alloc | Copy, ...] = ()
    front: bool = False
    unsure: tuple[Atom, ...] = ()

    @property
    def index(self) -> tuple[Sym, ...]:
        return tuple(each.index for each in self.loops)

    @property
    def shape(self) -> tuple[Atom, ...]:
        return tuple(each.stop for each in self.loops)

    def rows(self, builder: Builder) -> Atom:
        """How many there are."""
        total = self.shape[0]
        for each in self.shape[1:]:
            total = builder.op("mul", total, each)
        return total

    def length(self, builder: Builder) -> Atom:
        """How many iterations the inner loop has."""
        inner = self.inner
        return inner.stop if is_numbered(inner) else builder.op("sub", inner.stop, inner.start)

    def pays(self, builder: Builder) -> Atom:
        """Are rows long, and few enough?"""
        length = self.length(builder)
        if self.along > self.across:
            tests = [builder.op("ge", length, int_const(LEAST_ALONG))]
        else:
            few = builder.op("le", self.rows(builder), int_const(MOST_ROWS))
            tests = [few, builder.op("ge", length, int_const(LEAST))]
        tests += [builder.op("ge", number, int_const(0)) for number in self.unsure]
        return reduce(lambda a, b: builder.op("and_", a, b), tests)


class Rows:
    """Finds rows in the loops of a function; loops that are `done` are not looked at."""

    def __init__(self, function: Function, chooser: Chooser, done: set[For]) -> None:
        self._forms = AffineForms(find_regions(function))
        self._chooser = chooser
        self._aliases: AliasClasses = chooser.aliases
        self._footprints = Footprints(chooser.aliases)
        self._done = done

    def sizes(self, row: Row) -> tuple[object, ...]:
        """How many rows there are, and about how long they are."""
        ends = (self._forms.of(each.stop) for each in row.loops)
        length = self._forms.of(row.inner.stop).plus(self._forms.of(row.inner.start), -1)
        return *ends, length.terms

    def of(self, loop: For) -> Row | None:
        """The first loop that can be taken out of a loop whose iterations are threads."""
        if any(isinstance(s, View) for s in walk(loop.body)):
            return None
        loops: list[For] = [loop]
        prefixes: list[tuple[Statement, ...]] = []
        while (found := self._chooser.inner(loops[-1], loop)) is not None:
            prefixes.append(found[0])
            loops.append(found[1])
        body = loops[-1].body.statements
        made = tuple(s for s in walk(loop.body) if isinstance(s, (Alloc, Copy)))
        own = (*self._chooser.independence.work_arrays(loop), *made)
        if not all(map(is_numbered, loops)) or (own and len(loops) > 1) or not set(made) <= set(body):
            return None
        if prefixes and not any(isinstance(s, For) and s.results for s in body):
            return None  # a kernel of as many indices already
        rows = [
            row for inner in body
            if isinstance(inner, For) and inner not in self._done
            and (row := self._row(tuple(loops), tuple(prefixes), inner)) is not None
        ]  # fmt: skip
        first = next((row for row in rows if not row.front), rows[0] if rows else None)
        return replace(first, own=own) if first is not None else None

    def _row(self, loops: tuple[For, ...], prefixes: tuple[tuple[Statement, ...], ...], inner: For) -> Row | None:
        if not isinstance(inner.step, Const) or inner.step.value != 1 or self._chooser.obstacle(inner):
            return None
        statements = loops[-1].body.statements
        place = statements.index(inner)
        inside = {*(each.index for each in loops), *defined_symbols(loops[0].body)}
        needed = _needed(statements[:place], inner)
        carried = {p for each in loops for p in each.parameters}
        if {inner.start, inner.stop} & inside or carried & set(free_symbols(Block((*_all(prefixes), *needed, inner)))):
            return None
        meets = any(self._meets(s, inner) for s in statements[:place] if s not in needed)
        front = meets or not self._repeatable(needed, loops[0])
        if front and (prefixes or not carried.isdisjoint(free_symbols(Block(statements[:place])))):
            return None
        folds = [fold_of(inner.body, p, r) for p, r in zip(inner.parameters, inner.body.results)]
        later = any(isinstance(s, For) and s not in self._done for s in statements[place + 1 :])
        along, across = (self._reads_along(inner.body, index) for index in (inner.index, loops[-1].index))
        kinds = tuple(f for f in folds if f is not None)
        unsure = tuple(each.stop for each in loops if not self._forms.never_negative(self._forms.of(each.stop)))
        return Row(loops, prefixes, tuple(needed), inner, kinds, later, along, across, front=front, unsure=unsure)

    def repeated(self, row: Row) -> tuple[Statement, ...]:
        """What stands in front of the inner loop and can be computed again at any time."""
        kept: list[Statement] = []
        statements = row.loops[-1].body.statements
        front = statements[: statements.index(row.inner)]
        missing = {symbol for s in front for symbol in definitions(s)}
        for s in front:
            if missing.isdisjoint(free_symbols(Block((s,)))) and self._repeatable([s], row.loops[0]):
                kept.append(s)
                missing.difference_update(definitions(s))
        return tuple(kept)

    def _repeatable(self, statements: list[Statement], loop: For) -> bool:
        """May each thread compute these for itself?"""
        written = {self._aliases.root(a) for s in walk(loop.body) for a in written_arrays(s)}
        return all(
            isinstance(s, (Let, Dim, If)) or (isinstance(s, Load) and self._aliases.root(s.array) not in written)
            for s in walk(Block(tuple(statements)))
        )

    def _meets(self, before: Statement, inner: For) -> bool:
        """Does it matter which of two statements of an iteration comes first?"""
        if isinstance(before, (Alloc, Copy)):
            return False  # these are made for all iterations in front of them
        a, b = self._footprints.of(before), self._footprints.of(inner)
        return bool(a.writes & (b.reads | b.writes) or a.reads & b.writes)

    def _reads_along(self, block: Block, index: Sym) -> int:
        loads = [s for s in walk(block) if isinstance(s, (Load, Store)) and len(s.index) > 1]
        places = [self._forms.of(s.index[s.array.type.fastest]) for s in loads]  # type: ignore[union-attr]
        return sum(abs(form.coefficient(index)) == 1 for form in places)


def _all(prefixes: tuple[tuple[Statement, ...], ...]) -> tuple[Statement, ...]:
    return tuple(s for prefix in prefixes for s in prefix)


def _needed(statements: tuple[Statement, ...], inner: For) -> list[Statement]:
    """What of the statements in front of a loop is needed by it."""
    uses = set(free_symbols(Block((inner,))))
    kept: list[Statement] = []
    for s in reversed(statements):
        if uses.intersection(definitions(s)) and not isinstance(s, (Alloc, Copy)):
            kept.insert(0, s)
            uses.update(free_symbols(Block((s,))))
    return kept


# -- the code ---------------------------------------------------------------------------------------------------------


def lanes_of(builder: Builder, row: Row) -> Atom:
    """Threads for each row: a whole number of warps, or few where rows are many, because each leaves something to be
    folded."""
    rows = row.rows(builder)
    few = builder.op("le", rows, int_const(MOST_ROWS))
    least = builder.op("select", few, int_const(_WARP), int_const(_FEW), hint="least")
    fair = builder.op("floordiv", int_const(_THREADS), builder.op("maximum", rows, int_const(1)))
    most = builder.op("floordiv", row.length(builder), int_const(_LEAST_EACH))
    wanted = builder.op("minimum", builder.op("maximum", fair, least), most)
    times = builder.op("maximum", builder.op("floordiv", wanted, least), int_const(1))
    return builder.op("mul", times, least, hint="lanes")


def over_rows(row: Row, body: Block) -> For:
    """Loops like those over the rows, for a block that needs what the inner loop does."""
    *front, last = body.statements
    body = Block((*row.needed, *front, last))
    if isinstance(last, For) and not front and not last.results:  # each thread computes what is needed for itself
        body = Block((replace(last, body=Block((*row.needed, *last.body.statements), last.body.results)),))
    for k in range(len(row.loops) - 1, -1, -1):
        if k < len(row.prefixes):
            body = Block((*row.prefixes[k], *body.statements))
        loop = replace(row.loops[k], results=(), parameters=(), initial=(), body=body, reverse=False, parallel=True)
        body = Block((loop,))
    return _fresh(body)


def over_lanes(row: Row, lanes: Atom, parts: list[Sym]) -> For:
    """Each thread of a row: every so many of its elements. Neighbours are of one row, unless it is the rows that lie
    side by side in memory."""
    inner, lane = row.inner, Sym("lane", INT64)
    b = Builder()
    b.span = inner.span
    start = lane if is_numbered(inner) else b.op("add", inner.start, lane)
    initial = tuple(
        first if fold.neutral is None else const_like(fold.neutral, p.type)  # type: ignore[arg-type]
        for first, fold, p in zip(inner.initial, row.folds, inner.parameters)
    )
    results = tuple(Sym(r.hint, r.type) for r in inner.results)
    b.emit(replace(inner, results=results, start=start, step=lanes, initial=initial, reverse=False))
    for part, result in zip(parts, results):
        b.store(part, (*row.index, lane), result)

    def each(body: Block) -> For:
        return For((), lane, int_const(0), lanes, int_const(1), (), (), body, span=inner.span, parallel=True)

    if row.across > row.along:
        return _fresh(Block((each(Block((over_rows(row, b.finish()),))),)))
    return over_rows(row, Block((each(b.finish()),)))


def cut(builder: Builder, row: Row, repeated: tuple[Statement, ...]) -> tuple[For, For]:
    """The loop in two: what stands in front of the inner loop, which leaves its values in arrays, and the rest."""
    loop, statements = row.loops[0], row.loops[0].body.statements
    place = statements.index(row.inner)
    front, rest = statements[:place], Block(statements[place:], loop.body.results)
    again = {symbol for s in repeated for symbol in definitions(s)}
    made = {symbol for s in front for symbol in definitions(s)} - again
    live = [symbol for symbol in free_symbols(Block((*repeated, *rest.statements), rest.results)) if symbol in made]
    arrays = [builder.alloc(row.shape, s.type.dtype, None, s.hint) for s in live]  # type: ignore[union-attr]
    first = Builder()
    first.extend(front)
    for array, symbol in zip(arrays, live):
        first.store(array, row.index, symbol)
    before = replace(
        loop, results=(), parameters=(), initial=(), body=first.finish(), reverse=False, parallel=True
    )  # fmt: skip
    loads = tuple(Load(symbol, array, row.index, row.inner.span) for array, symbol in zip(arrays, live))
    return _fresh(Block((before,))), replace(loop, body=Block((*repeated, *loads, *rest.statements), rest.results))


def _fresh(block: Block) -> For:
    """The loop that a block consists of, with symbols of its own."""
    (made,) = clone_block(block, {}).statements
    assert isinstance(made, For)
    return made


def with_found(row: Row, found: tuple[Statement, ...]) -> For:
    """The loops as they were, with what was found in the place of the inner loop."""
    statements = row.loops[-1].body.statements
    place = statements.index(row.inner)
    body = Block((*statements[:place], *found, *statements[place + 1 :]), row.loops[-1].body.results)
    loop = replace(row.loops[-1], body=body)
    for k in range(len(row.loops) - 2, -1, -1):
        loop = replace(row.loops[k], body=Block((*row.prefixes[k], loop), row.loops[k].body.results))
    return loop
