"""Linear algebra: systems of equations, determinants, inverses, powers, products over several axes.

A solution has the derivative of one step of refinement: with the factors of `A` and the solution x0 held constant,

    solve(A0, b - A @ x0)

has the derivative dx = A^-1 (db - dA x), which is that of the solution (Giles, "Collected matrix derivative results for
forward and reverse mode AD", 2008). So the elimination itself is not differentiated, and nothing of it is kept. The
same is done for the inverse and the determinant. Only the first derivative is right that way.
"""

from __future__ import annotations

import numpy as np

from srcgrad.library.factors import lu_factors, solved_lu
from srcgrad.library.quoting import constant, quotes, with_tangent
from srcgrad.library.shapes import axis_of

SlogdetResult = type(np.linalg.slogdet(np.eye(1)))


def each_matrix(function, a, shape, dtype):
    """What a function gives for each matrix of a stack, of one shape."""
    matrices = np.reshape(a, (-1,) + a.shape[-2:])
    out = np.empty((matrices.shape[0],) + shape, dtype)
    for i in range(matrices.shape[0]):
        out[i] = function(matrices[i])
    return np.reshape(out, a.shape[:-2] + shape)


def _check_regular(lu):
    for k in range(lu.shape[0]):
        if lu[k, k] == 0.0:
            raise np.linalg.LinAlgError("Singular matrix")


def check_square(a):
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")


@quotes(np.linalg.solve)
def solve(a, b):
    """`a` is (n, n), `b` (n,) or (n, m), or both are stacks of those. Raises `LinAlgError` for a singular matrix."""
    if a.ndim > 2 or b.ndim > 2:
        return _solve_each(a, b)
    check_square(a)
    if np.iscomplexobj(a) or np.iscomplexobj(b):
        a, b = a * (1.0 + 0.0j), b * (1.0 + 0.0j)
    else:
        a, b = a * 1.0, b * 1.0
    lu, order, _ = lu_factors(a)
    _check_regular(lu)
    x = solved_lu(lu, order, constant(b))
    return with_tangent(x, solved_lu(lu, order, b - a @ x))


def _solve_each(a, b):
    if b.ndim == 1:
        lead = a.shape[:-2]
        sides = np.broadcast_to(b, lead + b.shape)[..., None]
        return _solve_each(a, sides)[..., 0]
    lead = a.shape[:-2] if a.ndim >= b.ndim else b.shape[:-2]
    left = np.reshape(np.broadcast_to(a, lead + a.shape[-2:]), (-1,) + a.shape[-2:])
    right = np.reshape(np.broadcast_to(b, lead + b.shape[-2:]), (-1,) + b.shape[-2:])
    out = np.empty(right.shape, np.result_type(a.dtype, b.dtype))
    for i in range(left.shape[0]):
        out[i] = solve(left[i], right[i])
    return np.reshape(out, lead + b.shape[-2:])


@quotes(np.linalg.inv)
def inv(a):
    """Raises `LinAlgError` for a singular matrix."""
    a = a * 1.0
    if a.ndim > 2:
        return each_matrix(inv, a, a.shape[-2:], a.dtype)
    check_square(a)
    n = a.shape[0]
    lu, order, _ = lu_factors(a)
    _check_regular(lu)
    x = solved_lu(lu, order, np.eye(n, dtype=lu.dtype))
    return with_tangent(x, -x @ a @ x)


def _change(a, inverse):
    """The trace of `inverse @ a`, whose derivative is that of log(det a)."""
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += inverse[j, i] * a[i, j]
    return total


def _value_and_inverse(a):
    """The product of the pivots with its sign, whether it is zero, and the inverse where it is not."""
    n = a.shape[0]
    lu, order, sign = lu_factors(a)
    value = sign
    for k in range(n):
        value *= lu[k, k]
    inverse = np.zeros((n, n), lu.dtype)
    regular = value != 0.0
    if regular:
        inverse[:] = solved_lu(lu, order, np.eye(n, dtype=lu.dtype))
    return value, regular, inverse


@quotes(np.linalg.det)
def det(a):
    """The derivative at a singular matrix of more than three rows is NaN."""
    if a.ndim > 2:
        return each_matrix(det, a * 1.0, (), (a * 1.0).dtype)
    check_square(a)
    n = a.shape[0]
    if n == 1:
        return a[0, 0] * 1.0
    if n == 2:
        return a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    if n == 3:
        first = a[0, 0] * (a[1, 1] * a[2, 2] - a[1, 2] * a[2, 1])
        second = a[0, 1] * (a[1, 0] * a[2, 2] - a[1, 2] * a[2, 0])
        return first - second + a[0, 2] * (a[1, 0] * a[2, 1] - a[1, 1] * a[2, 0])
    a = a * 1.0
    value, regular, inverse = _value_and_inverse(a)
    if regular:
        return with_tangent(value, value * _change(a, inverse))
    return with_tangent(value, np.nan * np.sum(a))


