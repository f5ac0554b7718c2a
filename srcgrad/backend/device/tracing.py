"""Kernels in plain Python, with a record of which thread touched what: does one thread need another?

In: launches. Out: the same results as `Emulation`, and `Race` where two threads of one launch touch one element, one of
them to write it, unless both add to it atomically. It is slow, and meant for arrays of a few dozen elements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.backend.device.emulation import Emulation, module_of


class Race(AssertionError):
    """Two threads touch one element, and what happens depends on which comes first."""


class _Launch:
    """Who touched which address, in one launch."""

    def __init__(self, kernel: str) -> None:
        self.kernel = kernel
        self.thread: tuple[int, ...] = ()
        self._touched: dict[int, dict[tuple[int, ...], set[str]]] = {}

    def touch(self, address: int, how: str) -> None:
        """Note an access, and compare it with those of other threads."""
        by_thread = self._touched.setdefault(address, {})
        by_thread.setdefault(self.thread, set()).add(how)
        for other, ways in by_thread.items():
            if other == self.thread:
                continue
            kinds = ways | {how}
            if "write" in kinds or ("add" in kinds and kinds != {"add"}):
                raise Race(f"{self.kernel}: threads {other} and {self.thread} touch one element: {sorted(kinds)}")


class _Traced:
    """An array as a thread sees it."""

    def __init__(self, array: np.ndarray, launch: _Launch) -> None:
        self._array, self._launch = array, launch
        self.shape = array.shape

    def _touch(self, key: Any, how: str) -> None:
        keys = key if isinstance(key, tuple) else (key,)
        element = self._array[tuple(slice(k, k + 1) if k != -1 else slice(k, None) for k in map(int, keys))]
        if not element.size:
            raise IndexError(f"{self._launch.kernel}: {key} is out of bounds for {self.shape}")
        self._launch.touch(element.__array_interface__["data"][0], how)

    def __getitem__(self, key: Any) -> Any:
        keys = key if isinstance(key, tuple) else (key,)
        if any(isinstance(k, slice) for k in keys) or len(keys) < self._array.ndim:
            return _Traced(self._array[key], self._launch)
        self._touch(key, "read")
        return self._array[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._touch(key, "write")
        self._array[key] = value

    def add(self, key: Any, value: Any) -> None:
        """Atomically."""
        self._touch(key, "add")
        self._array[key] += value

    @property
    def T(self) -> _Traced:
        return _Traced(self._array.T, self._launch)

    def transpose(self, *axes: int) -> _Traced:
        return _Traced(self._array.transpose(*axes), self._launch)


class Tracing(Emulation):
    """A device whose kernels are traced."""

    def __init__(self) -> None:
        super().__init__(compiled=False)
        self.name = "tracing"
        self.modules["atomic"] = module_of("atomic", {"add": lambda array, key, value: array.add(key, value)})

    def kernel(self, body: Callable, indices: int, slots: bool, folds: tuple[str, ...]) -> Callable[..., Any]:
        def launch(counts: tuple[int, ...], *rest: Any) -> Any:
            trace = _Launch(body.__name__)

            def traced(*given: Any) -> Any:
                trace.thread = tuple(map(int, given[:indices]))
                return body(*given)

            wrapped = [_Traced(a, trace) if isinstance(a, np.ndarray) and a.ndim else a for a in rest]
            return Emulation.kernel(self, traced, indices, slots, folds)(counts, *wrapped)

        return launch
