"""The plan: how the reverse sweep gets each primal value that it uses.

`Plan` is a side table; `planning.py` makes it. A value of the outermost block is simply in scope. Any other is provided
again when the reverse sweep enters (backwards) the block that defines it:

- RECOMPUTE: done again from values that are provided themselves; a load may be, when nothing overwrote the element,
  or when everything that did has been undone by then.
- KEEP: saved by the forward sweep, in an array indexed by the enclosing loops where all trip counts are known before
  the outermost of them starts (or numbers that they do not exceed), else on a stack.
- COUNT: an integer that a loop changes by a constant is computed from the iteration number.
- ROTATE: an array reference that a loop only passes around (buffer swaps) is passed around backwards.

Stores into memory whose old contents are needed later are *undone*: the forward sweep keeps what they overwrite, the
reverse sweep puts it back, so that it sees memory as the forward sweep saw it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from srcgrad.adjoint.fusion import Fusion
from srcgrad.analysis.regions import Loop, Region
from srcgrad.ir.nodes import Atom, Statement, Store, Sym


class Reason(enum.Enum):
    """Why a value is kept rather than computed again."""

    CARRIED = "changes from iteration to iteration"
    OVERWRITTEN = "read from memory that is overwritten later"
    UNDO = "old contents, put back when the store is undone"
    LOOP_RESULT = "result of a loop"
    BRANCH_RESULT = "result of a branch that is not repeated"
    REFERENCE = "memory allocated in a loop"
    CALL_RESULT = "result of a call"
    DEAR = "dearer to compute again than to keep"


class Container(enum.Enum):
    DENSE = "array over the enclosing loops"
    STACK = "stack"


@dataclass(frozen=True, eq=False)
class Kept:
    """A value that the forward sweep saves: `symbol`, defined in `region`, goes to `container`. `loops` are those
    around it that the reverse sweep runs backward."""

    symbol: Sym
    region: Region
    loops: tuple[Loop, ...]
    reason: Reason
    container: Container
    statement: Statement | None


@dataclass(frozen=True, eq=False)
class Counted:
    """A loop parameter that is `initial + increment * (number of the iteration)`."""

    symbol: Sym
    loop: Loop
    initial: Atom
    increment: int


@dataclass(frozen=True, eq=False)
class Plan:
    """`kept` and `recomputed` by region; `undone` stores with the symbol of the value each overwrites; the array slots
    of each loop that are `rotated` backwards; the values `counted` from the iteration number, by region; the loops
    whose two sweeps are `fused`; whether the reverse sweep is a function of its own (`detached`)."""

    kept: dict[Region, tuple[Kept, ...]] = field(default_factory=dict)
    recomputed: dict[Region, tuple[Statement, ...]] = field(default_factory=dict)
    undone: dict[Store, Sym] = field(default_factory=dict)
    rotated: dict[Loop, tuple[int, ...]] = field(default_factory=dict)
    counted: dict[Region, tuple[Counted, ...]] = field(default_factory=dict)
    fused: dict[Loop, Fusion] = field(default_factory=dict)
    detached: bool = False

    def all_kept(self) -> tuple[Kept, ...]:
        return tuple(kept for group in self.kept.values() for kept in group)
