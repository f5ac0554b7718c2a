"""The reverse sweep: the adjoint of each statement, in reverse order.

In: a function with shadows, its activity and a plan. Out: the statements of the reverse sweep, and the primal values
it uses (`Primals.needs`), from which the plan is made: the sweep is written once with an empty plan to see what
it needs, and again with the plan that provides it.

Cotangents of scalars are values (`_bars` maps a primal symbol to the cotangent so far); those of arrays live in
shadow memory. The reverse of a loop carries, as its own loop values, the cotangents of what the loop carries and of
the outer scalars it uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from srcgrad.adjoint.calls import Calls, floating_scalars, statement_symbols
from srcgrad.adjoint.fusion import Fusion, FusionAnalysis, Scopes
from srcgrad.adjoint.partials import contribution, formula_environment, zero
from srcgrad.adjoint.plan import Plan
from srcgrad.adjoint.primals import Primals
from srcgrad.adjoint.shadow import Shadows, floating_arrays
from srcgrad.adjoint.singular import Unchosen
from srcgrad.adjoint.stack_cotangents import StackCotangents
from srcgrad.adjoint.tapes import Tapes
from srcgrad.analysis.activity import Activity
from srcgrad.analysis.regions import Loop, Regions
from srcgrad.ir.build import Builder, add_elementwise, clear_elements, int_const
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Call,
    Copy,
    External,
    For,
    If,
    Let,
    Load,
    NewStack,
    Pop,
    Product,
    Push,
    Statement,
    Store,
    Sym,
    While,
    blocks,
)  # fmt: skip
from srcgrad.ir.types import INT64, Array, Scalar
from srcgrad.ir.visit import free_symbols, inner_symbols, walk
from srcgrad.ops.formula import names_in


class ReverseSweep:
    """Writes the reverse sweep of one function into a builder."""

    def __init__(
        self, builder: Builder, regions: Regions, activity: Activity, shadows: Shadows, plan: Plan, tapes: Tapes,
        calls: Calls, stacks: tuple[Sym, ...], *, factors: Mapping[Statement, tuple[Sym, ...]],
        analysis: FusionAnalysis | None = None, strong_zero: bool = False,
    ) -> None:  # fmt: skip
        """`analysis` is given in the trial run, which notes what it needs and which loops may be fused; without it
        the plan must provide everything."""
        self.fusions: dict[Loop, Fusion] = {}
        self._builder = builder
        self._regions = regions
        self._scopes = Scopes(regions, plan.fused, plan.detached)
        self._calls = calls
        self._stacks = stacks
        self._activity = activity
        self._plan = plan
        self._analysis = analysis
        self.primals = Primals(builder, regions, activity, shadows, plan, tapes, trial=analysis is not None)
        self.primal = self.primals.primal
        self.shadow = self.primals.shadow
        self._factors = factors
        self._late = shadows.late
        self._bars: dict[Sym, Atom] = {}
        self._opaque: set[Sym] = set()
        self._stack_bars = StackCotangents()
        self._unchosen = Unchosen(regions, strong_zero)

    # -- cotangents -------------------------------------------------------------------------------------------

    def accumulate(self, atom: Atom, value: Atom) -> None:
        """Add to the cotangent of a scalar; nothing happens where it is not active."""
        if not isinstance(atom, Sym) or not self._activity(atom):
            return
        assert isinstance(atom.type, Scalar)
        value = self._builder.cast(value, atom.type)
        old = self._bars.get(atom)
        self._bars[atom] = value if old is None else self._builder.op("add", old, value, hint=f"{atom.hint}_bar")

    def cotangent(self, symbol: Sym) -> Atom:
        """The cotangent of a scalar so far."""
        assert isinstance(symbol.type, Scalar)
        return self._bars.get(symbol, zero(symbol.type))

    # -- blocks and statements --------------------------------------------------------------------------------

    def block(self, block: Block) -> None:
        """Append the adjoint of a block's statements."""
        for statement in block.statements:
            if isinstance(statement, NewStack) and self._activity(statement.result):
                self._stack_bars.make(self._builder, statement)
        for statement in reversed(block.statements):
            if self._matters(statement):
                self._builder.span = statement.span
                self._statement(statement)

    def _matters(self, statement: Statement) -> bool:
        """Has the statement an adjoint, or a store inside that must be undone?"""
        if not blocks(statement):
            return True
        return any(self._matters_alone(inner) for block in blocks(statement) for inner in walk(block)) or any(
            self._activity(symbol) for symbol in getattr(statement, "results", ())
        )

    def _matters_alone(self, statement: Statement) -> bool:
        match statement:
            case Let(result=result) | Load(result=result) | Copy(result=result):
                return self._activity(result)
            case Store(array=array):
                return self._activity(array) or statement in self._plan.undone
            case Product(array=array):
                return self._activity(array)
            case External(outputs=outputs):
                return any(map(self._activity, outputs))
            case Call() | Push() | Pop():
                return any(self._activity(s) for s in (*statement_symbols(statement),))
            case If() | For() | While():
                return any(map(self._activity, statement.results))
            case _:
                return False

    def _statement(self, statement: Statement) -> None:
        match statement:
            case Let():
                self._let(statement)
            case Load(result=result, array=array, index=index):
                bar = self._bars.pop(result, None)
                if bar is not None and self._activity(array):
                    self._builder.store(self.shadow(array), tuple(map(self.primal, index)), bar, accumulate=True)
            case Store():
                self._store(statement)
            case Copy(result=result, array=array):
                if self._activity(result) and self._activity(array):
                    self._copied(self.shadow(array), self.shadow(result))
            case Product(array=array) if self._activity(array):
                self._product(statement)
            case External():
                self._external(statement)
            case If():
                self._if(statement)
            case For() | While():
                self._loop(statement)
            case Call():
                self._call(statement)
            case Push(stack=stack, value=value) if self._activity(stack) and isinstance(value.type, Scalar):
                self.accumulate(value, self._stack_bars.pop(self._builder, statement))
            case Pop(result=result, stack=stack) if self._activity(stack) and isinstance(result.type, Scalar):
                bar = self._bars.pop(result, None)
                self._stack_bars.push(self._builder, statement, bar)

    def _copied(self, bar: Sym, copy_bar: Sym) -> None:
        if bar is not copy_bar:  # they are one where the copy is all that is made of a parameter
            add_elementwise(self._builder, bar, copy_bar)

    # -- calls ------------------------------------------------------------------------------------------------

    def matters(self, call: Call) -> bool:
        """Does reverse mode go through this call?"""
        return self._matters_alone(call)

    def forward_call(self, call: Call) -> Call:
        """What the forward sweep runs in the place of a call."""
        pair = self._calls.pairs[call.callee]
        return replace(call, callee=pair.forward, arguments=(*call.arguments, *self._stacks))

    def _call(self, call: Call) -> None:
        """The adjoint of a call is a call of the reverse function."""
        if not self.matters(call):
            return
        builder = self._builder
        self._stack_bars.refuse_call(call, self._activity)
        own = call.arguments[: len(call.callee.parameters)]  # shadows follow where calls are mirrored
        bars = [self._bars.pop(r, None) or zero(r.type) for r in floating_scalars(call.results)]  # type: ignore[arg-type]
        arguments = tuple(map(self.primal, own))
        shadows = list(map(self._shadow_of_argument, floating_arrays(own)))
        scalars = [a for a in own if isinstance(a.type, Scalar) and a.type.is_float]
        hints = [f"{a.hint}_bar" if isinstance(a, Sym) else "unused" for a in scalars]
        results = tuple(Sym(hint, a.type) for hint, a in zip(hints, scalars, strict=True))
        callee = self._calls.pairs[call.callee].reverse if self._analysis is None else call.callee
        builder.emit(Call(results, callee, (*arguments, *bars, *shadows, *self._stacks), call.span))
        for argument, result in zip(scalars, results, strict=True):
            self.accumulate(argument, result)

    def _shadow_of_argument(self, array: Sym) -> Sym:
        """The shadow of an array handed to a call; of an inactive one, memory to be forgotten."""
        if self._activity(array):
            return self.shadow(array)
        primal = self.primal(array)
        assert isinstance(primal, Sym)
        return self._builder.alloc_like(primal, 0.0, f"{array.hint}_bar")

    def _let(self, statement: Let) -> None:
        bar = self._bars.pop(statement.result, None)
        if bar is None:
            return
        for argument, formula in zip(statement.arguments, statement.op.partials, strict=True):
            if formula is None or not self._activity(argument):
                continue
            environment = formula_environment(statement, formula, self.primal, names_in(formula))
            value = contribution(self._builder, formula, environment, bar)
            if self._unchosen.spares(statement, formula):
                silent = self._builder.op("eq", bar, zero(bar.type))  # type: ignore[arg-type]
                value = self._builder.op("select", silent, zero(value.type), value)  # type: ignore[arg-type]
            self._unchosen.follow(statement, argument)
            self.accumulate(argument, value)

    def _store(self, statement: Store) -> None:
        index = tuple(map(self.primal, statement.index)) if self._matters_alone(statement) else ()
        if self._activity(statement.array):
            shadow = self.shadow(statement.array)
            assert isinstance(shadow.type, Array)
            if self._activity(statement.value):
                hint = f"{statement.value.hint}_bar" if isinstance(statement.value, Sym) else "t"
                self.accumulate(statement.value, self._builder.load(shadow, index, hint))
                self._unchosen.add(statement.value)
            if not statement.accumulate:
                self._builder.store(shadow, index, zero(shadow.type.element))
        if statement in self._plan.undone:
            array = self.primal(statement.array)
            assert isinstance(array, Sym)
            self._builder.store(array, index, self.primal(self._plan.undone[statement]))

    def _product(self, statement: Product) -> None:
        """`a_bar += c_bar @ b.T` and `b_bar += a.T @ c_bar` (Giles, "Collected matrix derivative results for forward
        and reverse mode AD", 2008, section 2.2.2), where the factors are not transposed or conjugated themselves; of
        complex matrices, the transposes are conjugated."""
        builder, (left, right) = self._builder, map(self._matrix, self._factors[statement])
        bar = self.shadow(statement.array)
        pairs = left.type.ndim == 3  # type: ignore[union-attr]
        across, down = statement.transposed
        own, other = statement.conjugated
        turned = pairs and own == other  # what the other factor becomes: conjugated once for each mark, and once more
        if self._activity(statement.left):
            target = self.shadow(statement.left)
            if across:
                builder.product(target, right, bar, (down, True), (turned, own))
            else:
                builder.product(target, bar, right, (False, not down), (own, turned))
        if self._activity(statement.right):
            target = self.shadow(statement.right)
            if down:
                builder.product(target, bar, left, (True, across), (other, turned))
            else:
                builder.product(target, left, bar, (not across, False), (turned, other))

    def _external(self, statement: External) -> None:
        """`b_bar += transpose(x_bar)` where `x` is linear in `b`; then `x_bar` is done with."""
        builder, transpose = self._builder, statement.procedure.transpose
        active = tuple(filter(self._activity, statement.outputs))
        if active and transpose is not None and self._activity(statement.inputs[-1]):
            bar = self.shadow(active[0])
            change = builder.alloc_like(bar, None, f"{statement.inputs[-1].hint}_bar")
            builder.external(transpose, (change,), (*map(self._matrix, self._factors[statement]), bar))
            add_elementwise(builder, self.shadow(statement.inputs[-1]), change)
        for array in active:
            clear_elements(builder, self.shadow(array))

    def _matrix(self, array: Sym) -> Sym:
        primal = self.primal(array)
        assert isinstance(primal, Sym)
        return primal

    # -- control flow -----------------------------------------------------------------------------------------

    @contextmanager
    def _scope(self, bars: dict[Sym, Atom]) -> Iterator[None]:
        """Reverse a nested block with its own cotangents."""
        outer = self._bars
        self._bars = bars
        try:
            yield
        finally:
            self._bars = outer

    def free_active(self, statement: Statement) -> tuple[Sym, ...]:
        """The active scalars from outside that the nested blocks use."""
        inner = inner_symbols(statement)
        found = [s for block in blocks(statement) for s in free_symbols(block, inner)]
        return tuple(dict.fromkeys(s for s in found if isinstance(s.type, Scalar) and self._activity(s)))

    def _if(self, statement: If) -> None:
        incoming = [self._bars.pop(result, None) for result in statement.results]
        free = self.free_active(statement)
        condition = self.primal(statement.condition)
        branches: list[Block] = []
        for block in (statement.then, statement.orelse):
            with self._builder.block() as statements, self._scope({f: self._bars[f] for f in free if f in self._bars}):
                for atom, bar in zip(block.results, incoming, strict=True):
                    if bar is not None:
                        self.accumulate(atom, bar)
                        if atom in free:  # in the other branch it was not chosen
                            self._unchosen.add(atom)
                self.primals.provide(self._regions.of_block[block])
                self.block(block)
                branches.append(Block(tuple(statements), tuple(map(self.cotangent, free))))
        then, orelse = branches
        results = self._builder.if_(condition, then, orelse, tuple(f"{f.hint}_bar" for f in free))
        for f, result, a, b in zip(free, results, then.results, orelse.results, strict=True):
            self._bars[f] = a if a == b else result

    def _active_slots(self, loop: Loop) -> list[int]:
        return [k for k, p in enumerate(loop.parameters) if isinstance(p.type, Scalar) and self._activity(p)]

    def _loop(self, loop: Loop) -> None:
        active = self._active_slots(loop)
        initial: list[Atom] = []
        for k, result in enumerate(loop.results):
            bar = self._bars.pop(result, None)
            if k in active:
                initial.append(bar if bar is not None else zero(result.type))  # type: ignore[arg-type]
        if isinstance(loop, For) and loop in self._plan.fused:
            self._after_fused(loop, active, initial)
            return
        free = self.free_active(loop)
        rotated = self._plan.rotated.get(loop, ())
        initial += [self.cotangent(f) for f in free]
        initial += [self.primal(loop.results[k]) for k in rotated]
        late = self._late.get(loop, ())
        initial += [self.shadow(loop.results[k]) for k in late]
        hints = [f"{loop.parameters[k].hint}_bar" for k in active] + [f"{f.hint}_bar" for f in free]
        hints += [loop.parameters[k].hint for k in rotated]
        hints += [f"{loop.parameters[k].hint}_bar" for k in late]
        parameters = tuple(Sym(hint, atom.type) for hint, atom in zip(hints, initial, strict=True))
        index, body = self._loop_body(loop, active, free, rotated, parameters)
        results = tuple(Sym(p.hint, p.type) for p in parameters)
        start, stop, step = self._bounds(loop)
        self._builder.span = loop.span
        reverse, parallel = (not loop.reverse, loop.parallel) if isinstance(loop, For) else (True, False)
        self._builder.emit(
            For(results, index, start, stop, step, parameters, tuple(initial), body, reverse, loop.span, parallel)
        )
        same = [y is p for y, p in zip(body.results, parameters, strict=True)]
        finals = [a if unchanged else r for unchanged, a, r in zip(same, initial, results, strict=True)]
        if self._analysis is not None and isinstance(loop, For) and all(same[: len(active)]):
            self._consider_fusion(loop, tuple(initial[: len(active)]))
        for f, final in zip(free, finals[len(active) :], strict=False):
            self._bars[f] = final
        for k, final in zip(active, finals, strict=False):
            self.accumulate(loop.initial[k], final)
        for k, final in zip(late, finals[len(finals) - len(late) :], strict=True):
            self._add_to_initial(loop.initial[k], final)

    def _add_to_initial(self, array: Atom, bar: Atom) -> None:
        assert isinstance(array, Sym) and isinstance(bar, Sym)
        if self._activity(array):
            add_elementwise(self._builder, self.shadow(array), bar)

    def _make_shadows(self, loop: Loop, late: tuple[int, ...]) -> None:
        """The shadows of what an iteration was given and does not hand on."""
        handed_on = {loop.body.results[k] for k in late}
        for parameter in (loop.parameters[k] for k in late):
            if parameter not in handed_on:
                primal = self.primal(parameter)
                assert isinstance(primal, Sym)
                made = self._builder.alloc_like(primal, 0.0, f"{parameter.hint}_bar")
                self.primals.give_shadow(parameter, made)

    # -- fused loops ------------------------------------------------------------------------------------------

    def _consider_fusion(self, loop: For, cotangents: tuple[Atom, ...]) -> None:
        """In the trial run: note the loop if its two sweeps may run at once."""
        assert self._analysis is not None
        region = self._regions.of_statement[loop]
        if not self._scopes.in_scope(region):
            return
        place = self._regions.position[loop]
        written = self._builder.written()

        def visible(symbol: Sym) -> bool:
            home = self._regions.of_symbol.get(symbol)
            if home is None:  # the cotangent of an output, unless this sweep has computed it
                return symbol not in written and symbol not in self._opaque
            if home is not region:
                return home.encloses(region)
            definition = self._regions.definition.get(symbol)
            return definition is None or self._regions.position[definition] < place

        fusion = self._analysis.decide(loop, cotangents, written, visible)
        if fusion is not None:
            self.fusions[loop] = fusion

    def _after_fused(self, loop: For, active: list[int], cotangents: list[Atom]) -> None:
        """The reverse sweep reaches a loop whose reverse has run already: only the initial values are left. The
        trial run writes the iteration here, to see what it needs."""
        for k, bar in zip(active, cotangents, strict=True):
            self.accumulate(loop.initial[k], bar)
        if self._analysis is not None:
            with self._builder.block():
                self.fused_iteration(loop, tuple(cotangents), {}, [])
            for f in self.free_active(loop):
                total = Sym(f"{f.hint}_bar", f.type)
                self._opaque.add(total)
                self.accumulate(f, total)

    def fused_iteration(
        self, loop: For, cotangents: tuple[Atom, ...], free: dict[Sym, Sym], inner: list[tuple[Sym, Atom]]
    ) -> tuple[Atom, ...]:
        """The reverse part of one iteration, right after its forward part. `free` are the loop values that add up
        the cotangents of outer scalars; `inner` is what fused loops in this iteration have contributed. Returns the
        new totals."""
        with self._scope(dict(free)):
            for symbol, value in inner:
                self.accumulate(symbol, value)
            for k, bar in zip(self._active_slots(loop), cotangents, strict=True):
                self.accumulate(loop.body.results[k], bar)
            self.block(loop.body)
            return tuple(self.cotangent(f) for f in free)

    def _bounds(self, loop: Loop) -> tuple[Atom, Atom, Atom]:
        if isinstance(loop, For):
            return self.primal(loop.start), self.primal(loop.stop), self.primal(loop.step)
        return int_const(0), self.primal(loop.trips), int_const(1)

    def _loop_body(
        self,
        loop: Loop,
        active: list[int],
        free: tuple[Sym, ...],
        rotated: tuple[int, ...],
        parameters: tuple[Sym, ...],
    ) -> tuple[Sym, Block]:
        """One iteration backwards: cotangents of what it yielded come in, those of its parameters go out."""
        primal_index = loop.index if isinstance(loop, For) else loop.counter
        index = Sym(primal_index.hint, INT64)
        bars_in = parameters[: len(active)]
        free_in = parameters[len(active) : len(active) + len(free)]
        first_late = len(active) + len(free) + len(rotated)
        references = parameters[len(active) + len(free) : first_late]
        with self._builder.block() as statements, self._scope(dict(zip(free, free_in, strict=True))):
            self.primals.stand_for(primal_index, index)
            for k, reference in zip(rotated, references, strict=True):
                yielded = loop.body.results[k]
                assert isinstance(yielded, Sym)
                self.primals.stand_for(yielded, reference)
            for k, bar in zip(active, bars_in, strict=True):
                self.accumulate(loop.body.results[k], bar)
            late = self._late.get(loop, ())
            for k, bar in zip(late, parameters[first_late:], strict=True):
                yielded = loop.body.results[k]
                assert isinstance(yielded, Sym)
                self.primals.give_shadow(yielded, bar)
            region = self._regions.of_block[loop.body]
            self.primals.provide_values(region)
            self._make_shadows(loop, late)
            self.primals.make_shadows(region)
            self.block(loop.body)
            yields = [self.cotangent(loop.parameters[k]) for k in active]
            yields += [self.cotangent(f) for f in free]
            yields += [self.primal(loop.parameters[k]) for k in rotated]
            yields += [self.shadow(loop.parameters[k]) for k in late]
        return index, Block(tuple(statements), tuple(yields))
