"""Products of matrices large enough for BLAS, whose factors are overwritten, swapped, viewed, stacked and handed on."""

import numpy as np

from tests.harness.registry import program


def matrices(*shapes):
    return lambda rng: tuple(0.4 * rng.standard_normal(shape) for shape in shapes)


SQUARES = matrices((12, 12), (12, 12))


@program(matrices((13, 13)))
def square_of_itself(a):
    return a @ a


@program(matrices((12, 14), (14, 13)))
def factor_overwritten_after(a, b):
    c = a @ b
    a[:] = np.sin(c @ b.T)
    return np.sum(c * c) + np.sum(a[0])


@program(SQUARES)
def factor_overwritten_in_loop(x, w):
    for t in range(4):
        x[:] = np.tanh(x @ w)
        w[t] = x[t] * w[t]
    return np.sum(x * w)


@program(SQUARES)
def factor_overwritten_in_branch(a, b):
    s = 0.0
    for k in range(3):
        c = a @ b
        s += np.sum(c[k] ** 2)
        if k == 1:
            a[k] = c[k]
    return s + np.sum(a)


@program(SQUARES)
def factors_swapped(a, b):
    for _ in range(3):
        a, b = b, 0.3 * (a @ b)
    return np.sum(a) + np.sum(b * b)


@program(SQUARES)
def until_large(x, w):
    k = 0
    while np.sum(x * x) < 50.0 and k < 6:
        x = x @ w + x
        k += 1
    return x


@program(SQUARES)
def which_product(a, b):
    c = a @ b if a[0, 0] > b[0, 0] else b @ a
    if np.sum(c) > 0.0:
        c = c @ a
    else:
        c = b @ c
    return np.sum(np.cos(c))


@program(matrices((26, 24), (12, 12)))
def strided_factors(a, b):
    return np.sum((a[::2, ::2][:12].T @ b[::-1]) * (b.T @ a[1:13, 4:16]))


@program(matrices((40, 12), (12, 13), (13, 12)))
def batches(x, w, v):
    loss = 0.0
    for k in range(4):
        xb = x[10 * k : 10 * k + 10]
        h = np.maximum(xb @ w, 0.0)
        loss += np.sum((h @ v - xb) ** 2)
    return loss


@program(matrices((40, 12), (12, 13)))
def batches_in_one_buffer(x, w):
    buffer = np.empty((10, 13))
    loss = 0.0
    for k in range(4):
        buffer[:] = x[10 * k : 10 * k + 10] @ w
        for i in range(10):
            loss += np.sin(buffer[i, k]) * buffer[i, 3]
    return loss


@program(matrices((4, 12, 12)))
def into_the_next_slice(a):
    out = np.zeros((5, 12, 12))
    for k in range(4):
        out[k + 1] = a[k] @ (out[k] + np.eye(12))
    return out[4]


@program(matrices((3, 12, 13), (4, 13, 12)))
def stacks_broadcast(a, b):
    return np.sum(np.sin(a[:, None] @ b))


@program(matrices((5, 12, 13), (13, 12)))
def stack_times_matrix(a, b):
    return np.sum(np.sin(a @ b))


@program(matrices((12, 13), (5, 13, 12)))
def matrix_times_stack(a, b):
    return np.sum(np.sin(a @ b))


@program(lambda rng: (rng.standard_normal((12, 12)).astype(np.float32), rng.standard_normal((12, 13))))
def of_two_dtypes(a, b):
    return a @ b


@program(lambda rng: (rng.integers(0, 5, (12, 12)), rng.standard_normal((12, 13))))
def of_integers(a, b):
    return np.sum(np.tanh(0.1 * (a @ b)))


@program(matrices((12, 12)))
def recursive(a):
    def go(x, n):
        if n == 0:
            return x
        return go(0.5 * (x @ a), n - 1)

    return np.sum(go(a, 3))


@program(matrices((12, 12)))
def recursive_in_place(a):
    def go(x, n):
        if n == 0:
            return
        x[:] = np.sin(x @ x)
        go(x, n - 1)

    b = a * 1.0
    go(b, 3)
    return b


@program(lambda rng: (rng.standard_normal((12, 12)), 13))
def of_what_is_not_differentiated(a, n):
    weights = np.full((12, n), 0.5)
    return np.sum(a * (weights @ weights.T)) + np.sum((weights @ np.ones((n, n)))[0])


@program(matrices((2, 3, 4), (3, 4, 5)))
def dot_of_stacks(a, b):
    return np.dot(a, b)


@program(matrices((2, 3, 4), (5, 4)))
def inner_of_stacks(a, b):
    return np.inner(a, b)


@program(matrices((3, 4), (3, 4)))
def vdot_of_matrices(a, b):
    return np.vdot(a, b)
