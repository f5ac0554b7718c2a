"""Products of matrices on a GPU: cuBLAS where CuPy brings it, else a kernel of our own."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from srcgrad.backend.device.launching import Compiled

_TILE = 16


def add_product(device: Any, c: Any, a: Any, b: Any, fresh: bool = False) -> None:
    """`c += a @ b` for matrices of one floating dtype, `c = a @ b` where that is `fresh`."""
    if not c.size or (not a.shape[1] and not fresh):
        return
    if find_spec("cupy") is not None:
        _by_cublas(c, a, b, fresh)
        return
    m, k = a.shape
    n = c.shape[1]
    grid = (-(-n // _TILE), -(-m // _TILE))
    kernel = _tiled(device, c.dtype, *(each.fields[0] for each in (a, b, c)))
    kernel.launch(grid, (_TILE, _TILE), [m, n, k, fresh, c, a, b])


def _by_cublas(c: Any, a: Any, b: Any, fresh: bool) -> None:
    """cuBLAS takes matrices by columns: it is told `c.T = b.T @ a.T`."""
    cupy = import_module("cupy")
    target, left, right = map(cupy.asarray, (c, a, b))
    if target.flags.c_contiguous:
        gemm = import_module("cupy.cublas").gemm
        gemm("N", "N", right.T, left.T, out=target.T, alpha=1.0, beta=0.0 if fresh else 1.0)
    elif fresh:
        target[...] = left @ right
    else:
        target += left @ right


@cache
def _tiled(device: Any, dtype: np.dtype, *kinds: Any) -> Compiled:
    """Each block of threads has a tile of the result, and passes through those of the factors in shared memory."""

    cuda = device.cuda

    def product(m, n, k, fresh, c, a, b):
        left = cuda.shared.array((_TILE, _TILE), dtype)
        right = cuda.shared.array((_TILE, _TILE), dtype)
        x, y = cuda.threadIdx.x, cuda.threadIdx.y
        j, i = cuda.blockIdx.x * _TILE + x, cuda.blockIdx.y * _TILE + y
        total = dtype.type(0)
        for first in range(0, k, _TILE):
            left[y, x] = a[i, first + x] if i < m and first + x < k else dtype.type(0)
            right[y, x] = b[first + y, j] if first + y < k and j < n else dtype.type(0)
            cuda.syncthreads()
            for p in range(_TILE):
                total += left[y, p] * right[p, x]
            cuda.syncthreads()
        if i < m and j < n:
            c[i, j] = total if fresh else c[i, j] + total

    return Compiled(device, cuda.jit(product))
