"""Products of complex matrices that add to what is there: `add_product(c, a, b)`, and `product`, as in `runtime.blas`.

A module of its own, so that programs without complex numbers need not load what is compiled for them.
"""

from __future__ import annotations

from numba.core import types

from srcgrad.runtime.blas import add_product, product, register

__all__ = ["add_product", "product"]

register(types.complex128, types.complex64)
