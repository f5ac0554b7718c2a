"""Complex numbers and their parts.

These have no rules: `realify` takes complex values apart before anything is differentiated. What stays of them stands
at the borders of compiled functions, where arguments are taken apart and results put together.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from srcgrad.ops.registry import Operands, Result, op

_NUMBERS = (-2.5, 2.5)


def _of_complex(name: str, evaluate: Callable, source: str, result: Result) -> None:
    op(name, "z", evaluate=evaluate, source=source, result=result, operands=Operands.COMPLEX, domain=(_NUMBERS,))


_of_complex("real", np.real, "np.real({0})", Result.REAL)
_of_complex("imag", np.imag, "np.imag({0})", Result.REAL)
_of_complex("conj", np.conj, "np.conj({0})", Result.SAME)
_of_complex("magnitude", np.abs, "abs({0})", Result.REAL)
_of_complex("angle", np.angle, "np.angle({0})", Result.REAL)
op("complex", "x y", evaluate=lambda x, y: np.result_type(x, np.complex64).type(complex(x, y)),
   source="complex({0}, {1})", result=Result.COMPLEX, operands=Operands.PARTS, domain=(_NUMBERS, _NUMBERS))  # fmt: skip

for _name in ("complex128", "complex64"):
    op(_name, "x", evaluate=lambda x, name=_name: np.asarray(x).astype(name)[()], source=f"np.{_name}({{0}})",
       result=Result.NAMED, operands=Operands.ANY, domain=(_NUMBERS,))  # fmt: skip
