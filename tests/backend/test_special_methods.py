"""Dataclasses whose class says what the operators mean."""

from dataclasses import dataclass

import pytest

import srcgrad
from srcgrad.errors import Unsupported


@dataclass
class P:
    """A point with operators that are not what its fields suggest."""

    x: float
    y: float

    def __neg__(self):
        return P(-self.y, self.x)

    def __getitem__(self, k):
        return 10.0 * self.x

    def __len__(self):
        return 7

    def __add__(self, other):
        return P(self.x + other.x, self.y + other.y)

    def __mul__(self, s):
        return P(self.x * s, self.y * s)

    def __rmul__(self, s):
        return P(self.x * s * 2.0, self.y * s)

    def __abs__(self):
        return self.x * self.y

    def __bool__(self):
        return self.x > 1.0

    def __lt__(self, other):
        return self.x < other.x

    def __contains__(self, v):
        return v > 1.0

    def __float__(self):
        return self.x * 3.0

    def __call__(self, v):
        return self.x * v


def items(q):
    return q[0] + q.x * len(q) + (-q)[1] + abs(q)


def operators(q):
    r = q + q * 2.0 + 3.0 * q
    s = r.x * r.y
    if q:
        s += 1.0
    if q < r:
        s += 10.0 * q.x
    if 2.0 in q:
        s += 100.0
    return s + float(q) + q(2.0)


def in_place(q):
    q += q
    return q.x * q.y


@pytest.mark.parametrize("function", [items, operators, in_place])
def test_operators_of_the_class(function):
    value, gradient = srcgrad.value_and_grad(function)(P(1.3, 2.0))
    assert value == pytest.approx(function(P(1.3, 2.0)), rel=1e-14)
    step = 1e-6
    for k, expected in enumerate((gradient.x, gradient.y)):
        ends = [function(P(1.3 + (k == 0) * h, 2.0 + (k == 1) * h)) for h in (step, -step)]
        assert (ends[0] - ends[1]) / (2.0 * step) == pytest.approx(expected, rel=1e-7)


def test_a_loop_over_such_an_object_is_refused():
    def loop(q):
        s = 0.0
        for v in q:
            s += v
        return s

    with pytest.raises(Unsupported, match="a loop over an object of class 'P'"):
        srcgrad.grad(loop)(P(1.0, 2.0))
