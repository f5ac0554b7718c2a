"""The same gradients by NVIDIA Warp, as its users write them: kernels, launched under a tape.

Left out: `absorbed`, whose gradient by Warp is wrong (as documented, where a dynamic loop overwrites floats); and
`dense`, as Warp multiplies tiles only since `wp.matmul` went, and its users leave whole matrices to other libraries.
"""

# No `from __future__ import annotations`: Warp would evaluate those of kernels without the names of the closures.
import statistics
import time
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.gpu.problems import CX, CY, WEIGHTS

wp: Any = import_module("warp") if find_spec("warp") else None
if wp is not None:
    wp.config.log_level = wp.LOG_WARNING  # nothing into the table of times

BLOCK = 256
WIDE = 1024  # copies of a number that all threads read
Forward = Callable[[Any], None]  # launches kernels that add to a loss


def times(name: str, arguments: tuple, argnums: tuple[int, ...], rounds: int) -> float | None:
    """Milliseconds per gradient: the better of launches one by one and of a replayed CUDA graph."""
    if wp is None or name not in PROGRAMS or not wp.is_cuda_available():
        return None
    gradient, _ = _prepared(name, arguments, argnums, "cuda")
    return min(_median(gradient, rounds), _median(_replay(gradient, "cuda"), rounds))


def gradients(name: str, arguments: tuple, argnums: tuple[int, ...], device: str, replayed: bool = False) -> tuple:
    """The gradients, as arrays and numbers; with `replayed`, those that a captured graph leaves."""
    gradient, wanted = _prepared(name, arguments, argnums, device)
    gradient()
    if replayed:
        _replay(gradient, device)()
    wp.synchronize()
    found = [a.grad.numpy() for a in wanted]
    return tuple(g if isinstance(arguments[k], np.ndarray) else float(g[0]) for k, g in zip(argnums, found))


def _median(call: Callable[[], Any], rounds: int) -> float:
    found = []
    for _ in range(2 + rounds):
        began = time.perf_counter()
        call()
        wp.synchronize()
        found.append(time.perf_counter() - began)
    return 1e3 * statistics.median(found[2:])


def _prepared(name: str, arguments: tuple, argnums: tuple[int, ...], device: str) -> tuple[Callable[[], None], list]:
    """A call that computes the gradients, and the arrays that hold them after it; all memory is allocated here."""
    real = wp.float32 if any(getattr(a, "dtype", None) == np.float32 for a in arguments) else wp.float64
    given = [_given(a, k in argnums, real, device) for k, a in enumerate(arguments)]
    forward = PROGRAMS[name](real, *given)
    loss = wp.zeros(1, dtype=real, requires_grad=True, device=device)
    tape = wp.Tape()

    def gradient() -> None:
        tape.reset()  # zeros all gradients
        loss.zero_()
        with tape:
            forward(loss)
        tape.backward(loss)

    return gradient, [given[k] for k in argnums]


def _replay(gradient: Callable[[], None], device: str) -> Callable[[], None]:
    """Replays a graph of a gradient that ran before: its kernels are compiled, and the tape knows what to zero."""
    with wp.ScopedCapture(device=device) as capture:
        gradient()
    return lambda: wp.capture_launch(capture.graph)


def _given(argument: Any, wanted: bool, real: Any, device: str) -> Any:
    """Arrays on the device; numbers to differentiate with respect to as arrays of length 1. Warp counts in 32 bits."""
    if isinstance(argument, np.ndarray):
        dtype = wp.int32 if argument.dtype.kind == "i" else real
        return wp.array(argument, dtype=dtype, requires_grad=wanted, device=device)
    return wp.array([argument], dtype=real, requires_grad=True, device=device) if wanted else argument


