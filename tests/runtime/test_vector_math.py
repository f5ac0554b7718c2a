"""The vector functions: double precision against mpmath, single against double; exceptional arguments; vectorisation.

Errors are counted in units in the last place of the exact result, `spacing` of NumPy; each is to be below 2.
"""

from __future__ import annotations

import functools
import math
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import mpmath
import numba
import numpy as np
import pytest
import scipy.special

from srcgrad.runtime import vector_math as vm

BOUND = 2.0
DTYPES = [np.float64, np.float32]
REORDERED = {"reassoc", "nsz", "arcp", "contract"}
inf, nan = math.inf, math.nan

# Where the arguments lie: of every interval as many, evenly; "any" is every pattern of bits that is a finite number.
INTERVALS = {
    "exp": [(-745.2, 709.8), (-1, 1), (-745.2, -707)],
    "exp2": [(-1075, 1024), (-1, 1), (-1075, -1020)],
    "expm1": [(-50, 709.8), (-1, 1), (-1e-5, 1e-5), "any"],
    "sinh": [(-710.4, 710.4), (-1, 1), (-1e-5, 1e-5)],
    "cosh": [(-710.4, 710.4), (-1, 1)],
    "tanh": [(-20, 20), (-1, 1), (-1e-5, 1e-5), "any"],
    "expit": [(-745, 40), (-3, 3)],
    "log": [(0, 2), (0.9, 1.1), (0, 1e-307), "any"],
    "log2": [(0, 2), (0.9, 1.1), (0, 1e-307), "any"],
    "log10": [(0, 2), (0.9, 1.1), (0, 1e-307), "any"],
    "log1p": [(-1, 2), (-1e-5, 1e-5), "any"],
    "asinh": [(-3, 3), (-100, 100), "any"],
    "acosh": [(1, 3), (1, 1.0001), "any"],
    "atanh": [(-1, 1), (-1e-5, 1e-5), "any"],
    "sin": [(-8, 8), (-1000, 1000), (0, 1e9), (1e9, 1e12), "any"],
    "cos": [(-8, 8), (-1000, 1000), (0, 1e9), (1e9, 1e12), "any"],
    "tan": [(-8, 8), (-1000, 1000), (0, 1e9), (1e9, 1e12), "any"],
    "asin": [(-1, 1), (0.45, 0.55), "any"],
    "acos": [(-1, 1), (0.45, 0.55), (0.999, 1), "any"],
    "atan": [(-4, 4), (0.9, 1.1), "any"],
    "cbrt": [(-8, 8), (0, 1e-307), "any"],
    "erf": [(-6, 6), (0.4, 0.6), (-1e-5, 1e-5), (-1e-306, 1e-306)],
    "erfc": [(-6, 27.3), (0.4, 0.6), (-0.6, -0.4), (26, 27.3)],
}
EXACT = {
    "exp2": lambda x: mpmath.mpf(2) ** x,
    "log2": lambda x: mpmath.log(x, 2),
    "expit": lambda x: 1 / (1 + mpmath.exp(-x)),
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
}


def expit(x: np.ndarray) -> np.ndarray:
    """SciPy's is 0 where the result is subnormal."""
    power = np.exp(-np.abs(x))
    return np.where(x < 0.0, power, x.dtype.type(1.0)) / (1 + power)


NUMPY = {
    "expit": expit, "erf": scipy.special.erf, "erfc": scipy.special.erfc, "asin": np.arcsin,
    "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "atan2": np.arctan2, "pow": np.power, "half_pow": np.power,
}  # fmt: skip
BINARY = ["pow", "atan2", "hypot"]
WITH_RARE_PATH = ["sin", "cos", "tan"]
SPECIAL = [
    0.0, 1.0, 2.0, 0.5, 3.0, 2.5, 1.5, inf, nan, 1e300, 1e-310, 5e-324, 1e38, 1e-40, 1e-45, 710.0, 746.0, 89.0, 104.0,
    1e22, 1e5, 9007199254740993.0, 16777217.0, 8388609.0, 4503599627370497.0, 1 / 3,
]  # fmt: skip


def library(name: str):
    """NumPy's or SciPy's function of the name."""
    return NUMPY.get(name) or getattr(np, name)


@functools.cache
def compiled(name: str):
    """The function in a loop over arrays."""
    function = getattr(vm, name)
    if name in (*BINARY, "half_pow"):

        @numba.njit(error_model="numpy")
        def loop(x, y, out):
            for i in range(x.size):
                out[i] = function(x[i], y[i])

    else:

        @numba.njit(error_model="numpy")
        def loop(x, out):
            for i in range(x.size):
                out[i] = function(x[i])

    return loop


