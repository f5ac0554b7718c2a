"""The cotangents of what lies on stacks: stacks of their own, on which the reverse sweep does the opposite.

A function that has a reverse sweep in it already (a gradient that is differentiated again) pushes values in one loop
and pops them in another. In reverse, a pop pushes the cotangent of what it took, and the push that had put that there
pops it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from srcgrad.adjoint.partials import zero
from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import Atom, Call, NewStack, Pop, Push, Statement, Sym
from srcgrad.ir.types import Scalar, Stack


class StackCotangents:
    """The stacks of cotangents of one reverse sweep."""

    def __init__(self) -> None:
        self._bars: dict[Sym, Sym] = {}

    def make(self, builder: Builder, statement: NewStack) -> None:
        """The stack beside one that is made in the block whose reverse begins."""
        type_ = statement.result.type
        assert isinstance(type_, Stack)
        if isinstance(type_.element, Scalar):
            self._bars[statement.result] = builder.new_stack(type_.element, f"{statement.result.hint}_bar")

    def push(self, builder: Builder, statement: Pop, bar: Atom | None) -> None:
        """The adjoint of a pop."""
        type_ = statement.result.type
        stack = self._of(statement)
        assert isinstance(type_, Scalar)
        builder.push(stack, zero(type_) if bar is None else bar)

    def pop(self, builder: Builder, statement: Push) -> Atom:
        """The adjoint of a push: the cotangent of its value."""
        return builder.pop(self._of(statement), f"{statement.stack.hint}_bar")

    def _of(self, statement: Push | Pop) -> Sym:
        return self._bars.get(statement.stack) or _refuse(statement)

    def refuse_call(self, call: Call, active: Callable[[Atom], bool]) -> None:
        """Stacks of cotangents are not handed to calls."""
        if any(isinstance(a.type, Stack) and active(a) for a in call.arguments):
            _refuse(call)


def _refuse(statement: Statement) -> NoReturn:
    raise Unsupported(
        Diagnostic(
            "reverse mode does not go through the stacks of a recursive function's derivative, or stacks of arrays",
            statement.span,
            why="this is a derivative already, and its reverse sweep keeps values there",
            advice="take the second derivative in forward mode: jvp(grad(f), (x,), (v,))",
        )
    )
