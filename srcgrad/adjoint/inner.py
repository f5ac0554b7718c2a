"""Derivatives inside of functions: what the frontend writes where `grad(f)(x)` stands.

In: an `Inner`. Out: its derivative as a function that can be differentiated again: nothing in it is marked as the work
of a reverse sweep, and no promise about the primal's loops is left in it.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.adjoint.driver import reverse_mode
from srcgrad.adjoint.tangent import forward_mode
from srcgrad.analysis.races import refuse_races
from srcgrad.config import Transform
from srcgrad.frontend import Inner
from srcgrad.ir.build import Builder, const_like
from srcgrad.ir.nodes import Alloc, Block, External, For, Function, Let, Statement, Sym
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import map_atoms, substitute
from srcgrad.ops.registry import by_name
from srcgrad.opt import optimise
from srcgrad.opt.accumulate import accumulate_in_parallel
from srcgrad.realify import realify

_HOLD, _HELD = by_name("hold"), by_name("held")


def differentiate(inner: Inner) -> Function:
    """The derivative. Raises `Unsupported` for what cannot be derived right."""
    function = optimise(accumulate_in_parallel(realify(inner.function)))
    refuse_races(function)
    wrt = [function.params[k] for k in inner.wrt]
    if inner.transform is Transform.JVP:
        made = forward_mode(function, wrt, name=f"{function.name}_jvp", strong_zero=inner.strong_zero)
    elif len(wrt) == 1 and isinstance(wrt[0].type, Scalar) and not inner.strong_zero:
        made = _slope(function, wrt[0])
    else:
        name = f"{function.name}_grad"
        made = reverse_mode(function, wrt, [0], name=name, seeded=False, strong_zero=inner.strong_zero).function
    return as_primal(optimise(made))


def _slope(function: Function, parameter: Sym) -> Function:
    """The derivative with respect to one number, in forward mode: it keeps nothing, which is the easiest to
    differentiate again. (A strong zero is one of cotangents.)"""
    moving = forward_mode(function, [parameter], name=f"{function.name}_grad")
    assert isinstance(parameter.type, Scalar)
    body = substitute(moving.body, {moving.params[-1]: const_like(1.0, parameter.type)})
    count = len(function.body.results)
    with (builder := Builder()).block() as converted:
        slope = builder.cast(body.results[count], parameter.type)
    results = (*body.results[:count], slope)
    return replace(moving, params=function.params, body=Block((*body.statements, *converted), results))


def as_primal(function: Function) -> Function:
    """An adjoint as a function like any other."""
    helpers = tuple(replace(helper, body=_unmarked(helper.body)) for helper in function.helpers)
    return replace(function, body=_unmarked(function.body), helpers=helpers)


def _unmarked(block: Block) -> Block:
    return Block(tuple(map(_plain, block.statements)), block.results)


def _plain(statement: Statement) -> Statement:
    match statement:
        case Let(op=op) if op is _HOLD:
            return replace(statement, op=_HELD)
        case External():
            return replace(statement, derived=True)
        case Alloc(tape=True):
            return replace(statement, tape=False)
        case For(parallel=True):
            return replace(statement, parallel=False, body=_unmarked(statement.body))
        case _:
            return map_atoms(statement, lambda atom: atom, _unmarked)
