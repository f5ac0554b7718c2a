"""Subscripts modulo a length: which loops write each element once, and which do not."""

from __future__ import annotations

import numpy as np
import pytest

import srcgrad


def shifted(x):
    n = len(x)
    out = np.empty(n)
    for i in range(n):
        out[(i + 3) % n] = x[i] * x[i]
    return out


def mirrored(x):
    n = len(x)
    out = np.empty(n)
    for i in range(n):
        out[(2 - i) % n] = x[i] * x[i]
    return out


def in_layers(x):
    n = len(x)
    out = np.zeros((3, n))
    for i in range(n):
        for k in range(3):
            out[k, (i + k * k) % n] += x[i] * (k + 1.0)
            out[k, (i + k * k) % n] *= 2.0
    return out


def shorter_loop(x):
    n = len(x)
    out = np.zeros(n)
    for i in range(2, n - 1):
        out[(i + 5) % n] = x[i] * x[i]
    return out


def every_other(x):
    n = len(x)
    out = np.zeros(n)
    for i in range(n):
        out[2 * i % n] = x[i] * x[i]
    return out


def longer_loop(x):
    n = len(x)
    out = np.zeros(n)
    for i in range(n + 1):
        out[i % n] = x[i % n] * i
    return out


def another_length(x):
    n = len(x)
    out = np.zeros(n)
    for i in range(n):
        out[i % (n - 1)] = x[i] * x[i]
    return out


def layers_mixed(x):
    n = len(x)
    out = np.zeros(n)
    for i in range(n):
        for k in range(3):
            out[(i + k) % n] = x[i] * (k + 1.0)
    return out


def different_shifts(x):
    n = len(x)
    out = np.zeros((3, n))
    for i in range(n):
        for k in range(3):
            out[k, (i + k) % n] = x[i]
            out[k, (i + 2 * k) % n] += 1.0
    return out


def shift_by_data(x):
    n = len(x)
    out = np.zeros(n)
    for i in range(n):
        shift = int(x[i] * 3.0)
        out[(i + shift) % n] = x[i]
    return out


def negative_rows(x):
    n = len(x)
    out = np.zeros((3, n))
    for i in range(n):
        for k in range(-1, 3):
            out[k, (i + k) % n] = x[i] * (k + 2.0)
    return out


def rows_and_columns_exchanged(x):
    n = len(x)
    out = np.zeros((3, 3, n))
    for i in range(n):
        for k in range(3):
            for j in range(3):
                out[k, j, (i + k) % n] = x[i]
                out[j, k, (i + k) % n] = -i * x[i]
    return out


def shift_of_another_loop(x):
    n = len(x)
    out = np.zeros((3, n))
    for i in range(n):
        for k in range(3):
            for j in range(3):
                out[j, (i + k) % n] = x[i] * (j - 3.0)
            out[k, (i + k) % n] *= x[i]
    return out


X = np.linspace(0.5, 1.7, 10)
ALONE = "in parallel, each iteration in elements of its own"


@pytest.mark.parametrize("function", [shifted, mirrored, in_layers, shorter_loop], ids=lambda f: f.__name__)
def test_each_element_is_written_by_one_iteration(function):
    made = srcgrad.differentiable(function, parallel=True)
    assert f"i: {ALONE}" in made.lower(X).report()
    np.testing.assert_array_equal(made(X), function(X))


@pytest.mark.parametrize(
    "function", [
        every_other, longer_loop, another_length, layers_mixed, different_shifts, shift_by_data, negative_rows,
        rows_and_columns_exchanged, shift_of_another_loop,
    ],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_loops_that_come_back_stay_in_order(function):
    made = srcgrad.differentiable(function, parallel=True)
    assert f"i: {ALONE}" not in made.lower(X).report()
    np.testing.assert_array_equal(made(X), function(X))


def with_neighbours(f):
    total = 0.0
    for i in range(f.shape[1]):
        for k in range(3):
            here = f[k, (i - k) % f.shape[1]]
            total += here * here * f[k, i]
    return total


def with_itself(f):
    total = 0.0
    for i in range(f.shape[1]):
        for k in range(3):
            total += f[k, (i - k) % f.shape[1]] ** 3
    return total


def with_another_shift(x):
    n = len(x)
    out = np.zeros((3, n))
    for i in range(n):
        for k in range(3):
            for j in range(3):
                out[j, (i + k) % n] += x[i] * (j - 3.0)
            out[k, (i + k) % n] *= x[i]
    return np.sum(out)


def test_the_reverse_of_a_loop_that_stays_in_order_does_so():
    lowered = srcgrad.grad(with_another_shift, parallel=True).lower(X)
    assert "i: one after the other (iterations may meet in 'out_bar')" in lowered.report()


def test_a_row_and_the_table_it_is_put_into():
    def f(x, n):
        table = np.zeros((n + 1, 6))
        table[0] = x
        row = table[0]
        for i in range(n):
            row = row * 0.9
            table[i + 1] = row
        return np.sum(table) * np.sum(row)

    x = np.ones(6)
    np.testing.assert_allclose(srcgrad.grad(f, parallel=True)(x, 3), srcgrad.grad(f)(x, 3), rtol=1e-14)


def test_additions_that_do_not_meet_need_no_zeros():
    f = np.random.default_rng(0).normal(size=(3, 40))
    meeting, apart = (srcgrad.grad(function, parallel=True).lower(f) for function in (with_neighbours, with_itself))
    assert "zeros of its own" in meeting.report()  # f_bar[k, i] and f_bar[k, (i - k) % n] may be one element
    assert ALONE in apart.report() and "zeros of its own" not in apart.report()
