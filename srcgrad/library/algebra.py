"""Linear algebra: systems of equations, determinants, inverses, powers, products over several axes.

A solution is differentiated by one step of refinement: with everything about `A` but the residual held constant,

    x = x0 + solve(A0, b - A @ x0)

has the value of x0 (the residual is rounding error) and the derivative dx = A^-1 (db - dA x), which is that of the
solution (Giles, "Collected matrix derivative results for forward and reverse mode AD", 2008). So the elimination itself
is not differentiated, and nothing of it is kept. The same is done for the inverse and the determinant. Only the first
derivative is right that way.
"""

from __future__ import annotations

import numpy as np

from srcgrad.library.factors import lu_factors, solved_lu
from srcgrad.library.quoting import constant, quotes


def _check_regular(lu):
    for k in range(lu.shape[0]):
        if lu[k, k] == 0.0:
            raise np.linalg.LinAlgError("Singular matrix")


def _check_square(a):
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")


@quotes(np.linalg.solve)
def solve(a, b):
    """`a` is (n, n), `b` (n,) or (n, m). Raises `LinAlgError` for a singular matrix."""
    _check_square(a)
    if np.iscomplexobj(a) or np.iscomplexobj(b):
        a, b = a * (1.0 + 0.0j), b * (1.0 + 0.0j)
    else:
        a, b = a * 1.0, b * 1.0
    lu, order, _ = lu_factors(a)
    _check_regular(lu)
    x = solved_lu(lu, order, constant(b))
    return x + solved_lu(lu, order, b - a @ x)


@quotes(np.linalg.inv)
def inv(a):
    """Raises `LinAlgError` for a singular matrix."""
    _check_square(a)
    a = a * 1.0
    n = a.shape[0]
    lu, order, _ = lu_factors(a)
    _check_regular(lu)
    x = solved_lu(lu, order, np.eye(n, dtype=lu.dtype))
    return x + x @ (np.eye(n, dtype=lu.dtype) - a @ x)


def _change(a, inverse):
    """The trace of `inverse @ (a - its value)`: zero, with the derivative of log|det a|."""
    moved = a - constant(a)
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += inverse[j, i] * moved[i, j]
    return total


def _undefined(a):
    """Zero, with a derivative that is NaN."""
    moved = a - constant(a)
    return np.sqrt(np.sum((moved * np.conj(moved)).real))


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
    _check_square(a)
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
        return value + value * _change(a, inverse)
    return value + _undefined(a)


@quotes(np.linalg.slogdet)
def slogdet(a):
    """`(sign, log|det|)`, (0, -inf) for a singular matrix, whose derivative is NaN."""
    _check_square(a)
    a = a * 1.0
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
        return sign, _undefined(a) - np.inf
    change = _change(a, solved_lu(lu, order, np.eye(n, dtype=lu.dtype)))
    if np.iscomplexobj(a):
        return sign + 1j * sign * change.imag, size + change.real
    return sign, size + change


@quotes(np.linalg.matrix_power)
def matrix_power(a, n):
    _check_square(a)
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
        own = [k % a.ndim for k in own]
        other = [k % b.ndim for k in other]
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