def results(name: str, *arguments: np.ndarray) -> np.ndarray:
    out = np.empty_like(arguments[0])
    compiled(name)(*arguments, out)
    return out


def any_numbers(random: np.random.Generator, dtype: type, count: int) -> np.ndarray:
    """Finite numbers with random bits."""
    width = np.int64 if dtype is np.float64 else np.int32
    limits = np.iinfo(width)
    bits = random.integers(limits.min, limits.max, 2 * count, dtype=width, endpoint=True)
    numbers = bits.view(dtype)
    return numbers[np.isfinite(numbers)][:count]


def sample(name: str, dtype: type, count: int) -> np.ndarray:
    """Arguments for which the function is a number: `count` from each of its intervals."""
    random = np.random.default_rng(len(name))
    parts = [
        any_numbers(random, dtype, count) if interval == "any" else random.uniform(*interval, count).astype(dtype)
        for interval in INTERVALS[name]
    ]
    x = np.concatenate(parts)
    with np.errstate(all="ignore"):
        known = np.isfinite(library(name)(x.astype(np.float64)))
    return x[known & (x != 0.0)]


def split(exact) -> tuple[float, float]:
    """An mpmath number as the sum of two floats."""
    high = float(exact)
    return high, float(exact - mpmath.mpf(high))


def largest_error(found: np.ndarray, high: np.ndarray, low: np.ndarray | float = 0.0) -> float:
    """In units in the last place of `high + low`; results too large for the type may be infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        unit = np.spacing(np.abs(high).astype(found.dtype)).astype(np.float64)
        error = np.abs((found.astype(np.float64) - high) - low) / unit
    overflow = ~np.isfinite(unit)
    assert np.all(np.isinf(found[overflow]))
    return float(np.max(np.where(overflow, 0.0, error)))


def mpmath_values(name: str, *arguments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    exact = EXACT.get(name) or getattr(mpmath, name)
    with mpmath.workprec(max(120, mpmath.mp.prec)):
        pairs = [split(exact(*(mpmath.mpf(float(x)) for x in row))) for row in zip(*arguments)]
    high, low = np.array(pairs).T
    return high, low


@pytest.mark.parametrize("name", INTERVALS)
def test_double_precision(name: str) -> None:
    x = sample(name, np.float64, 500)
    assert largest_error(results(name, x), *mpmath_values(name, x)) < BOUND


@pytest.mark.parametrize("name", INTERVALS)
def test_single_precision(name: str) -> None:
    x = sample(name, np.float32, 50_000)
    with np.errstate(all="ignore"):
        exact = library(name)(x.astype(np.float64))
    assert largest_error(results(name, x), exact) < BOUND


def power_arguments(dtype: type, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Bases and exponents with finite powers that cover the whole range; negative bases with integer exponents."""
    random = np.random.default_rng(0)
    limit = math.log(np.finfo(dtype).max)
    any_base = np.abs(any_numbers(random, dtype, count))
    near_one = random.uniform(0.5, 2.0, count).astype(dtype)
    base = np.concatenate([any_base, near_one])
    size = np.log(base.astype(np.float64))
    exponent = (random.uniform(-1.06, 0.99, size.size) * limit / np.abs(size) * np.sign(size)).astype(dtype)
    negative, integer = random.uniform(-30, 0, count).astype(dtype), random.integers(-25, 25, count).astype(dtype)
    x, y = np.concatenate([base, negative]), np.concatenate([exponent, integer])
    usable = (x != 0.0) & np.isfinite(y)
    return x[usable], y[usable]


def plane_arguments(dtype: type, count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    scale = 10.0 ** random.uniform(-30, 30, count)
    near = random.normal(size=(2, count))
    scaled = near * scale
    x, y = np.concatenate([near, scaled], axis=1).astype(dtype)
    return x, y


@pytest.mark.parametrize("y", [0.5, 1.5, 2.5, -0.5, -1.5, -2.5])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_powers_by_a_root(dtype: type, y: float) -> None:
    x = np.abs(any_numbers(np.random.default_rng(0), dtype, 3000))
    near_one = np.random.default_rng(1).uniform(0.5, 4.0, 3000).astype(dtype)
    x = np.concatenate([x, near_one])
    with np.errstate(all="ignore"):
        x = x[(x > 0) & np.isfinite(x) & np.isfinite(np.power(x.astype(np.longdouble), y).astype(dtype))]
    ys = np.full_like(x, y)
    if dtype is np.float64:
        error = largest_error(results("half_pow", x, ys), *mpmath_values("power", x, ys))
    else:
        error = largest_error(results("half_pow", x, ys), np.power(x.astype(np.float64), y))
    assert error < (2.5 if y == -2.5 else BOUND)  # that one is for derivatives only
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 1.0, 5e-324], dtype)
    with np.errstate(all="ignore"):
        expected = np.power(special, dtype(y))
    if y == 0.5:  # NumPy's is a square root: other than a power at -0 and -inf
        expected[[1, 3]] = 0.0, np.inf
    same_kind(results("half_pow", special, np.full_like(special, y)), expected, f"x**{y}")


