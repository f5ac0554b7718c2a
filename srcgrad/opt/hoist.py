"""Loop-invariant code motion for cheap scalar statements.

In, out: a `Function`. A `Dim`, or a `Let` that is cheap and cannot trap, moves in front of the outermost loop in
which its operands do not change.

    for i in range(0, n, 1):            m = dim a, 1
        m = dim a, 1              =>    k = sub m, 1
        k = sub m, 1                    for i in range(0, n, 1):
        store a[i, k] = t                   store a[i, k] = t

A loop may run zero times and a branch may not be taken, so what moves must be harmless to run anyway: no integer
division by what may be zero, no load (it may be out of range), no division or logarithm (plain Python raises). And
where the function is still to be differentiated, an operation that was not run contributes nothing, while one that
was run contributes 0 * partial, which is NaN when the partial is infinite. So before differentiation floating-point
statements move only if their partials are finite whatever the operands are; `final=True` lifts that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import is_

from srcgrad.ir.nodes import Atom, Block, Const, Dim, For, Function, If, Let, Statement, Sym, While, definitions
from srcgrad.ir.visit import inner_symbols, map_atoms
from srcgrad.opt.algebra import CASTS
from srcgrad.opt.rewrite import dtype_kind, with_helpers

CHEAP = frozenset(("add", "sub", "neg", "select", "lt", "le", "gt", "ge", "eq", "ne", "and_", "or_", "not_"))
CHEAP_UNDIFFERENTIATED = frozenset(
    ("mul", "abs", "sign", "minimum", "maximum", "band", "bor", "bxor", "invert")
)
SMOOTH = frozenset(("exp", "sin", "cos", "tanh", "atan", "asinh", "erf", "erfc"))  # cost something, never raise


def hoist(function: Function, final: bool = False) -> Function:
    """The function with invariant statements moved out of loops; the same object when nothing moved.

    `final` says that the function will not be differentiated any more."""
    return with_helpers(function, lambda f: _Hoister(f, final).run())


@dataclass
class _Frame:
    """An open block: what has been written of it so far, and whether it is the body of a loop."""

    loop: bool
    out: list[Statement] = field(default_factory=list)


class _Hoister:
    """Walks with a stack of open blocks; the loop a statement leaves is not written yet when it is moved."""

    def __init__(self, function: Function, final: bool) -> None:
        self.final = final
        self.body = function.body
        self.frames: list[_Frame] = []
        self.level: dict[Sym, int] = dict.fromkeys(function.params, 0)

    def run(self) -> Block:
        return self.block(self.body, False)

    def block(self, block: Block, loop: bool) -> Block:
        self.frames.append(_Frame(loop))
        for statement in block.statements:
            self.statement(statement)
        out = self.frames.pop().out
        if len(out) == len(block.statements) and all(map(is_, out, block.statements)):
            return block
        return Block(tuple(out), block.results)

    def statement(self, s: Statement) -> None:
        level = len(self.frames) - 1
        match s:
            case Let(arguments=arguments):
                level = self.target(s, arguments)
            case Dim(array=array):
                level = self.target(s, (array,))
            case If() | For() | While():
                for symbol in inner_symbols(s):
                    self.level[symbol] = level + 1
                loop = not isinstance(s, If)
                s = map_atoms(s, lambda atom: atom, lambda inner: self.block(inner, loop))
        for symbol in definitions(s):
            self.level[symbol] = level
        self.frames[level].out.append(s)

    def target(self, s: Let | Dim, arguments: tuple[Atom, ...]) -> int:
        """The level of the block that a statement belongs to: just outside the outermost loop it need not be in."""
        here = len(self.frames) - 1
        lowest = max((self.level[a] for a in arguments if isinstance(a, Sym)), default=0)
        for level in range(lowest, here):
            if self.frames[level + 1].loop:
                leaves_branch = not all(frame.loop for frame in self.frames[level + 1 :])
                return level if isinstance(s, Dim) or self.harmless(s, leaves_branch) else here
        return here

    def harmless(self, s: Let, leaves_branch: bool) -> bool:
        """Whether it does no harm to run an operation that the program might not have run."""
        name, floating = s.op.name, dtype_kind(s.result) == "f"
        if name in CHEAP:
            return True
        if name in CASTS:
            return dtype_kind(s.arguments[0]) != "f" or floating
        if name in CHEAP_UNDIFFERENTIATED:
            return self.final or not floating
        if name in ("floordiv", "mod"):
            divisor = s.arguments[1]
            return not floating and isinstance(divisor, Const) and divisor.value != 0
        return self.final and name in SMOOTH and not leaves_branch
