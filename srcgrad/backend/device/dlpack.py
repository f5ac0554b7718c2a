"""Arrays of libraries that hand them on as DLPack, and ours for those that take them so (JAX).

In: an object with `__dlpack__`, on an NVIDIA GPU. Out: where its memory is, and how it lies. And the other way round: a
capsule for an array on the device. The layout of the structures: https://dmlc.github.io/dlpack/latest/c_api.html.

A capsule that nobody takes apart gives its tensor back when it goes. So it is kept, and not taken apart.
"""

from __future__ import annotations

import ctypes
from importlib import import_module
from typing import Any

import numpy as np

CUDA, CUDA_MANAGED = 2, 13
CPU = 1
_LEGACY_STREAM = 1  # DLPack's number of the stream on which everything here happens
_KINDS = {0: "i", 1: "u", 2: "f", 5: "c", 6: "b"}
_NAME = b"dltensor"


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]  # fmt: skip


class _Managed(ctypes.Structure):
    pass


_Deleter = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Managed))
_Managed._fields_ = [("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", _Deleter)]

_api, _void, _text = ctypes.pythonapi, ctypes.c_void_p, ctypes.c_char_p
_pointer = ctypes.PYFUNCTYPE(_void, ctypes.py_object, _text)(("PyCapsule_GetPointer", _api))
_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, _void, _text, _void)(("PyCapsule_New", _api))
_pointer_of_dying = ctypes.PYFUNCTYPE(_void, _void, _text)(("PyCapsule_GetPointer", _api))
_is_named = ctypes.PYFUNCTYPE(ctypes.c_int, _void, _text)(("PyCapsule_IsValid", _api))


def is_on_gpu(value: Any) -> bool:
    """Is it an array on a GPU that comes as DLPack?"""
    kind = type(value)
    if isinstance(value, (type, np.ndarray)) or not hasattr(kind, "__dlpack__"):
        return False
    return int(value.__dlpack_device__()[0]) in (CUDA, CUDA_MANAGED)


class Borrowed:
    """An array of another library, described as `__cuda_array_interface__` does; it lives as long as this. Raises
    `TypeError` for a dtype that NumPy has not."""

    def __init__(self, value: Any, stream: int | None = _LEGACY_STREAM) -> None:
        self.value = value
        self._held = value.__dlpack__(stream=stream) if stream is not None else value.__dlpack__()
        tensor = ctypes.cast(_pointer(self._held, _NAME), ctypes.POINTER(_Managed)).contents.tensor
        kind = _KINDS.get(tensor.code)
        if kind is None or tensor.lanes != 1 or (kind == "f" and tensor.bits not in (32, 64)):
            raise TypeError(f"its elements (DLPack's type {tensor.code} of {tensor.bits} bits) are none of NumPy's")
        dtype = np.dtype(f"{kind}{tensor.bits // 8}")
        shape = tuple(tensor.shape[k] for k in range(tensor.ndim))
        strides = tuple(tensor.strides[k] * dtype.itemsize for k in range(tensor.ndim)) if tensor.strides else None
        self.__cuda_array_interface__ = {
            "data": ((tensor.data or 0) + tensor.byte_offset, False), "shape": shape, "typestr": dtype.str,
            "strides": strides, "version": 3,
        }  # fmt: skip


_lent: dict[int, Any] = {}  # what a capsule points to, by its address, until it is given back


@_Deleter
def _give_back(managed: Any) -> None:
    _lent.pop(ctypes.addressof(managed.contents), None)


@ctypes.PYFUNCTYPE(None, _void)
def _unused(capsule: int) -> None:
    """The end of a capsule that nobody took apart (one that somebody did has another name)."""
    if _is_named(capsule, _NAME):
        _lent.pop(_pointer_of_dying(capsule, _NAME), None)


def capsule_of(array: Any, device: int = CUDA) -> Any:
    """The array as a capsule, once everything on the device is done."""
    if device == CUDA:
        import_module("cuda.bindings.driver").cuCtxSynchronize()
    ndim, dtype = array.ndim, array.dtype
    sizes = (ctypes.c_int64 * ndim)(*array.shape)
    steps = (ctypes.c_int64 * ndim)(*(step // dtype.itemsize for step in array.strides))
    code = next(number for number, kind in _KINDS.items() if kind == dtype.kind)
    tensor = _Tensor(array.address, device, 0, ndim, code, 8 * dtype.itemsize, 1, sizes, steps, 0)
    managed = _Managed(tensor, None, _give_back)
    place = ctypes.addressof(managed)
    _lent[place] = managed, sizes, steps, array
    return _capsule(place, _NAME, ctypes.cast(_unused, ctypes.c_void_p))
