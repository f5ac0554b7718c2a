"""Which products of vectors become products of matrices, and what infinite numbers do there."""

from __future__ import annotations

from inspect import signature

import numpy as np
import pytest

import srcgrad
from srcgrad.ir.nodes import Product
from srcgrad.ir.visit import walk
from tests.programs import row_products as programs

PRODUCTS = {
    "covariance": 1, "above_the_diagonal": 1, "more_than_one_block": 1, "carried_over_blocks": 1,
    "with_all_of_another": 1, "columns_of_the_other": 1, "rows_times_rows": 1, "of_a_stack": 1, "written_by_hand": 1,
    "longer_than_the_part": 1, "at_an_index": 1, "in_a_band": 0, "while_it_changes": 0, "the_product_is_written": 0,
    "the_product_is_carried": 0, "two_products": 2, "the_best_of_the_products": 0,
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_of_matrices(name):
    program = getattr(programs, name)
    arguments = {"a": np.ones((3, 7)), "b": np.ones((3, 4)), "k": np.zeros(7, int)}
    primal = srcgrad.differentiable(program).lower(*(arguments[p] for p in signature(program).parameters)).primal
    assert sum(isinstance(s, Product) for s in walk(primal.body)) == PRODUCTS[name], primal


def both_in_one_loop(a):
    total = 0.0
    for i in range(a.shape[1]):
        p = a[:, i] @ a[:, i:]
        q = a[:, i] @ a
        total += p[-1] * q[0]
    return total


def test_two_products_in_one_loop():
    primal = srcgrad.differentiable(both_in_one_loop).lower(np.ones((3, 7))).primal
    assert sum(isinstance(s, Product) for s in walk(primal.body)) == 2
    a = np.random.default_rng(0).normal(size=(4, 70))
    gradient = srcgrad.grad(both_in_one_loop)(a)
    step = 1e-6
    direction = np.random.default_rng(1).normal(size=a.shape)
    difference = (both_in_one_loop(a + step * direction) - both_in_one_loop(a - step * direction)) / (2 * step)
    assert np.sum(gradient * direction) == pytest.approx(difference, rel=1e-6)


def diagonal(a, b):
    total = 0.0
    for i in range(a.shape[1]):
        p = a[:, i] @ b[:, i:]
        total += p[0]
    return total


@pytest.mark.parametrize("strange", [np.inf, np.nan])
@pytest.mark.parametrize("column", [0, 2, 30, 63, 64, 68])
def test_what_was_not_asked_for_does_not_matter(strange, column):
    """Column i of one is multiplied with columns i, i + 1, ... of the other, and never with column i - 1."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 70)), rng.normal(size=(3, 70))
    b[1, column] = strange
    of_a, of_b = srcgrad.grad(diagonal, argnums=(0, 1))(a, b)
    assert np.array_equal(of_a[:, column + 1 :], b[:, column + 1 :])
    assert np.array_equal(of_b, a)
    of_b, of_a = srcgrad.grad(diagonal, argnums=(0, 1))(b, a)
    assert np.array_equal(of_a[:, :column], b[:, :column])
    assert np.array_equal(of_b, a)


def parts(a, b, m, c, e, w):
    total = 0.0
    for i in range(m):
        p = a[:, i] @ b[:, i + c : e]
        for j in range(len(p)):
            total += np.sin(p[j]) * w[i, j]
        if len(p) > 0:
            total += p[-1] * p[0]
    return total


@pytest.mark.parametrize("seed", range(40))
def test_parts_of_any_size(seed):
    rng = np.random.default_rng(seed)
    n, columns, others = rng.integers(0, 4), rng.integers(1, 150), rng.integers(1, 150)
    m, c, e = rng.integers(0, columns + 1), rng.integers(0, 5), rng.integers(-3, others + 5)
    a, b, w = rng.normal(size=(n, columns)), rng.normal(size=(n, others)), rng.normal(size=(columns, others))
    value, gradients = srcgrad.value_and_grad(parts, argnums=(0, 1))(a, b, int(m), int(c), int(e), w)
    assert value == pytest.approx(parts(a, b, m, c, e, w), rel=1e-9, abs=1e-9)
    directions = rng.normal(size=a.shape), rng.normal(size=b.shape)
    step = 1e-6
    ahead, behind = (parts(a + s * directions[0], b + s * directions[1], m, c, e, w) for s in (step, -step))
    slope = sum(np.sum(g * d) for g, d in zip(gradients, directions))
    assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-5, abs=1e-5)
