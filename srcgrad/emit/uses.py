"""What the printed form of a statement reads, and how often: the bridge between the IR and the text.

In: a function. Out: `Uses`, which answers for every statement which operands its text mentions (a slice over a whole
dimension mentions none), whether an operand is printed once (only then may an expression stand there), and which
values are needed at all: what neither has an effect nor leads to a result is not printed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from srcgrad.emit.templates import template
from srcgrad.emit.text import conditional, printed_once
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Call,
    Const,
    Dim,
    External,
    For,
    Function,
    If,
    Kernel,
    Launch,
    Let,
    Pop,
    Print,
    Product,
    Push,
    Raise,
    Slice,
    Statement,
    Store,
    Sym,
    View,
    While,
    blocks,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.visit import inner_symbols, walk


@dataclass(frozen=True)
class Use:
    """An operand in the text of a statement: `once` if it is printed at most once, `conditional` if it is
    evaluated on some paths only."""

    atom: Atom
    once: bool = True
    conditional: bool = False


class SliceForm(enum.Enum):
    """How a slice is written."""

    WHOLE = ":"
    REVERSED = "::-1"
    UNIT = "start:start + length"
    FORWARD = "start:start + length * step:step"
    BACKWARD = "last:start + 1:-step, then reversed"
    DYNAMIC = "a step of unknown sign"


@dataclass(frozen=True)
class Copy:
    """`target = source` at the end of a block or before a loop; `source=None` counts the target up by one."""

    target: Sym
    source: Atom | None


def range_is_dynamic(loop: For) -> bool:
    """A reversed loop whose step is not known: it counts iterations."""
    return loop.reverse and not isinstance(loop.step, Const)


def is_constant(atom: Atom, value: int) -> bool:
    return isinstance(atom, Const) and atom.value == value


def has_effect(statement: Statement) -> bool:
    """Does the statement do something besides defining values?"""
    return isinstance(statement, Store | Product | External | Push | Pop | Raise | Print | Call | Launch | Kernel)


class Uses:
    """The printed operands and needed values of one function."""

    def __init__(self, function: Function) -> None:
        self.definition: dict[Sym, Statement] = {}
        self._parent: dict[Statement, Statement] = {}
        self._required: set[Statement] = set()
        self._needed: dict[Sym, None] = {}
        self._pending: list[Sym] = []
        self._handed_on: set[Atom] = set()
        for statement in walk(function.body):
            if isinstance(statement, Call):
                self._handed_on.update(statement.arguments)
            for symbol in (*definitions(statement), *inner_symbols(statement)):
                self.definition[symbol] = statement
            for block in blocks(statement):
                for inner in block.statements:
                    self._parent[inner] = statement
        self._find_needed(function)

    def is_handed_on(self, symbol: Sym) -> bool:
        """Is it an argument of a call?"""
        return symbol in self._handed_on

    # -- need ---------------------------------------------------------------------------------------------------

    def needed(self, symbol: Sym) -> bool:
        """Is the value used by something that is printed?"""
        return symbol in self._needed

    def printed(self, statement: Statement) -> bool:
        """Does the statement appear in the text?"""
        return statement in self._required

    def _find_needed(self, function: Function) -> None:
        for statement in walk(function.body):
            if has_effect(statement):
                self._require(statement)
        self._need(*function.body.results)
        while self._pending:
            symbol = self._pending.pop()
            if symbol in self.definition:
                self._explain(symbol, self.definition[symbol])

    def _need(self, *atoms: Atom) -> None:
        for atom in atoms:
            if isinstance(atom, Sym) and atom not in self._needed:
                self._needed[atom] = None
                self._pending.append(atom)

    def _require(self, statement: Statement | None) -> None:
        while statement is not None and statement not in self._required:
            self._required.add(statement)
            self._need(*(use.atom for use in self.of(statement)))
            if isinstance(statement, While):
                self._need(*statement.condition.results)
            statement = self._parent.get(statement)

    def _explain(self, symbol: Sym, statement: Statement) -> None:
        """A needed symbol needs the statement that defines it, and the values that flow into it."""
        self._require(statement)
        if isinstance(statement, If) and symbol in statement.results:
            k = statement.results.index(symbol)
            self._need(statement.then.results[k], statement.orelse.results[k])
        elif isinstance(statement, For | While):
            if symbol in statement.results:
                self._need(statement.parameters[statement.results.index(symbol)])
            elif symbol in statement.parameters:
                k = statement.parameters.index(symbol)
                self._need(statement.initial[k], statement.body.results[k])
            elif isinstance(statement, While):
                self._need(statement.counter)

    # -- operands -------------------------------------------------------------------------------------------------

    def of(self, statement: Statement) -> list[Use]:
        """The operands in the statement's own text (for a loop: its bounds), in the order of printing."""
        match statement:
            case Let(op=op, arguments=arguments):
                source = template(op, arguments)
                return [Use(a, printed_once(source, k), conditional(source, k)) for k, a in enumerate(arguments)]
            case View(array=array, entries=entries):
                return [Use(array), *self._entries(statement, entries)]
            case For():
                return list(_bounds(statement))
            case While():
                return []
            case _:
                return [Use(atom) for atom in operands(statement)]

    def slice_form(self, view: View, axis: int) -> SliceForm:
        """How the slice along one axis of a view's base is written."""
        entry = view.entries[axis]
        assert isinstance(entry, Slice)
        step = entry.step.value if isinstance(entry.step, Const) else None
        if step in (1, -1) and isinstance(entry.length, Sym):
            length = self.definition.get(entry.length)
            if isinstance(length, Dim) and length.array is view.array and length.axis == axis:
                return SliceForm.WHOLE if step == 1 else SliceForm.REVERSED
        if step is None:
            return SliceForm.DYNAMIC
        if step == 1:
            return SliceForm.UNIT
        return SliceForm.FORWARD if step > 0 else SliceForm.BACKWARD

    def _entries(self, view: View, entries: tuple[Atom | Slice, ...]) -> Iterator[Use]:
        for axis, entry in enumerate(entries):
            if not isinstance(entry, Slice):
                yield Use(entry)
                continue
            form = self.slice_form(view, axis)
            if form in (SliceForm.WHOLE, SliceForm.REVERSED):
                continue
            yield Use(entry.start, once=is_constant(entry.start, 0))
            yield Use(entry.length, once=form is not SliceForm.DYNAMIC)
            if form is SliceForm.DYNAMIC:
                yield Use(entry.step, once=False)

    # -- copies ---------------------------------------------------------------------------------------------------

    def before(self, loop: For | While) -> list[Copy]:
        """The needed copies that start a loop."""
        copies = self._copies(loop.parameters, loop.initial)
        if isinstance(loop, While) and self.needed(loop.counter):
            copies.append(Copy(loop.counter, Const(0, loop.counter.type)))  # type: ignore[arg-type]
        return copies

    def at_end(self, owner: If | For | While, block: Block) -> list[Copy]:
        """The needed copies at the end of a branch or of a loop's body."""
        targets = owner.results if isinstance(owner, If) else owner.parameters
        copies = self._copies(targets, block.results)
        if isinstance(owner, While) and self.needed(owner.counter):
            copies.append(Copy(owner.counter, None))
        return copies

    def _copies(self, targets: tuple[Sym, ...], sources: tuple[Atom, ...]) -> list[Copy]:
        return [Copy(t, s) for t, s in zip(targets, sources, strict=True) if self.needed(t)]


def _bounds(loop: For) -> Iterator[Use]:
    step = loop.step.value if isinstance(loop.step, Const) else None
    if not loop.reverse:
        yield from (Use(loop.start), Use(loop.stop), Use(loop.step))
    elif step in (1, -1):
        yield from (Use(loop.start), Use(loop.stop))
    else:  # the start (and an unknown step) is printed more than once
        yield from (Use(loop.start, once=False), Use(loop.stop), Use(loop.step, once=False))


def body_uses(loop: For) -> tuple[Atom, ...]:
    """The bounds that are read again in every iteration."""
    return (loop.start, loop.step) if range_is_dynamic(loop) else ()


def terminates(block: Block) -> bool:
    """Does the block always raise?"""
    return any(
        isinstance(s, Raise) or (isinstance(s, If) and terminates(s.then) and terminates(s.orelse))
        for s in block.statements
    )