@pytest.mark.parametrize("name", BINARY)
def test_two_arguments_in_double_precision(name: str) -> None:
    x, y = power_arguments(np.float64, 800) if name == "pow" else plane_arguments(np.float64, 800)
    mpmath_name = "power" if name == "pow" else name
    assert largest_error(results(name, x, y), *mpmath_values(mpmath_name, x, y)) < BOUND


@pytest.mark.parametrize("name", BINARY)
def test_two_arguments_in_single_precision(name: str) -> None:
    x, y = power_arguments(np.float32, 50_000) if name == "pow" else plane_arguments(np.float32, 50_000)
    exact = library(name)(x.astype(np.float64), y.astype(np.float64))
    assert largest_error(results(name, x, y), exact) < BOUND


def same_kind(found: np.ndarray, expected: np.ndarray, what: str) -> None:
    """Equal signs, zeros, infinities and NaN."""
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected), what)
    numbers = ~np.isnan(expected)
    for kind in (np.signbit, np.isinf, lambda a: a == 0.0):
        np.testing.assert_array_equal(kind(found[numbers]), kind(expected[numbers]), what)


def special_values(dtype: type) -> np.ndarray:
    with np.errstate(over="ignore"):
        positive = np.array(SPECIAL).astype(dtype)
    return np.concatenate([positive, -positive])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", INTERVALS)
def test_exceptional_arguments(name: str, dtype: type) -> None:
    x = special_values(dtype)
    with np.errstate(all="ignore"):
        same_kind(results(name, x), library(name)(x), f"{name} of {x}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BINARY)
def test_exceptional_pairs(name: str, dtype: type) -> None:
    x, y = (a.ravel() for a in np.meshgrid(special_values(dtype), special_values(dtype)))
    with np.errstate(all="ignore"):
        same_kind(results(name, x, y), library(name)(x, y), name)


def test_exact_values() -> None:
    """Where the result is a floating-point number, it is found."""
    powers = 2.0 ** np.arange(-1074, 1024)
    np.testing.assert_array_equal(results("log2", powers), np.arange(-1074, 1024))
    np.testing.assert_array_equal(results("exp2", np.arange(-1074.0, 1024.0)), powers)
    cubes = np.arange(-1000.0, 1000.0)
    np.testing.assert_array_equal(results("cbrt", cubes**3), cubes)
    x = np.linspace(0.1, 30.0, 300)
    np.testing.assert_array_equal(results("pow", x, np.full_like(x, 1.0)), x)
    np.testing.assert_array_equal(results("pow", x, np.full_like(x, 0.0)), np.ones_like(x))
    for name, value in (("exp", 1.0), ("cos", 1.0), ("cosh", 1.0), ("erfc", 1.0), ("expit", 0.5)):
        np.testing.assert_array_equal(results(name, np.zeros(3)), np.full(3, value))


def convergents(dtype: type) -> list[float]:
    """Numbers next to multiples of pi/2: the numerators of its continued fraction, and the nearest one of all."""
    largest = float(np.finfo(dtype).max)
    with mpmath.workprec(2400):
        found, before, rest = [1], 0, mpmath.pi / 2
        while found[-1] < largest:
            whole = int(mpmath.floor(rest))
            found.append(whole * found[-1] + before)
            before, rest = found[-2], 1 / (rest - whole)
        numbers = [float(n) for n in found if n < largest]
    return [*numbers, 6381956970095103.0 * 2.0**797] if dtype is np.float64 else numbers


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", WITH_RARE_PATH)
def test_angles_next_to_multiples_of_half_pi(name: str, dtype: type) -> None:
    """There, the argument has to be reduced with many more digits than it has."""
    random = np.random.default_rng(2)
    k = np.floor(10.0 ** random.uniform(0, 15, 500))
    x = np.concatenate([k * (math.pi / 2), convergents(dtype)]).astype(dtype)
    x = np.concatenate([x, -x, np.nextafter(x, dtype(inf)), np.nextafter(x, dtype(0))])
    x = x[np.isfinite(x) & (x != 0.0)]
    with mpmath.workprec(1300):
        high, low = mpmath_values(name, x)
    assert largest_error(results(name, x), high, low) < BOUND


def test_huge_angles_between_small_ones() -> None:
    """Vectors with some elements that take the rare path."""
    x = np.linspace(-20.0, 20.0, 1001)
    x[::7] *= 1e200
    x[3::50] = 1e22
    for name in WITH_RARE_PATH:
        np.testing.assert_allclose(results(name, x), library(name)(x), rtol=1e-14)


@pytest.mark.parametrize("name", [*INTERVALS, *BINARY])
def test_plain_calls(name: str) -> None:
    """Uncompiled, the functions are NumPy's, with the types of the compiled ones."""
    function, count = getattr(vm, name), 2 if name in BINARY else 1
    for value, dtype in ((1, np.float64), (True, np.float64), (1.0, np.float64), (np.float32(1.0), np.float32)):
        plain = function(*[value] * count)
        assert type(plain) is dtype
        with np.errstate(all="ignore"):
            assert plain == pytest.approx(library(name)(*[dtype(value)] * count), rel=1e-6)


def test_result_types() -> None:
    @numba.njit
    def call(x, y):
        return vm.exp(x), vm.pow(x, y)

    def kinds(x, y):
        call(x, y)
        return [t for s in call.nopython_signatures if s.args == (x_type(x), x_type(y)) for t in s.return_type]

    x_type = numba.typeof
    f32, f64 = numba.float32, numba.float64
    assert kinds(np.float32(1), np.float32(1)) == [f32, f32]
    assert kinds(np.float32(1), 1.0) == [f32, f64]
    assert kinds(1, True) == [f64, f64]
    assert kinds(1.0, 1) == [f64, f64]
    assert call(2, 3) == (pytest.approx(math.e**2), 8.0)


def test_other_types_are_refused() -> None:
    @numba.njit
    def call(x):
        return vm.exp(x)

    for x in (np.ones(2), 1j):
        with pytest.raises(numba.TypingError):
            call(x)


HAS_FMA = platform.machine() not in ("x86_64", "AMD64") or llvm.get_host_cpu_features().get("fma", False)
needs_fma = pytest.mark.skipif(not HAS_FMA, reason="the processor has no fma: LLVM calls a library for it")


def is_vectorised(function, arguments: tuple[np.ndarray, ...], kind: str = "double") -> bool:
    """Whether the function's code multiplies vectors of the kind, when called so."""
    function(*arguments)
    code = function.inspect_llvm(tuple(numba.typeof(a) for a in arguments))
    return re.search(rf"fmul (?:\w+ )*<\d+ x {kind}>", code) is not None


@needs_fma
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*INTERVALS, *BINARY])
def test_loops_are_vectorised(name: str, dtype: type) -> None:
    if name in WITH_RARE_PATH and llvm.llvm_version_info[0] < 20:
        pytest.skip("LLVM does not vectorise calls under a mask")
    x = np.full(64, 0.5, dtype)
    arguments = (x,) * (3 if name in BINARY else 2)
    assert is_vectorised(compiled(name), arguments, "double" if dtype is np.float64 else "float")


