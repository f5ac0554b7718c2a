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

from collections.abc import Callable, Sequence
from dataclasses import replace

from srcgrad.analysis.affine import Affine
from srcgrad.ir.build import Builder, bool_const, folded, int_const
from srcgrad.ir.nodes import Atom, Block, Const, Dim, For, Function, Load, Slice, Statement, Sym
from srcgrad.ir.types import INT64, Array
from srcgrad.ir.visit import map_atoms, substitute
from srcgrad.opt.rewrite import with_helpers
from srcgrad.opt.row_patterns import Factor, RowProducts, Rows

ROWS = 64  # at a time: enough for BLAS to work from the cache, and few enough that a triangle of them is no loss


def row_products(function: Function) -> Function:
    """The function with such loops in blocks of rows; the same object where there are none."""
    return with_helpers(function, lambda f: _Collector(f).block(f.body))


class _Collector:
    def __init__(self, function: Function) -> None:
        self._products = RowProducts(function)

    def block(self, block: Block) -> Block:
        """The block with such loops in blocks of rows, in the blocks inside it too."""
        out: list[Statement] = []
        for s in block.statements:
            found = list(self._products.of(s)) if isinstance(s, For) else []
            if found:
                assert isinstance(s, For)
                out += _Blocks(s, found, self._products.never_negative).statements()
            else:
                out.append(map_atoms(s, lambda atom: atom, self.block))
        if len(out) == len(block.statements) and all(a is b for a, b in zip(out, block.statements)):
            return block
        return Block(tuple(out), block.results)


class _Blocks:
    """Writes a loop in blocks, each of them after the products of matrices that it needs."""

    def __init__(self, loop: For, found: Sequence[Rows], never_negative: Callable[[Atom], bool]) -> None:
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

    def _product(self, rows: Rows, last: Sym) -> Sym:
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

    def _finite(self, factor: Factor, depth: Atom, start: Atom, count: Atom, before: Atom) -> Atom:
        """Are all elements of these columns (or rows) finite, and was it so `before`?"""

        def element(build: Builder, index: tuple[Sym, ...], so_far: Atom) -> Atom:
            place = build.op("add", start, index[1])
            value = build.load(factor.array, factor.at(index[0], place))
            return build.op("and_", so_far, build.op("isfinite", value))

        return folded(self._builder, (depth, count), before, element, "finite")

    def _loops(self, rows: Rows, product: Sym, last: Sym) -> None:
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

    def _matrix(self, factor: Factor, depth: Atom, start: Atom, count: Atom) -> Sym:
        one = int_const(1)
        entries = factor.part(Slice(int_const(0), depth, one), Slice(start, count, one))
        return self._builder.view(factor.array, entries, (0, 1))


class _Reading:
    """Writes the body of the loop so that it reads its row of the product."""

    def __init__(
        self, rows: Rows, product: Sym, index: Sym, first: Sym, never_negative: Callable[[Atom], bool]
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
