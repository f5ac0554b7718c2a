"""Reverse mode of a whole function: forward sweep, reverse sweep, and what ties them together.

In: a function, the parameters to differentiate with respect to and the results to differentiate. Out: a `Function`
over the same parameters (and one cotangent per differentiated result, if asked for) that returns the primal results
followed by the gradients; and the plan, for the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from srcgrad.adjoint.forward import write_forward
from srcgrad.adjoint.fusion import FusionAnalysis
from srcgrad.adjoint.plan import Plan, make_plan
from srcgrad.adjoint.reverse import ReverseSweep, add_elementwise
from srcgrad.adjoint.shadow import Shadows, add_shadows
from srcgrad.adjoint.tapes import Tapes
from srcgrad.analysis.activity import Activity, find_activity
from srcgrad.analysis.clobber import Clobbers
from srcgrad.analysis.regions import find_regions
from srcgrad.errors import Diagnostic, InternalError
from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.build import Builder, const_like
from srcgrad.ir.nodes import Atom, Function, Sym
from srcgrad.ir.types import Array, Scalar

_MOST_ROUNDS = 20


@dataclass(frozen=True)
class Adjoint:
    """The function of the reverse mode, and what its reverse sweep remembers."""

    function: Function
    plan: Plan
    shadows: int


def reverse_mode(
    function: Function,
    wrt: Sequence[Sym],
    outputs: Sequence[int],
    *,
    name: str,
    seeded: bool,
    strong_zero: bool = False,
) -> Adjoint:
    """The adjoint of `function` with respect to the parameters `wrt` and the results at positions `outputs`.

    Where `seeded`, the new function takes one more parameter per output, its cotangent; else the one output is a
    scalar and its cotangent is 1."""
    return _ReverseMode(function, wrt, outputs, strong_zero).write(name, seeded)


class _ReverseMode:
    def __init__(self, function: Function, wrt: Sequence[Sym], outputs: Sequence[int], strong_zero: bool) -> None:
        self._wrt = wrt
        self._outputs = outputs
        self._strong_zero = strong_zero
        self._activity: Activity = find_activity(function, wrt, [function.body.results[k] for k in outputs])
        self._shadows: Shadows = add_shadows(function, self._activity)
        self._function = self._shadows.function
        self._regions = find_regions(self._function)
        self._aliases: AliasClasses = alias_classes(self._function)

    def write(self, name: str, seeded: bool) -> Adjoint:
        cotangents = self._cotangents(seeded)
        plan = self._make_plan(cotangents)
        tapes = Tapes(plan, self._regions)
        builder = Builder()
        sweep = self._sweep(builder, plan, tapes, None)
        write_forward(builder, self._regions, plan, tapes, sweep)
        results = tuple(self._preserved(builder, atom, plan) for atom in self._function.body.results)
        self._run(sweep, builder, cotangents)
        gradients = tuple(self._gradient(builder, sweep, parameter) for parameter in self._wrt)
        seeds = tuple(c for c in cotangents if isinstance(c, Sym))
        params = (*self._function.params, *seeds)
        adjoint = replace(
            self._function, name=name, params=params, body=builder.finish((*results, *gradients)), callee=None
        )
        return Adjoint(adjoint, plan, len(self._shadows.forward))

    def _cotangents(self, seeded: bool) -> list[Atom]:
        """One per output: a new parameter, or the constant 1."""
        atoms = [self._function.body.results[k] for k in self._outputs]
        if not seeded:
            return [const_like(1.0, atom.type) for atom in atoms]  # type: ignore[arg-type]
        hints = [f"{atom.hint}_bar" if isinstance(atom, Sym) else "out_bar" for atom in atoms]
        return [Sym(hint, atom.type) for hint, atom in zip(hints, atoms, strict=True)]

    def _make_plan(self, cotangents: list[Atom]) -> Plan:
        """Write the reverse sweep on trial until it needs no more stores undone than it undoes, and no more loops can
        be fused."""
        clobbers = Clobbers(self._function, self._regions, self._aliases)
        analysis = FusionAnalysis(self._function, self._regions, self._aliases, self._activity)
        before = Plan()
        for _ in range(_MOST_ROUNDS):
            builder = Builder()
            sweep = self._sweep(builder, before, Tapes(before, self._regions), analysis)
            self._run(sweep, builder, cotangents)
            plan = make_plan(sweep.needs, self._regions, clobbers, self._aliases, before)
            if plan.undone.keys() == before.undone.keys() and not sweep.fusions:
                return plan
            fused = {**before.fused, **sweep.fusions}
            before = Plan(undone={} if sweep.fusions else plan.undone, fused=fused)
        raise InternalError(Diagnostic("the plan of the reverse sweep does not settle"))

    def _sweep(self, builder: Builder, plan: Plan, tapes: Tapes, analysis: FusionAnalysis | None) -> ReverseSweep:
        return ReverseSweep(
            builder, self._regions, self._activity, self._shadows, plan, tapes,
            analysis=analysis, strong_zero=self._strong_zero,
        )  # fmt: skip

    def _run(self, sweep: ReverseSweep, builder: Builder, cotangents: list[Atom]) -> None:
        """Write the reverse sweep, beginning with the cotangents of the outputs."""
        for k, cotangent in zip(self._outputs, cotangents, strict=True):
            result = self._function.body.results[k]
            if not self._activity(result):
                continue
            if isinstance(result.type, Array):
                add_elementwise(builder, sweep.shadow(result), cotangent)  # type: ignore[arg-type]
            else:
                sweep.accumulate(result, cotangent)
        sweep.block(self._function.body)

    def _preserved(self, builder: Builder, atom: Atom, plan: Plan) -> Atom:
        """A result as the primal leaves it: copied where the reverse sweep will undo stores into it."""
        if not isinstance(atom, Sym) or not isinstance(atom.type, Array):
            return atom
        undone = {self._aliases.root(store.array) for store in plan.undone}
        return builder.copy(atom, atom.hint) if self._aliases.root(atom) in undone else atom

    def _gradient(self, builder: Builder, sweep: ReverseSweep, parameter: Sym) -> Atom:
        if isinstance(parameter.type, Scalar):
            return sweep.cotangent(parameter)
        if self._activity(parameter):
            return sweep.shadow(parameter)
        return builder.alloc_like(parameter, 0.0, f"{parameter.hint}_bar")
