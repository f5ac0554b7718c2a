"""Threads that each run along a row: many threads for each row, and what they find folded afterwards.

    for i in range(0, n, 1):                      for i in range(0, n, 1):
        s = for j in range(0, m, 1) carrying          for lane in range(0, lanes, 1):
            yield s + f(i, j)             =>              p = for j in range(lane, m, lanes) carrying ...
        ... s                                             store parts[i, lane] = p
                                                  for i in range(0, n, 1):
                                                      s = for lane in range(0, lanes, 1) carrying ...
                                                      ... s

In, out: a function that is otherwise done. A GPU that has less to do than it has threads waits for memory and for
arithmetic; and threads that run along a row each touch memory 32 pieces at a time, while threads side by side in a row
touch one piece. Where rows are many, or short, nothing is gained: where their numbers are not known, the host decides.

The loops of a body are taken one after the other. Where one may not run for all rows before what stands in front of it,
that becomes a loop of its own, whose values go to arrays. What one folded goes to an array where more loops follow, so
that they can be taken, too; arrays that an iteration makes for itself are made for all of them at once.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.device.own import OfOwn, apart
from srcgrad.device.passing import Passing
from srcgrad.device.rows import Row, Rows, cut, lanes_of, over_lanes, over_rows, with_found
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.fold import Fold
from srcgrad.ir.nodes import Alloc, Atom, Block, Copy, For, Function, If, Load, Sym
from srcgrad.ir.types import INT64, Scalar
from srcgrad.ir.visit import clone_block, rebuild
from srcgrad.opt.cse import cse

_ROUNDS = 16  # loops inside of one that are taken


def spread(function: Function) -> Function:
    """The function with such loops spread; the same object where there are none."""
    done: set[For] = set()
    tested: dict[For, object] = {}
    for _ in range(_ROUNDS):
        new = rebuild(function, _Spreader(function, done, tested).block(function.body))
        if new is function:
            break
        function = new
    return cse(function) if done else function


class _Spreader(Passing):
    """One round. Loops that are `done` stay as they are: they are what is made here, or the other way to do it. In
    front of a loop that was `tested`, rows of these sizes are known to pay."""

    def __init__(self, function: Function, done: set[For], tested: dict[For, object]) -> None:
        super().__init__(function)
        self._rows = Rows(function, self.chooser, done)
        self._done, self._tested = done, tested

    def loop(self, builder: Builder, loop: For) -> None:
        row = None if loop in self._done else self._rows.of(loop)
        if row is None:
            builder.emit(loop)
            return
        sizes = self._rows.sizes(row)
        tested = self._tested.get(loop) == sizes
        with builder.block() as statements:
            last = self._taken(builder, row)
        if not tested:
            last = replace(last, results=tuple(Sym(r.hint, r.type) for r in loop.results))
        self._tested[last] = sizes
        if tested:
            builder.extend([*statements, last])
            return
        orelse = clone_block(Block((loop,), loop.results), {})
        self._done.update(s for s in orelse.statements if isinstance(s, For))
        then = Block((*statements, last), last.results)
        builder.emit(If(loop.results, row.pays(builder), then, orelse, loop.span))

    def _taken(self, builder: Builder, row: Row) -> For:
        """What comes first is emitted; the loop itself, with what was found, is returned."""
        if row.own:
            return _made_for_all(builder, row)
        if row.front:
            before, last = cut(builder, row, self._rows.repeated(row))
            self._emit(builder, before)
            return last
        if not row.inner.results:
            self._emit(builder, over_rows(row, Block((replace(row.inner, reverse=False, parallel=True),))))
            return with_found(row, ())
        lanes = lanes_of(builder, row)
        types = [p.type for p in row.inner.parameters if isinstance(p.type, Scalar)]
        parts = [builder.alloc((*row.shape, lanes), t.dtype, None, "parts") for t in types]
        self._emit(builder, over_lanes(row, lanes, parts))
        if not row.followed:
            folding = _folding(row, lanes, parts)
            self._done.add(folding)
            return with_found(row, (folding,))
        sums = [builder.alloc(row.shape, t.dtype, None, "sums") for t in types]
        self._emit(builder, over_rows(row, _stored(row, _folding(row, lanes, parts), sums)))
        return with_found(row, tuple(Load(r, s, row.index, row.inner.span) for r, s in zip(row.inner.results, sums)))

    def _emit(self, builder: Builder, made: For) -> None:
        self._done.add(made)
        builder.emit(made)


def _made_for_all(builder: Builder, row: Row) -> For:
    """The loop with the arrays that its iterations make, made in front of it."""
    loop = row.loops[0]
    arrays = {made.result: apart(builder, made, loop.stop) for made in row.own if isinstance(made, (Alloc, Copy))}
    return replace(loop, body=OfOwn(arrays, loop.index).block(loop.body))


def _folding(row: Row, lanes: Atom, parts: list[Sym]) -> For:
    """What the threads of a row found, folded."""
    inner = row.inner
    lane = Sym("lane", INT64)
    each = Builder()
    each.span = inner.span
    parameters = tuple(Sym(p.hint, p.type) for p in inner.parameters)
    found = [each.load(part, (*row.index, lane)) for part in parts]
    after = tuple(_combined(each, *given) for given in zip(row.folds, parameters, found))
    return For(
        inner.results, lane, int_const(0), lanes, int_const(1), parameters, inner.initial, each.finish(after),
        span=inner.span,
    )  # fmt: skip


def _stored(row: Row, folding: For, sums: list[Sym]) -> Block:
    builder = Builder()
    builder.span = row.inner.span
    builder.emit(folding)
    for total, result in zip(sums, folding.results):
        builder.store(total, row.index, result)
    return builder.finish()


def _combined(b: Builder, fold: Fold, first: Atom, second: Atom) -> Atom:
    if fold in (Fold.GREATEST, Fold.LEAST):
        test = b.op("gt" if fold is Fold.GREATEST else "lt", second, first)
        return b.op("select", test, second, first)
    whole = fold is Fold.SUM and not first.type.is_float  # type: ignore[union-attr]
    return b.op("add" if whole else _OPERATIONS[fold], first, second)


_OPERATIONS = {Fold.SUM: "plus", Fold.PRODUCT: "mul", Fold.MAXIMUM: "maximum", Fold.MINIMUM: "minimum"}
