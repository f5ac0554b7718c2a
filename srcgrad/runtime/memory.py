"""Fresh arrays, for generated code: NumPy's, and in compiled code on huge pages where they are large.

A gradient of many megabytes is written once into memory that the system hands out page by page; with pages of 4 kB that
takes several times as long as the writing. NumPy asks Linux for huge pages where an array has 4 MB or more, Numba does
not; here it does. (On other systems, and where huge pages are switched off, nothing is asked.)
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import signature
from numba.extending import lower_builtin, type_callable
from numba.np.arrayobj import _empty_nd_impl, _parse_shape

_LARGE = 1 << 22  # bytes, as in NumPy
_PAGE = 4096
_HUGE_PAGES_PLEASE = 14  # MADV_HUGEPAGE in Linux's <sys/mman.h>


def empty(shape: int | tuple[int, ...], dtype: type = np.float64) -> np.ndarray:
    """`np.empty(shape, dtype)`: a fresh array in C order whose elements are not set."""
    return np.empty(shape, dtype)


def zeros(shape: int | tuple[int, ...], dtype: type = np.float64) -> np.ndarray:
    """`np.zeros(shape, dtype)`: a fresh array of zeros in C order."""
    return np.zeros(shape, dtype)


def _register(public: Callable, clear: bool) -> None:
    """Teach Numba to compile one of the functions above."""

    @type_callable(public)
    def typing(context):
        def typer(shape, dtype=None):
            element = types.float64 if dtype is None else getattr(dtype, "dtype", None)
            rank = 1 if isinstance(shape, types.Integer) else len(shape) if isinstance(shape, types.BaseTuple) else None
            if element is None or rank is None:
                return None
            result = types.Array(element, rank, "C")
            return signature(result, shape) if dtype is None else signature(result, shape, dtype)

        return typer

    def lower(context, builder, sig, arguments):
        lengths = _parse_shape(context, builder, sig.args[0], arguments[0])
        array = _empty_nd_impl(context, builder, sig.return_type, lengths)
        size = builder.mul(array.nitems, array.itemsize)
        if sys.platform == "linux":
            _ask_for_huge_pages(context, builder, array.data, size)
        if clear:
            cgutils.memset(builder, array.data, size, 0)
        return array._getvalue()

    lower_builtin(public, types.Any)(lower)
    lower_builtin(public, types.Any, types.Any)(lower)


def _ask_for_huge_pages(context, builder, data, size) -> None:
    """Call `madvise` for the whole pages of a large array."""
    word, byte = context.get_value_type(types.intp), ir.IntType(8)
    kind = ir.FunctionType(ir.IntType(32), [byte.as_pointer(), word, ir.IntType(32)])
    page = ir.Constant(word, _PAGE - 1)
    with builder.if_then(builder.icmp_unsigned(">=", size, ir.Constant(word, _LARGE)), likely=False):
        madvise = cgutils.get_or_insert_function(builder.module, kind, "madvise")
        address = builder.ptrtoint(data, word)
        start = builder.and_(builder.add(address, page), builder.not_(page))
        length = builder.sub(builder.add(address, size), start)
        advice = ir.Constant(ir.IntType(32), _HUGE_PAGES_PLEASE)
        builder.call(madvise, [builder.inttoptr(start, byte.as_pointer()), length, advice])


_register(empty, clear=False)
_register(zeros, clear=True)
