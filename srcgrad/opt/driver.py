"""The optimiser: the passes in order, until none of them finds anything.

In, out: a `Function` with the same results, effects and exceptions. With the environment variable SRCGRAD_VERIFY=1,
or `VERIFY` set, the verifier runs after every pass that changed something.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from srcgrad.errors import Diagnostic, InternalError
from srcgrad.ir.nodes import Function
from srcgrad.ir.verify import verify
from srcgrad.opt.accumulate import accumulate
from srcgrad.opt.bounds import decide
from srcgrad.opt.carried import carried
from srcgrad.opt.checks import raise_early
from srcgrad.opt.copies import copies
from srcgrad.opt.cse import cse
from srcgrad.opt.dce import dce
from srcgrad.opt.dead_stores import dead_stores
from srcgrad.opt.forward_store import forward_store
from srcgrad.opt.fuse import fuse
from srcgrad.opt.hoist import hoist
from srcgrad.opt.interchange import interchange
from srcgrad.opt.lengths import lengths
from srcgrad.opt.narrow import narrow
from srcgrad.opt.row_products import row_products
from srcgrad.opt.select_stores import select_stores
from srcgrad.opt.simplify import simplify
from srcgrad.opt.snapshots import snapshots

Pass = Callable[[Function], Function]


def hoist_finally(function: Function) -> Function:
    """`hoist` for a function that will not be differentiated any more."""
    return hoist(function, final=True)


PASSES: tuple[Pass, ...] = (
    raise_early, simplify, narrow, carried, select_stores, forward_store, snapshots, accumulate, dce, lengths, decide,
    hoist, cse, row_products, interchange, fuse,
)  # fmt: skip
FINAL_PASSES: tuple[Pass, ...] = (
    raise_early, simplify, narrow, carried, copies, forward_store, accumulate, dead_stores, dce, lengths, decide,
    hoist_finally, cse,
)  # fmt: skip
VERIFY = False

_MOST_ROUNDS = 6  # each round does a linear amount of work; what is left after that many is not worth more


def optimise(function: Function, *, final: bool = False) -> Function:
    """The optimised function; the same object when no pass found anything.

    `final` says that the function will not be differentiated any more, which lets more move out of loops.
    Raises `InternalError` that names the pass when verification is on and a pass broke the IR."""
    checked = VERIFY or os.environ.get("SRCGRAD_VERIFY") == "1"
    quiet = 0  # passes since the last change
    passes = FINAL_PASSES if final else PASSES
    for each in passes * _MOST_ROUNDS:
        new = each(function)
        if new is function:
            quiet += 1
            if quiet == len(passes):
                break
            continue
        quiet, function = 1, new  # a pass finds nothing right after itself
        if checked:
            _check(each, function)
    return function


def _check(after: Pass, function: Function) -> None:
    try:
        verify(function)
    except InternalError as error:
        name = getattr(after, "__name__", "pass")
        raise InternalError(Diagnostic(f"after the pass {name}"), *error.diagnostics) from None
