"""Derivatives that a function computes: `grad(f)(x)` and `jvp(f, (x,), (v,))` in the user's code.

In: a callee and evaluated arguments. Out: the value of the derivative. The callee is lowered as a function of its own,
`Context.differentiate` makes its derivative, and the statements of that are written where the call stands: for what
differentiates the function around, they are code like any other.
"""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any, NoReturn

from srcgrad.config import Options, Transform
from srcgrad.errors import ArgumentError
from srcgrad.frontend.callee_parameters import bound_to
from srcgrad.frontend.context import Arguments, Context, Refused, caller
from srcgrad.frontend.inner_call import InnerCall, floating_part, refuse_complex
from srcgrad.frontend.kinds import rename
from srcgrad.frontend.statics import is_dynamic, static_object
from srcgrad.frontend.values import (
    BOTTOM,
    NONE,
    Derived,
    Num,
    Record,
    Value,
    describe,
    tuple_of,
)  # fmt: skip
from srcgrad.infer.derivation import Derivation, differentiated

_GRADIENTS = (Transform.GRAD, Transform.VALUE_AND_GRAD)


def derived(ctx: Context, transform: Transform, arguments: Arguments) -> Value:
    """The value of a call of `grad`, `value_and_grad` or `jvp`."""
    if transform is Transform.JVP:
        return _jvp(ctx, arguments)
    if transform is Transform.PRIMAL and len(arguments.positional) == 1:
        return arguments.positional[0]
    if transform not in _GRADIENTS:
        _refuse_transform(ctx, f"{transform.value} is not compiled inside a function")
    names = ("fun", "argnums")
    given = {**dict(zip(names, arguments.positional)), **arguments.keywords}
    callee = given.pop("fun", BOTTOM)
    if callee is BOTTOM or len(arguments.positional) > len(names):
        ctx.refuse(f"{transform.value} needs a function", why="it was called without one, or with too many arguments",
                   advice=f"write {transform.value}(f)(x)")  # fmt: skip
    known = {name: _known(ctx, name, value) for name, value in given.items()}
    plain = {name: known.pop(name) for name in ("argnums", "argnames", "has_aux") if name in known}
    return Derived(callee, Derivation(transform, **plain, options=_options(ctx, known)))


def _refuse_transform(ctx: Context, title: str) -> NoReturn:
    ctx.refuse(
        title,
        label="called here",
        why="only grad, value_and_grad and jvp are",
        advice="take it outside, or write it as a loop over jvp(f, (x,), (v,)), of grad(f) for a Hessian",
    )


def _known(ctx: Context, name: str, value: Value) -> Any:
    found = static_object(value)
    if is_dynamic(found):
        ctx.refuse(f"{name} must be known before the function runs", label=describe(value),
                   why="it decides which code is made", advice="write a constant")  # fmt: skip
    return found


def _options(ctx: Context, given: dict[str, Any]) -> Options:
    """The options of a derivative inside a function; those of compilation are the function's around."""
    names = [field.name for field in dataclasses.fields(Options)]
    for name in given:
        if name not in names:
            why = f"the options are: {', '.join(names)}"
            ctx.refuse(f"there is no option {name!r}", label="here", why=why, advice="leave it out")
    return Options(**given)


