"""The report's part about kernels: which loops the threads are, and where the other loops run.

In: the verdicts. Out: text, a line for each loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from srcgrad.device.choice import Verdict


def report_of_kernels(verdicts: Sequence[Verdict]) -> str:
    """The lines of the report."""
    lines = [f"  {_place(v)}: {_text(v)}" for v in verdicts]
    return "\n".join(["kernels:", *(lines or ["  none"])])


def _place(verdict: Verdict) -> str:
    loops = verdict.nest.loops if verdict.nest is not None else (verdict.loop,)
    names = ", ".join(loop.index.hint for loop in loops)
    line = next((loop.span.line for loop in loops if loop.span.line), 0)
    return f"line {line}, {names}" if line else names


def _text(verdict: Verdict) -> str:
    nest = verdict.nest
    if nest is None:
        return f"a loop of the host ({verdict.obstacle})"
    if nest.alone:
        return f"one thread ({verdict.obstacle})"
    text = f"a thread for each iteration{' of these loops' if len(nest.loops) > 1 else ''}"
    if folds := sorted({fold.value for fold in nest.folds if fold is not None}):
        text += f"; {', '.join(folds)} by trees"
    if nest.atomic:
        text += f"; atomic sums into {', '.join(sorted({s.array.hint for s in nest.atomic}))}"
    if own := sorted({made.result.hint for made in (*nest.work_arrays, *nest.own)}):
        text += f"; each with its own {', '.join(own)}"
    return text
