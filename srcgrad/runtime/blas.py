"""Matrix products that add to what is there: BLAS for large matrices, loops for small ones.

Of real matrices; importing `runtime.complex_blas` makes it ready for complex ones.

`add_product(c, a, b)`, and `product`, which overwrites, are plain NumPy outside compiled code. Numba compiles them as
written below: BLAS's `gemm` with beta = 1, so that the product of two matrices is accumulated in a gradient without a
temporary, or 0. Any strides will do: `gemm` takes matrices that lie in memory by rows or by columns, others are copied
first.

What prepares the call of `gemm` is compiled once and reached by its symbol (`srcgrad_product_f64` and so on), so that
it costs the code that calls it no time to compile.
"""

from __future__ import annotations

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import cfunc, njit
from numba.core import cgutils, types
from numba.extending import intrinsic, overload
from numba.np.arrayobj import populate_array

_FEW = 1500  # multiplications; below, calling BLAS takes longer than they do (0.2 us, measured)
_PLAIN, _TRANSPOSED = ord("n"), ord("t")


def add_product(c: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    """`c += a @ b` for matrices of one floating (or complex) dtype, (m, n) += (m, k) @ (k, n).

    `c` must not overlap the others."""
    c += a @ b


def product(c: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    """`c = a @ b`, as `add_product` otherwise. What is in `c` before is not read."""
    c[...] = a @ b


def _compiled(fresh):
    """What Numba compiles for products that overwrite (`fresh`), or add."""

    def matrices_only(c, a, b):
        if not all(isinstance(each, types.Array) and each.ndim == 2 for each in (c, a, b)):
            return None

        def compiled(c, a, b):
            m, k = a.shape
            n = b.shape[1]
            if m * n * k > _FEW and _in_elements(c, a, b):
                _gemm(c, a, b, fresh)
            else:
                for i in range(m):
                    if fresh:
                        for j in range(n):
                            c[i, j] = 0.0
                    for p in range(k):
                        factor = a[i, p]
                        for j in range(n):
                            c[i, j] += factor * b[p, j]

        return compiled

    return matrices_only


overload(add_product)(_compiled(0))
overload(product)(_compiled(1))


# -- inside the code that calls it ------------------------------------------------------------------------------------


def _strides(context, builder, types_, arrays):
    """The arrays as Numba sees them, and all their strides in bytes."""
    seen = [context.make_array(t)(context, builder, value) for t, value in zip(types_, arrays, strict=True)]
    return seen, [stride for each in seen for stride in cgutils.unpack_tuple(builder, each.strides, 2)]


@intrinsic
def _in_elements(typing, c, a, b):
    """Whether all strides are whole numbers of elements (those of a field of a packed record need not be)."""

    def lower(context, builder, signature, arguments):
        _, strides = _strides(context, builder, signature.args, arguments)
        size = context.get_constant(types.intp, signature.args[0].dtype.bitwidth // 8 - 1)
        odd = strides[0]
        for stride in strides[1:]:
            odd = builder.or_(odd, stride)
        return builder.icmp_signed("==", builder.and_(odd, size), context.get_constant(types.intp, 0))

    return types.boolean(c, a, b), lower


@intrinsic
def _gemm(typing, c, a, b, fresh):
    """Call the function below for the dtype: each matrix as its data and its strides in elements, then m, n, k, and
    whether `c` is overwritten."""

    def lower(context, builder, signature, arguments):
        element = signature.args[0].dtype
        seen, strides = _strides(context, builder, signature.args[:3], arguments[:3])
        size = context.get_constant(types.intp, element.bitwidth // 8)
        steps = [builder.sdiv(stride, size) for stride in strides]
        number, word = context.get_value_type(element), context.get_value_type(types.intp)
        parameters = [number.as_pointer(), word, word] * 3 + [word] * 4
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), parameters), _SYMBOLS[element]
        )
        values = [v for k, each in enumerate(seen) for v in (each.data, *steps[2 * k : 2 * k + 2])]
        shapes = [cgutils.unpack_tuple(builder, each.shape, 2) for each in seen]
        anew = context.cast(builder, arguments[3], signature.args[3], types.intp)
        builder.call(function, [*values, *shapes[0], shapes[1][1], anew])
        return context.get_dummy_value()

    return types.void(c, a, b, fresh), lower


# -- the call of BLAS -------------------------------------------------------------------------------------------------


@intrinsic
def _matrix(typing, data, rows, columns, step, next_):
    """A matrix of any strides (in elements) at an address that somebody else keeps alive."""
    kind = types.Array(data.dtype, 2, "A")

    def lower(context, builder, signature, arguments):
        data, rows, columns, *steps = arguments
        size = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
        array = context.make_array(kind)(context, builder)
        strides = [builder.mul(step, size) for step in steps]
        populate_array(array, data=data, shape=[rows, columns], strides=strides, itemsize=size, meminfo=None)
        return array._getvalue()

    return kind(data, rows, columns, step, next_), lower


@intrinsic
def _call_gemm(typing, by_a, by_b, m, n, k, a, lda, b, ldb, c, ldc, fresh):
    """BLAS's `?gemm` with alpha = 1 and beta = 1 (0 where `c` is overwritten), through the table of SciPy's BLAS that
    Numba keeps."""
    word = types.intp
    signature = types.void(types.int64, types.int64, word, word, word, a, word, b, word, c, word, word)

    def lower(context, builder, signature, arguments):
        by_a, by_b, m, n, k, a, lda, b, ldb, c, ldc, fresh = arguments
        byte, size = ir.IntType(8), context.get_value_type(types.intp)
        pointer = byte.as_pointer()
        parameters = [byte, byte, byte, size, size, size, pointer, pointer, size, pointer, size, pointer, pointer, size]
        gemm = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.IntType(32), parameters), "numba_xxgemm"
        )
        element = signature.args[5].dtype
        unit = context.get_constant_generic(builder, element, 1)
        nothing = context.get_constant_generic(builder, element, 0)
        one = builder.bitcast(cgutils.alloca_once_value(builder, unit), pointer)
        kept = builder.select(builder.icmp_signed("!=", fresh, fresh.type(0)), nothing, unit)
        beta = builder.bitcast(cgutils.alloca_once_value(builder, kept), pointer)
        arrays = zip(signature.args[5:11:2], (a, b, c), strict=True)
        a, b, c = (builder.bitcast(context.make_array(t)(context, builder, v).data, pointer) for t, v in arrays)
        kind = ir.Constant(byte, ord(_LETTERS[element]))
        letters = [builder.trunc(each, byte) for each in (by_a, by_b)]
        builder.call(gemm, [kind, *letters, m, n, k, one, a, lda, b, ldb, beta, c, ldc])
        return context.get_dummy_value()

    return signature, lower