def _slogdet_each(a):
    matrices = np.reshape(a, (-1,) + a.shape[-2:])
    signs = np.empty(matrices.shape[0], a.dtype)
    logs = np.empty(matrices.shape[0], a.real.dtype)
    for i in range(matrices.shape[0]):
        signs[i], logs[i] = slogdet(matrices[i])
    return SlogdetResult(np.reshape(signs, a.shape[:-2]), np.reshape(logs, a.shape[:-2]))


@quotes(np.linalg.slogdet)
def slogdet(a):
    """`(sign, log|det|)`, (0, -inf) for a singular matrix, whose derivative is NaN."""
    a = a * 1.0
    if a.ndim > 2:
        return _slogdet_each(a)
    check_square(a)
    n = a.shape[0]
    lu, order, sign = lu_factors(a)
    size = 0.0
    for k in range(n):
        if lu[k, k] == 0.0:
            sign = 0.0
        else:
            sign *= np.sign(lu[k, k])
            size += np.log(abs(lu[k, k]))
    if sign == 0.0:
        return SlogdetResult(sign, with_tangent(size, np.nan * np.sum(a).real) - np.inf)
    change = _change(a, solved_lu(lu, order, np.eye(n, dtype=lu.dtype)))
    if np.iscomplexobj(a):
        return SlogdetResult(with_tangent(sign, 1j * sign * change.imag), with_tangent(size, change.real))
    return SlogdetResult(sign, with_tangent(size, change))


@quotes(np.linalg.matrix_power)
def matrix_power(a, n):
    check_square(a)
    base = inv(a) if n < 0 else a * 1.0
    result = np.eye(a.shape[0], dtype=base.dtype)
    for _ in range(abs(n)):
        result = result @ base
    return result


@quotes(np.linalg.multi_dot)
def multi_dot(arrays):
    result = arrays[0]
    for a in arrays[1:]:
        result = result @ a
    return result


@quotes(np.vecdot, np.linalg.vecdot)
def vecdot(x1, x2, *, axis=-1):
    return np.sum(np.conj(x1) * x2, axis=axis)


@quotes(np.matvec)
def matvec(x1, x2):
    return np.sum(x1 * x2[..., None, :], axis=-1)


@quotes(np.vecmat)
def vecmat(x1, x2):
    return np.sum(np.conj(x1)[..., :, None] * x2, axis=-2)


@quotes(np.linalg.outer)
def outer(x1, x2):
    return np.outer(x1, x2)


@quotes(np.linalg.matmul)
def matmul(x1, x2):
    return x1 @ x2


@quotes(np.linalg.tensordot)
def tensordot_of_arrays(x1, x2, *, axes=2):
    return tensordot(x1, x2, axes)


@quotes(np.linalg.trace)
def trace(x, *, offset=0):
    return np.trace(x, offset, -2, -1)


@quotes(np.linalg.diagonal)
def diagonal(x, *, offset=0):
    return np.diagonal(x, offset, -2, -1)


@quotes(np.linalg.cross)
def cross(x1, x2):
    return np.cross(x1, x2)


def cross_of_stacks(a, b):
    """Of the vectors of length 3 along the last dimensions."""
    x = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    y = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    z = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return np.stack((x, y, z), axis=-1)


def contracted(a, b, i, j):
    """The sum of products over dimension `i` of `a` and `j` of `b`."""
    return tensordot(a, b, ((i,), (j,)))


@quotes(np.tensordot)
def tensordot(a, b, axes=2):
    if isinstance(axes, int):
        left, right = a, b
        count = axes
    else:
        own = axes[0] if isinstance(axes[0], tuple | list) else (axes[0],)
        other = axes[1] if isinstance(axes[1], tuple | list) else (axes[1],)
        own = [axis_of(k, a.ndim) for k in own]
        other = [axis_of(k, b.ndim) for k in other]
        left = np.transpose(a, tuple([k for k in range(a.ndim) if k not in own] + own))
        right = np.transpose(b, tuple(other + [k for k in range(b.ndim) if k not in other]))
        count = len(own)
    kept, rest = left.shape[: left.ndim - count], right.shape[count:]
    rows = cols = middle = 1
    for n in kept:
        rows *= n
    for n in rest:
        cols *= n
    for n in right.shape[:count]:
        middle *= n
    product = np.reshape(left, (rows, middle)) @ np.reshape(right, (middle, cols))
    if len(kept) + len(rest) == 0:
        return product[0, 0]
    return np.reshape(product, kept + rest)


