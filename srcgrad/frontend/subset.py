"""The Python that srcgrad reads: everything but the node types in one table.

In: a function's `Source`. Out: nothing, or one `Diagnostic` per construct that is refused, all of them at once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from srcgrad.errors import Diagnostic
from srcgrad.frontend.source import FunctionNode, Source


@dataclass(frozen=True)
class Refusal:
    """The user's word for a construct, why it is refused, and what to write instead."""

    word: str
    why: str
    advice: str


_GENERATOR = Refusal(
    "a generator",
    "a generator suspends in the middle of the function, and its adjoint would have to run that backwards",
    "fill an array in a loop and return it",
)
_EXCEPTIONS = Refusal(
    "`try`",
    "where the exception comes from decides what was computed, and compiled code does not record that",
    "test for the condition with `if` before the operation that may fail",
)
_ASYNC = Refusal("async code", "srcgrad differentiates plain functions", "call a plain function from the async code")
_OUTER = Refusal(
    "an assignment to a name outside the function",
    "a derivative is defined for what a function returns, not for what it leaves behind elsewhere",
    "return the new value",
)

_PARTS = ("real", "imag")  # of an array: what is written is its memory

LATER: dict[type[ast.stmt], Refusal] = {
    ast.Try: _EXCEPTIONS,
    ast.TryStar: _EXCEPTIONS,
    ast.ClassDef: Refusal("a class definition", "classes are not compiled", "define the class at module level"),
    ast.Match: Refusal("`match`", "patterns are not compiled", "write it as if/elif"),
}
"""Statements that are refused where they are reached: in a branch that is never taken they do no harm."""

REFUSED: dict[type[ast.AST], Refusal] = {
    ast.Yield: _GENERATOR,
    ast.YieldFrom: _GENERATOR,
    ast.AsyncFunctionDef: _ASYNC,
    ast.AsyncFor: _ASYNC,
    ast.AsyncWith: _ASYNC,
    ast.Await: _ASYNC,
    ast.Global: _OUTER,
    ast.Nonlocal: _OUTER,
    ast.SetComp: Refusal("a set", "sets have no order to compute in", "use a tuple or an array"),
}


def refusals(source: Source) -> list[Diagnostic]:
    """One diagnostic per refused construct of a function, its nested functions left out (they are checked when
    they are called)."""
    found = [_diagnostic(source, node, REFUSED[type(node)]) for node in _walk(source.node) if type(node) in REFUSED]
    return found + [
        Diagnostic(
            "srcgrad does not read code with a write to an attribute",
            source.span(target),
            "written here",
            "an object is shared with code that srcgrad does not see, so the write could not be undone",
            "keep the value in a local variable and return it",
        )
        for target in _attribute_writes(source.node)
    ]


def _diagnostic(source: Source, node: ast.AST, refusal: Refusal) -> Diagnostic:
    span = source.header() if node is source.node else source.span(node)
    return Diagnostic(f"srcgrad does not read code with {refusal.word}", span, "here", refusal.why, refusal.advice)


def _walk(root: FunctionNode) -> Iterator[ast.AST]:
    if type(root) in REFUSED:
        yield root
    pending: list[ast.AST] = list(root.body) if not isinstance(root, ast.Lambda) else [root.body]
    pending.reverse()
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.AsyncFunctionDef):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def _attribute_writes(root: FunctionNode) -> Iterator[ast.AST]:
    for node in _walk(root):
        if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
            continue
        if node.attr not in _PARTS or isinstance(node.ctx, ast.Del):
            yield node
