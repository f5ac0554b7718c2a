"""What stands for primal values and shadows in the block that is being reversed.

In: a plan. Out: `Primals`, which the reverse sweep asks for every primal value and every shadow it uses. In a trial
run (no plan yet) it hands back the primal symbols themselves and notes them as needed; afterwards it makes what the
plan says when a block is entered backwards: values restored from tapes, counted, or computed again.
"""

from __future__ import annotations

from srcgrad.adjoint.fusion import Scopes
from srcgrad.adjoint.plan import Counted, Plan
from srcgrad.adjoint.shadow import Shadows
from srcgrad.adjoint.tapes import Tapes, iteration_number
from srcgrad.analysis.activity import Activity
from srcgrad.analysis.regions import Region, Regions
from srcgrad.errors import Diagnostic, InternalError
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import Alloc, Atom, Copy, Reshape, Slice, Sym, View
from srcgrad.ir.visit import clone_statement


class Primals:
    """Primal values and shadows, as seen from the reverse sweep."""

    def __init__(
        self, builder: Builder, regions: Regions, activity: Activity, shadows: Shadows, plan: Plan, tapes: Tapes,
        *, trial: bool,
    ) -> None:  # fmt: skip
        self.needs: dict[Sym, None] = {}
        self._builder = builder
        self._regions = regions
        self._scopes = Scopes(regions, plan.fused, plan.detached)
        self._activity = activity
        self._shadows = shadows
        self._plan = plan
        self._tapes = tapes
        self._trial = trial
        self._provided: dict[Sym, Atom] = {}
        self._local_shadows: dict[Sym, Sym] = {}
        self._given_shadows: set[Sym] = set()

    def stand_for(self, primal: Sym, atom: Atom) -> None:
        """From now on `atom` stands for a primal value (the index of a mirrored loop, a rotated buffer)."""
        self._provided[primal] = atom

    def give_shadow(self, array: Sym, shadow: Sym) -> None:
        """From now on `shadow` is the shadow of an array (which the reverse of a loop carries or makes)."""
        self._local_shadows[array] = shadow
        self._given_shadows.add(array)

    def shadow(self, array: Sym) -> Sym:
        """The shadow of an active array, as seen from the block being reversed."""
        if array in self._shadows.forward:
            shadow = self.primal(self._shadows.forward[array])
            assert isinstance(shadow, Sym)
            return shadow
        if array not in self._local_shadows:
            self._local_shadows[array] = self._make_shadow(array)
        return self._local_shadows[array]

    def _make_shadow(self, array: Sym) -> Sym:
        """The shadow of memory (or a view) that belongs to the block being reversed."""
        definition = self._regions.definition[array]
        hint = f"{array.hint}_bar"
        match definition:
            case Alloc(shape=shape):
                return self._builder.alloc(tuple(map(self.primal, shape)), array.type.dtype, 0.0, hint)  # type: ignore[union-attr]
            case Copy():
                source = self.primal(definition.array)
                assert isinstance(source, Sym)
                return self._builder.alloc_like(source, 0.0, hint)
            case View(array=base, entries=entries, permutation=permutation):
                return self._builder.view(self.shadow(base), tuple(map(self._entry, entries)), permutation, hint)
            case Reshape(array=base, shape=shape):
                return self._builder.reshape(self.shadow(base), tuple(map(self.primal, shape)), hint)
            case _:
                raise InternalError(Diagnostic(f"the array {array} has no shadow"))

    def _entry(self, entry: Atom | Slice) -> Atom | Slice:
        if isinstance(entry, Slice):
            return Slice(self.primal(entry.start), self.primal(entry.length), self.primal(entry.step))
        return self.primal(entry)

    def primal(self, atom: Atom) -> Atom:
        """What stands for a primal value in the block being reversed."""
        if not isinstance(atom, Sym):
            return atom
        if atom in self._provided:
            return self._provided[atom]
        region = self._regions.of_symbol.get(atom)
        if region is None or self._scopes.in_scope(region) or self._regions.is_given(atom):
            return atom
        if not self._trial:
            raise InternalError(Diagnostic(f"the reverse sweep uses {atom}, which the plan does not provide"))
        self.needs[atom] = None
        return atom

    def provide(self, region: Region) -> None:
        """Make the primal values of a block that is entered backwards, and the shadows of its own arrays."""
        self.provide_values(region)
        self.make_shadows(region)

    def provide_values(self, region: Region) -> None:
        """Make the primal values of a block that is entered backwards, in the order of the primal."""
        kept = {k.symbol: k for k in self._plan.kept.get(region, ())}
        done = [s for s in kept if self._regions.definition.get(s) is None and s in self._regions.loop_of]
        for symbol in done:
            self._provided[symbol] = self._tapes.restore(self._builder, kept.pop(symbol), self.primal)
        for symbol, entry in kept.items():
            self._provided[symbol] = self._tapes.restore(self._builder, entry, self.primal)
        for counted in self._plan.counted.get(region, ()):
            self._provided[counted.symbol] = self._count(counted)
        for statement in self._plan.recomputed.get(region, ()):
            self._builder.span = statement.span
            self._builder.emit(clone_statement(statement, self._provided))

    def make_shadows(self, region: Region) -> None:
        """Make the shadows of a block's own arrays, before the blocks nested in it use them."""
        for statement in region.block.statements:
            if isinstance(statement, (Alloc, Copy, View, Reshape)):
                self.make_local_shadow(statement.result)

    def _count(self, counted: Counted) -> Atom:
        number = iteration_number(self._builder, counted.loop, self.primal)
        if counted.increment != 1:
            number = self._builder.op("mul", number, int_const(counted.increment))
        return self._builder.op("add", self.primal(counted.initial), number, hint=counted.symbol.hint)

    def make_local_shadow(self, array: Sym) -> None:
        """Make the shadow of an active array whose shadow the forward sweep does not carry."""
        if self._activity(array) and array not in self._shadows.forward and array not in self._given_shadows:
            self._local_shadows[array] = self._make_shadow(array)
