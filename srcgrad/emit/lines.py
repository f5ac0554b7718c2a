"""Lines of the generated module: indentation, and the user's lines as comments.

A comment `# line 12: e += 4.0 * r` stands before the first statement of a run that comes from one line of the user's,
unless the statement says the same anyway.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from srcgrad.span import NOWHERE, Span

INDENT = "    "
MAX_WIDTH = 110
_LEAST_COMMENT = 40  # however deep the code


@dataclass
class Lines:
    """The text of one function, growing. `home` is the file that line numbers refer to without saying so."""

    home: str = ""
    depth: int = 0
    lines: list[str] = field(default_factory=list)
    _last: tuple[str, int] = ("", 0)

    def add(self, text: str, span: Span = NOWHERE) -> None:
        """A line, preceded by the user's line where that is news."""
        self._quote(text, span)
        self.lines.append(INDENT * self.depth + text)

    @contextmanager
    def indented(self) -> Iterator[None]:
        """A nested block; `pass` where nothing is printed in it."""
        self.depth += 1
        before = len(self.lines)
        yield
        if not any(not line.lstrip().startswith("#") for line in self.lines[before:]):
            self.lines.append(INDENT * self.depth + "pass")
        self.depth -= 1

    @contextmanager
    def aside(self) -> Iterator[list[str]]:
        """Collect lines apart, one level deeper."""
        collected: list[str] = []
        outer, self.lines = self.lines, collected
        self.depth += 1
        yield collected
        self.depth -= 1
        self.lines = outer

    def _quote(self, text: str, span: Span) -> None:
        if not span.line or not span.text.strip() or (span.file, span.line) == self._last:
            return
        self._last = (span.file, span.line)
        quoted = span.text.strip()
        if _squeezed(quoted) == _squeezed(text) or (quoted.startswith("for ") and text.startswith("for ")):
            return
        where = "line" if span.file == self.home else f"{os.path.basename(span.file)}, line"
        comment = f"# {where} {span.line}: {quoted}"
        room = max(MAX_WIDTH - len(INDENT) * self.depth, _LEAST_COMMENT)
        self.lines.append(INDENT * self.depth + (comment if len(comment) <= room else comment[: room - 3] + "..."))


def _squeezed(text: str) -> str:
    return "".join(text.split("  #")[0].split())


def wrapped(prefix: str, items: list[str], suffix: str, indent: str) -> list[str]:
    """`prefix item, item, ... suffix` on one line if it fits, else broken between items."""
    one = indent + prefix + ", ".join(items) + suffix
    if len(one) <= MAX_WIDTH:
        return [one]
    out, current = [indent + prefix], indent + INDENT
    for item in items:
        if len(current) + len(item) + 2 > MAX_WIDTH and current.strip():
            out.append(current.rstrip())
            current = indent + INDENT
        current += f"{item}, "
    return [*out, current.rstrip(), indent + suffix]
