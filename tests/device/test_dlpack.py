"""DLPack: the structures are read and written as NumPy reads and writes them, and memory is given back."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import srcgrad
from srcgrad.backend.device import dlpack
from srcgrad.backend.device.arrays import foreign
from srcgrad.backend.device.modules import EMULATE


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i4", "u1", "c16", "?"])
def test_what_numpy_hands_on(dtype):
    whole = np.arange(24).reshape(4, 6).astype(dtype)
    for array in (whole, whole.T, whole[1:, ::2], whole[2], np.zeros((0, 3), dtype)):
        found = foreign(dlpack.Borrowed(array, stream=None), None).shadow
        assert (found.shape, found.dtype) == (array.shape, array.dtype)
        if array.size:
            assert found.strides == array.strides
            np.testing.assert_array_equal(found, array)  # here the shadow lies in memory that can be read


def test_it_lives_as_long_as_it_is_used():
    found = foreign(dlpack.Borrowed(np.arange(1000.0), stream=None), None).shadow
    gc.collect()
    assert found[::100].tolist() == [100.0 * k for k in range(10)]


class Lent:
    """An array in the memory of the host, handed on by our capsules."""

    def __init__(self, array):
        self.array = array
        self.address = array.__array_interface__["data"][0]
        self.ndim, self.dtype, self.shape, self.strides = array.ndim, array.dtype, array.shape, array.strides

    def __dlpack_device__(self):
        return dlpack.CPU, 0

    def __dlpack__(self, **options):
        return dlpack.capsule_of(self, dlpack.CPU)


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", "c8"])
def test_what_numpy_takes(dtype):
    whole = np.arange(24).reshape(4, 6).astype(dtype)
    before = len(dlpack._lent)
    for array in (whole, whole.T, whole[1:, ::2]):
        found = np.from_dlpack(Lent(array))
        assert found.strides == array.strides
        np.testing.assert_array_equal(found, array)
        assert len(dlpack._lent) == before + 1
        del found
        gc.collect()
        assert len(dlpack._lent) == before


def test_a_capsule_that_nobody_takes():
    before = len(dlpack._lent)
    capsule = Lent(np.ones(3)).__dlpack__()
    assert len(dlpack._lent) == before + 1
    del capsule
    assert len(dlpack._lent) == before


class OnlyDLPack:
    """An array on a GPU (so it says) of a library without `__cuda_array_interface__`."""

    def __init__(self, array):
        self.array = array

    def __dlpack_device__(self):
        return dlpack.CUDA, 0

    def __dlpack__(self, stream=None):
        assert stream == 1
        return self.array.__dlpack__()


def square_sum(x):
    return np.sum(x**3)


def test_arguments(monkeypatch):
    monkeypatch.setenv(EMULATE, "1")
    host = np.random.default_rng(0).random((5, 7))
    for array in (host, host.T, host[1:, ::2]):
        found = srcgrad.grad(square_sum, target="cuda")(OnlyDLPack(array))
        np.testing.assert_allclose(np.asarray(found), 3.0 * array**2)


def test_refused():
    with pytest.raises(TypeError, match=r"none of NumPy's"):
        dlpack.Borrowed(np.ones(3, np.float16), stream=None)