@needs_fma
def test_sums_of_several_functions_are_vectorised_and_not_simplified() -> None:
    """The caller's flags allow it to reorder its sum, and do not reach the functions' error terms."""

    @numba.njit(error_model="numpy", fastmath=REORDERED)
    def total(x):
        result = 0.0
        for i in range(x.size):
            result += vm.exp(-x[i]) * vm.log1p(x[i]) + vm.tanh(x[i])
        return result

    @numba.njit(error_model="numpy", fastmath=True)
    def power(x, y, out):
        for i in range(x.size):
            out[i] = vm.pow(x[i], y[i])

    x = np.linspace(0.0, 20.0, 1000)
    assert is_vectorised(total, (x,))
    assert total(x) == pytest.approx(np.sum(np.exp(-x) * np.log1p(x) + np.tanh(x)), rel=1e-14)
    x, y = power_arguments(np.float64, 300)
    out = np.empty_like(x)
    power(x, y, out)
    np.testing.assert_array_equal(out, results("pow", x, y))


CALLER = """
import sys
import numba
from srcgrad.runtime import vector_math as vm

@numba.njit(cache=True)
def call(x):
    return vm.sin(x) + vm.tanh(x)
"""


def test_cached_callers(tmp_path: Path) -> None:
    """A caller that another process compiled contains all it needs."""
    file = tmp_path / "caller.py"
    file.write_text(CALLER + "print(call(1e22), sum(call.stats.cache_hits.values()))\n")
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    runs = [subprocess.run([sys.executable, str(file)], env=environment, capture_output=True, text=True) for _ in "12"]
    assert [run.stdout.split()[1] for run in runs] == ["0", "1"], runs
    assert runs[0].stdout.split()[0] == runs[1].stdout.split()[0]
