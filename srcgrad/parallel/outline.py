"""Chosen loops become functions of their own, which are launched in blocks.

    for i in range(0, n, 1) carrying s = 0.0:            s = launch loop(n; 0.0; a, b) folding (sum)
        x = load a[i]                            =>
        store b[i] = x                               function loop(first, last, s, a, b):
        yield add s, x                                   for i in range(first, last, 1) carrying ...

In: a function that is otherwise done. Out: the function with launches, and the loops among its helpers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Callee,
    Const,
    For,
    Function,
    If,
    Launch,
    Let,
    Load,
    NewStack,
    Statement,
    Store,
    Sym,
    While,
)
from srcgrad.ir.types import INT64
from srcgrad.ir.visit import clone_block, defined_symbols, free_symbols, inner_symbols, map_atoms, walk
from srcgrad.opt.rewrite import exchanged
from srcgrad.parallel.choice import Verdict, choose
from srcgrad.parallel.iterations import count, index_statements, is_numbered

_GUESSED_LENGTH = 8  # of a loop inside whose length changes from iteration to iteration, or is not known


def in_parallel(function: Function) -> tuple[Function, tuple[Verdict, ...]]:
    """The function with its independent loops launched in parallel, and the verdicts about its loops."""
    verdicts = tuple(choose(function))
    chosen = {v.loop: v for v in verdicts if v.chosen}
    if not chosen:
        return function, verdicts
    outliner = _Outliner(chosen, {made for v in chosen.values() for made in v.own})
    body = outliner.block(function.body)
    return replace(function, body=body, helpers=(*function.helpers, *outliner.helpers)), verdicts


@dataclass
class _Outliner:
    chosen: dict[For, Verdict]
    private: set[Alloc | NewStack]
    helpers: list[Function] = field(default_factory=list)

    def block(self, block: Block) -> Block:
        builder = Builder()
        for s in block.statements:
            builder.span = s.span
            if isinstance(s, For) and s in self.chosen:
                self._launch(builder, s)
            elif s not in self.private:
                builder.emit(map_atoms(s, lambda atom: atom, self.block))
        return builder.finish(block.results)

    def _launch(self, builder: Builder, loop: For) -> None:
        own = self.chosen[loop].own
        used = free_symbols(Block((*own, *loop.body.statements)), (loop.index, *loop.parameters))
        steps = [a for a in (loop.start,) if isinstance(a, Sym)]
        arguments = tuple(dict.fromkeys((*steps, *used)))
        helper = self._function(loop, arguments)
        self.helpers.append(helper)
        assert helper.callee is not None
        trips = count(builder, loop)
        inside = {*defined_symbols(loop.body), *inner_symbols(loop)}  # not known in front of the loop
        work = builder.op("mul", trips, _work(builder, loop.body, inside, _cost), hint="work")
        folds = self.chosen[loop].folds
        sums = tuple(arguments.index(array) for array in self.chosen[loop].sums)
        launch = Launch(loop.results, helper.callee, trips, work, folds, loop.initial, arguments, loop.span, sums)
        if sums:
            atomic = self._atomically(helper, self.chosen[loop].sums)
            each = _work(builder, loop.body, inside, lambda s: int(_adds_to(s, self.chosen[loop].sums)), least=0)
            additions = builder.op("mul", trips, each, hint="additions")
            launch = replace(launch, atomic=atomic.callee, additions=additions)
        builder.emit(launch)

    def _atomically(self, helper: Function, sums: tuple[Sym, ...]) -> Function:
        """The same function with atomic additions to the arrays that its blocks share."""
        assert helper.callee is not None
        name = f"{helper.name}_atomically"
        changes: dict[Statement, Statement | None] = {
            s: replace(s, atomic=True) for s in walk(helper.body) if isinstance(s, Store) and _adds_to(s, sums)
        }
        params = tuple(Sym(p.hint, p.type) for p in helper.params)
        body = clone_block(exchanged(helper.body, changes), dict(zip(helper.params, params)))
        made = replace(helper, name=name, params=params, body=body, callee=replace(helper.callee, name=name))
        self.helpers.append(made)
        return made

    def _function(self, loop: For, arguments: tuple[Sym, ...]) -> Function:
        """The function that runs the iterations from the `first` up to the `last`. Its body has the loop's own symbols,
        so that what is known of them (which arrays are parts, what is the primal's) stays known."""
        first, last = Sym("first", INT64), Sym("last", INT64)
        initial = tuple(Sym(p.hint, p.type) for p in loop.parameters)
        parameters = (first, last, *initial, *arguments)
        results = tuple(Sym(r.hint, r.type) for r in loop.results)
        builder = Builder()
        builder.span = loop.span
        least = builder.op("maximum", first, int_const(0), hint="first")  # which it is, but not by its type
        for made in self.chosen[loop].own:
            builder.emit(made)
        index, body = loop.index, loop.body
        if not is_numbered(loop):
            index = Sym(loop.index.hint, loop.index.type)
            body = Block((*index_statements(loop, index), *body.statements), body.results)
        builder.emit(
            For(results, index, least, last, int_const(1), loop.parameters, initial, body, span=loop.span)
        )  # fmt: skip
        name = f"loop_{len(self.helpers) + 1}"
        callee = Callee(name, tuple(p.type for p in parameters), tuple(r.type for r in results))
        return Function(name, parameters, builder.finish(results), loop.span, callee=callee)


def _adds_to(s: Statement, arrays: tuple[Sym, ...]) -> bool:
    return isinstance(s, Store) and s.array in arrays


def _work(builder: Builder, block: Block, inside: set[Sym], cost: Callable[[Statement], int], least: int = 1) -> Atom:
    """What the statements of a block cost in all: about how many operations they are."""
    own = least
    total: Atom = int_const(0)
    for s in block.statements:
        if isinstance(s, For):
            inner = _work(builder, s.body, inside, cost, least)
            if not (isinstance(inner, Const) and inner.value == 0):
                total = builder.op("add", total, builder.op("mul", _length(builder, s, inside), inner))
        elif isinstance(s, While):
            own += _GUESSED_LENGTH * sum(map(cost, walk(s.body)))
        elif isinstance(s, If) and least == 0:
            own += sum(map(cost, walk(Block((s,)))))
        else:
            own += cost(s)
    return builder.op("add", total, int_const(own)) if own else total


def _length(builder: Builder, loop: For, inside: set[Sym]) -> Atom:
    bounds = (loop.start, loop.stop)
    if not isinstance(loop.step, Const) or any(isinstance(a, Sym) and a in inside for a in bounds):
        return int_const(_GUESSED_LENGTH)
    return builder.op("maximum", count(builder, loop), int_const(0))


def _cost(s: Statement) -> int:
    if isinstance(s, Let):
        return s.op.cost
    return 1 if isinstance(s, (Load, Store)) else 0
