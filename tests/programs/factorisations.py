"""Procedures of LAPACK in loops, branches and recursion, over arrays that are overwritten; real and complex."""

import numpy as np

from tests.harness.registry import program


def system(rng):
    return rng.uniform(-1.0, 1.0, (3, 3)) + 3.0 * np.eye(3), rng.uniform(0.5, 1.5, 3)


def complex_system(rng):
    a, b = system(rng)
    return a + 1j * rng.uniform(-1.0, 1.0, (3, 3)), b * (1.0 + 0.5j)


def systems(rng):
    a, b = system(rng)
    return a, np.outer(b, b) + np.eye(3)


@program(system, complex_system)
def implicit_steps(a, x):
    total = 0.0
    for step in range(3):
        x = np.linalg.solve(np.eye(3) + 0.1 * (step + 1) * a, x)
        total += abs(x[step]) ** 2
    return total


@program(system)
def newton(a, x):
    for _ in range(3):
        x = x - np.linalg.solve(a + np.diag(np.cos(x)), a @ x + np.sin(x) - 1.0)
    return x


@program(systems, complex_system)
def the_matrix_is_overwritten(a, b):
    m = a.copy()
    x = np.linalg.solve(m, b)
    m *= 0.5
    y = np.linalg.solve(m, x)
    m[0] = 0.0
    return x + y + m[1]


@program(systems)
def one_of_two(a, b):
    out = np.zeros(3)
    for k in range(3):
        if b[k, k] > 1.5:
            out += np.linalg.cholesky(b + a @ a.T)[2]
        else:
            out[k] = np.linalg.det(a) * np.linalg.slogdet(b)[1]
    return out


@program(systems)
def until_it_is_diagonal(a, b):
    b = b + b.T
    rounds = 0
    while abs(b[0, 2]) > 0.01 and rounds < 4:
        q, r = np.linalg.qr(b)
        b = r @ q
        rounds += 1
    return b


@program(system, complex_system)
def spectrum(a, x):
    w, v = np.linalg.eigh(a + a.conj().T)
    return np.sum(w * abs(v.conj().T @ x) ** 2), w


@program(system, complex_system)
def filtered(a, x):
    u, s, vh = np.linalg.svd(a)
    return (u * (s / (s**2 + 0.1))) @ (vh @ x)


def halved(a, depth):
    if depth == 0:
        return np.linalg.inv(a)
    return np.linalg.solve(a, halved(0.5 * a, depth - 1))


@program(lambda rng: (system(rng)[0],))
def recursive(a):
    return halved(a, 2)


def single(rng):
    return tuple(value.astype(np.float32) for value in system(rng))


@program(single)
def single_precision(a, b):
    return np.linalg.lstsq(a, b, rcond=None)[0] + np.linalg.pinv(a) @ b


@program(lambda rng: (complex_system(rng)[0], rng.standard_normal((3, 2)) + 1j))
def products_with_conjugates(a, b):
    c = np.zeros((3, 2), complex)
    for k in range(2):
        c += a.conj() @ b + a.T @ b.conj()
        a = a @ a.conj().T * 0.1
    return (c.conj().T @ a @ b).T, b.T @ c.conj()
