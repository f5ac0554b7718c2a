"""Kernels around what one thread does.

In: what a kernel is like (how many indices, whether it has slots, what it folds, how many arguments). Out: the text of
a function `kernel` that calls `body` for each thread: for a GPU, or one after the other for the emulation of it.

On a GPU the last index moves along x, because threads that are neighbours should touch memory that is. A kernel that
folds values, or has slots, runs a limited number of threads, each for many iterations; values are folded by a tree in
each block of threads, and those of the blocks by `finish`, always in the same order. Where there are two indices, the
threads of one that folds stride along both: to find them from a number takes divisions, which cost more than what most
such kernels do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BLOCK = 256
"""Threads in a block."""


@dataclass(frozen=True)
class Shape:
    """`indices` and `slots` as in `ir.nodes.Kernel`; `folds` are names of `Fold`s, or "last"; `arguments` is their
    number."""

    indices: int
    slots: bool
    folds: tuple[str, ...]
    arguments: int

    @property
    def alone(self) -> bool:
        """Is there one thread only?"""
        return "last" in self.folds

    @property
    def strides(self) -> bool:
        """Does a thread run several iterations?"""
        return self.slots or bool(self.folds)

    @property
    def tiles(self) -> bool:
        """Do threads stride along x and y?"""
        return self.strides and not self.slots and not self.alone and self.indices == 2

    def names(self, letter: str) -> list[str]:
        """Names of the values that are folded."""
        return [f"{letter}{k}" for k in range(len(self.folds))]

    @property
    def counts(self) -> list[str]:
        return [f"n{k}" for k in range(self.indices)]

    @property
    def own(self) -> list[str]:
        return [f"a{k}" for k in range(self.arguments)]


FOLDED = {
    "sum": "{0} + {1}", "product": "{0} * {1}", "maximum": "{0} if {0} != {0} or {0} > {1} else {1}",
    "minimum": "{0} if {0} != {0} or {0} < {1} else {1}", "greatest": "{1} if {1} > {0} else {0}",
    "least": "{1} if {1} < {0} else {0}",
}  # fmt: skip


def namespace(body: Any, cuda: Any, integer: Any, dtypes: Sequence[Any]) -> dict[str, Any]:
    """The names that the text of a kernel needs. `integer` has the functions of integers (`runtime.device_math`)."""
    types = {f"dtype{k}": dtype for k, dtype in enumerate(dtypes)}
    return {"body": body, "cuda": cuda, "mod": integer.mod, "floordiv": integer.floordiv, **types}


def emulation(shape: Shape) -> str:
    """`kernel(counts..., [slots,] values..., arguments...)`, which gives the folded values."""
    slots = ["slots"] if shape.slots else []
    lines = [f"def kernel({', '.join([*shape.counts, *slots, *shape.names('t'), *shape.own])}):"]
    indent = "    "
    if shape.slots:
        lines.append(f"{indent}number = 0")
    for k in range(shape.indices):
        lines.append(f"{indent}for i{k} in range(n{k}):")
        indent += "    "
    lines.append(indent + _body(shape, "number % slots"))
    if shape.slots:
        lines.append(f"{indent}number += 1")
    if shape.folds:
        lines.append(f"    return {', '.join(shape.names('t'))},")
    return "\n".join(lines) + "\n"


def kernel(shape: Shape, large: bool = False) -> str:
    """For a GPU. With folds: `kernel(counts..., [slots,] starts..., partial results..., arguments...)`. `large` says
    that there may be 2**31 iterations, and so arrays as long."""
    return _kernel(shape).replace(_MASK, str(2**63 - 1 if large else 2**31 - 1))


def _kernel(shape: Shape) -> str:
    slots = ["slots"] if shape.slots else []
    folded = [*shape.names("s"), *shape.names("p")]
    lines = [f"def kernel({', '.join([*shape.counts, *slots, *folded, *shape.own])}):"]
    if shape.alone:
        lines += ["    if cuda.grid(1) == 0:", *_in(2, "i0 = 0", *_starts(shape), _body(shape, "0"))]
        lines += _in(2, *(f"{p}[0] = {t}" for p, t in zip(shape.names("p"), shape.names("t"))))
    elif shape.strides:
        lines += _striding(shape)
    else:
        lines += _guarded(shape)
    return "\n".join(lines) + "\n"


def finish(shape: Shape, there: Sequence[bool] = ()) -> str:
    """`finish(blocks, starts..., initial values..., partial results..., results...)`, for one block of threads. Initial
    values that are `there`, on the device, are given as arrays of one element."""
    letters = "smpo"
    lines = [f"def finish({', '.join(['blocks', *(name for letter in letters for name in shape.names(letter))])}):"]
    lines += _in(1, *_starts(shape), f"for k in range(cuda.threadIdx.x, blocks, {BLOCK}):")
    for fold, t, p in zip(shape.folds, shape.names("t"), shape.names("p")):
        lines += _in(2, f"x = {p}[k]", f"{t} = {FOLDED[fold].format(t, 'x')}")
    lines += _in(1, *_tree(shape), "if me == 0:")
    for k, (fold, m, o) in enumerate(zip(shape.folds, shape.names("m"), shape.names("o"))):
        first = f"{m}[0]" if k < len(there) and there[k] else m
        lines += _in(2, f"x = buffer{k}[0]", f"{o}[0] = {FOLDED[fold].format(first, 'x')}")
    return "\n".join(lines) + "\n"


def _body(shape: Shape, slot: str, mask: str = "") -> str:
    """The call of what one thread does. A mask tells the compiler which indices there can be: none that is negative,
    and would count from the end of an array."""
    indices = [f"i{k}{mask}" for k in range(shape.indices)]
    values = shape.names("t")
    call = f"body({', '.join([*indices, *([slot] if shape.slots else []), *values, *shape.own])})"
    return f"{', '.join(values)} = {call}" if values else call


_MASK = "MASK"
_ALONG = "cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x"
_ACROSS = "cuda.blockIdx.y * cuda.blockDim.y + cuda.threadIdx.y"


def _guarded(shape: Shape) -> list[str]:
    """One thread for each iteration."""
    if shape.indices == 1:
        return _in(1, "i0 = cuda.grid(1)", "if i0 < n0:", "    " + _body(shape, "", f" & {_MASK}"))
    last = shape.indices - 1
    lines = [
        f"i{last} = {_ALONG}",
        "row = (cuda.blockIdx.z * cuda.gridDim.y + cuda.blockIdx.y) * cuda.blockDim.y + cuda.threadIdx.y",
        f"if row < {' * '.join(shape.counts[:-1])} and i{last} < n{last}:",
    ]
    lines += _in(1, *_unravelled(shape.counts[:-1], "row"), _body(shape, "", f" & {_MASK}"))
    return _in(1, *lines)


def _striding(shape: Shape) -> list[str]:
    """Each thread for all iterations that are a whole number of strides away."""
    lines = [*_starts(shape), *(_in_tiles(shape) if shape.tiles else _in_a_row(shape))]
    if shape.folds:
        lines += [*_tree(shape), "if me == 0:", "    block = cuda.blockIdx.y * cuda.gridDim.x + cuda.blockIdx.x"]
        lines += _in(1, *(f"p{k}[block] = buffer{k}[0]" for k in range(len(shape.folds))))
    return _in(1, *lines)


def _in_a_row(shape: Shape) -> list[str]:
    """Iterations by their numbers."""
    stride = "slots" if shape.slots else "cuda.gridsize(1)"
    loop = [f"for number in range(first, {' * '.join(shape.counts)}, {stride}):"]
    loop += _in(1, *_unravelled(shape.counts, "number"), _body(shape, "slot", f" & {_MASK}"))
    first = "first = cuda.grid(1)"
    return [first, "slot = first", "if first < slots:", *_in(1, *loop)] if shape.slots else [first, *loop]


def _in_tiles(shape: Shape) -> list[str]:
    """Iterations by their two indices, of which a thread goes through the first one first."""
    lines = [f"for i1 in range({_ALONG}, n1, cuda.gridDim.x * cuda.blockDim.x):"]
    lines += _in(1, f"for i0 in range({_ACROSS}, n0, cuda.gridDim.y * cuda.blockDim.y):")
    return lines + _in(2, _body(shape, "", f" & {_MASK}"))


def _unravelled(counts: list[str], number: str) -> list[str]:
    """The indices from the number of an iteration."""
    if len(counts) == 1:
        return [f"i0 = {number}"]
    lines = [f"rest = {number}"]
    for k in range(len(counts) - 1, 0, -1):
        lines += [f"i{k} = mod(rest, {counts[k]})", f"rest = floordiv(rest, {counts[k]})"]
    return [*lines, "i0 = rest"]


def _starts(shape: Shape) -> list[str]:
    return [f"{t} = {s}" for t, s in zip(shape.names("t"), shape.names("s"))]


def _tree(shape: Shape) -> list[str]:
    """The values of all threads of a block, folded into the first element of a buffer each."""
    lines = ["me = cuda.threadIdx.y * cuda.blockDim.x + cuda.threadIdx.x"]
    for k, t in enumerate(shape.names("t")):
        lines += [f"buffer{k} = cuda.shared.array({BLOCK}, dtype{k})", f"buffer{k}[me] = {t}"]
    lines += ["cuda.syncthreads()", f"half = {BLOCK // 2}", "while half > 0:", "    if me < half:"]
    for k, fold in enumerate(shape.folds):
        folded = FOLDED[fold].format("x", "y")
        lines += _in(2, f"x = buffer{k}[me]", f"y = buffer{k}[me + half]", f"buffer{k}[me] = {folded}")
    return [*lines, "    cuda.syncthreads()", "    half //= 2"]


def _in(depth: int, *lines: str) -> list[str]:
    return ["    " * depth + line for line in lines]
