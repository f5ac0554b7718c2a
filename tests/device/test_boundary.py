"""Arguments that are on a device already, options, and errors, where there is no GPU."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

import srcgrad
from srcgrad.backend.device import modules
from srcgrad.backend.device.arrays import DeviceArray, OnDevice

X = np.random.default_rng(0).random((4, 6))


def f(x, w):
    return np.sum(np.sin(x) * w)


class Foreign:
    """An array of another library, which the emulation can read because it is in the memory of the host."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.__dict__["read"] = 0

    @property
    def __cuda_array_interface__(self) -> dict:
        interface = dict(self.array.__array_interface__)
        return {**interface, "version": 3}


@pytest.fixture
def emulated(monkeypatch):
    monkeypatch.setenv(modules.EMULATE, "1")


@pytest.mark.usefixtures("emulated")
def test_arrays_of_other_libraries_are_taken_as_they_are():
    w = np.arange(6.0)
    expected = srcgrad.value_and_grad(f, argnums=(0, 1))(X, w)
    for x in (X, Foreign(X)):
        value, (of_x, of_w) = srcgrad.value_and_grad(f, argnums=(0, 1), target="cuda")(x, w)
        assert type(value) is float and value == pytest.approx(expected[0])
        np.testing.assert_allclose(of_x, expected[1][0])
        np.testing.assert_allclose(of_w, expected[1][1])
    turned = Foreign(np.asfortranarray(X))
    np.testing.assert_allclose(srcgrad.grad(f, target="cuda")(turned, w), expected[1][0])


@pytest.mark.usefixtures("emulated")
def test_containers_and_other_transforms():
    def g(p, scale):
        return np.sum(p["x"] ** 2) * scale + p["y"][0]

    found = srcgrad.grad(g, argnums=(0, 1), target="cuda")({"x": Foreign(X), "y": (2.0, 1)}, 3.0)
    np.testing.assert_allclose(found[0]["x"], 6.0 * X)
    assert found[0]["y"] == (1.0, None) and found[1] == pytest.approx(np.sum(X**2))

    out, pullback = srcgrad.vjp(np_sin, Foreign(X), target="cuda")
    np.testing.assert_allclose(out, np.sin(X))
    np.testing.assert_allclose(pullback(Foreign(np.ones_like(X)))[0], np.cos(X))
    _, tangent = srcgrad.jvp(np_sin, (Foreign(X),), (Foreign(2.0 * np.ones_like(X)),), target="cuda")
    np.testing.assert_allclose(tangent, 2.0 * np.cos(X))
    np.testing.assert_allclose(srcgrad.differentiable(np_sin, target="cuda")(X), np.sin(X))


def np_sin(x):
    return np.sin(x)


def np_sum_of_squares(x):
    return np.sum(x * x)


@pytest.mark.usefixtures("emulated")
def test_exceptions_are_the_users():
    def checked(x):
        if x.shape[0] < 3:
            raise ValueError("too short")
        return np.sum(x)

    with pytest.raises(ValueError, match="too short"):
        srcgrad.grad(checked, target="cuda")(np.ones(2))


def test_without_a_gpu_one_clear_error(monkeypatch):
    monkeypatch.delenv(modules.EMULATE, raising=False)

    class NoDevice:
        class cuda:
            is_available = staticmethod(lambda: False)
            cuda_error = staticmethod(lambda: None)

        def __init__(self, fastmath: bool) -> None:
            pass

    modules.gpu.cache_clear()
    monkeypatch.setattr(modules, "Cuda", NoDevice)
    monkeypatch.setattr(modules, "find_spec", lambda name: True)
    with pytest.raises(srcgrad.ArgumentError, match="needs an NVIDIA GPU"):
        srcgrad.grad(f, target="cuda")(X, np.ones(6))
    monkeypatch.setattr(modules, "find_spec", lambda name: None)
    with pytest.raises(srcgrad.ArgumentError, match=r"pip install 'srcgrad\[cuda\]'"):
        srcgrad.to_device(X)
    modules.gpu.cache_clear()


def test_targets_have_names():
    with pytest.raises(srcgrad.ArgumentError, match="target is 'cpu' or 'cuda', not 'gpu'"):
        srcgrad.grad(f, target="gpu")


ON_DEVICE = srcgrad.grad(np_sum_of_squares, target="cuda")


@njit
def step(x):
    return ON_DEVICE(x)


@pytest.mark.usefixtures("emulated")
def test_not_from_njit_code():
    with pytest.raises(TypingError, match="cannot be called from @njit code"):
        step(np.ones(3))


def test_views_of_device_arrays():
    """Views are computed on shadows, which nobody reads: here of an address that is nobody's."""
    shadow = np.asarray(OnDevice(None, 1 << 40, (4, 6), np.dtype(np.float64)))
    array = DeviceArray(shadow, None, lambda a: None)
    part = array[1:3, ::2]
    assert part.shape == (2, 3) and part.address == (1 << 40) + 48 and part.strides == (48, 16)
    assert array.T.shape == (6, 4) and not array.T.is_contiguous and array.reshape((24,)).shape == (24,)
    assert array.transpose(1, 0).strides == (8, 48) and len(array) == 4 and array.size == 24
    pairs = array.reshape((4, 3, 2)).as_complex()
    assert pairs.dtype == np.complex128 and pairs.shape == (4, 3) and pairs.as_parts().strides == (48, 16, 8)
    assert part.__cuda_array_interface__["strides"] == (48, 16)
    assert array.__cuda_array_interface__["strides"] is None
    with pytest.raises(ValueError):
        array.T.reshape((24,))
    with pytest.raises(TypeError, match="views only"):
        array[np.array([1, 2])]
    assert "DeviceArray(shape=(4, 6), dtype=float64)" in repr(array)
