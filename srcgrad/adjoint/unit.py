"""One function made ready for reverse mode: its activity, shadows, regions and plan.

In: a function, what to differentiate, and what is known of the functions it calls. Out: a `Unit`, from which the
sweeps are written. The plan is found by writing the reverse sweep on trial.
"""

from __future__ import annotations

from collections.abc import Sequence

from srcgrad.adjoint.calls import NO_CALLS, Calls
from srcgrad.adjoint.factors import keep_factors
from srcgrad.adjoint.fusion import FusionAnalysis
from srcgrad.adjoint.plan import Plan
from srcgrad.adjoint.planning import make_plan
from srcgrad.adjoint.reverse import ReverseSweep
from srcgrad.adjoint.shadow import Shadows, add_shadows
from srcgrad.adjoint.tapes import Tapes
from srcgrad.analysis.activity import Activity, find_activity
from srcgrad.analysis.clobber import Clobbers, Writing
from srcgrad.analysis.regions import Regions, find_regions
from srcgrad.errors import Diagnostic, InternalError
from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.build import Builder, add_elementwise
from srcgrad.ir.nodes import Atom, Function, Sym
from srcgrad.ir.types import Array

_MOST_ROUNDS = 50


class Unit:
    """A function and all that is known of it.

    `outputs` are the values whose cotangents the reverse sweep starts from (`None` for an array whose cotangent is its
    shadow already); a `detached` unit is a recursive function, whose reverse is a function of its own; where calls are
    `mirrored`, they hand over shadows in the forward sweep (see `shadow`)."""

    def __init__(
        self, function: Function, wrt: Sequence[Sym], outputs: Sequence[Atom], cotangents: Sequence[Atom | None],
        *, strong_zero: bool, writing: Writing, volatile: frozenset[Sym] = frozenset(),
        detached: bool = False, mirrored: bool = False,
    ) -> None:  # fmt: skip
        self.params = function.params
        self.outputs = outputs
        self.cotangents = cotangents
        self.factors = keep_factors(function, wrt, outputs, writing=writing, volatile=volatile)
        function = self.factors.function
        self.activity: Activity = find_activity(function, wrt, outputs)
        self.shadows: Shadows = add_shadows(function, self.activity, detached=detached, mirrored=mirrored)
        self.function = self.shadows.function
        self.regions: Regions = find_regions(self.function)
        self.aliases: AliasClasses = alias_classes(self.function)
        self.detached = detached
        self._strong_zero = strong_zero
        self.plan: Plan = self._make_plan(writing, frozenset(map(self.aliases.root, volatile)))

    def _make_plan(self, writing: Writing, volatile: frozenset[Sym]) -> Plan:
        """Write the reverse sweep on trial until it needs no more stores undone than it undoes, and no more loops can
        be fused."""
        clobbers = Clobbers(self.function, self.regions, self.aliases, writing)
        analysis = FusionAnalysis(self.function, self.regions, self.aliases, self.activity)
        before = Plan(detached=self.detached)
        for _ in range(_MOST_ROUNDS):
            builder = Builder()
            sweep = self.sweep(builder, before, Tapes(before, self.regions), NO_CALLS, (), analysis)
            self.run(sweep, builder)
            plan = make_plan(sweep.primals.needs, self.regions, clobbers, self.aliases, before, analysis, volatile)
            if plan.undone.keys() == before.undone.keys() and not sweep.fusions:
                return plan
            undone = {} if sweep.fusions else plan.undone
            before = Plan(undone=undone, fused={**before.fused, **sweep.fusions}, detached=self.detached)
        raise InternalError(Diagnostic("the plan of the reverse sweep does not settle"))

    def sweep(
        self, builder: Builder, plan: Plan, tapes: Tapes, calls: Calls, stacks: tuple[Sym, ...],
        analysis: FusionAnalysis | None = None,
    ) -> ReverseSweep:  # fmt: skip
        """A reverse sweep of this unit; with `analysis`, a trial run."""
        return ReverseSweep(
            builder, self.regions, self.activity, self.shadows, plan, tapes, calls, stacks,
            factors=self.factors.lasting, analysis=analysis, strong_zero=self._strong_zero,
        )  # fmt: skip

    def run(self, sweep: ReverseSweep, builder: Builder) -> None:
        """Write the reverse sweep, beginning with the cotangents of the outputs."""
        for output, cotangent in zip(self.outputs, self.cotangents, strict=True):
            if cotangent is None or not self.activity(output):
                continue
            if isinstance(output.type, Array):
                add_elementwise(builder, sweep.shadow(output), cotangent)  # type: ignore[arg-type]
            else:
                sweep.accumulate(output, cotangent)
        if self.detached:
            sweep.primals.provide(self.regions.root)
        sweep.block(self.function.body)
