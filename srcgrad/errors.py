"""Diagnostics in the user's terms: what is wrong, where, why, and what to write instead.

A stage that finds something it cannot do right raises `Unsupported` (or a sibling) with a `Diagnostic`; one
renderer turns the record into text with the user's line and a caret under the culprit.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcgrad.span import NOWHERE, Span


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong. `title` says what, `label` stands beside the caret, `why` gives the reason and
    `advice` the way out; `notes` are further lines."""

    title: str
    span: Span = NOWHERE
    label: str = ""
    why: str = ""
    advice: str = ""
    notes: tuple[str, ...] = ()


def render(diagnostic: Diagnostic) -> str:
    """The text of a diagnostic."""
    lines = [diagnostic.title]
    span = diagnostic.span
    if span.line:
        where = f"  --> {span.file}:{span.line}:{span.column + 1}"
        lines.append(where + (f" in {span.function}" if span.function else ""))
    if span.text.strip():
        number = str(span.line)
        width = (span.end_column if span.end_line == span.line else len(span.text)) - span.column
        lines.append(f"  {number} | {span.text}")
        caret = " " * (len(number) + 2) + " | " + " " * span.column + "^" * max(width, 1)
        lines.append(caret + (f" {diagnostic.label}" if diagnostic.label else ""))
    if diagnostic.why:
        lines.append(f"  why: {diagnostic.why}")
    if diagnostic.advice:
        lines.append(f"  instead: {diagnostic.advice}")
    lines.extend(f"  note: {note}" for note in diagnostic.notes)
    return "\n".join(lines)


class SrcgradError(Exception):
    """Base of everything srcgrad raises on purpose. `diagnostics` holds the records that were found."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n\n".join(map(render, diagnostics)))
        self.diagnostics = diagnostics

    def __reduce__(self) -> tuple:
        return (type(self), self.diagnostics)


class Unsupported(SrcgradError, TypeError):
    """The function uses something srcgrad does not differentiate."""


class ArgumentError(SrcgradError, TypeError):
    """The call itself is wrong: argnums, an integer to differentiate, a non-scalar result given to `grad`, ..."""


class OverlapError(SrcgradError, ValueError):
    """Arguments share memory and one of them is written."""


class InternalError(SrcgradError, AssertionError):
    """A stage broke its own contract: a bug in srcgrad, never the user's fault."""
