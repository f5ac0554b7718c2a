"""Arrays in the memory of a device, as Python sees them.

In: memory by its address. Out: `DeviceArray`, whose views are computed by NumPy on a *shadow*: an array that claims
to lie at that address, and is never read. A shadow also stands for the array where types, shapes and overlap are looked
at before a call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.backend.device import dlpack


class OnDevice:
    """What a shadow is made of: the interface that tells NumPy of the memory, and whatever keeps that alive."""

    def __init__(self, owner: Any, address: int, shape: tuple[int, ...], dtype: np.dtype, strides: Any = None) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "data": (address, False), "shape": shape, "typestr": dtype.str, "strides": strides, "version": 3,
        }  # fmt: skip


def on_device(array: Any) -> OnDevice | None:
    """What the shadow is made of, if the array is one, or a view of one."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array if isinstance(array, OnDevice) else None


class DeviceArray:
    """An array on the device. It has `__cuda_array_interface__` and `__dlpack__`, so CuPy, PyTorch, Numba and JAX take
    it without a copy; `copy_to_host()` and `numpy.asarray` give a NumPy array. Slices and transposes are views."""

    __slots__ = ("__weakref__", "_download", "_fields", "native", "owner", "shadow")

    def __init__(self, shadow: np.ndarray, owner: Any, download: Any) -> None:
        self.shadow = shadow
        self.owner = owner
        self._download = download
        self.native: Any = None  # how the device takes it; made when it is needed
        self._fields: tuple[Any, tuple] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.shadow.shape

    @property
    def strides(self) -> tuple[int, ...]:
        """The steps along each dimension, in bytes."""
        return self.shadow.strides

    @property
    def dtype(self) -> np.dtype:
        return self.shadow.dtype

    @property
    def ndim(self) -> int:
        return self.shadow.ndim

    @property
    def size(self) -> int:
        return self.shadow.size

    @property
    def address(self) -> int:
        return self.shadow.__array_interface__["data"][0]

    @property
    def fields(self) -> tuple[Any, tuple]:
        """What decides how a kernel is compiled for it, and what a kernel is given of it."""
        if self._fields is None:
            shadow = self.shadow
            kind = shadow.dtype.char, shadow.ndim, shadow.flags.c_contiguous, shadow.flags.f_contiguous
            given = (0, 0, shadow.size, shadow.itemsize, self.address, *shadow.shape, *shadow.strides)
            self._fields = kind, given
        return self._fields

    @property
    def is_contiguous(self) -> bool:
        """Do the elements lie one behind the other, row by row?"""
        return self.shadow.flags.c_contiguous

    @property
    def T(self) -> DeviceArray:
        return self._with(self.shadow.T)

    def transpose(self, *axes: int) -> DeviceArray:
        """As `numpy.ndarray.transpose`."""
        return self._with(self.shadow.transpose(*axes))

    def reshape(self, shape: tuple[int, ...]) -> DeviceArray:
        """A view of another shape. Raises `ValueError` where there is none."""
        return self._with(self.shadow.reshape(shape, copy=False))

    def as_parts(self) -> DeviceArray:
        """Complex numbers as pairs along one more dimension."""
        real = np.dtype(f"f{self.dtype.itemsize // 2}")
        shadow = np.lib.stride_tricks.as_strided(self._viewed(real), (*self.shape, 2), (*self.strides, real.itemsize))
        return self._with(shadow)

    def as_complex(self) -> DeviceArray:
        """Pairs along the last dimension, which lie side by side, as complex numbers."""
        whole = np.dtype(f"c{self.dtype.itemsize * 2}")
        return self._with(np.lib.stride_tricks.as_strided(self._viewed(whole), self.shape[:-1], self.strides[:-1]))

    def _viewed(self, dtype: np.dtype) -> np.ndarray:
        """Something of this dtype at the same address."""
        return np.asarray(OnDevice(self.shadow, self.address, (1,), dtype))

    def __getitem__(self, key: Any) -> DeviceArray:
        keys = key if isinstance(key, tuple) else (key,)
        if not all(isinstance(k, (slice, int, np.integer)) or k is Ellipsis or k is None for k in keys):
            raise TypeError("arrays on the device have views only: copy_to_host() gives a NumPy array")
        return self._with(self.shadow[(*keys, ...)])

    def __len__(self) -> int:
        return len(self.shadow)

    def _with(self, shadow: np.ndarray) -> DeviceArray:
        return DeviceArray(shadow, self.owner, self._download)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "data": (self.address, False), "shape": self.shape, "typestr": self.dtype.str,
            "strides": None if self.is_contiguous else self.strides, "version": 3,
        }  # fmt: skip

    def __dlpack_device__(self) -> tuple[int, int]:
        return dlpack.CUDA, 0

    def __dlpack__(self, *, stream: Any = None, **options: Any) -> Any:
        """A capsule, as `jax.dlpack.from_dlpack` and others take it."""
        return dlpack.capsule_of(self)

    def copy_to_host(self) -> np.ndarray:
        """The elements as a NumPy array."""
        return self._download(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.copy_to_host().astype(dtype or self.dtype, copy=False)

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, dtype={self.dtype})"


def foreign(value: Any, download: Any) -> DeviceArray:
    """Another library's array, without a copy."""
    interface = value.__cuda_array_interface__
    strides = interface.get("strides")
    shadow = np.asarray(
        OnDevice(value, interface["data"][0], tuple(interface["shape"]), np.dtype(interface["typestr"]), strides)
    )
    return DeviceArray(shadow, value, download)