@caller(Derived)
def call_derived(ctx: Context, callee: Derived, arguments: Arguments) -> Value:
    """A gradient, called."""
    derivation = callee.derivation
    if derivation.transform not in _GRADIENTS:
        _refuse_transform(ctx, f"the {derivation.transform.value} of a function is not compiled inside another")
    if derivation.options.holomorphic:
        refuse_complex(ctx)
    bound = bound_to(ctx, callee.callee, arguments)
    try:
        positions, bare = differentiated(derivation.argnums, derivation.argnames, bound.names, bound.function)
    except ArgumentError as error:
        raise Refused(replace(error.diagnostics[0], span=ctx.span)) from None
    call = InnerCall(ctx, callee.callee, bound, frozenset(positions))
    function, template, made = call.lowered(lambda value: _value_to_differentiate(ctx, value, derivation))
    results = call.spliced(function, Transform.VALUE_AND_GRAD, derivation.options.strong_zero, ())
    value = rename(template, dict(zip(made, results)))
    gradients = iter(results[len(made) :])
    each = [call.gradient(position, gradients) for position in sorted(positions)]
    by_position = dict(zip(sorted(positions), each))
    gradient: Value = by_position[positions[0]] if bare else tuple_of([by_position[p] for p in positions])
    assert isinstance(value, Record)
    own, aux = value.items[0], value.items[1:]
    if derivation.transform is Transform.GRAD:
        return tuple_of([gradient, *aux]) if aux else gradient
    return tuple_of([tuple_of([own, *aux]) if aux else own, gradient])


def _value_to_differentiate(ctx: Context, value: Value, derivation: Derivation) -> Record:
    """What a function returned, as a tuple: the number to differentiate, and what else there is."""
    aux: tuple[Value, ...] = ()
    if derivation.has_aux:
        if not isinstance(value, Record) or len(value.items) != 2:
            ctx.refuse("with has_aux=True the function must return a pair (value, aux)", label=describe(value),
                       why="the second is handed on as it is", advice="return a pair")  # fmt: skip
        aux = value.items[1:]
        value = value.items[0]
    if isinstance(value, Num) and value.type.is_complex:
        refuse_complex(ctx)
    if not isinstance(value, Num) or not value.type.is_float:
        ctx.refuse(
            "grad differentiates functions that return one real number",
            label=describe(value),
            why="a gradient has one entry for each entry of the argument",
            advice="sum the result, return one entry of it, or use jvp",
        )
    return tuple_of([value, *aux])


def _jvp(ctx: Context, arguments: Arguments) -> Value:
    """`jvp(fun, primals, tangents)`."""
    names = ("fun", "primals", "tangents")
    given = {**dict(zip(names, arguments.positional)), **arguments.keywords}
    found = [given.pop(name, BOTTOM) for name in names]
    if BOTTOM in found or len(arguments.positional) > len(names):
        ctx.refuse("jvp takes a function, primals and tangents", why="the call does not fit",
                   advice="write jvp(f, (x,), (v,))")  # fmt: skip
    callee, primals, tangents = found
    options = _options(ctx, {name: _known(ctx, name, value) for name, value in given.items()})
    if not isinstance(primals, Record) or not isinstance(tangents, Record) or len(primals.items) != len(tangents.items):
        ctx.refuse("jvp takes a tuple of primals and one of as many tangents", label=describe(tangents),
                   why="each argument of the function has its tangent", advice="write jvp(f, (x,), (v,))")  # fmt: skip
    bound = bound_to(ctx, callee, Arguments(primals.items))
    moving = frozenset(k for k, tangent in enumerate(tangents.items) if tangent != NONE)
    if bound.starred is not None and any(k >= bound.starred for k in moving):
        ctx.refuse("jvp of a function with *args is not compiled inside another", label="called here",
                   why="its tangents have no names", advice="give it named parameters")  # fmt: skip
    call = InnerCall(ctx, callee, bound, moving)
    function, template, made = call.lowered(lambda value: _something(ctx, value))
    seeds = [atom for k in sorted(moving) for atom in call.tangents(k, tangents.items[k])]
    results = call.spliced(function, Transform.JVP, options.strong_zero, seeds)
    value = rename(template, dict(zip(made, results)))
    return tuple_of([value, floating_part(template, iter(results[len(made) :]))])


def _something(ctx: Context, value: Value) -> Value:
    """What a function returned, if that is anything."""
    if value == NONE:
        ctx.refuse(
            "a function that returns nothing is not differentiated inside another",
            label="called here",
            why="what it writes into its arguments stays in it",
            advice="return the array it writes",
        )
    return value
