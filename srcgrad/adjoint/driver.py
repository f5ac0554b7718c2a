"""Reverse mode of a whole function: forward sweep, reverse sweep, and what ties them together.

In: a function, the parameters to differentiate with respect to and the results to differentiate. Out: a `Function`
over the same parameters (and one cotangent per differentiated result, if asked for) that returns the primal results
followed by the gradients; and the plan, for the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from srcgrad.adjoint.again import refuse_unknown
from srcgrad.adjoint.calls import (
    NO_CALLS,
    Calls,
    floating_scalars,
    make_calls,
    volatile_roots,
    writing_callees,
)  # fmt: skip
from srcgrad.adjoint.forward import write_forward, write_forward_helper
from srcgrad.adjoint.plan import Plan
from srcgrad.adjoint.reverse import ReverseSweep
from srcgrad.adjoint.shadow import floating_arrays, must_mirror
from srcgrad.adjoint.tapes import Tapes
from srcgrad.adjoint.unit import Unit
from srcgrad.analysis.clobber import Writing
from srcgrad.ir.build import Builder, const_like
from srcgrad.ir.nodes import Atom, Block, Call, Function, NewStack, Sym
from srcgrad.ir.types import Array, Scalar
from srcgrad.ir.visit import walk


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
    atoms = [function.body.results[k] for k in outputs]
    refuse_unknown(function, wrt, atoms)
    cotangents = _cotangents(atoms, seeded)
    writing = writing_callees(function.helpers)
    mirrored = must_mirror(function.helpers)
    unit = Unit(function, wrt, atoms, cotangents, strong_zero=strong_zero, writing=writing, mirrored=mirrored)
    helpers = [_helper_unit(h, function, strong_zero, writing, mirrored) for h in function.helpers]
    kept = [k for helper in helpers for k in helper.plan.all_kept()]
    calls = make_calls(function.helpers, kept, mirrored=mirrored) if helpers else NO_CALLS
    params = (*unit.function.params, *(c for c in cotangents if isinstance(c, Sym)))
    body = _write(unit, wrt, calls)
    pairs = tuple(f for helper in helpers for f in _write_pair(helper, helpers, calls))
    adjoint = replace(unit.function, name=name, params=params, body=body, callee=None)
    adjoint = replace(adjoint, helpers=_reachable(adjoint, (*function.helpers, *pairs)))
    return Adjoint(adjoint, unit.plan, len(unit.shadows.forward))


def _cotangents(atoms: Sequence[Atom], seeded: bool) -> list[Atom]:
    """One per output: a new parameter, or the constant 1."""
    if not seeded:
        return [const_like(1.0, atom.type) for atom in atoms]  # type: ignore[arg-type]
    hints = [f"{atom.hint}_bar" if isinstance(atom, Sym) else "out_bar" for atom in atoms]
    return [Sym(hint, atom.type) for hint, atom in zip(hints, atoms, strict=True)]


def _write(unit: Unit, wrt: Sequence[Sym], calls: Calls) -> Block:
    """The body of the adjoint: forward sweep, then reverse sweep."""
    builder = Builder()
    stacks = calls.new_stacks()
    for stack in stacks:
        builder.emit(NewStack(stack))
    tapes = Tapes(unit.plan, unit.regions)
    sweep = unit.sweep(builder, unit.plan, tapes, calls, stacks)
    write_forward(builder, unit.regions, unit.plan, tapes, sweep)
    results = tuple(_preserved(builder, unit, atom) for atom in unit.function.body.results)
    unit.run(sweep, builder)
    gradients = tuple(_gradient(builder, unit, sweep, parameter) for parameter in wrt)
    return builder.finish((*results, *gradients))


def _preserved(builder: Builder, unit: Unit, atom: Atom) -> Atom:
    """A result as the primal leaves it: copied where the reverse sweep will undo stores into it."""
    if not isinstance(atom, Sym) or not isinstance(atom.type, Array):
        return atom
    undone = {unit.aliases.root(store.array) for store in unit.plan.undone}
    return builder.copy(atom, atom.hint) if unit.aliases.root(atom) in undone else atom


def _gradient(builder: Builder, unit: Unit, sweep: ReverseSweep, parameter: Sym) -> Atom:
    if isinstance(parameter.type, Scalar):
        return sweep.cotangent(parameter)
    if unit.activity(parameter):
        return sweep.shadow(parameter)
    return builder.alloc_like(parameter, 0.0, f"{parameter.hint}_bar")


# -- recursive functions --------------------------------------------------------------------------------------------


def _helper_unit(
    helper: Function, program: Function, strong_zero: bool, writing: Writing, mirrored: bool
) -> Unit:
    scalars, arrays = floating_scalars(helper.params), floating_arrays(helper.params)
    returned = floating_arrays(helper.body.results)
    outputs = [r for r in helper.body.results if isinstance(r.type, Scalar) and r.type.is_float]
    bars = _cotangents(outputs, seeded=True)
    volatile = volatile_roots(helper, program.helpers, program)
    return Unit(
        helper, (*scalars, *arrays), (*outputs, *arrays, *returned), (*bars, *[None] * len((*arrays, *returned))),
        strong_zero=strong_zero, writing=writing, volatile=volatile, detached=True, mirrored=mirrored,
    )  # fmt: skip


def _write_pair(unit: Unit, helpers: Sequence[Unit], calls: Calls) -> tuple[Function, Function]:
    """The forward and the reverse function of one helper."""
    stacks = calls.new_stacks()
    kept = [k for helper in helpers for k in helper.plan.all_kept()]
    own = {k.symbol: stack for k, stack in zip(kept, stacks, strict=True)}
    tapes = Tapes(unit.plan, unit.regions, own)
    function = unit.function
    assert function.callee is not None
    pair = calls.pairs[function.callee]

    builder = Builder()
    sweep = unit.sweep(builder, unit.plan, tapes, calls, stacks)
    block = write_forward_helper(builder, unit.regions, unit.plan, tapes, sweep)
    forward = Function(pair.forward.name, (*function.params, *stacks), block, function.span, (), pair.forward)

    builder = Builder()
    sweep = unit.sweep(builder, unit.plan, tapes, calls, stacks)
    unit.run(sweep, builder)
    bars = tuple(c for c in unit.cotangents if isinstance(c, Sym))
    shadows = tuple(unit.shadows.forward[a] for a in floating_arrays(unit.params))
    results = tuple(map(sweep.cotangent, floating_scalars(unit.params)))
    params = (*unit.params, *bars, *shadows, *stacks)
    reverse = Function(pair.reverse.name, params, builder.finish(results), function.span, (), pair.reverse)
    return forward, reverse


def _reachable(function: Function, helpers: Sequence[Function]) -> tuple[Function, ...]:
    """Those helpers that the function calls, directly or through one another."""
    by_callee = {h.callee: h for h in helpers}
    found: dict[Function, None] = {}
    pending = [function]
    while pending:
        for statement in walk(pending.pop().body):
            if isinstance(statement, Call) and by_callee[statement.callee] not in found:
                found[by_callee[statement.callee]] = None
                pending.append(by_callee[statement.callee])
    return tuple(h for h in helpers if h in found)
