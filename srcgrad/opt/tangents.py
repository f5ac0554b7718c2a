"""Values whose derivative is that of something else, once no derivative is taken any more.

In, out: a `Function`. What only the derivative was computed from is dead then.

    v: ... = with_tangent x, y          =>      (v is x)
"""

from __future__ import annotations

from srcgrad.ir.nodes import Function, Let, Statement
from srcgrad.opt.rewrite import Rewriter, with_helpers


def drop_tangents(function: Function) -> Function:
    """The function without `with_tangent`; the same object when there is none."""
    return with_helpers(function, lambda f: _Dropper().block(f.body))


class _Dropper(Rewriter):
    def statement(self, s: Statement, out: list[Statement]) -> None:
        if isinstance(s, Let) and s.op.name == "with_tangent":
            self.mapping[s.result] = self.atom(s.arguments[0])
        else:
            super().statement(s, out)
