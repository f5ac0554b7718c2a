"""Where a piece of the user's program stands: every IR statement carries a `Span`.

A span is a value; it never holds the AST or the file object, so IR can be pickled and compared.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A range of source text: 1-based lines and 0-based columns, as in `ast`.

    `text` is the source line itself (without its newline), kept so that diagnostics and the comments of the
    generated adjoint can quote it after the file has changed or gone.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str = ""
    function: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Span("<generated>", 0, 0, 0, 0)
