"""The pool of a GPU's memory: what was not used for longest goes first."""

from __future__ import annotations

import pytest

from srcgrad.backend.device import memory


class Cuda:
    """A device that says what it was asked for."""

    def __init__(self):
        self.asked = []

    def device_array(self, size, dtype):
        self.asked.append(size)
        return type("Memory", (), {"__cuda_array_interface__": {"data": (64, False)}})()


@pytest.fixture
def pool(monkeypatch):
    pytest.importorskip("cuda.bindings.driver")
    monkeypatch.setattr(memory, "_MOST_KEPT", 4 * 4096)
    return memory.Pool()


def test_a_buffer_comes_back(pool):
    cuda = Cuda()
    first = pool.take(cuda, 4096)
    del first
    pool.take(cuda, 4096)
    assert cuda.asked == [4096]


def test_the_oldest_go_first(pool):
    cuda = Cuda()
    old = [pool.take(cuda, 4096) for _ in range(4)]
    del old
    new = pool.take(cuda, 8192)
    del new  # two of the old ones make room
    held = [pool.take(cuda, 8192), pool.take(cuda, 4096), pool.take(cuda, 4096)]
    assert cuda.asked == [4096] * 4 + [8192]
    held.append(pool.take(cuda, 4096))
    assert cuda.asked[5:] == [4096]


def test_what_is_too_large_is_not_kept(pool):
    cuda = Cuda()
    for _ in range(2):
        pool.take(cuda, 1 << 20)
    assert len(cuda.asked) == 2