@njit
def _row_length(x):
    """The distance in elements between the rows of a matrix whose rows lie in memory one by one; 0 for another."""
    rows, columns = x.shape
    if columns > 1 and x.strides[1] != x.itemsize:
        return 0
    if rows == 1:
        return columns
    return x.strides[0] // x.itemsize if x.strides[0] >= columns * x.itemsize else 0


@njit
def _dense(x):
    """The matrix, or a copy, by rows or by columns."""
    return x if _row_length(x) or _row_length(x.T) else x.copy()[:, :]


@njit
def _add(c, a, b, fresh):
    """BLAS reads matrices by columns: where `c` lies in memory by rows, it is told `c.T += b.T @ a.T`."""
    target = c if _row_length(c) or _row_length(c.T) else np.zeros(c.shape, c.dtype)[:, :]
    if _row_length(target):
        rows, first, second = target, _dense(a), _dense(b)
    else:
        rows, first, second = target.T, _dense(b.T), _dense(a.T)
    of_first, of_second = _row_length(first), _row_length(second)
    first_length, second_length = of_first or _row_length(first.T), of_second or _row_length(second.T)
    first_by, second_by = _PLAIN if of_first else _TRANSPOSED, _PLAIN if of_second else _TRANSPOSED
    n, m, k, length = rows.shape[1], rows.shape[0], first.shape[1], _row_length(rows)
    _call_gemm(second_by, first_by, n, m, k, second, second_length, first, first_length, rows, length, fresh)
    if not (_row_length(c) or _row_length(c.T)):
        if fresh:
            c[:, :] = target
        else:
            c += target


def _by_address(c, c0, c1, a, a0, a1, b, b0, b1, m, n, k, fresh):
    left, right = _matrix(a, m, k, a0, a1), _matrix(b, k, n, b0, b1)
    _add(_matrix(c, m, n, c0, c1), left, right, fresh)


_LETTERS = {types.float64: "d", types.float32: "s", types.complex128: "z", types.complex64: "c"}
_SYMBOLS = {
    types.float64: "srcgrad_product_f64", types.float32: "srcgrad_product_f32",
    types.complex128: "srcgrad_product_c128", types.complex64: "srcgrad_product_c64",
}  # fmt: skip


def register(*elements: types.Type) -> None:
    """Compile the function for these dtypes (or take it from Numba's cache), and give it the names it is called by."""
    for element in elements:
        symbol = _SYMBOLS[element]
        matrix = [types.CPointer(element), types.intp, types.intp]
        signature = types.void(*matrix * 3, *[types.intp] * 4)
        try:
            compiled = cfunc(signature, cache=True)(_by_address)
        except RuntimeError:  # Numba has no place to keep it
            compiled = cfunc(signature)(_by_address)
        _kept.append(compiled)
        llvm.add_symbol(symbol, compiled.address)


_kept: list = []  # their code lives as long as they do
register(types.float64, types.float32)
