"""Numbers that kernels folded and that are still on the device.

In: memory that a launch will have filled. Out: numbers that are read when something asks for them, which waits for the
device. What is only handed to the next launch, as the sum so far is in a loop over time steps, is never read, and the
host runs ahead of the device.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from srcgrad.backend.device.arrays import DeviceArray

WORD = 8  # bytes that a folded value has to itself


class Folded:
    """What one launch folded, side by side: read together."""

    def __init__(self, device: Any, dtypes: tuple[np.dtype, ...]) -> None:
        self._device = device
        self._dtypes = dtypes
        self._words = device.empty((len(dtypes) * WORD,), np.uint8)
        self._values: list[Any] | None = None

    def numbers(self) -> tuple[Pending, ...]:
        return tuple(Pending(self, k) for k in range(len(self._dtypes)))

    def dtype(self, k: int) -> np.dtype:
        return self._dtypes[k]

    def place(self, k: int) -> DeviceArray:
        """Where number k is, as an array of one element."""
        part = self._words.shadow[WORD * k : WORD * k + self._dtypes[k].itemsize].view(self._dtypes[k])
        return DeviceArray(part, self._words.owner, None)

    def value(self, k: int) -> Any:
        if self._values is None:
            words = self._device.read(self._words.address, len(self._dtypes) * WORD)
            self._values = [words[WORD * j :][: d.itemsize].view(d)[0] for j, d in enumerate(self._dtypes)]
        return self._values[k]


class Pending(np.lib.mixins.NDArrayOperatorsMixin):
    """One of them. Whatever NumPy or Python does with it reads it."""

    __slots__ = ("_folded", "_number")

    def __init__(self, folded: Folded, number: int) -> None:
        self._folded = folded
        self._number = number

    @property
    def dtype(self) -> np.dtype:
        return self._folded.dtype(self._number)

    @property
    def place(self) -> DeviceArray:
        return self._folded.place(self._number)

    @property
    def value(self) -> Any:
        """The number, as a NumPy scalar."""
        return self._folded.value(self._number)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(ufunc, method)(*map(known, inputs), **options)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.value, dtype)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        return self.value.__index__()

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        return repr(self.value)


def known(value: Any) -> Any:
    """The value itself, read if it has to be."""
    return value.value if type(value) is Pending else value


class Reading:
    """A module of compiled functions, which take numbers that have been read."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._module, name)

        def call(*arguments: Any) -> Any:
            return function(*map(known, arguments))

        setattr(self, name, call)
        return call
