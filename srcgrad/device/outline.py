"""Chosen loops become kernels; what is left is the function of the host, which launches them.

    for i in range(0, n, 1):              kernel loop_1[n](a, b)
        x = load a[i]              =>
        store b[i] = x                    function loop_1(i, a, b):
                                              x = load a[i]
                                              store b[i] = x

In: a function that is otherwise done. Out: the function with kernels, what each thread does among its helpers. Arrays
that each iteration makes for itself are made once, with one part for each of the threads that run at a time (`slots`);
the parts lie element by element side by side, as the threads read them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from srcgrad.device.choice import Nest, Verdict, choose
from srcgrad.device.columns import columns
from srcgrad.device.own import OfOwn, apart
from srcgrad.device.split import split
from srcgrad.device.spread import spread
from srcgrad.device.stacks import in_arrays
from srcgrad.device.strips import strips
from srcgrad.device.turn import turn
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Callee,
    For,
    Function,
    Kernel,
    Statement,
    Sym,
)  # fmt: skip
from srcgrad.ir.types import INT64
from srcgrad.ir.visit import free_symbols, map_atoms, substitute, walk
from srcgrad.opt.fuse import fuse
from srcgrad.opt.rewrite import exchanged
from srcgrad.opt.simplify import simplify
from srcgrad.parallel.iterations import count, index_statements, is_numbered

MOST_SLOTS = 1 << 17  # threads at a time that have memory of their own: more than a GPU runs at once


def on_device(function: Function) -> tuple[Function, tuple[Verdict, ...]]:
    """The function with its loops as kernels, and the verdicts about its loops."""
    function = columns(strips(split(spread(fuse(turn(in_arrays(function)), reading=True)))))
    verdicts = tuple(choose(function))
    nests = {v.loop: v.nest for v in verdicts if v.nest is not None}
    outliner = _Outliner(nests, {made for n in nests.values() for made in n.work_arrays})
    body = outliner.block(function.body)
    made = simplify(replace(function, body=body, helpers=(*function.helpers, *outliner.helpers)))
    return _launched(made, {helper.callee for helper in outliner.helpers}), verdicts


def _launched(function: Function, kernels: set[Callee | None]) -> Function:
    """The function with those of the kernels that it launches (a test that was decided takes some out), numbered."""
    names: dict[Callee, Callee] = {}
    for s in walk(function.body):
        if isinstance(s, Kernel):
            names.setdefault(s.callee, replace(s.callee, name=f"loop_{len(names) + 1}"))
    launches = [s for s in walk(function.body) if isinstance(s, Kernel)]
    body = exchanged(function.body, {s: replace(s, callee=names[s.callee]) for s in launches})
    helpers: list[Function] = [h for h in function.helpers if h.callee not in kernels]
    made = {h.callee: h for h in function.helpers if h.callee in names}
    helpers += [replace(made[old], name=new.name, callee=new) for old, new in names.items()]
    return replace(function, body=body, helpers=tuple(helpers))


@dataclass
class _Outliner:
    nests: dict[For, Nest]
    private: set[Alloc]
    helpers: list[Function] = field(default_factory=list)

    def block(self, block: Block) -> Block:
        builder = Builder()
        for s in block.statements:
            builder.span = s.span
            if isinstance(s, For) and s in self.nests:
                self._kernel(builder, s, self.nests[s])
            elif s not in self.private:
                builder.emit(map_atoms(s, lambda atom: atom, self.block))
        return builder.finish(block.results)

    def _kernel(self, builder: Builder, loop: For, chosen: Nest) -> None:
        counts = (int_const(1),) if chosen.alone else tuple(count(builder, each) for each in chosen.loops)
        slot: Sym | None = None
        arrays: dict[Sym, Sym] = {}
        slots: Atom = int_const(1)
        if chosen.work_arrays or chosen.own:
            slot, slots = Sym("slot", INT64), self._slots(builder, counts)
            for made in (*chosen.work_arrays, *chosen.own):
                arrays[made.result] = apart(builder, made, slots)
        indices, body = self._body(chosen)
        body = OfOwn(arrays, slot).block(body) if slot is not None else body
        starts = tuple(Sym(p.hint, p.type) for p in loop.parameters)
        body = substitute(body, dict(zip(loop.parameters, starts))) if not chosen.alone else body
        if chosen.alone:
            body = _alone(loop, body, starts)
        first = (*indices, slot) if slot is not None else indices
        used = free_symbols(body, (*first, *starts))
        results = tuple(r.type for r in loop.results)
        name = f"loop_{len(self.helpers) + 1}"
        parameters = (*first, *starts, *used)
        callee = Callee(name, tuple(p.type for p in parameters), results)
        self.helpers.append(Function(name, parameters, body, loop.span, callee=callee))
        builder.emit(
            Kernel(
                loop.results, callee, counts, chosen.folds, loop.initial, used, loop.span,
                slots=slots if slot is not None else None,
            )
        )  # fmt: skip

    def _slots(self, builder: Builder, counts: tuple[Atom, ...]) -> Atom:
        total: Atom = int_const(1)
        for each in counts:
            total = builder.op("mul", total, builder.op("maximum", each, int_const(0)))
        return builder.op("minimum", total, int_const(MOST_SLOTS), hint="slots")

    def _body(self, chosen: Nest) -> tuple[tuple[Sym, ...], Block]:
        """The indices of a thread, and what it does; for a nest that is alone, what an iteration does."""
        innermost = exchanged(chosen.loops[-1].body, {s: replace(s, atomic=True) for s in chosen.atomic})
        if chosen.alone:
            return (Sym("thread", INT64),), innermost
        indices: list[Sym] = []
        statements: list[Statement] = []
        renamed: dict[Sym, Atom] = {}
        for k, loop in enumerate(chosen.loops):
            number = loop.index if is_numbered(loop) else Sym(loop.index.hint, INT64)
            indices.append(number)
            if number is not loop.index:
                statements += index_statements(loop, number)
            statements += chosen.prefixes[k] if k < len(chosen.prefixes) else ()
            if k:
                renamed.update(zip(loop.parameters, chosen.loops[0].parameters))
        body = Block((*statements, *innermost.statements), innermost.results)
        return tuple(indices), substitute(body, renamed) if renamed else body


def _alone(loop: For, body: Block, starts: tuple[Sym, ...]) -> Block:
    """The whole loop, as what one thread does."""
    results = tuple(Sym(r.hint, r.type) for r in loop.results)
    return Block((replace(loop, results=results, initial=starts, body=body),), results)
