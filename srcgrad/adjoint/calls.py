"""Recursive functions in reverse mode: each becomes a pair.

The *forward* function computes what the primal does and pushes what its reverse needs; the *reverse* function takes
the same arguments, the cotangents of the results and the shadows of the arrays, pops what was pushed, and returns
the cotangents of the scalar arguments. All functions of a program share one set of stacks, created by the function
that the user calls and handed down: calls are undone in the opposite order, so last-in-first-out keeps them right.

In a helper nothing is known of the caller: every floating value counts as active, nothing of the forward run is in
scope in the reverse one, and arrays that any function writes cannot be read again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from srcgrad.adjoint.plan import Kept
from srcgrad.analysis.clobber import Writing, arrays_written
from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.nodes import Call, Callee, Function, Pop, Push, Statement, Sym
from srcgrad.ir.types import Array, Scalar, Stack, Type
from srcgrad.ir.visit import walk


@dataclass(frozen=True, eq=False)
class Pair:
    """The two functions that stand for a recursive one."""

    forward: Callee
    reverse: Callee


@dataclass(frozen=True, eq=False)
class Calls:
    """The pairs of a program by the primal callee, and the types of the stacks they share."""

    pairs: dict[Callee, Pair]
    stacks: tuple[Stack, ...]
    names: tuple[str, ...]

    def new_stacks(self) -> tuple[Sym, ...]:
        """Symbols for the shared stacks, to be parameters of a function or created by it."""
        return tuple(Sym(f"{name}_stack", type_) for name, type_ in zip(self.names, self.stacks, strict=True))


NO_CALLS = Calls({}, (), ())


def make_calls(helpers: Iterable[Function], kept: Iterable[Kept], *, mirrored: bool) -> Calls:
    """The pairs for `helpers`, which keep `kept`, in this order, on the shared stacks. Where `mirrored`, the forward
    functions take the shadows of their arrays and return those of their results, as the reverse sweep will see them."""
    stacks = tuple(Stack(entry.symbol.type) for entry in kept)  # type: ignore[arg-type]
    names = tuple(entry.symbol.hint for entry in kept)
    pairs = {h.callee: _pair(h.callee, stacks, mirrored) for h in helpers if h.callee is not None}
    return Calls(pairs, stacks, names)


def _pair(callee: Callee, stacks: tuple[Stack, ...], mirrored: bool) -> Pair:
    parameters: tuple[Type, ...] = callee.parameters
    results: tuple[Type, ...] = callee.results
    bars = tuple(filter(_is_floating_scalar, results))
    scalars = tuple(filter(_is_floating_scalar, parameters))
    shadows = tuple(filter(_is_floating_array, parameters))
    taken = shadows if mirrored else ()
    returned = tuple(filter(_is_floating_array, results)) if mirrored else ()
    forward = Callee(f"{callee.name}_forward", (*parameters, *taken, *stacks), (*results, *returned))
    reverse = Callee(f"{callee.name}_reverse", (*parameters, *bars, *shadows, *stacks), scalars)
    return Pair(forward, reverse)


def _is_floating_array(type_: Type) -> bool:
    return isinstance(type_, Array) and type_.is_float


def _is_floating_scalar(type_: Type) -> bool:
    return isinstance(type_, Scalar) and type_.is_float


def floating_scalars(symbols: Iterable[Sym]) -> tuple[Sym, ...]:
    """Those symbols that are floating scalars, in order."""
    return tuple(s for s in symbols if _is_floating_scalar(s.type))


def writing_callees(helpers: Iterable[Function]) -> Writing:
    """The dtypes of the arrays that helpers may write into of those that they are given, themselves or through one they
    call; helpers that write into none are left out."""
    helpers = tuple(helpers)
    writing: Writing = {}
    while True:
        found = {h.callee: dtypes for h in helpers if h.callee is not None and (dtypes := _written_given(h, writing))}
        if found == writing:
            return found
        writing = found


def _written_given(helper: Function, writing: Writing) -> frozenset[np.dtype]:
    aliases = alias_classes(helper)
    given = {aliases.root(p) for p in helper.params if isinstance(p.type, Array)}
    return _written_dtypes(helper, aliases, given, writing)


def _written_dtypes(
    function: Function, aliases: AliasClasses, shared: set[Sym], writing: Writing
) -> frozenset[np.dtype]:
    """The dtypes of the arrays in some alias classes that a function writes into."""
    written = (a for s in walk(function.body) for a in arrays_written(s, writing))
    return frozenset(a.type.dtype for a in written if aliases.root(a) in shared and isinstance(a.type, Array))


def volatile_roots(function: Function, helpers: Iterable[Function], program: Function) -> frozenset[Sym]:
    """The alias classes of the arrays that a helper is given or returns, when some function of the program writes into
    an array of that dtype that is handed to a call or came out of one: the helper cannot tell whether its caller
    overwrites what it has read."""
    dtypes = frozenset().union(*writing_callees(helpers).values(), *map(_handed_over_written, (program, *helpers)))
    aliases = alias_classes(function)
    shared = (a for a in (*function.params, *function.body.results) if isinstance(a, Sym))
    return frozenset(aliases.root(a) for a in shared if isinstance(a.type, Array) and a.type.dtype in dtypes)


def _handed_over_written(function: Function) -> frozenset[np.dtype]:
    aliases = alias_classes(function)
    handed = {
        aliases.root(a)
        for s in walk(function.body)
        if isinstance(s, Call)
        for a in (*s.arguments, *s.results)
        if isinstance(a, Sym) and isinstance(a.type, Array)
    }
    return _written_dtypes(function, aliases, handed, {})


def statement_symbols(statement: Statement) -> tuple[Sym, ...]:
    """The symbols that a call or a stack operation reads or defines."""
    match statement:
        case Call(results=results, arguments=arguments):
            return (*results, *(a for a in arguments if isinstance(a, Sym)))
        case Push(stack=stack) | Pop(stack=stack):
            return (stack,)
        case _:
            return ()
