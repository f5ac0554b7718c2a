"""The report's part about loops: which run in parallel, what they fold, and why the others do not.

In: the verdicts. Out: text, a line for each loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from srcgrad.parallel.choice import Verdict


def report_of_loops(verdicts: Sequence[Verdict]) -> str:
    """The lines of the report."""
    lines = [f"  {_place(v)}: {_text(v)}" for v in verdicts]
    return "\n".join(["loops:", *(lines or ["  none"])])


def _place(verdict: Verdict) -> str:
    span = verdict.loop.span
    return f"line {span.line}, {verdict.loop.index.hint}" if span.line else verdict.loop.index.hint


def _text(verdict: Verdict) -> str:
    if not verdict.chosen:
        return f"one after the other ({verdict.obstacle})"
    text = "in parallel" + (", each iteration in elements of its own" if not verdict.sums else "")
    if folds := sorted({fold.value for fold in verdict.folds}):
        text += f"; {', '.join(folds)} by blocks"
    if verdict.sums:
        names = ", ".join(sorted({array.hint for array in verdict.sums}))
        text += f"; each block adds to zeros of its own for {names}, while that is small"
        text += ", then atomically, where that pays"
    if verdict.own:
        text += f"; each block with its own {', '.join(sorted({a.result.hint for a in verdict.own}))}"
    return text
