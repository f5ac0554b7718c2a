"""Who owns the order of a sum: the user's loops keep theirs, NumPy's reductions and derivatives have none."""

import numpy as np

import srcgrad

A = np.linspace(0.5, 1.5, 7)


def in_order(x):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] ** 3
    return s


def by_numpy(x):
    return np.sum(x**3)


def of_one_number(y, x):
    s = 0.0
    for i in range(x.shape[0]):
        s += np.exp(-x[i] * y)
    return s


def test_the_order_of_a_loop_is_kept():
    source = _source(srcgrad.value_and_grad(in_order), A)
    assert "s += " in source and "vm.add" not in source


def test_a_reduction_has_no_order():
    assert "vm.add(" in _source(srcgrad.value_and_grad(by_numpy), A)


def test_a_sum_of_cotangents_has_no_order():
    source = _source(srcgrad.value_and_grad(of_one_number), 0.5, A)
    assert "s += " in source and "y_bar = vm.add(y_bar, " in source


def test_infinities_and_nan_stay():
    for special in (np.inf, -np.inf, np.nan):
        values = np.full(40, 1.0)
        values[13] = special
        np.testing.assert_array_equal(srcgrad.differentiable(by_numpy)(values), special**3)


def _source(transformed, *arguments):
    transformed(*arguments)
    return transformed.source
