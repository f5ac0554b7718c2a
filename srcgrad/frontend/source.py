"""From a Python function to its syntax tree and to spans of its source.

In: a function object. Out: a `Source`: the `FunctionDef` or `Lambda` node with the positions of the file it
stands in. A function whose text is not there, or not certainly its own, is refused.
"""

from __future__ import annotations

import ast
import functools
import linecache
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.span import Span

FunctionNode = ast.FunctionDef | ast.Lambda | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class File:
    """The text of a file, and its tree."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Source:
    """One function's syntax tree and where it stands."""

    node: FunctionNode
    file: File
    name: str

    def span(self, node: ast.AST) -> Span:
        """The span of a node of this function; without positions, the line of the function itself."""
        line = getattr(node, "lineno", None)
        if line is None:
            node, line = self.node, self.node.lineno
        text = self.file.lines[line - 1] if 0 < line <= len(self.file.lines) else ""
        column = _column(text, node.col_offset)  # type: ignore[attr-defined]
        end_line = node.end_lineno or line  # type: ignore[attr-defined]
        end_column = node.end_col_offset or column + 1  # type: ignore[attr-defined]
        if end_line == line:
            end_column = _column(text, end_column)
        return Span(self.file.name, line, column, end_line, end_column, text, self.name)

    def header(self) -> Span:
        """The span of the `def` line, without the body."""
        span = self.span(self.node)
        if isinstance(self.node, ast.Lambda):
            return span
        return Span(span.file, span.line, span.column, span.line, len(span.text.rstrip()), span.text, span.function)

    def nested(self, node: FunctionNode) -> Source:
        """The source of a function defined inside this one."""
        return _nested(self, node)


@functools.lru_cache(maxsize=4096)
def _nested(outer: Source, node: FunctionNode) -> Source:
    return Source(node, outer.file, getattr(node, "name", "<lambda>"))


def _column(text: str, offset: int) -> int:
    """`ast` counts columns in UTF-8 bytes; spans count characters."""
    if text.isascii():
        return offset
    return len(text.encode()[:offset].decode(errors="ignore"))


def unwrap(function: Callable[..., Any]) -> Callable[..., Any]:
    """Take off the wrappers that do not change what a function computes: our own, Numba's, `lru_cache`'s."""
    while True:
        if isinstance(function, functools._lru_cache_wrapper):
            function = function.__wrapped__
        elif callable(primal := getattr(function, "__srcgrad_primal__", None)):
            function = primal
        elif not isinstance(function, types.FunctionType | types.MethodType) and isinstance(
            inner := getattr(function, "py_func", None), types.FunctionType
        ):
            function = inner
        else:
            return function


def _refuse(function: types.FunctionType, why: str, advice: str) -> Unsupported:
    code = function.__code__
    span = Span(code.co_filename, code.co_firstlineno, 0, code.co_firstlineno, 0, "", function.__name__)
    return Unsupported(Diagnostic(f"the source of {function.__name__!r} is needed", span, "", why, advice))


@functools.lru_cache(maxsize=512)
def _parse(filename: str, text: str) -> tuple[File, dict[int, list[FunctionNode]]]:
    """A file's functions by the line on which Python says they begin."""
    tree = ast.parse(text, filename)
    by_line: dict[int, list[FunctionNode]] = {}
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(d.lineno for d in decorators)])
            by_line.setdefault(first, []).append(node)
    return File(filename, tuple(text.splitlines())), by_line


_SOURCES: dict[types.CodeType, Source] = {}


def source_of(function: types.FunctionType) -> Source:
    """The syntax tree of a plain Python function. Raises `Unsupported` when the text is not to be had."""
    code = function.__code__
    found = _SOURCES.get(code)
    if found is None or found.node is None:
        found = _SOURCES[code] = _locate(function)
    return found


def declare(function: types.FunctionType, source: Source) -> None:
    """Say what the source of a function is that was written from another one: spans are those of the other."""
    _SOURCES[function.__code__] = source


def _locate(function: types.FunctionType) -> Source:
    code = function.__code__
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    if not text:
        raise _refuse(
            function,
            f"srcgrad reads the text of a function, and {code.co_filename!r} has none",
            "define the function in a file or a notebook cell, not through exec, eval or the interactive prompt",
        )
    try:
        file, by_line = _parse(code.co_filename, text)
    except SyntaxError:
        raise _refuse(function, "the file no longer parses", "save a valid file and import it again") from None
    candidates = [node for node in by_line.get(code.co_firstlineno, []) if _matches(node, code)]
    if len(candidates) > 1:
        candidates = _around(candidates, code)
    if len(candidates) == 1:
        return Source(candidates[0], file, function.__name__)
    if not candidates:
        raise _refuse(
            function, "the file has changed since the function was defined", "import the module again"
        )
    raise _refuse(
        function, "several lambdas on this line look alike", "put each lambda on a line of its own, or use def"
    )


def _matches(node: FunctionNode, code: types.CodeType) -> bool:
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    return name == code.co_name and argument_names(node) == list(code.co_varnames[: len(argument_names(node))])


def argument_names(node: FunctionNode) -> list[str]:
    """Parameter names in the order of `code.co_varnames`."""
    a = node.args
    names = [arg.arg for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
    return names + [arg.arg for arg in (a.vararg, a.kwarg) if arg is not None]


def _around(nodes: list[FunctionNode], code: types.CodeType) -> list[FunctionNode]:
    """Of the functions on one line, the innermost that all instructions of `code` come from."""
    places = [(line, column, last, end) for line, last, column, end in code.co_positions() if column or end]
    if not places:  # Python was told to forget columns
        return nodes
    spans = {node: _span(node.body) for node in nodes if isinstance(node, ast.Lambda)}
    found = [node for node, (start, end) in spans.items() if all(start <= p[:2] and p[2:] <= end for p in places)]
    return [node for node in found if not any(_within(spans[other], spans[node]) for other in found)]


def _span(body: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    assert body.end_lineno is not None and body.end_col_offset is not None
    return (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)


def _within(inner: tuple, outer: tuple) -> bool:
    return inner != outer and outer[0] <= inner[0] and inner[1] <= outer[1]