def _launch(kernel: Any, shape: int | tuple[int, ...], *arguments: Any) -> None:
    """With one axis, blocks in full: sums over blocks need all threads of each."""
    dim = -(-shape // BLOCK) * BLOCK if isinstance(shape, int) else shape
    wp.launch(kernel, dim, arguments, device=arguments[0].device, block_dim=BLOCK)


def _single(kernel: Callable[[Any], Any]) -> Callable[..., Forward]:
    """A program of one kernel, with a thread for each element of its first array."""
    return lambda real, first, *others: lambda loss: _launch(kernel(real), first.size, first, *others, loss)


@cache
def _copies(real: Any) -> Any:
    vector: Any = wp.array(dtype=real)

    @wp.kernel(module="unique")
    def copies(number: vector, many: vector):
        many[wp.tid()] = number[0]

    return copies


def _spread(number: Any) -> tuple[Any, Callable[[], None]]:
    """An array of copies of a number, and the launch that fills it: were it one number in memory, the backward pass of
    all threads would add to one address, in turn."""
    many = wp.empty(WIDE, dtype=number.dtype, requires_grad=True, device=number.device)
    return many, lambda: _launch(_copies(number.dtype), WIDE, number, many)


def _sum_kernel(real: Any, term: Any) -> Any:
    vector: Any = wp.array(dtype=real)

    @wp.kernel(module="unique")
    def total(x: vector, loss: vector):
        i = wp.tid()
        value = real(0.0)
        if i < x.shape[0]:
            value = term(x[i])
        wp.tile_atomic_add(loss, wp.tile_sum(wp.tile(value)))

    return total


@cache
def _chain(real: Any) -> Any:
    vector: Any = wp.array(dtype=real)

    @wp.kernel(module="unique")
    def chain(x: vector, y: vector, loss: vector):
        i = wp.tid()
        value = real(0.0)
        if i < x.shape[0]:
            a = x[i]
            value = wp.sin(a) * wp.exp(real(-0.1) * a * a) + a * y[i]
        wp.tile_atomic_add(loss, wp.tile_sum(wp.tile(value)))

    return chain


@cache
def _options(real: Any) -> Any:
    vector: Any = wp.array(dtype=real)

    @wp.func
    def normal(d: real):
        return real(0.5) * (real(1.0) + wp.erf(d * real(wp.static(0.5**0.5))))

    @wp.kernel(module="unique")
    def options(spot: vector, strike: vector, time: vector, rate: real, volatility: vector, loss: vector):
        i = wp.tid()
        value = real(0.0)
        if i < spot.shape[0]:
            s, k, t, v = spot[i], strike[i], time[i], volatility[i]
            root = v * wp.sqrt(t)
            d1 = (wp.log(s / k) + (rate + real(0.5) * v * v) * t) / root
            value = s * normal(d1) - k * wp.exp(-rate * t) * normal(d1 - root)
        wp.tile_atomic_add(loss, wp.tile_sum(wp.tile(value)))

    return options


@cache
def _heat_kernels(real: Any) -> tuple[Any, Any]:
    vector: Any = wp.array(dtype=real)
    matrix: Any = wp.array2d(dtype=real)

    @wp.kernel(module="unique")
    def step(u: matrix, k: vector, after: matrix):
        i, j = wp.tid()
        value = u[i, j]
        if i > 0 and j > 0 and i < u.shape[0] - 1 and j < u.shape[1] - 1:
            around = u[i + 1, j] + u[i - 1, j] + u[i, j + 1] + u[i, j - 1]
            value = value + k[j % wp.static(WIDE)] * (around - real(4.0) * value)
        after[i, j] = value

    @wp.func
    def cube(a: real):
        return a * a * a

    return step, _sum_kernel(real, cube)


def _heat(real: Any, u: Any, k: Any, steps: int) -> Forward:
    """An array for each step, as the backward pass reads them."""
    step, cubes = _heat_kernels(real)
    many, fill = _spread(k)
    states = [u, *(wp.empty_like(u, requires_grad=True) for _ in range(steps))]
    last = states[-1].flatten()

    def forward(loss: Any) -> None:
        fill()
        for old, new in pairwise(states):
            _launch(step, u.shape, old, many, new)
        _launch(cubes, last.size, last, loss)

    return forward


@cache
def _heston_kernel(real: Any, steps: int) -> Any:
    """The loop is unrolled: in a dynamic one, the backward pass would read the last values of `v`."""
    vector: Any = wp.array(dtype=real)
    matrix: Any = wp.array2d(dtype=real)

    @wp.func
    def payoff(v0: real, kappa: real, theta: real, xi: real, rho: real, z1: matrix, z2: matrix, i: int):
        dt = real(1.0) / real(wp.static(steps))
        other = wp.sqrt(real(1.0) - rho * rho)
        s, v = real(0.0), v0
        for t in range(wp.static(steps)):
            first = z1[i, t]
            second = z2[i, t]
            positive = wp.max(v, real(0.0))
            root = wp.sqrt(positive * dt)
            s += real(-0.5) * positive * dt + root * first
            v += kappa * (theta - positive) * dt + xi * root * (rho * first + other * second)
        return wp.max(wp.exp(s) - real(1.0), real(0.0))

    @wp.kernel(module="unique", module_options={"max_unroll": steps})
    def heston(v0: vector, kappa: vector, theta: vector, xi: vector, rho: vector, z1: matrix, z2: matrix, loss: vector):
        i = wp.tid()
        c = i % wp.static(WIDE)
        value = real(0.0)
        if i < z1.shape[0]:
            value = payoff(v0[c], kappa[c], theta[c], xi[c], rho[c], z1, z2, i) / real(z1.shape[0])
        wp.tile_atomic_add(loss, wp.tile_sum(wp.tile(value)))

    return heston


def _heston(real: Any, *given: Any) -> Forward:
    *numbers, z1, z2 = given
    paths, steps = z1.shape
    spread = [_spread(number) for number in numbers]

    def forward(loss: Any) -> None:
        for _, fill in spread:
            fill()
        _launch(_heston_kernel(real, steps), paths, *(many for many, _ in spread), z1, z2, loss)

    return forward


@cache
def _forces(real: Any) -> Any:
    vector: Any = wp.array(dtype=real)

    @wp.func  # run again in the backward pass, as loops are not: in the kernel, that would find `own` to be 0
    def potential(x: vector, y: vector, z: vector, mass: vector, i: int):
        a, b, c = x[i], y[i], z[i]
        own = real(0.0)
        for k in range(x.shape[0]):
            j = (i + k) % x.shape[0]  # another in each thread: the backward pass adds to the gradient of x[j]
            dx, dy, dz = a - x[j], b - y[j], c - z[j]
            own += mass[j] / wp.sqrt(dx * dx + dy * dy + dz * dz + real(0.01))
        return own

    @wp.kernel(module="unique")
    def forces(x: vector, y: vector, z: vector, mass: vector, loss: vector):
        i = wp.tid()
        value = real(0.0)
        if i < x.shape[0]:
            value = real(-0.5) * mass[i] * potential(x, y, z, mass, i)
        wp.tile_atomic_add(loss, wp.tile_sum(wp.tile(value)))

    return forces


@cache
def _scatter_kernels(real: Any) -> tuple[Any, Any]:
    vector: Any = wp.array(dtype=real)
    places: Any = wp.array(dtype=wp.int32)

    @wp.kernel(module="unique")
    def scatter(x: vector, place: places, grid: vector):
        i = wp.tid()
        if i < x.shape[0]:
            a = x[i]
            wp.atomic_add(grid, place[i], a * a)

    @wp.func
    def root(a: real):
        return wp.sqrt(a + real(1.0))

    return scatter, _sum_kernel(real, root)


def _scatter(real: Any, x: Any, place: Any, cells: int) -> Forward:
    scatter, roots = _scatter_kernels(real)
    grid = wp.zeros(cells, dtype=real, requires_grad=True, device=x.device)

    def forward(loss: Any) -> None:
        grid.zero_()
        _launch(scatter, x.size, x, place, grid)
        _launch(roots, cells, grid, loss)

    return forward


@cache
def _lookup(real: Any) -> Any:
    vector: Any = wp.array(dtype=real)
    matrix: Any = wp.array2d(dtype=real)
    rows: Any = wp.array(dtype=wp.int32)

    @wp.func  # as in `_forces`
    def below(grid: matrix, row: int, e: real):
        low, high = wp.int32(0), grid.shape[1] - 1
        while high - low > 1:
            middle = (low + high) // 2
            if grid[row, middle] > e:
                high = middle
            else:
                low = middle
        return low

    @wp.kernel(module="unique")
    def lookup(energy: vector, nuclide: rows, grid: matrix, table: matrix, density: vector, loss: vector):
        i = wp.tid()
        value = real(0.0)
        if i < energy.shape[0]:
            e, row = energy[i], nuclide[i]
            low = below(grid, row, e)
            start, end = grid[row, low], grid[row, low + 1]
            f = (end - e) / (end - start)
            mixed = f * table[row, low] + (real(1.0) - f) * table[row, low + 1]
            value = density[row] * mixed / real(energy.shape[0])
        wp.tile_atomic_add(loss, wp.tile_sum(wp.tile(value)))

    return lookup


@cache
def _lattice_kernels(real: Any) -> tuple[Any, Any]:
    vector: Any = wp.array(dtype=real)
    field: Any = wp.array3d(dtype=real)
    nine: Any = wp.types.vector(9, real)

    @wp.kernel(module="unique")
    def stream(f: field, omega: vector, out: field):
        i, j = wp.tid()
        n, m = f.shape[1], f.shape[2]
        here = nine()
        density, x, y = real(0.0), real(0.0), real(0.0)
        for k in range(9):
            a = f[k, (i - wp.static(CX[k]) + n) % n, (j - wp.static(CY[k]) + m) % m]
            here[k] = a
            density += a
            x += real(wp.static(float(CX[k]))) * a
            y += real(wp.static(float(CY[k]))) * a
        x, y = x / density, y / density
        rate = omega[j % wp.static(WIDE)]
        for k in range(9):
            along = real(3.0) * (real(wp.static(float(CX[k]))) * x + real(wp.static(float(CY[k]))) * y)
            bracket = real(1.0) + along + real(0.5) * along * along - real(1.5) * (x * x + y * y)
            out[k, i, j] = here[k] + rate * (real(wp.static(WEIGHTS[k])) * density * bracket - here[k])

    @wp.func
    def square(a: real):
        return a * a

    return stream, _sum_kernel(real, square)


def _lattice(real: Any, f: Any, omega: Any) -> Forward:
    stream, squares = _lattice_kernels(real)
    many, fill = _spread(omega)
    out = wp.empty_like(f, requires_grad=True)
    flat = out.flatten()

    def forward(loss: Any) -> None:
        fill()
        _launch(stream, f.shape[1:], f, many, out)
        _launch(squares, flat.size, flat, loss)

    return forward


PROGRAMS: dict[str, Callable[..., Forward]] = {
    "chain": _single(_chain),
    "black_scholes": _single(_options),
    "heat": _heat,
    "heston": _heston,
    "forces": _single(_forces),
    "scatter": _scatter,
    "lookup": _single(_lookup),
    "lattice": _lattice,
}
