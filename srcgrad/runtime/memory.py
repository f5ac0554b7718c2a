"""Memory, for generated code: fresh arrays, and complex numbers seen as pairs of real ones.

Fresh arrays are NumPy's, and in compiled code on huge pages where they are large.
A gradient of many megabytes is written once into memory that the system hands out page by page; with pages of 4 kB that
takes several times as long as the writing. NumPy asks Linux for huge pages where an array has 4 MB or more, Numba does
not; here it does, from 2 MB on. (On other systems, and where huge pages are switched off, nothing is asked.)

GNU's allocator maps a block of more than 128 kB anew each time, and every page of it costs a fault when it is first
touched, until it has seen a larger block freed: then it keeps memory of that size for the next time (malloc(3), under
M_MMAP_THRESHOLD). Gradients allocate the same arrays in every call. So it is shown such a block, once: the largest
that it learns from, which nobody touches.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import impl_ret_borrowed
from numba.core.typing.templates import signature
from numba.extending import lower_builtin, type_callable
from numba.np.arrayobj import _empty_nd_impl, _parse_shape, make_array, populate_array

_LARGE = 1 << 21  # bytes: the size of a huge page
_PAGE = 4096
_LARGEST_LEARNT = 31 << 20  # a little less than DEFAULT_MMAP_THRESHOLD_MAX
_HUGE_PAGES_PLEASE = 14  # MADV_HUGEPAGE in Linux's <sys/mman.h>


if sys.platform == "linux":
    np.empty(_LARGEST_LEARNT, np.uint8)  # and freed


def empty(shape: int | tuple[int, ...], dtype: type = np.float64) -> np.ndarray:
    """`np.empty(shape, dtype)`: a fresh array in C order whose elements are not set."""
    return np.empty(shape, dtype)


def zeros(shape: int | tuple[int, ...], dtype: type = np.float64) -> np.ndarray:
    """`np.zeros(shape, dtype)`: a fresh array of zeros in C order."""
    return np.zeros(shape, dtype)


def as_parts(array: np.ndarray) -> np.ndarray:
    """The memory of complex numbers as pairs (real, imaginary part) along one more dimension, the last."""
    size = array.dtype.itemsize // 2
    return _same_memory(array, f"f{size}", (*array.shape, 2), (*array.strides, size))


def as_complex(array: np.ndarray) -> np.ndarray:
    """The memory of pairs along the last dimension, which lie side by side, as complex numbers."""
    return _same_memory(array, f"c{array.dtype.itemsize * 2}", array.shape[:-1], array.strides[:-1])


def reshaped(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The memory of an array whose elements lie one behind the other (which its type does not tell), with another
    shape of as many elements."""
    found = array.view()
    found.shape = shape
    return found


class _Memory:
    """Tells NumPy of another array's memory, and keeps it alive."""

    def __init__(self, owner: np.ndarray, interface: dict[str, Any]) -> None:
        self.owner = owner
        self.__array_interface__ = interface


def _same_memory(array: np.ndarray, code: str, shape: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray:
    interface = {**array.__array_interface__, "typestr": np.dtype(code).str, "shape": shape, "strides": strides}
    interface.pop("descr", None)
    return np.asarray(_Memory(array, interface))


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


def _register_reinterpretation(public: Callable, to_parts: bool) -> None:
    @type_callable(public)
    def typing(context):
        def typer(array):
            if not isinstance(array, types.Array) or isinstance(array.dtype, types.Complex) is not to_parts:
                return None
            layout: Any = "C" if array.layout == "C" else "A"
            if to_parts:
                return signature(types.Array(array.dtype.underlying_float, array.ndim + 1, layout), array)
            element = {types.float64: types.complex128, types.float32: types.complex64}[array.dtype]
            return signature(types.Array(element, array.ndim - 1, layout), array)

        return typer

    @lower_builtin(public, types.Array)
    def lower(context, builder, sig, arguments):
        kind = sig.return_type
        old = make_array(sig.args[0])(context, builder, arguments[0])
        new = make_array(kind)(context, builder)
        size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
        shape = cgutils.unpack_tuple(builder, old.shape)
        strides = cgutils.unpack_tuple(builder, old.strides)
        if to_parts:
            shape, strides = [*shape, context.get_constant(types.intp, 2)], [*strides, size]
        else:
            shape, strides = shape[:-1], strides[:-1]
        data = builder.bitcast(old.data, context.get_data_type(kind.dtype).as_pointer())
        populate_array(new, data, shape, strides, size, old.meminfo, old.parent)
        return impl_ret_borrowed(context, builder, kind, new._getvalue())


_register_reinterpretation(as_parts, to_parts=True)
_register_reinterpretation(as_complex, to_parts=False)


@type_callable(reshaped)
def _typing_of_reshaped(context):
    def typer(array, shape):
        if not isinstance(array, types.Array) or not isinstance(shape, types.UniTuple):
            return None
        return signature(types.Array(array.dtype, len(shape), "A"), array, shape)

    return typer


@lower_builtin(reshaped, types.Array, types.UniTuple)
def _lower_reshaped(context, builder, sig, arguments):
    old = make_array(sig.args[0])(context, builder, arguments[0])
    new = make_array(sig.return_type)(context, builder)
    shape = cgutils.unpack_tuple(builder, arguments[1])
    strides = [old.itemsize]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    populate_array(new, old.data, shape, strides, old.itemsize, old.meminfo, old.parent)
    return impl_ret_borrowed(context, builder, sig.return_type, new._getvalue())
