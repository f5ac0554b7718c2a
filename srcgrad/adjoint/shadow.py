"""Shadow memory: every active array has a twin of the same shape that holds its adjoint.

In: a function and its activity. Out: the function with shadows allocated, viewed and carried exactly as the primal
arrays are, so that two names of one array have two names of one shadow. That one rule makes aliasing, swapped
buffers and arrays allocated in loops right without special cases.

A shadow that only one execution of one block can see (memory allocated in a loop body that no name outlives) is left
to the reverse sweep, which makes it when it enters that block: `Shadows.forward` has no entry for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from srcgrad.adjoint.late import is_active_array, late_slots
from srcgrad.analysis.activity import Activity
from srcgrad.analysis.regions import Loop, Regions, find_regions
from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Call,
    Copy,
    Dim,
    For,
    Function,
    If,
    NewStack,
    Pop,
    Push,
    Reshape,
    Statement,
    Sym,
    View,
    While,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Array, Stack
from srcgrad.ir.visit import rebuild, walk


@dataclass(frozen=True, eq=False)
class Shadows:
    """The function with shadows, the shadow of every array that has one in the forward sweep, and the slots of loops
    whose reverse makes the shadows (see `late`)."""

    function: Function
    forward: dict[Sym, Sym]
    late: dict[Loop, tuple[int, ...]] = field(default_factory=dict)


def add_shadows(function: Function, activity: Activity, *, detached: bool = False, mirrored: bool = False) -> Shadows:
    """Allocate and carry the shadows of all active arrays that outlive a block.

    A `detached` function is a recursive one. The shadows of its array parameters are handed to its reverse; where calls
    are `mirrored` they are parameters of its forward too, which returns the shadows of the arrays it returns."""
    regions = find_regions(function)
    builder = Builder()
    late = {} if detached or mirrored else late_slots(function, activity)
    flowing = _flowing(function, activity, regions, mirrored, detached, late)
    outliving = flowing if detached else flowing | _outermost(activity, regions)
    writer = _Writer(activity, outliving, mirrored, late)
    given: list[Sym] = []
    for parameter in function.params:
        if detached and is_active_array(parameter, activity):
            writer.shadow[parameter] = Sym(f"{parameter.hint}_bar", parameter.type)
            given.append(writer.shadow[parameter])
        elif writer.has_shadow(parameter):
            writer.shared[_only_copied(function, parameter)] = parameter
            writer.shadow[parameter] = builder.alloc_like(parameter, 0.0, f"{parameter.hint}_bar")
    writer.block_into(builder, function.body)
    if not (detached and mirrored):
        return Shadows(rebuild(function, builder.finish(function.body.results)), writer.shadow, writer.late)
    returned = (writer.shadow[a] for a in floating_arrays(function.body.results))
    body = builder.finish((*function.body.results, *returned))
    return Shadows(replace(function, params=(*function.params, *given), body=body), writer.shadow)


def _only_copied(function: Function, parameter: Sym) -> Copy | None:
    """The copy, in the outermost block, that is all a function ever does with a parameter: then the cotangent of the
    one is that of the other."""
    uses = [s for s in walk(function.body) if parameter in operands(s) and not isinstance(s, Dim)]
    handed = any(parameter in block.results for s in walk(function.body) for block in _yielding(s))
    if len(uses) != 1 or handed or parameter in function.body.results:
        return None
    copy = uses[0]
    return copy if isinstance(copy, Copy) and copy in function.body.statements else None


def must_mirror(helpers: Iterable[Function]) -> bool:
    """Have calls to hand over the shadows of arrays in the forward sweep? That is so where a recursive function returns
    an array, or gives one of its array arguments a second name."""
    return any(floating_arrays(h.body.results) or _renames_parameters(h) for h in helpers)


def _renames_parameters(helper: Function) -> bool:
    everything: Callable[[Atom], bool] = lambda atom: True
    flowing = _flowing(helper, everything, find_regions(helper))
    return any(parameter in flowing for parameter in helper.params)


def floating_arrays(symbols: Iterable[Atom]) -> tuple[Sym, ...]:
    """Those symbols that are floating arrays, in order."""
    return tuple(s for s in symbols if isinstance(s, Sym) and isinstance(s.type, Array) and s.type.is_float)


def _outermost(activity: Activity, regions: Regions) -> set[Sym]:
    """The active arrays of the outermost block: their shadows are made where they are."""
    return {s for s, region in regions.of_symbol.items() if region is regions.root and is_active_array(s, activity)}


def _flowing(
    function: Function, activity: Callable[[Atom], bool], regions: Regions,
    mirrored: bool = False, detached: bool = False, late: Mapping[Loop, tuple[int, ...]] = MappingProxyType({}),
) -> set[Sym]:  # fmt: skip
    """The active arrays that flow through an `If`, a loop, a stack or (where these are mirrored) a call or the result,
    and the bases of views that do."""
    found = {s for s, loop in regions.loop_of.items() if is_active_array(s, activity) and loop not in late}
    kinds = (If, For, While, Push, Pop, Call) if mirrored else (If, For, While, Push, Pop)
    for statement in walk(function.body):
        if isinstance(statement, kinds) and statement not in late:
            flowing: list[Atom] = [*definitions(statement), *operands(statement)]
            for block in _yielding(statement):
                flowing.extend(block.results)
            found |= {a for a in flowing if isinstance(a, Sym) and is_active_array(a, activity)}
    if mirrored and detached:
        found.update(floating_arrays(function.body.results))
    views = [s for s in walk(function.body) if isinstance(s, (View, Reshape))]
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


class _Writer:
    def __init__(
        self, activity: Activity, outliving: set[Sym], mirrored: bool, late: Mapping[Loop, tuple[int, ...]]
    ) -> None:
        self._activity = activity
        self._late = late
        self.late: dict[Loop, tuple[int, ...]] = {}
        self._outliving = outliving
        self._mirrored = mirrored
        self.shadow: dict[Sym, Sym] = {}
        self.shared: dict[Copy | None, Sym] = {}  # copies that have the shadow of a parameter

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
                source = self.shared.get(statement)
                made = builder.alloc_like(result, 0.0, f"{result.hint}_bar") if source is None else self.shadow[source]
                self.shadow[result] = made
            case View(result=result, array=array, entries=entries, permutation=permutation) if self.has_shadow(result):
                builder.emit(statement)
                self.shadow[result] = builder.view(self.shadow[array], entries, permutation, f"{result.hint}_bar")
            case Reshape(result=result, array=array, shape=shape) if self.has_shadow(result):
                builder.emit(statement)
                self.shadow[result] = builder.reshape(self.shadow[array], shape, f"{result.hint}_bar")
            case NewStack(result=result) if self._holds_arrays(result):
                builder.emit(statement)
                self.shadow[result] = builder.new_stack(result.type.element, f"{result.hint}_bar")  # type: ignore[union-attr]
            case Push(stack=stack, value=Sym() as value) if stack in self.shadow:
                builder.emit(statement)
                builder.push(self.shadow[stack], self.shadow[value])
            case Pop(result=result, stack=stack) if stack in self.shadow:
                builder.emit(statement)
                self.shadow[result] = builder.pop(self.shadow[stack], f"{result.hint}_bar")
            case If():
                builder.emit(self._if(statement))
            case For() | While() if statement in self._late:
                self._late_loop(builder, statement)
            case For() | While():
                builder.emit(self._loop(statement))
            case Call(results=results, arguments=arguments) if self._mirrored and any(
                map(self._activity, (*results, *arguments))
            ):
                builder.emit(self._call(builder, statement))
            case _:
                builder.emit(statement)

    def _holds_arrays(self, stack: Sym) -> bool:
        """Does a stack (in a derivative that is differentiated again) hold arrays with cotangents?"""
        element = stack.type.element if isinstance(stack.type, Stack) else None
        return isinstance(element, Array) and element.is_float and self._activity(stack)

    def _call(self, builder: Builder, call: Call) -> Call:
        """A call that also takes the shadows of its floating arrays and gives those of its results."""
        shadows = [
            self.shadow[a] if self.has_shadow(a) else builder.alloc_like(a, 0.0, f"{a.hint}_bar")  # to be forgotten
            for a in floating_arrays(call.arguments)
        ]
        results = [self._new(r) for r in floating_arrays(call.results)]
        return replace(call, arguments=(*call.arguments, *shadows), results=(*call.results, *results))

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

    def _late_loop(self, builder: Builder, loop: For | While) -> None:
        """A loop whose reverse makes the shadows; those of its results are there for what comes after it."""
        inner = Builder()
        self.block_into(inner, loop.body)
        made = replace(loop, body=inner.finish(loop.body.results))
        builder.emit(made)
        self.late[made] = self._late[loop]
        for k in self._late[loop]:
            result = loop.results[k]
            self.shadow[result] = builder.alloc_like(result, 0.0, f"{result.hint}_bar")

    def _loop(self, loop: For | While) -> For | While:
        slots = [k for k, parameter in enumerate(loop.parameters) if self.has_shadow(parameter)]
        initial = (*loop.initial, *(self.shadow[loop.initial[k]] for k in slots))  # type: ignore[index]
        parameters = (*loop.parameters, *(self._new(loop.parameters[k]) for k in slots))
        body = self._inner(loop.body, slots)
        results = (*loop.results, *(self._new(loop.results[k]) for k in slots))
        return replace(loop, initial=initial, parameters=parameters, body=body, results=results)


