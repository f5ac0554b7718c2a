"""Numbers that are still on the device: read once, when something asks for them, and together with their neighbours."""

from __future__ import annotations

import math

import numpy as np
import pytest

from srcgrad.backend.device.pending import Folded, Pending, Reading, known
from srcgrad.runtime import vector_math


class Memory:
    """A device that counts how often it is waited for."""

    def __init__(self) -> None:
        self.reads = 0

    def empty(self, shape, dtype):
        self.words = np.zeros(shape, dtype)
        return type("Array", (), {"shadow": self.words, "owner": self, "address": 0})()

    def read(self, address, size):
        self.reads += 1
        return self.words


def folded(*values):
    memory = Memory()
    made = Folded(memory, tuple(np.asarray(v).dtype for v in values))
    for k, value in enumerate(values):
        made.place(k).shadow[...] = value
    return memory, made.numbers()


def test_nothing_is_read_until_it_is_needed_and_all_at_once():
    memory, (a, b, c) = folded(2.5, np.float32(1.5), True)
    assert (a.dtype, b.dtype, c.dtype) == (np.float64, np.float32, np.bool_)
    assert memory.reads == 0
    assert a * 2.0 == 5.0 and known(b) == np.float32(1.5) and bool(c)
    assert memory.reads == 1


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x + 1.0, lambda x: 1.0 - x, lambda x: np.float64(3.0) * x, lambda x: -x, lambda x: x**1.5,
        lambda x: np.divide(x, 3.0), lambda x: np.minimum(x, 2.0), lambda x: np.float32(x), lambda x: np.floor(x),
        lambda x: 1.0 if x > 2.0 else 0.0, lambda x: not x, lambda x: x % 2.0, lambda x: x // 2.0,
        lambda x: np.array([x], np.float64), lambda x: np.asarray(x)[()], float, int, math.sqrt,
        lambda x: Reading(vector_math).exp(x), lambda x: np.int64(np.floor(x)),
    ],
)  # fmt: skip
def test_it_does_what_the_number_does(use):
    _, (x,) = folded(2.25)
    found, wanted = use(x), use(np.float64(2.25))
    np.testing.assert_array_equal(found, wanted)
    assert type(found) is type(wanted) and not isinstance(found, Pending)


def test_whole_numbers_count_and_index():
    _, (n,) = folded(np.int64(3))
    assert list(range(n)) == [0, 1, 2] and [5, 6, 7, 8][n] == 8
