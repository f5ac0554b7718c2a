"""Kernels whose threads share memory and wait for one another, as users of `numba.cuda` write them."""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import cuda, float32, float64, int64

SIDE = 4  # of a tile
BLOCK = 8  # threads along a line
TWICE = 2 * BLOCK  # Numba takes names of numbers, and no expressions
RADIUS = 2
LINE = BLOCK + 2 * RADIUS


def block_sums(x, out):
    part = cuda.shared.array(BLOCK, float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    if i < x.size:
        part[t] = math.sin(x[i])
    else:
        part[t] = 0.0
    cuda.syncthreads()
    half = cuda.blockDim.x // 2
    while half > 0:
        if t < half:
            part[t] += part[t + half]
        cuda.syncthreads()
        half //= 2
    if t == 0:
        out[cuda.blockIdx.x] = part[0]


def total(x, out):
    """One number from all blocks, by an atomic addition."""
    part = cuda.shared.array(shape=(BLOCK,), dtype=float64)
    t = cuda.threadIdx.x
    own = 0.0
    for i in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
        own += x[i] ** 3
    part[t] = own
    cuda.syncthreads()
    step = 1
    while step < BLOCK:
        if t % (2 * step) == 0:
            part[t] = part[t] + part[t + step]
        cuda.syncthreads()
        step *= 2
    if t == 0:
        cuda.atomic.add(out, 0, part[0])


def tiled_product(a, b, c):
    """Matrices multiplied tile by tile, as in Numba's manual."""
    own_a = cuda.shared.array((SIDE, SIDE), float64)
    own_b = cuda.shared.array((SIDE, SIDE), float64)
    x, y = cuda.grid(2)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    found = 0.0
    for tile in range((a.shape[1] + SIDE - 1) // SIDE):
        own_a[tx, ty] = 0.0
        own_b[tx, ty] = 0.0
        if x < a.shape[0] and ty + tile * SIDE < a.shape[1]:
            own_a[tx, ty] = a[x, ty + tile * SIDE]
        if y < b.shape[1] and tx + tile * SIDE < b.shape[0]:
            own_b[tx, ty] = b[tx + tile * SIDE, y]
        cuda.syncthreads()
        for k in range(SIDE):
            found += own_a[tx, k] * own_b[k, ty]
        cuda.syncthreads()
    if x < c.shape[0] and y < c.shape[1]:
        c[x, y] = found


def blurred(x, weights, out):
    """A stencil that reads each element once, with the neighbours' edges."""
    line = cuda.shared.array(LINE, float64)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    n = x.shape[0]
    line[t + RADIUS] = x[i] if i < n else 0.0
    if t < RADIUS:
        line[t] = x[i - RADIUS] if i >= RADIUS else 0.0
        after = i + BLOCK
        line[t + BLOCK + RADIUS] = x[after] if after < n else 0.0
    cuda.syncthreads()
    if i < n:
        found = 0.0
        for k in range(2 * RADIUS + 1):
            found += weights[k] * line[t + k]
        out[i] = math.exp(-found)


def running_sums(x, out):
    """Hillis and Steele's scan, in one buffer: a thread keeps a value across a barrier."""
    line = cuda.shared.array(0, float64)
    t = cuda.threadIdx.x
    line[t] = x[t]
    cuda.syncthreads()
    distance = 1
    while distance < cuda.blockDim.x:
        before = 0.0
        if t >= distance:
            before = line[t - distance]
        cuda.syncthreads()
        line[t] = line[t] + before * 1.01
        cuda.syncthreads()
        distance *= 2
    out[t] = line[t] * line[t]


def relaxed(u, steps, rate):
    """Steps of diffusion within a block, in two buffers that take turns."""
    line = cuda.shared.array((2, BLOCK), float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    line[0, t] = u[i]
    cuda.syncthreads()
    for step in range(steps):
        now = step % 2
        here = line[now, t]
        if 0 < t < BLOCK - 1:
            here += rate * (line[now, t - 1] - 2.0 * here + line[now, t + 1]) * here
        line[1 - now, t] = here
        cuda.syncthreads()
    u[i] = line[steps % 2, t]


def uneven(x, lengths, out):
    """Each block takes as many steps as a number of its own says."""
    line = cuda.shared.array(BLOCK, float64)
    t, b = cuda.threadIdx.x, cuda.blockIdx.x
    line[t] = x[b, t]
    cuda.syncthreads()
    for _ in range(lengths[b]):
        other = line[(t + 1) % BLOCK]
        cuda.syncthreads()
        line[t] = 0.5 * line[t] * other + other
        cuda.syncthreads()
    out[b, t] = line[t]


def until_small(x, limit, out):
    """A block halves its values until their sum is small: all its threads read the same flag."""
    line = cuda.shared.array(BLOCK, float64)
    flag = cuda.shared.array(1, int64)
    t, b = cuda.threadIdx.x, cuda.blockIdx.x
    line[t] = x[b, t]
    if t == 0:
        flag[0] = 1
    cuda.syncthreads()
    while flag[0] == 1:
        line[t] = 0.5 * line[t] * line[t]
        cuda.syncthreads()
        if t == 0:
            found = 0.0
            for k in range(BLOCK):
                found += line[k]
            flag[0] = 1 if found > limit else 0
        cuda.syncthreads()
    out[b, t] = line[t]


def with_local_memory(x, c, out):
    """An array of the thread's own, filled before a barrier and used behind it."""
    line = cuda.shared.array(BLOCK, float64)
    powers = cuda.local.array(3, float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    powers[0] = 1.0
    for k in range(1, 3):
        powers[k] = powers[k - 1] * x[i]
    line[t] = powers[2]
    cuda.syncthreads()
    found = line[BLOCK - 1 - t]
    for k in range(3):
        found += c[k] * powers[k]
    out[i] = found


def in_branches(x, flag, out):
    """Barriers in a branch that all threads take, and in neither."""
    line = cuda.shared.array(BLOCK, float32)
    t = cuda.threadIdx.x
    v = x[t]
    if flag > 0:
        line[t] = v
        cuda.syncthreads()
        v = v * line[BLOCK - 1 - t]
    else:
        v = v * v * v
    out[t] = v


def fetch(line, x, t):
    """A device function that waits."""
    line[t] = x[t]
    cuda.syncthreads()
    return line[(t + 3) % BLOCK]


def by_a_function(x, out):
    line = cuda.shared.array(BLOCK, float64)
    t = cuda.threadIdx.x
    other = fetch(line, x, t)
    out[t] = other * x[t]


def with_names_of_its_own(x, out, bytes):
    """Names that generated code might have taken."""
    threads_x = cuda.gridDim.x * cuda.blockDim.x
    thread_x = cuda.grid(1)
    shared_1 = cuda.shared.array(SHAPE, numba.float64)
    shared_1[0, cuda.threadIdx.x] = x[thread_x] * bytes
    cuda.syncthreads()
    np = shared_1[0, cuda.blockDim.x - 1 - cuda.threadIdx.x]
    out[thread_x] = np * cuda.blockDim.x * threads_x * x[thread_x]


def two_for_each(x, out):
    """Each thread has two elements, half of the array apart."""
    line = cuda.shared.array(TWICE, float64)
    t = cuda.threadIdx.x
    line[t] = x[t]
    line[t + cuda.blockDim.x] = x[t + BLOCK]
    cuda.syncthreads()
    out[t] = line[t] * line[2 * BLOCK - 1 - t]
    out[t + BLOCK] = line[t + BLOCK] ** 2


def same_memory(x, out):
    """All arrays without a length are the same."""
    first = cuda.shared.array(0, float64)
    t = cuda.threadIdx.x
    first[t] = x[t]
    second = cuda.shared.array(0, float64)
    cuda.syncthreads()
    out[t] = second[BLOCK - 1 - t] * x[t]


def stored_before_leaving(x, steps, out):
    line = cuda.shared.array(BLOCK, float64)
    t = cuda.threadIdx.x
    v = x[t]
    for k in range(6):
        line[t] = v
        cuda.syncthreads()
        v = v * line[(t + 1) % BLOCK] + 0.2
        cuda.syncthreads()
        if k == steps:
            out[t] = v
            return
    out[t] = v * 2.0


SHAPE = (2, BLOCK)
RNG = np.random.default_rng(7)
CASES = {
    # function: launch, arguments, written, with respect to
    block_sums: ((3, BLOCK), (RNG.random(20), np.zeros(3)), 1, (0,)),
    total: ((2, BLOCK), (RNG.random(37), np.ones(1)), 1, (0, 1)),
    tiled_product: (((2, 3), (SIDE, SIDE)), (RNG.random((7, 6)), RNG.random((6, 10)), np.zeros((7, 10))), 2, (0, 1)),
    blurred: ((3, BLOCK), (RNG.random(21), RNG.random(2 * RADIUS + 1), np.zeros(21)), 2, (0, 1)),
    running_sums: ((1, BLOCK, 0, 8 * BLOCK), (RNG.random(BLOCK), np.zeros(BLOCK)), 1, (0,)),
    relaxed: ((2, BLOCK), (RNG.random(2 * BLOCK), 5, 0.2), 0, (0, 2)),
    uneven: ((3, BLOCK), (RNG.random((3, BLOCK)), np.array([2, 0, 3]), np.zeros((3, BLOCK))), 2, (0,)),
    until_small: ((3, BLOCK), (1.5 * RNG.random((3, BLOCK)), 0.9, np.zeros((3, BLOCK))), 2, (0,)),
    with_local_memory: ((2, BLOCK), (RNG.random(2 * BLOCK), RNG.random(3), np.zeros(2 * BLOCK)), 2, (0, 1)),
    in_branches: ((1, BLOCK), (RNG.random(BLOCK), 1, np.zeros(BLOCK)), 2, (0,)),
    with_names_of_its_own: ((2, BLOCK), (RNG.random(2 * BLOCK), np.zeros(2 * BLOCK), 2.0), 1, (0, 2)),
    two_for_each: ((1, BLOCK), (RNG.random(2 * BLOCK), np.zeros(2 * BLOCK)), 1, (0,)),
    same_memory: ((1, BLOCK, 0, 8 * BLOCK), (RNG.random(BLOCK), np.zeros(BLOCK)), 1, (0,)),
    stored_before_leaving: ((1, BLOCK), (RNG.random(BLOCK), 2, np.zeros(BLOCK)), 2, (0,)),
    by_a_function: ((1, BLOCK), (RNG.random(BLOCK), np.zeros(BLOCK)), 1, (0,)),
}
