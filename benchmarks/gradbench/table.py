"""The table of one comparison: a line for each tool on each input."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.gradbench.record import DERIVATIVES, Record, Records

HEADER = (
    f"{'eval':<7} {'input':<26} {'tool':<11} {'function':>10} {'gradient':>10} {'gradient /':>10} {'gradient /':>10}"
    f" {'first run':>10} {'runs':>6}\n"
    f"{'':<7} {'':<26} {'':<11} {'ms':>10} {'ms':>10} {'function':>10} {'manual':>10} {'more by, s':>10}"
)


def lines(records: Records, name: str) -> Iterator[str]:
    """All lines of one eval."""
    derivatives = [record for record in records.derivatives() if record.eval == name]
    for size in dict.fromkeys(record.size for record in derivatives):
        for record in derivatives:
            if record.size == size:
                yield line(records, record)


def line(records: Records, record: Record) -> str:
    start = f"{record.eval:<7} {record.size:<26} {record.tool:<11}"
    primal, gradient = over(records, record, "function"), record.seconds
    if gradient is None or not record.valid:
        said = (record.error or "no reason given").strip().splitlines()
        return f"{start} {'wrong' if gradient is not None else 'failed'}: {said[-1]}"
    function = records.seconds(record.eval, record.size, DERIVATIVES[record.function], record.tool)
    cells = [_cell(function, 1e3, 4), _cell(gradient, 1e3, 4), _cell(primal, 1.0, 2)]
    cells += [_cell(over(records, record, "manual"), 1.0, 2), _cell(record.compiling, 1.0, 2)]
    return f"{start} {' '.join(cells)} {len(record.first) + len(record.later):>6}"


def summary(records: Records, tools: tuple[str, ...]) -> Iterator[str]:
    """One line for each input, in Markdown: what every tool's gradient takes as a multiple of `manual`'s."""
    present = [tool for tool in tools if any(record.tool == tool for record in records.derivatives())]
    others = [tool for tool in present if tool != "manual"]
    yield f"| eval | input | manual, ms | srcgrad, ms | {' | '.join(others)} | srcgrad's gradient / its function |"
    yield "|---" * (5 + len(others)) + "|"
    by_tool = {(record.eval, record.size, record.tool): record for record in records.derivatives()}
    for name, size in dict.fromkeys((record.eval, record.size) for record in records.derivatives()):
        found = {tool: by_tool.get((name, size, tool)) for tool in present}
        reference, ours = found.get("manual"), found.get("srcgrad")
        cells = [_short(1e3 * r.seconds if r and r.seconds and r.valid else None) for r in (reference, ours)]
        cells += [_short(over(records, record, "manual") if (record := found[tool]) else None) for tool in others]
        cells.append(_short(over(records, ours, "function") if ours else None))
        yield f"| {name} | {size} | {' | '.join(cells)} |"


def over(records: Records, record: Record, other: str) -> float | None:
    """A gradient's time over that of the tool's own function, or over that of `manual`'s gradient."""
    if not record.valid:
        return None
    if other == "function":
        below = records.seconds(record.eval, record.size, DERIVATIVES[record.function], record.tool)
    else:
        below = records.seconds(record.eval, record.size, record.function, other)
    return record.seconds / below if record.seconds and below else None


def _cell(value: float | None, scale: float, digits: int) -> str:
    return f"{'-':>10}" if value is None else f"{value * scale:>10.{digits}f}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
