"""Shadow memory: every active array has a twin of the same shape that holds its adjoint.

In: a function and its activity. Out: the function with shadows allocated, viewed and carried exactly as the primal
arrays are, so that two names of one array have two names of one shadow. That one rule makes aliasing, swapped
buffers and arrays allocated in loops right without special cases.

A shadow that only one execution of one block can see (memory allocated in a loop body that no name outlives) is left
to the reverse sweep, which makes it when it enters that block: `Shadows.forward` has no entry for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from srcgrad.analysis.activity import Activity
from srcgrad.analysis.regions import Regions, find_regions
from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Copy,
    For,
    Function,
    If,
    Pop,
    Push,
    Statement,
    Sym,
    View,
    While,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Array
from srcgrad.ir.visit import rebuild, walk


@dataclass(frozen=True, eq=False)
class Shadows:
    """The function with shadows, and the shadow of every array that has one in the forward sweep."""

    function: Function
    forward: dict[Sym, Sym]


def add_shadows(function: Function, activity: Activity, detached: bool = False) -> Shadows:
    """Allocate and carry the shadows of all active arrays that outlive a block.

    Those of a `detached` function's array parameters are handed to its reverse; its forward has no shadows of them."""
    regions = find_regions(function)
    builder = Builder()
    if detached:
        outliving = _flowing(function, activity, regions)
        _refuse_flowing_parameters(function, outliving)
        writer = _Writer(activity, outliving)
    else:
        writer = _Writer(activity, _outliving(function, activity, regions))
    for parameter in function.params:
        if detached and _is_active_array(parameter, activity):
            writer.shadow[parameter] = Sym(f"{parameter.hint}_bar", parameter.type)
        elif writer.has_shadow(parameter):
            writer.shadow[parameter] = builder.alloc_like(parameter, 0.0, f"{parameter.hint}_bar")
    writer.block_into(builder, function.body)
    body = builder.finish(function.body.results)
    return Shadows(rebuild(function, body), writer.shadow)


def _outliving(function: Function, activity: Activity, regions: Regions) -> set[Sym]:
    """The active arrays whose shadow must exist in the forward sweep: those of the outermost block too."""
    outermost = {s for s, region in regions.of_symbol.items() if region is regions.root}
    return {s for s in outermost if _is_active_array(s, activity)} | _flowing(function, activity, regions)


def _refuse_flowing_parameters(function: Function, outliving: set[Sym]) -> None:
    if any(parameter in outliving for parameter in function.params):
        raise Unsupported(
            Diagnostic(
                f"{function.name} is recursive and gives one of its array arguments a second name",
                function.span,
                why="reverse mode would have to follow which of several arrays a name stands for across calls",
                advice="use the argument's own name, or copy the array",
            )
        )


def _flowing(function: Function, activity: Activity, regions: Regions) -> set[Sym]:
    """The active arrays that flow through an `If`, a loop or a stack, and the bases of views that do."""
    found = {s for s in regions.loop_of if _is_active_array(s, activity)}
    for statement in walk(function.body):
        if isinstance(statement, (If, For, While, Push, Pop)):
            flowing: list[Atom] = [*definitions(statement), *operands(statement)]
            for block in _yielding(statement):
                flowing.extend(block.results)
            found |= {a for a in flowing if isinstance(a, Sym) and _is_active_array(a, activity)}
    views = [s for s in walk(function.body) if isinstance(s, View)]
    for view in reversed(views):  # a view of a view is defined after it
        if view.result in found:
            found.add(view.array)
    return found


def _yielding(statement: Statement) -> tuple[Block, ...]:
    match statement:
        case If(then=then, orelse=orelse):
            return (then, orelse)
        case For(body=body) | While(body=body):
            return (body,)
        case _:
            return ()


def _is_active_array(symbol: Sym, activity: Activity) -> bool:
    return isinstance(symbol.type, Array) and symbol.type.is_float and activity(symbol)


class _Writer:
    def __init__(self, activity: Activity, outliving: set[Sym]) -> None:
        self._activity = activity
        self._outliving = outliving
        self.shadow: dict[Sym, Sym] = {}

    def has_shadow(self, atom: Atom) -> bool:
        return isinstance(atom, Sym) and atom in self._outliving

    def block_into(self, builder: Builder, block: Block) -> None:
        for statement in block.statements:
            builder.span = statement.span
            self._statement(builder, statement)

    def _statement(self, builder: Builder, statement: Statement) -> None:
        match statement:
            case Alloc(result=result, shape=shape) if self.has_shadow(result):
                builder.emit(statement)
                self.shadow[result] = builder.alloc(shape, result.type.dtype, 0.0, f"{result.hint}_bar")  # type: ignore[union-attr]
            case Copy(result=result) if self.has_shadow(result):
                builder.emit(statement)
                self.shadow[result] = builder.alloc_like(result, 0.0, f"{result.hint}_bar")
            case View(result=result, array=array, entries=entries, permutation=permutation) if self.has_shadow(result):
                builder.emit(statement)
                self.shadow[result] = builder.view(self.shadow[array], entries, permutation, f"{result.hint}_bar")
            case If():
                builder.emit(self._if(statement))
            case For() | While():
                builder.emit(self._loop(statement))
            case _:
                builder.emit(statement)

    def _inner(self, block: Block, slots: list[int]) -> Block:
        """A nested block, yielding the shadows of its array results at `slots` as well."""
        builder = Builder()
        self.block_into(builder, block)
        shadows = tuple(self.shadow[block.results[k]] for k in slots)  # type: ignore[index]
        return builder.finish((*block.results, *shadows))

    def _new(self, symbol: Sym) -> Sym:
        self.shadow[symbol] = Sym(f"{symbol.hint}_bar", symbol.type)
        return self.shadow[symbol]

    def _if(self, statement: If) -> If:
        slots = [k for k, result in enumerate(statement.results) if self.has_shadow(result)]
        then, orelse = self._inner(statement.then, slots), self._inner(statement.orelse, slots)
        results = (*statement.results, *(self._new(statement.results[k]) for k in slots))
        return replace(statement, results=results, then=then, orelse=orelse)

    def _loop(self, loop: For | While) -> For | While:
        slots = [k for k, parameter in enumerate(loop.parameters) if self.has_shadow(parameter)]
        initial = (*loop.initial, *(self.shadow[loop.initial[k]] for k in slots))  # type: ignore[index]
        parameters = (*loop.parameters, *(self._new(loop.parameters[k]) for k in slots))
        body = self._inner(loop.body, slots)
        results = (*loop.results, *(self._new(loop.results[k]) for k in slots))
        return replace(loop, initial=initial, parameters=parameters, body=body, results=results)


