"""A device that is no device: threads run one after the other, in compiled code or in plain Python.

In: what a thread does, and launches. Out: the same results as on a GPU, up to the order of sums. Its arrays are
NumPy's. It runs where there is no GPU, for tests of what is computed for a GPU, and to look for errors with a debugger.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numba
import numpy as np
import scipy.special

from srcgrad.backend.device import wrappers
from srcgrad.runtime import device_math, memory

_SCALAR = {
    "erf": math.erf, "erfc": math.erfc, "gamma": math.gamma, "lgamma": math.lgamma, "pow": np.power, "acos": np.arccos,
    "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan, "atan2": np.arctan2,
    "atanh": np.arctanh,
}  # fmt: skip
_UNCOMPILED = {
    "erf": scipy.special.erf, "erfc": scipy.special.erfc, "gamma": scipy.special.gamma, "lgamma": scipy.special.gammaln,
}  # fmt: skip


def module_of(name: str, contents: dict[str, Any]) -> ModuleType:
    """A module with these contents: the one kind of namespace whose functions compilers see."""
    module = ModuleType(name)
    vars(module).update(contents)
    return module


class Emulation:
    """Runs kernels on the CPU; `compiled=False` without compiling anything."""

    def __init__(self, compiled: bool = True) -> None:
        self.name = "emulation" if compiled else "plain"
        self.compile: Callable[[Callable], Any] = numba.njit(error_model="numpy") if compiled else _as_it_is
        native = {name: _SCALAR.get(name) or getattr(np, name) for name in device_math.NATIVE}
        if not compiled:
            native.update(_UNCOMPILED)

        def add(array, index, value):
            array[index] += value

        self.finish = self.enter = lambda: None
        self.modules = {
            "f64": module_of("f64", device_math.functions(np.float64, self.compile, native)),
            "f32": module_of("f32", device_math.functions(np.float32, self.compile, native)),
            "integer": module_of("integer", device_math.integer_functions(self.compile)),
            "atomic": module_of("atomic", {"add": self.compile(add)}),
        }

    # -- arrays ---------------------------------------------------------------------------------------------------

    def adopt(self, shadow: np.ndarray, owner: Any) -> np.ndarray:
        """Another library's array: here one of host memory."""
        return shadow

    def upload(self, array: np.ndarray) -> np.ndarray:
        return array

    def download(self, array: np.ndarray) -> np.ndarray:
        return array

    def empty(self, shape: Any, dtype: Any) -> np.ndarray:
        return np.empty(shape, dtype)

    def full(self, shape: Any, value: Any, dtype: Any) -> np.ndarray:
        return np.full(shape, value, dtype)

    def copy(self, array: np.ndarray) -> np.ndarray:
        return np.copy(array, order="C")

    def assign(self, target: np.ndarray, value: np.ndarray) -> None:
        target[...] = value

    def item(self, array: np.ndarray, *index: int) -> Any:
        return array[index]

    def put(self, array: np.ndarray, index: tuple[int, ...], value: Any) -> None:
        array[index] = value

    def increase(self, array: np.ndarray, index: tuple[int, ...], value: Any) -> None:
        array[index] += value

    def add_product(self, c: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
        c += a @ b

    def product(self, c: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
        c[...] = a @ b

    def as_complex(self, array: np.ndarray) -> np.ndarray:
        return memory.as_complex(array)

    def as_parts(self, array: np.ndarray) -> np.ndarray:
        return memory.as_parts(array)

    def conj(self, array: np.ndarray) -> np.ndarray:
        return np.conj(array)

    def on_host(self, procedure: Callable[..., None], *arrays: np.ndarray) -> None:
        procedure(*arrays)

    # -- kernels --------------------------------------------------------------------------------------------------

    def kernel(self, body: Callable, indices: int, slots: bool, folds: tuple[str, ...]) -> Callable[..., Any]:
        """What the host function calls: `(counts, [slots,] values..., arguments...)`."""
        compiled = self.compile(body)
        made: dict[int, Callable] = {}

        def launch(counts: tuple[int, ...], *rest: Any) -> Any:
            function = made.get(len(rest))
            if function is None:
                shape = wrappers.Shape(indices, slots, folds, len(rest) - len(folds) - slots)
                space: dict[str, Any] = {"body": compiled}
                exec(wrappers.emulation(shape), space)
                function = made[len(rest)] = self.compile(space["kernel"])
            results = function(*counts, *rest)
            if results is None:
                return None
            before = rest[slots : slots + len(folds)]  # numbers of NumPy's, as they come from a GPU
            numbers = tuple(np.asarray(old).dtype.type(new) for old, new in zip(before, results, strict=True))
            return numbers if len(numbers) > 1 else numbers[0]

        return launch


def _as_it_is(function: Callable) -> Callable:
    return function
