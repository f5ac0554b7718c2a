"""Between the user's arrays and those of a device.

In: arguments, arrays of any library that keeps them on a GPU among them (`__cuda_array_interface__`: CuPy, PyTorch,
JAX, Numba; or `__dlpack__`). Out: the same arguments with shadows for such arrays, which say what is known of them
without being read; and results in the arrays of the library that the arguments came from.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from srcgrad.backend.device import dlpack
from srcgrad.backend.device.arrays import DeviceArray, OnDevice, foreign, on_device
from srcgrad.errors import ArgumentError, Diagnostic

_LIBRARIES = ("cupy", "torch")


def shadowed(value: Any) -> Any:
    """The value with shadows for arrays on a device, in tuples, lists and dicts too."""
    kind = type(value)
    if kind in (tuple, list):
        return kind(map(shadowed, value))
    if kind is dict:
        return {key: shadowed(item) for key, item in value.items()}
    if kind is DeviceArray:
        return value.shadow
    if not isinstance(value, type) and hasattr(kind, "__cuda_array_interface__"):
        return _of_another_library(value)
    return _of_another_library(value, dlpack.Borrowed) if dlpack.is_on_gpu(value) else value


def _of_another_library(value: Any, interface: Callable[[Any], Any] = lambda value: value) -> np.ndarray:
    try:
        return foreign(interface(value), None).shadow
    except AttributeError:  # a tensor of PyTorch on the CPU
        return value
    except (RuntimeError, TypeError) as error:
        raise ArgumentError(
            Diagnostic(
                f"an argument of type {type(value).__name__} cannot be taken as it is",
                why=str(error).splitlines()[0],
                advice="pass tensor.detach(), on the GPU and dense",
            )
        ) from None


def is_copied(array: np.ndarray) -> bool:
    """Would laying the array out row by row read it, on the device?"""
    return on_device(array) is not None and not array.flags.c_contiguous


def returned(array: Any, like: OnDevice) -> Any:
    """An array of results, in the library of an argument."""
    library = type(like.owner).__module__.partition(".")[0]
    if not isinstance(array, DeviceArray) or library not in _LIBRARIES:
        return array
    module = import_module(library)
    if library == "torch":
        return module.as_tensor(array, device=like.owner.device)
    return module.asarray(array)
