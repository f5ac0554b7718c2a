"""The procedures of `ops.procedures`, for generated code.

Called as plain Python they are those functions. Numba compiles them as written below: the decompositions by its own
bindings of LAPACK, the rest by routines that SciPy exports to Cython. Those are called by a symbol (`srcgrad_dtrsm`),
so that compiled code can be kept on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import cgutils, types
from numba.extending import get_cython_function_address, intrinsic, overload

from srcgrad.ops import procedures
from srcgrad.ops.procedures import procedure_by_function
from srcgrad.runtime import memory as mem


def _compiled(function: Callable) -> Callable:
    """Numba's, kept on disk where Numba has a place for it."""
    try:
        return njit(cache=True)(function)
    except RuntimeError:
        return njit(function)


# -- routines of BLAS and LAPACK --------------------------------------------------------------------------------------

_LETTERS = {types.float32: "s", types.float64: "d", types.complex64: "c", types.complex128: "z"}


def _routine(module: str, name: str, parameters: str) -> Callable:
    """An intrinsic that calls a Fortran routine, which takes everything by address. `parameters` has one letter for
    each: c a character (given as an integer), i an integer, a an array, 1 the number one (not given)."""
    for letter in _LETTERS.values():
        address = get_cython_function_address(f"scipy.linalg.cython_{module}", letter + name)
        llvm.add_symbol(f"srcgrad_{letter}{name}", address)

    @intrinsic
    def call(typing, arguments):
        element = next(a.dtype for a in arguments if isinstance(a, types.Array) and a.dtype in _LETTERS)

        def lower(context, builder, signature, values):
            byte = ir.IntType(8).as_pointer()
            given = iter(zip(signature.args[0], cgutils.unpack_tuple(builder, values[0]), strict=True))
            pointers = []
            for letter in parameters:
                if letter == "1":
                    value = cgutils.alloca_once_value(builder, context.get_constant_generic(builder, element, 1))
                else:
                    kind, value = next(given)
                    if letter == "a":
                        value = context.make_array(kind)(context, builder, value).data
                    else:
                        short = builder.trunc(value, ir.IntType(8 if letter == "c" else 32))
                        value = cgutils.alloca_once_value(builder, short)
                pointers.append(builder.bitcast(value, byte))
            kind = ir.FunctionType(ir.VoidType(), [byte] * len(pointers))
            symbol = f"srcgrad_{_LETTERS[element]}{name}"
            builder.call(cgutils.get_or_insert_function(builder.module, kind, symbol), pointers)
            return context.get_dummy_value()

        return types.void(arguments), lower

    return call


_trsm = _routine("blas", "trsm", "cccc" + "ii" + "1" + "ai" + "ai")
_trmm = _routine("blas", "trmm", "cccc" + "ii" + "1" + "ai" + "ai")
_getrf = _routine("lapack", "getrf", "ii" + "ai" + "a" + "a")

_RIGHT, _UPPER, _LOWER, _UNIT, _PLAIN, _TURNED = map(ord, "RULUNC")


@_compiled
def _substitute(matrix, b, lower, unit, turned):
    """Replace `b`, (n,) or (n, m) in C order, by the solution of a triangular system, whose matrix lies in C order.

    BLAS reads by columns and so sees both transposed: a system with the unknown on the left."""
    n = b.shape[0]
    m = b.size // max(n, 1)
    if m > 0:
        corner = _UPPER if lower else _LOWER
        _trsm((_RIGHT, corner, _TURNED if turned else _PLAIN, _UNIT if unit else _PLAIN, m, n, matrix, n, b, m))


@_compiled
def _multiply(low, b, turned):
    """Replace `b`, as above, by its product with a lower triangle."""
    n = b.shape[0]
    m = b.size // max(n, 1)
    if m > 0:
        _trmm((_RIGHT, _UPPER, _TURNED if turned else _PLAIN, _PLAIN, m, n, low, n, b, m))


# -- what is compiled -------------------------------------------------------------------------------------------------


def _put(target, source):
    """`target[...] = source`, which takes Numba several times as long to compile."""


@overload(_put)
def _put_elements(target, source):
    if target.ndim == 1:

        def compiled(target, source):
            for i in range(target.shape[0]):
                target[i] = source[i]
    else:

        def compiled(target, source):
            for i in range(target.shape[0]):
                for j in range(target.shape[1]):
                    target[i, j] = source[i, j]

    return compiled


@_compiled
def _spoil(target):
    for i in np.ndindex(target.shape):
        target[i] = np.nan


@_compiled
def _is_finite(a):
    for x in a.flat:  # noqa: SIM110 (Numba compiles no generators)
        if not np.isfinite(x):
            return False
    return True


@_compiled
def _cholesky(a, low):
    if not _is_finite(a):
        raise np.linalg.LinAlgError("Matrix is not positive definite")
    _put(low, np.linalg.cholesky(np.ascontiguousarray(a)))


