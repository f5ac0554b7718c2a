"""Chosen loops become functions of their own, which are launched in blocks.

    for i in range(0, n, 1) carrying s = 0.0:            s = launch loop(n; 0.0; a, b) folding (sum)
        x = load a[i]                            =>
        store b[i] = x                               function loop(first, last, s, a, b):
        yield add s, x                                   for i in range(first, last, 1) carrying ...

In: a function that is otherwise done. Out: the function with launches, and the loops among its helpers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import Atom, Block, Callee, Const, For, Function, Launch, Let, Load, Statement, Store, Sym, While
from srcgrad.ir.types import INT64
from srcgrad.ir.visit import clone_block, free_symbols, map_atoms, rebuild, walk
from srcgrad.parallel.choice import Verdict, choose

_GUESSED_LENGTH = 8  # of a loop inside whose length changes from iteration to iteration, or is not known


def in_parallel(function: Function) -> tuple[Function, tuple[Verdict, ...]]:
    """The function with its independent loops launched in parallel, and the verdicts about its loops."""
    verdicts = tuple(choose(function))
    chosen = {v.loop: v for v in verdicts if v.chosen}
    if not chosen:
        return function, verdicts
    outliner = _Outliner(chosen)
    body = outliner.block(function.body)
    return replace(rebuild(function, body), helpers=(*function.helpers, *outliner.helpers)), verdicts


@dataclass
class _Outliner:
    chosen: dict[For, Verdict]
    helpers: list[Function] = field(default_factory=list)

    def block(self, block: Block) -> Block:
        builder = Builder()
        for s in block.statements:
            builder.span = s.span
            if isinstance(s, For) and s in self.chosen:
                self._launch(builder, s)
            else:
                builder.emit(map_atoms(s, lambda atom: atom, self.block))
        return builder.finish(block.results)

    def _launch(self, builder: Builder, loop: For) -> None:
        used = free_symbols(replace(loop.body), (loop.index, *loop.parameters))
        steps = [a for a in (loop.start,) if isinstance(a, Sym)]
        arguments = tuple(dict.fromkeys((*steps, *used)))
        helper = self._function(loop, arguments)
        self.helpers.append(helper)
        assert helper.callee is not None
        count = _count(builder, loop)
        work = builder.op("mul", count, _work(builder, loop.body, _inside(loop)), hint="work")
        folds = self.chosen[loop].folds
        builder.emit(Launch(loop.results, helper.callee, count, work, folds, loop.initial, arguments, loop.span))

    def _function(self, loop: For, arguments: tuple[Sym, ...]) -> Function:
        """The function that runs the iterations from the `first` up to the `last`."""
        first, last = Sym("first", INT64), Sym("last", INT64)
        initial = tuple(Sym(p.hint, p.type) for p in loop.parameters)
        given = {a: Sym(a.hint, a.type) for a in arguments}
        mapping: dict[Sym, Atom] = dict(given)
        parameters = (first, last, *initial, *given.values())
        builder = Builder()
        builder.span = loop.span
        least = builder.op("maximum", first, int_const(0), hint="first")  # which is known to be so, but not by its type
        index = Sym(loop.index.hint, loop.index.type)
        own = tuple(Sym(p.hint, p.type) for p in loop.parameters)
        mapping.update(zip(loop.parameters, own))
        start = mapping.get(loop.start, loop.start) if isinstance(loop.start, Sym) else loop.start
        assert isinstance(loop.step, Const)
        step = int(loop.step.value)
        plain = step == 1 and isinstance(start, Const) and start.value == 0
        with builder.block() as statements:
            if plain:
                mapping[loop.index] = index
            else:
                moved = builder.op("mul", index, int_const(step)) if step != 1 else index
                mapping[loop.index] = builder.op("add", start, moved, hint=loop.index.hint)
            inner = clone_block(loop.body, mapping)
            for s in inner.statements:
                builder.emit(s)
        results = tuple(Sym(r.hint, r.type) for r in loop.results)
        body = Block(tuple(statements), inner.results)
        builder.emit(For(results, index, least, last, int_const(1), own, initial, body, span=loop.span))
        name = f"loop_{len(self.helpers) + 1}"
        callee = Callee(name, tuple(p.type for p in parameters), tuple(r.type for r in results))
        return Function(name, parameters, builder.finish(results), loop.span, callee=callee)


def _count(builder: Builder, loop: For) -> Atom:
    """The number of iterations (or less than 0, for none)."""
    assert isinstance(loop.step, Const)
    step = int(loop.step.value)
    low, high = (loop.start, loop.stop) if step > 0 else (loop.stop, loop.start)
    distance = builder.op("sub", high, low)
    if abs(step) == 1:
        return distance
    return builder.op("floordiv", builder.op("add", distance, int_const(abs(step) - 1)), int_const(abs(step)))


def _inside(loop: For) -> set[Sym]:
    """What has another value in each iteration, or is not known in front of the loop."""
    found = {loop.index, *loop.parameters}
    for s in walk(loop.body):
        found.update(getattr(s, "results", ()))
        found.update(a for a in (getattr(s, "result", None), getattr(s, "index", None)) if isinstance(a, Sym))
        found.update(getattr(s, "parameters", ()))
    return found


def _work(builder: Builder, block: Block, inside: set[Sym]) -> Atom:
    """About how many operations a block is."""
    own = 1
    total: Atom = int_const(0)
    for s in block.statements:
        if isinstance(s, For):
            inner = _work(builder, s.body, inside)
            total = builder.op("add", total, builder.op("mul", _length(builder, s, inside), inner))
        elif isinstance(s, While):
            total = builder.op("add", total, int_const(_GUESSED_LENGTH * len(s.body.statements)))
        else:
            own += _cost(s)
    return builder.op("add", total, int_const(own))


def _length(builder: Builder, loop: For, inside: set[Sym]) -> Atom:
    bounds = (loop.start, loop.stop)
    if not isinstance(loop.step, Const) or any(isinstance(a, Sym) and a in inside for a in bounds):
        return int_const(_GUESSED_LENGTH)
    return builder.op("maximum", _count(builder, loop), int_const(0))


def _cost(s: Statement) -> int:
    if isinstance(s, Let):
        return s.op.cost
    return 1 if isinstance(s, (Load, Store)) else 0
