"""What the reverse sweep remembers, in words: the text of `.report()`.

In: a plan. Out: one entry per kept value and per undone store: the user's line, why it is kept, where it goes, and
how many bytes it takes each time.
"""

from __future__ import annotations

from srcgrad.adjoint.plan import Container, Kept, Plan, Reason
from srcgrad.analysis.regions import Region
from srcgrad.ir.types import Array
from srcgrad.span import NOWHERE, Span


def report(name: str, plan: Plan, arrays: int) -> str:
    """The report on one adjoint; `arrays` is the number of shadow arrays."""
    kept = plan.all_kept()
    lines = [f"{name}: what the reverse sweep keeps"]
    if not kept:
        lines.append("  nothing: all it uses is in scope, computed again, or still in memory")
    for entry in sorted(kept, key=lambda k: (_span(k).line, k.symbol.hint)):
        lines.extend(_describe(entry))
    recomputed = sum(map(len, plan.recomputed.values()))
    lines.append(f"  computed again: {recomputed} operation{'s' * (recomputed != 1)}")
    if plan.undone:
        lines.append("  stores put back (undone) in the reverse sweep:")
        lines.extend(f"    {_place(store.span)}" for store in plan.undone)
    if plan.rotated:
        count = sum(map(len, plan.rotated.values()))
        lines.append(f"  buffers passed around backwards instead of kept: {count}")
    if plan.fused:
        lines.append("  loops that run forward and backward at once:")
        lines.extend(f"    {_place(loop.span)}" for loop in plan.fused)
    lines.append(f"  shadow arrays (adjoints of arrays, same sizes): {arrays}")
    return "\n".join(lines)


def _describe(kept: Kept) -> list[str]:
    if isinstance(kept.symbol.type, Array):
        size = "one array reference and the array"
    else:
        size = f"{kept.symbol.type.dtype.itemsize} bytes"  # type: ignore[union-attr]
    name = kept.symbol.hint
    return [
        f"  {name}  {_place(_span(kept))}",
        f"      why: {kept.reason.value}",
        f"      where: {_where(kept)}; {size} per {_unit(kept.region)}",
    ]


def _where(kept: Kept) -> str:
    if kept.container is Container.STACK:
        return "a stack"
    loops = " x ".join(f"iterations of line {loop.span.line}" for loop in kept.loops)
    return f"an array ({loops})"


def _unit(region: Region) -> str:
    return "iteration" if region.loops else "call"


def _span(kept: Kept) -> Span:
    if kept.statement is not None:
        return kept.statement.span
    if kept.reason is Reason.CARRIED and kept.region.loops:
        return kept.region.loops[-1].span
    return kept.region.loops[-1].span if kept.region.loops else NOWHERE


def _place(span: Span) -> str:
    return f"{span.file}:{span.line}  {span.text.strip()}" if span.line else "(generated)"
