"""A zero cotangent times an infinite partial is zero where another value was chosen: no NaN from that path."""

import math

import numpy as np

from srcgrad import grad


def root_under_max(x):
    return max(math.sqrt(x), 1.0)


def root_under_where(x):
    return float(np.where(x > 0.0, np.sqrt(x), 0.0))


def quotient_under_minimum(x):
    s = 0.0
    for i in range(x.shape[0]):
        s += np.minimum(1.0 / x[i], 2.0)
    return s


def test_the_side_not_chosen_is_silent():
    assert (grad(root_under_max)(0.0), grad(root_under_max)(4.0)) == (0.0, 0.25)
    assert (grad(root_under_where)(0.0), grad(root_under_where)(4.0)) == (0.0, 0.25)
    np.testing.assert_array_equal(grad(quotient_under_minimum)(np.array([0.0, 1.0])), [0.0, -1.0])
