"""Generated modules made ready for a device.

In: the text of a module and the options. Out: its entry point, which takes and gives leaves. What threads do becomes
kernels of the device, and the device itself is known to the host function as `dev`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from srcgrad.backend import loader
from srcgrad.backend.device.arrays import DeviceArray, OnDevice, on_device
from srcgrad.backend.device.boundary import returned, shadowed
from srcgrad.backend.device.cuda import Cuda
from srcgrad.backend.device.emulation import Emulation
from srcgrad.backend.device.pending import Reading, known
from srcgrad.config import Options, Target
from srcgrad.emit import KERNELS
from srcgrad.errors import ArgumentError, Diagnostic

EMULATE = "SRCGRAD_EMULATE_CUDA"
_warned = False


@cache
def emulation() -> Emulation:
    """The one emulation."""
    return Emulation()


@cache
def gpu(fastmath: bool) -> Cuda:
    """The GPU. Raises `ArgumentError` that says what is missing."""
    if find_spec("numba_cuda") is None:
        raise ArgumentError(
            Diagnostic(
                "target='cuda' needs the package numba-cuda",
                advice="pip install 'srcgrad[cuda]', or leave the target out",
                notes=(f"with {EMULATE}=1 in the environment kernels are emulated on the CPU, slowly",),
            )
        )
    device = Cuda(fastmath)
    if not device.cuda.is_available():
        raise ArgumentError(
            Diagnostic(
                "target='cuda' needs an NVIDIA GPU, and there is none that the driver knows of",
                why=str(device.cuda.cuda_error() or "the driver's library was found, but no device"),
                advice="run `nvidia-smi` to see what the driver says, or leave the target out",
                notes=(f"with {EMULATE}=1 in the environment kernels are emulated on the CPU, slowly",),
            )
        )
    return device


def current(options: Options) -> Any:
    """The device that code for a GPU runs on."""
    return emulation() if os.environ.get(EMULATE) == "1" else gpu(options.fastmath)


_RUNTIME = "srcgrad.runtime."


class Entry:
    """The host function of a module: called with leaves, NumPy arrays or shadows of arrays on the device.

    Where all arrays came from NumPy, those that come out go back there."""

    def __init__(self, name: str, text: str, options: Options) -> None:
        self._name, self._text, self._options = name, text, options
        self._device: Any = None
        self._function: Callable[..., Any] | None = None

    def __call__(self, *leaves: Any) -> Any:
        if self._function is None:
            self._device = current(self._options)
            self._function = host_function(self._name, self._text, self._device)
        self._device.enter()
        known = [found for leaf in leaves if (found := on_device(leaf)) is not None]
        given = [self._given(leaf) for leaf in leaves]
        with np.errstate(all="ignore"):
            result = self._function(*given)
        if known:
            return _each(result, lambda value: self._kept(value, known[0]))
        if any(isinstance(leaf, np.ndarray) for leaf in leaves) and not isinstance(self._device, Emulation):
            _warn_of_copies()
        return _each(result, self._returned)

    def _given(self, leaf: Any) -> Any:
        made = on_device(leaf)
        if made is not None:
            return self._device.adopt(leaf, made.owner)
        if isinstance(leaf, np.ndarray):
            return self._device.upload(leaf)
        return leaf if isinstance(leaf, np.generic) else np.asarray(leaf)[()]

    def _kept(self, value: Any, like: OnDevice) -> Any:
        value = known(value)
        return value.item() if isinstance(value, np.generic) else returned(value, like)

    def _returned(self, value: Any) -> Any:
        value = known(value)
        if isinstance(value, (DeviceArray, np.ndarray)):
            return self._device.download(value)
        return value.item() if isinstance(value, np.generic) else value


def _each(result: Any, change: Callable[[Any], Any]) -> Any:
    return tuple(_each(item, change) for item in result) if isinstance(result, tuple) else change(result)


def to_device(array: np.ndarray) -> Any:
    """A copy of a NumPy array on the GPU. What is compiled with `target="cuda"` takes it, and then gives arrays on the
    GPU; so do CuPy's and PyTorch's arrays. Raises `ArgumentError` where there is no GPU."""
    return current(Options(target=Target.CUDA)).upload(np.asarray(array))


def assign(target: Any, value: Any) -> None:
    """Write a result into an array of the caller's: one of the host's memory, or one on the GPU."""
    if isinstance(target, np.ndarray):
        target[...] = value if isinstance(value, np.ndarray) else np.asarray(value)
        return
    device = current(Options(target=Target.CUDA))
    places = [on_device(shadowed(each)) for each in (target, value)]
    arrays = [shadowed(each) for each in (target, value)]
    assert places[0] is not None and places[1] is not None
    device.assign(*(device.adopt(array, place.owner) for array, place in zip(arrays, places)))  # type: ignore[union-attr]


def copied(shadow: np.ndarray) -> np.ndarray:
    """The shadow of a copy."""
    device = current(Options(target=Target.CUDA))
    made = on_device(shadow)
    assert made is not None
    result = device.copy(device.adopt(shadow, made.owner))
    return result.shadow if isinstance(result, DeviceArray) else result


def host_function(name: str, text: str, device: Any) -> Callable[..., Any]:
    """The entry point of a fresh copy of the module, on a device."""
    module = loader.load(name, text, {"device": device.name})
    if not hasattr(module, "dev"):
        compiled = {k: Reading(v) for k, v in vars(module).items() if getattr(v, "__name__", "").startswith(_RUNTIME)}
        vars(module).update(compiled | device.modules, dev=device)
        for kernel, (indices, slots, folds) in getattr(module, KERNELS, {}).items():
            setattr(module, kernel, device.kernel(getattr(module, kernel), indices, slots, folds))
    return getattr(module, name)


def _warn_of_copies() -> None:
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(
            "srcgrad: NumPy arrays are copied to the GPU for each call with target='cuda', and results back (about "
            "10 GB/s); pass arrays that are on the GPU already (CuPy, PyTorch, srcgrad.to_device) to leave them there",
            stacklevel=6,
        )
