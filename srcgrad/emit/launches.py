"""Functions that run a loop in blocks, several at a time.

In: a launch and the name of the function that runs one block. Out: the text of the function that runs all of them, and
folds what they give in the order of the blocks: the same numbers come out however many threads there are.
"""

from __future__ import annotations

from srcgrad.emit.expressions import constant, dtype_text
from srcgrad.emit.lines import INDENT, wrapped
from srcgrad.ir.fold import Fold
from srcgrad.ir.nodes import Const, Launch
from srcgrad.ir.types import Scalar

_FOLDED = {
    Fold.SUM: "{0} += {1}", Fold.PRODUCT: "{0} *= {1}", Fold.MAXIMUM: "{0} = np.maximum({0}, {1})",
    Fold.MINIMUM: "{0} = np.minimum({0}, {1})", Fold.GREATEST: "{0} = {1} if {1} > {0} else {0}",
    Fold.LEAST: "{0} = {1} if {1} < {0} else {0}",
}  # fmt: skip


def in_parallel(name: str) -> str:
    """What the function that runs all blocks is called."""
    return f"{name}_in_parallel"


def launcher(launch: Launch, name: str, atomic: str = "") -> list[str]:
    """The lines of the function that runs all blocks. Its parameters are the number of iterations, the work they
    are (and how many additions, where blocks share sums), the values to start from, and what the loop uses."""
    totals = [f"total_{k}" for k in range(len(launch.results))]
    own = [f"a_{k}" for k in range(len(launch.arguments))]
    extents = ["count", "work", *(["additions"] if launch.sums else [])]
    lines = wrapped(f"def {in_parallel(name)}(", [*extents, *totals, *own], "):", "")
    copied = [own[k] for k in launch.sums]
    body = [f"blocks = par.{'blocks' if not copied else 'few_blocks'}(count)"]
    types = [r.type for r in launch.results]
    parts = [f"part_{k}" for k in range(len(totals))]
    for part, type_ in zip(parts, types):
        assert isinstance(type_, Scalar)
        body.append(f"{part} = np.empty(blocks, dtype={dtype_text(type_.dtype)})")
    starts = [_start(fold, total, type_) for fold, total, type_ in zip(launch.folds, totals, types)]
    target = ", ".join(f"{part}[k]" for part in parts)
    bounds = "first, last = par.bounds(k, blocks, count)"

    def call(function: str, arrays: list[str]) -> str:
        text = f"{function}(first, last{''.join(f', {a}' for a in (*starts, *arrays))})"
        return f"{target} = {text}" if parts else text

    def at_once(function: str, arrays: list[str]) -> list[str]:
        run = ["k = par.place(np.int64(block), blocks)", bounds, call(function, arrays)]
        return [f"{INDENT}for block in prange(blocks):", *_indented(run, 2)]

    little = ["work < par.LEAST_WORK", "not par.may_start()"]
    if copied:
        body.append(f"large = par.is_too_large(work, blocks, {' + '.join(f'{a}.size' for a in copied)})")
        little.append("(large and not par.atomics_pay(work, additions))")
    apart = [f"zeros_{a[2:]}[k]" if a in copied else a for a in own]
    body += [f"if {' or '.join(little)}:", f"{INDENT}for k in range(blocks):"]
    body += _indented([bounds, call(name, own)], 2)
    if copied:
        body += ["elif large:", f"{INDENT}par.note_use()", *at_once(atomic, own)]
    body += ["else:", f"{INDENT}par.note_use()"]
    body += [f"{INDENT}zeros_{a[2:]} = par.zeros(blocks, {a})" for a in copied]
    body += at_once(name, apart)
    body += [f"{INDENT}par.add_up({a}, zeros_{a[2:]})" for a in copied]
    if parts:
        body.append("for k in range(blocks):")
        for fold, total, part in zip(launch.folds, totals, parts):
            body.append(INDENT + _FOLDED[fold].format(total, f"{part}[k]"))
        body.append(f"return {', '.join(totals)}")
    return [*lines, *_indented(body, 1)]


def _start(fold: Fold, total: str, type_: object) -> str:
    if fold.neutral is None:
        return total
    assert isinstance(type_, Scalar)
    return str(constant(Const(type_.dtype.type(fold.neutral).item(), type_)).text)


def _indented(lines: list[str], depth: int) -> list[str]:
    return [INDENT * depth + line for line in lines]