@_compiled
def _eigh(a, w, v):
    if _is_finite(a):
        values, vectors = np.linalg.eigh(np.ascontiguousarray(a))
        _put(w, values)
        _put(v, vectors)
    else:
        _spoil(w)
        _spoil(v)


@_compiled
def _svd(a, u, s, vh):
    if a.size == 0:
        return
    if _is_finite(a):
        left, sizes, right = np.linalg.svd(np.ascontiguousarray(a), False)
        _put(u, left)
        _put(s, sizes)
        _put(vh, right)
    else:
        _spoil(u)
        _spoil(s)
        _spoil(vh)


@_compiled
def _qr(a, q, r):
    if a.size == 0:
        return
    if _is_finite(a):
        orthogonal, upper = np.linalg.qr(np.ascontiguousarray(a))
        _put(q, orthogonal)
        _put(r, upper)
    else:
        _spoil(q)
        _spoil(r)


@_compiled
def _lu(a, factors, order, sign):
    n = a.shape[0]
    for k in range(n):
        order[k] = k
    sign[0] = 1.0
    if n == 0:
        return
    if not _is_finite(a):
        _spoil(factors)
        return
    by_columns = np.ascontiguousarray(a.T).copy()  # LAPACK changes it
    pivots = np.empty(n, np.int32)
    info = np.zeros(1, np.int32)
    _getrf((n, n, by_columns, n, pivots, info))
    _put(factors, by_columns.T)
    for k in range(n):
        p = pivots[k] - 1
        if p != k:
            order[k], order[p] = order[p], order[k]
            sign[0] = -sign[0]


@_compiled
def _solve_lu(factors, order, b, x):
    rows = np.ascontiguousarray(factors)
    half = np.empty(b.shape, b.dtype)
    for i in range(b.shape[0]):
        _put(half[i : i + 1], b[order[i] : order[i] + 1])
    _substitute(rows, half, True, True, False)
    _substitute(rows, half, False, False, False)
    _put(x, half)


@_compiled
def _solve_lu_transposed(factors, order, b, x):
    rows = np.ascontiguousarray(factors)
    half = b.copy()
    _substitute(rows, half, False, False, True)
    _substitute(rows, half, True, True, True)
    for i in range(b.shape[0]):
        _put(x[order[i] : order[i] + 1], half[i : i + 1])


def _triangular(lower: bool, turned: bool) -> Callable:
    @_compiled
    def solve(matrix, b, x):
        found = b.copy()
        _substitute(np.ascontiguousarray(matrix), found, lower, False, turned)
        _put(x, found)

    return solve


def _lower_times(turned: bool) -> Callable:
    @_compiled
    def multiply(low, b, x):
        found = b.copy()
        _multiply(np.ascontiguousarray(low), found, turned)
        _put(x, found)

    return multiply


# -- teaching Numba ---------------------------------------------------------------------------------------------------


def _number(x):
    """Complex numbers for pairs of their parts (real numbers of one dimension stay)."""


@overload(_number)
def _number_of(x):
    if isinstance(x.dtype, types.Float) and x.ndim > 1:
        return lambda x: mem.as_complex(x)
    return lambda x: x


def _teach(function: Callable[..., None], compiled: Callable, arity: int) -> None:
    """Let Numba compile the function, and that on parts, as `compiled`."""
    of_numbers: dict[int, Any] = {
        2: lambda a, b: lambda a, b: compiled(a, b),
        3: lambda a, b, c: lambda a, b, c: compiled(a, b, c),
        4: lambda a, b, c, d: lambda a, b, c, d: compiled(a, b, c, d),
    }
    n = _number
    of_parts: dict[int, Any] = {
        2: lambda a, b: lambda a, b: compiled(n(a), n(b)),
        3: lambda a, b, c: lambda a, b, c: compiled(n(a), n(b), n(c)),
        4: lambda a, b, c, d: lambda a, b, c, d: compiled(n(a), n(b), n(c), n(d)),
    }
    procedure = procedure_by_function(function)
    assert procedure is not None and procedure.of_parts is not None
    for each, typing in ((procedure, of_numbers[arity]), (procedure.of_parts, of_parts[arity])):
        globals()[each.name] = each.evaluate
        overload(each.evaluate)(typing)


_teach(procedures.cholesky, _cholesky, 2)
_teach(procedures.eigh, _eigh, 3)
_teach(procedures.svd, _svd, 4)
_teach(procedures.qr, _qr, 3)
_teach(procedures.lu, _lu, 4)
_teach(procedures.solve_lu, _solve_lu, 4)
_teach(procedures.solve_lu_transposed, _solve_lu_transposed, 4)
_teach(procedures.solve_lower, _triangular(lower=True, turned=False), 3)
_teach(procedures.solve_lower_transposed, _triangular(lower=True, turned=True), 3)
_teach(procedures.solve_upper, _triangular(lower=False, turned=False), 3)
_teach(procedures.solve_upper_transposed, _triangular(lower=False, turned=True), 3)
_teach(procedures.multiply_lower, _lower_times(turned=False), 3)
_teach(procedures.multiply_lower_transposed, _lower_times(turned=True), 3)
