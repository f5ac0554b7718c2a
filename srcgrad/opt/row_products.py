"""Products of one vector after another with a matrix become products of matrices.

    for i in range(0, m, 1):                          for first in range(0, m, 64):
        p = zeros(e - i)                                  last = min(first + 64, m)
        for k in range(0, n, 1):                          rows = zeros(64, e - first)
            for j in range(0, e - i, 1):          =>      rows += a[:, first:last].T @ b[:, first:e]
                store p[j] += a[k, i] * b[k, i + j]       for i in range(first, last, 1):
        ... load p[j] ...                                     ... load rows[i - first, i - first + j] ...

In, out: a `Function` that is still to be differentiated. Neither matrix may be written in the loop. What the vector is
multiplied with stays the same from one iteration to the next, or starts one column later and ends at the same one. One
product of matrices is several times faster than many with a vector, forward and in the adjoint, because it works from
the cache; the memory is that of 64 vectors, however long the loop runs.

Where the part moves, a corner of each product was not asked for. Its cotangents are zeros, which do no harm to finite
numbers; where there are others in the columns of the corner, loops compute what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.regions import Regions, find_regions
from srcgrad.ir.alias import alias_classes
from srcgrad.ir.build import Builder, bool_const, folded, int_const
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
    Slice,
    Statement,
    Store,
    Sym,
    blocks,
    operands,
)  # fmt: skip
from srcgrad.ir.types import INT64, Array
from srcgrad.ir.visit import map_atoms, substitute, walk
from srcgrad.opt.footprint import Footprints
from srcgrad.opt.rewrite import never_negative, with_helpers

ROWS = 64  # at a time: enough for BLAS to work from the cache, and few enough that a triangle of them is no loss


def row_products(function: Function) -> Function:
    """The function with such loops in blocks of rows; the same object where there are none."""
    return with_helpers(function, lambda f: _Collector(f).run())


@dataclass(frozen=True)
class _Factor:
    """A matrix inside an array: the subscript in each dimension (None for the two of the matrix), and which dimension
    is the one that is summed over."""

    array: Sym
    index: tuple[Atom | None, ...]
    summed: int
    other: int

    @property
    def summed_first(self) -> bool:
        return self.summed < self.other

    def at(self, summed: Atom, other: Atom) -> tuple[Atom, ...]:
        """The subscripts of an element."""
        places: dict[int, Atom] = {self.summed: summed, self.other: other}
        return tuple(atom or places[d] for d, atom in enumerate(self.index))

    def part(self, summed: Slice, other: Slice) -> tuple[Atom | Slice, ...]:
        """The entries of a view."""
        places = {self.summed: summed, self.other: other}
        return tuple(atom or places[d] for d, atom in enumerate(self.index))


@dataclass(frozen=True)
class _Rows:
    """`product[j] = sum(vector[k, i] * matrix[k, start + j])` in a loop over i, for k < `depth` and start + j < `stop`.

    `moves` says that `start` grows with i."""

    product: Alloc
    nest: For
    vector: _Factor
    matrix: _Factor
    depth: Atom
    start: Affine
    stop: Affine
    moves: bool


class _Collector:
    def __init__(self, function: Function) -> None:
        self._function = function
        classes = alias_classes(function)
        self._root = classes.root
        self._footprints = Footprints(classes)
        self._regions: Regions = find_regions(function)
        self._forms = AffineForms(self._regions)

    def run(self) -> Block:
        return self._block(self._function.body)

    def _block(self, block: Block) -> Block:
        out: list[Statement] = []
        for s in block.statements:
            found = list(self._rows_of(s)) if isinstance(s, For) else []
            if found:
                assert isinstance(s, For)
                out += _Blocks(s, found, lambda j: self._forms.never_negative(self._forms.of(j))).statements()
            else:
                out.append(map_atoms(s, lambda atom: atom, self._block))
        if len(out) == len(block.statements) and all(a is b for a, b in zip(out, block.statements)):
            return block
        return Block(tuple(out), block.results)

    # -- recognition ------------------------------------------------------------------------------------------------

    def _rows_of(self, loop: For) -> Iterator[_Rows]:
        """The products in a loop that can be taken together."""
        if loop.reverse or loop.parallel or not never_negative(loop) or not _is(loop.step, 1):
            return
        if _is_short(loop):
            return
        for alloc in loop.body.statements:
            if isinstance(alloc, Alloc) and len(alloc.shape) == 1 and alloc.fill and alloc.fill.value == 0:
                nest = self._only_written_by(loop, alloc)
                if nest is not None and (found := self._matched(loop, alloc, nest)) is not None:
                    yield found

    def _only_written_by(self, loop: For, alloc: Alloc) -> For | None:
        """The loop directly in the body that fills the array, where all the rest only loads from it."""
        touching = [s for s in loop.body.statements if _mentions(s, alloc.result)]
        if not touching or alloc.result in loop.body.results or not isinstance(touching[0], For):
            return None
        for s in touching[1:]:
            for t in walk(Block((s,))):
                if alloc.result in operands(t) and not isinstance(t, (Load, Dim)):
                    return None
                if any(alloc.result in inner.results for inner in blocks(t)):
                    return None
        return touching[0]

    def _matched(self, loop: For, alloc: Alloc, nest: For) -> _Rows | None:
        inner = _filling(alloc, nest)
        if inner is None:
            return None
        store = inner.body.statements[-1]
        assert isinstance(store, Store)
        factors = self._factors(store.value, inner)
        if factors is None or not self._is_outside(loop, nest.stop):
            return None
        for one, other in (factors, factors[::-1]):
            vector = self._factor(loop, one, nest.index, Affine(0, ((loop.index, 1),)))
            start = self._start(other, inner.index)
            matrix = None if start is None else self._factor(loop, other, nest.index, start.plus(_of(inner.index)))
            if vector is None or matrix is None or start is None or not self._may_move(loop, vector, matrix):
                continue
            coefficient, stop = start.coefficient(loop.index), start.plus(self._length(alloc.shape[0]))
            if coefficient in (0, 1) and self._is_known(loop, stop) and self._is_known(loop, start.without(loop.index)):
                return _Rows(alloc, nest, vector, matrix, nest.stop, start, stop, coefficient == 1)
        return None

    def _factors(self, value: Atom, inner: For) -> tuple[Load, Load] | None:
        """The two elements that are multiplied."""
        product = self._regions.definition.get(value) if isinstance(value, Sym) else None
        if not isinstance(product, Let) or product.op.name != "mul":
            return None
        loads = [self._regions.definition.get(a) if isinstance(a, Sym) else None for a in product.arguments]
        match loads:
            case [Load() as one, Load() as other]:
                return one, other
        return None

    def _factor(self, loop: For, load: Load, summed: Sym, other: Affine) -> _Factor | None:
        """The matrix that a load takes its element from, at `summed` in one dimension and `other` in another one."""
        forms = [self._forms.of(atom) for atom in load.index]
        places = [[d for d, form in enumerate(forms) if form == wanted] for wanted in (_of(summed), other)]
        if any(len(found) != 1 for found in places):
            return None
        rest = [None if [d] in places else atom for d, atom in enumerate(load.index)]
        if not all(atom is None or self._is_outside(loop, atom) for atom in (load.array, *rest)):
            return None
        return _Factor(load.array, tuple(rest), places[0][0], places[1][0])

    def _start(self, load: Load, j: Sym) -> Affine | None:
        """Where in the matrix the first element is: the rest of the one subscript that `j` is part of."""
        forms = [form for atom in load.index if (form := self._forms.of(atom)).coefficient(j) == 1]
        return forms[0].without(j) if len(forms) == 1 else None

    def _length(self, atom: Atom) -> Affine:
        """A length, not cut off below at zero."""
        made = self._regions.definition.get(atom) if isinstance(atom, Sym) else None
        if isinstance(made, Let) and made.op.name == "maximum":
            a, b = made.arguments
            for x, least in ((a, b), (b, a)):
                if _is(least, 0):
                    return self._forms.of(x)
        return self._forms.of(atom)

    def _may_move(self, loop: For, vector: _Factor, matrix: _Factor) -> bool:
        written = self._footprints.of(loop).writes
        return not {self._root(vector.array), self._root(matrix.array)} & written

    def _is_known(self, loop: For, form: Affine) -> bool:
        return all(self._is_outside(loop, symbol) for symbol in form.symbols)

    def _is_outside(self, loop: For, atom: Atom) -> bool:
        """Is it defined in front of the loop?"""
        if isinstance(atom, Const) or self._regions.is_given(atom):
            return True
        around = self._regions.of_statement[loop]
        return atom is not loop.index and self._regions.of_symbol[atom].encloses(around)


def _mentions(s: Statement, array: Sym) -> bool:
    """Does a statement, or one inside it, use the array, or a block in it hand it on?"""
    inside = list(walk(Block((s,))))
    return any(array in operands(t) or any(array in b.results for b in blocks(t)) for t in inside)


def _of(symbol: Sym) -> Affine:
    return Affine(0, ((symbol, 1),))


def _is_short(loop: For) -> bool:
    ends = loop.start, loop.stop
    return all(isinstance(end, Const) for end in ends) and loop.stop.value - loop.start.value < ROWS // 4  # type: ignore[union-attr]


def _filling(alloc: Alloc, nest: For) -> For | None:
    """The inner one of two loops that do nothing but add to all elements of the array."""
    if not _counts(nest) or nest.results or not nest.body.statements:
        return None
    *before, inner = nest.body.statements
    if not isinstance(inner, For) or not _counts(inner) or inner.results or inner.stop is not alloc.shape[0]:
        return None
    *within, store = inner.body.statements
    if not all(isinstance(s, (Let, Load, Dim)) for s in (*before, *within)):
        return None
    if not isinstance(store, Store) or store.array is not alloc.result or not store.accumulate:
        return None
    return inner if store.index == (inner.index,) else None


def _counts(loop: For) -> bool:
    """0, 1, 2, ...?"""
    return not loop.reverse and not loop.parallel and _is(loop.start, 0) and _is(loop.step, 1)


def _is(atom: Atom, value: int) -> bool:
    return isinstance(atom, Const) and atom.value == value


class _Blocks:
    """Writes a loop in blocks, each of them after the products of matrices that it needs."""

    def __init__(self, loop: For, found: Sequence[_Rows], never_negative: Callable[[Atom], bool]) -> None:
        self._loop, self._found, self._never_negative = loop, found, never_negative
        self._builder = Builder()
        self._first = Sym(f"{loop.index.hint}_first", INT64)

    def statements(self) -> list[Statement]:
        loop, build = self._loop, self._builder
        size = build.op("add", self._first, int_const(ROWS))
        last = build.op("minimum", size, loop.stop, hint="last")
        body = loop.body
        for rows in self._found:
            build.span = rows.nest.span
            product = self._product(rows, last)
            body = _Reading(rows, product, loop.index, self._first, self._never_negative).body(body)
        parameters = tuple(Sym(p.hint, p.type) for p in loop.parameters)
        results = tuple(Sym(r.hint, r.type) for r in loop.results)
        build.emit(replace(loop, results=results, start=self._first, stop=last, initial=parameters, body=body))
        blocked = build.finish(results)
        return [replace(loop, index=self._first, step=int_const(ROWS), parameters=parameters, body=blocked)]

    def _product(self, rows: _Rows, last: Sym) -> Sym:
        """The rows from `first` up to `last`."""
        build, first = self._builder, self._first
        size = build.dim(rows.vector.array, rows.vector.other)
        count = self._difference(build.op("minimum", last, size), first)
        start = self._at(rows.start, first)
        width = self._difference(self._at(rows.stop, first), start)
        depth = rows.depth if isinstance(rows.depth, Const) else build.op("maximum", rows.depth, int_const(0))
        assert isinstance(rows.product.result.type, Array)
        product = build.alloc((count, width), rows.product.result.type.dtype, 0.0, rows.product.result.hint)
        with build.block() as at_once:
            left = self._matrix(rows.vector, depth, first, count)
            right = self._matrix(rows.matrix, depth, start, width)
            build.product(product, left, right, (rows.vector.summed_first, not rows.matrix.summed_first))
        if not rows.moves:
            build.extend(at_once)
            return product
        corner = build.op("minimum", count, width)
        finite = self._finite(rows.vector, depth, first, count, bool_const(True))
        finite = self._finite(rows.matrix, depth, start, corner, finite)
        with build.block() as one_by_one:
            self._loops(rows, product, last)
        build.if_(finite, Block(tuple(at_once)), Block(tuple(one_by_one)), ())
        return product

    def _finite(self, factor: _Factor, depth: Atom, start: Atom, count: Atom, before: Atom) -> Atom:
        """Are all elements of these columns (or rows) finite, and was it so `before`?"""

        def element(build: Builder, index: tuple[Sym, ...], so_far: Atom) -> Atom:
            place = build.op("add", start, index[1])
            value = build.load(factor.array, factor.at(index[0], place))
            return build.op("and_", so_far, build.op("isfinite", value))

        return folded(self._builder, (depth, count), before, element, "finite")

    def _loops(self, rows: _Rows, product: Sym, last: Sym) -> None:
        """The rows computed as the program does."""
        build, first, zero = self._builder, self._first, int_const(0)
        with build.loop(first, last) as i:
            start = self._at(rows.start, i)
            length = build.op("sub", self._at(rows.stop, i), start)
            row = build.op("sub", i, first)
            with build.loop(zero, rows.depth, hint="k") as k, build.loop(zero, length, hint="j") as j:
                x = build.load(rows.vector.array, rows.vector.at(k, i))
                y = build.load(rows.matrix.array, rows.matrix.at(k, build.op("add", start, j)))
                build.store(product, (row, build.op("add", row, j)), build.op("mul", x, y), accumulate=True)

    def _difference(self, a: Atom, b: Atom) -> Sym:
        return self._builder.op("maximum", self._builder.op("sub", a, b), int_const(0), hint="n")

    def _at(self, form: Affine, index: Sym) -> Atom:
        """The value of a form where the index of the loop is `index`."""
        build = self._builder
        total: Atom = int_const(form.constant)
        for symbol, coefficient in form.terms:
            here = index if symbol is self._loop.index else symbol
            term: Atom = here if coefficient == 1 else build.op("mul", int_const(coefficient), here)
            total = term if total == int_const(0) else build.op("add", total, term)
        return total

    def _matrix(self, factor: _Factor, depth: Atom, start: Atom, count: Atom) -> Sym:
        one = int_const(1)
        entries = factor.part(Slice(int_const(0), depth, one), Slice(start, count, one))
        return self._builder.view(factor.array, entries, (0, 1))


class _Reading:
    """Writes the body of the loop so that it reads its row of the product."""

    def __init__(
        self, rows: _Rows, product: Sym, index: Sym, first: Sym, never_negative: Callable[[Atom], bool]
    ) -> None:
        self._rows, self._product, self._never_negative = rows, product, never_negative
        self._builder = Builder()
        self._row = self._builder.op("sub", index, first, hint="row")
        self._lengths: dict[Sym, Atom] = {}

    def body(self, body: Block) -> Block:
        for s in body.statements:
            replaced = s.index is self._rows.nest.index if isinstance(s, For) else s is self._rows.product
            if not replaced:
                self._builder.extend(self._one(s))
        return substitute(self._builder.finish(body.results), self._lengths)

    def _one(self, s: Statement) -> list[Statement]:
        match s:
            case Load(array=array) if array is self._rows.product.result:
                builder = Builder()
                builder.emit(replace(s, array=self._product, index=(self._row, self._column(builder, s.index[0]))))
                return list(builder.finish(()).statements)
            case Dim(array=array) if array is self._rows.product.result:
                self._lengths[s.result] = self._rows.product.shape[0]
                return []
        return [map_atoms(s, lambda atom: atom, self._block)]

    def _column(self, builder: Builder, j: Atom) -> Atom:
        """Where element `j` of the row stands; negative subscripts count from the end, which is that of the product."""
        if not self._rows.moves or (isinstance(j, Const) and j.value < 0):
            return j
        column = builder.op("add", self._row, j)
        if self._never_negative(j):
            return column
        return builder.op("select", builder.op("lt", j, int_const(0)), j, column)

    def _block(self, block: Block) -> Block:
        return Block(tuple(t for s in block.statements for t in self._one(s)), block.results)
