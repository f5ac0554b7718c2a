"""What compiled code was made for is compared before it is used again: defaults, code, attributes, lengths, truth."""

import functools
import types

import numpy as np

import srcgrad


def test_replaced_defaults_of_the_function_and_of_a_helper():
    def helper(x, k=2.0):
        return k * x * x

    def f(x, a=3.0, *, b=1.0, w=[1.0]):  # noqa: B006
        return a * helper(x) * b * w[0]

    g = srcgrad.grad(f)
    assert g(2.0) == 24.0
    f.__defaults__ = (5.0,)
    assert g(2.0) == 40.0
    f.__kwdefaults__["b"] = 2.0
    assert g(2.0) == 80.0
    f.__kwdefaults__["w"][0] = 2.0
    assert g(2.0) == 160.0
    helper.__defaults__ = (1.0,)
    assert g(2.0) == 80.0


def test_replaced_code():
    def helper(x):
        return x

    def other(x):
        return x * x * x

    g = srcgrad.grad(lambda x: helper(x) * 2.0)
    assert g(2.0) == 2.0
    helper.__code__ = other.__code__
    assert g(2.0) == 24.0


def test_a_replaced_default_array():
    def q(x, a=np.array([1.0, 2.0])):  # noqa: B008
        return x * a[0]

    g = srcgrad.grad(lambda x: q(x))
    assert g(1.0) == 1.0
    q.__defaults__ = (np.array([3.0, 2.0]),)
    assert g(1.0) == 3.0
    q.__defaults__[0][0] = 7.0
    assert g(1.0) == 7.0


def test_functions_of_objects_and_classes():
    holder = types.SimpleNamespace(f=lambda z: 2.0 * z)
    g = srcgrad.grad(lambda x: holder.f(x))
    assert g(1.0) == 2.0
    holder.f = lambda z: 5.0 * z
    assert g(1.0) == 5.0


class Sequence:
    """Items, a length, a method and a call."""

    def __init__(self):
        self.items = [1.0, 2.0]

    def __getitem__(self, k):
        return self.items[k]

    def __len__(self):
        return len(self.items)

    def twice(self, x):
        return x * 2.0

    def __call__(self, x):
        return x * 3.0


def test_objects_with_items_and_methods(monkeypatch):
    q = Sequence()
    g = srcgrad.grad(lambda x: x * q[0] * len(q) + q.twice(x) + q(x))
    assert g(1.0) == 7.0
    q.items[0] = 9.0
    assert g(1.0) == 23.0
    q.items.append(1.0)
    assert g(1.0) == 32.0
    monkeypatch.setattr(Sequence, "twice", lambda self, x: x * 10.0)
    assert g(1.0) == 40.0
    monkeypatch.setattr(Sequence, "__call__", lambda self, x: x * 20.0)
    assert g(1.0) == 57.0


def test_sets_and_missing_attributes():
    known = {1, 2}
    g = srcgrad.grad(lambda x: x * len(known) + (x if 5 in known else 0.0))
    assert g(1.0) == 2.0
    known.add(5)
    assert g(1.0) == 4.0
    bare = types.SimpleNamespace()
    h = srcgrad.grad(lambda x: x * getattr(bare, "extra", 2.0) * (3.0 if hasattr(bare, "more") else 1.0))
    assert h(1.0) == 2.0
    bare.extra = 5.0
    assert h(1.0) == 5.0
    bare.more = 1
    assert h(1.0) == 15.0


def test_partials():
    partial = functools.partial(lambda x, k: x * k[0], k=[2.0])
    g = srcgrad.grad(lambda x: partial(x))
    assert g(1.0) == 2.0
    partial.keywords["k"][0] = 7.0
    assert g(1.0) == 7.0
    partial.keywords["k"] = [8.0]
    assert g(1.0) == 8.0
