"""What can be differentiated once only.

The library writes the derivatives of factorisations down by hand, in terms of values that are held constant. In a
derivative that is differentiated again those values are not constant, and their derivatives are not known: refused,
where they depend on what is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from srcgrad.analysis.activity import find_activity, varied
from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.ir.nodes import Atom, External, Function, Let, Statement, Sym
from srcgrad.ir.visit import walk
from srcgrad.ops.registry import by_name

_HELD = by_name("held")


def refuse_unknown(function: Function, wrt: Sequence[Sym], outputs: Sequence[Atom]) -> None:
    """Raise `Unsupported` where a derivative that was written down once is needed again."""
    if not any(_once(s) for f in (function, *function.helpers) for s in walk(f.body)):
        return
    varies, matters = varied(function, wrt), find_activity(function, wrt, outputs)
    for statement in walk(function.body):
        changes: Callable[[Atom], bool] = matters if isinstance(statement, Let) else varies
        if any(map(changes, _once(statement))):
            _refuse(statement)
    for helper in function.helpers:  # where all is taken to vary
        for statement in filter(_once, walk(helper.body)):
            _refuse(statement)


def _refuse(statement: Statement) -> NoReturn:
    raise Unsupported(
        Diagnostic(
            "the second derivative of a factorisation is not known",
            statement.span,
            "needed here",
            "the first derivative of LAPACK's functions (solve, inv, cholesky, eigh, ...) is written down by hand, and "
            "what it is needed for depends on what is differentiated again",
            "write the solution as loops, or take differences of the gradient",
        )
    )


def _once(statement: Statement) -> tuple[Atom, ...]:
    """What must not vary in a statement."""
    match statement:
        case Let(op=op, arguments=arguments) if op is _HELD:
            return arguments
        case External(derived=True, inputs=inputs, factors=factors):
            return inputs if statement.procedure.transpose is None else factors
        case _:
            return ()
