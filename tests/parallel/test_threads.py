"""Machine code of parallel loops: equal to the serial one, and the same numbers with any number of threads."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from numba.extending import register_jitable

import srcgrad
from srcgrad.backend import with_threads
from srcgrad.runtime import threads
from tests.programs import parallel_loops as programs

RNG = np.random.default_rng(0)
GRID = RNG.uniform(0.5, 1.5, (70, 9))
CASES = {
    "own_elements": (RNG.uniform(0.5, 1.5, 1000),),
    "pairs_of_elements": (RNG.uniform(0.5, 1.5, 1001),),
    "neighbours_are_read": (RNG.uniform(0.5, 1.5, 100),),
    "sum_of_row_products": (GRID,),
    "paths_with_their_own_arrays": (GRID,),
    "columns_are_added_up": (GRID,),
    "largest_of_each": (GRID,),
    "time_steps_around": (GRID,),
    "two_names_that_may_be_one": (RNG.uniform(0.5, 1.5, 1000), 0.3, 0),
    "sums_into_a_table": (RNG.uniform(0.5, 1.5, 1000), RNG.integers(0, 4, 1000)),
    "weights_that_all_share": (GRID, RNG.uniform(0.5, 1.5, 9)),
    "as_many_steps_as_each_takes": (RNG.uniform(0.5, 1.5, 1000),),
    "steps_in_branches_kept": (GRID,),
    "all_pairs": (RNG.normal(size=100), RNG.uniform(0.5, 1.5, 100)),
}


@pytest.fixture(autouse=True)
def however_short(monkeypatch):
    monkeypatch.setattr(threads, "LEAST_WORK", 0)
    monkeypatch.setattr(with_threads, "_LARGE", 0)
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


@pytest.mark.parametrize("name", CASES)
def test_any_number_of_threads(name):
    function, arguments = getattr(programs, name), CASES[name]
    serial = srcgrad.differentiable(function)
    out = serial(*(a.copy() if isinstance(a, np.ndarray) else a for a in arguments))
    weights = RNG.uniform(0.5, 1.5, np.shape(out))
    expected = srcgrad.vjp(function, *arguments)[1](weights)[0]
    found = []
    for count in range(1, numba.config.NUMBA_NUM_THREADS + 1):
        numba.set_num_threads(count)
        value, pullback = srcgrad.vjp(function, *arguments, parallel=True, cache=False)
        found.append((value, pullback(weights)[0]))
        np.testing.assert_allclose(value, out, rtol=1e-12)
        np.testing.assert_allclose(found[-1][1], expected, rtol=1e-12, atol=1e-14)
    for value, gradient in found[1:]:
        np.testing.assert_array_equal(value, found[0][0])
        np.testing.assert_array_equal(gradient, found[0][1])


def test_no_iterations_and_few():
    for n in (0, 1, 3):
        x = RNG.uniform(0.5, 1.5, (n, 4))
        value = srcgrad.differentiable(programs.sum_of_row_products, parallel=True, cache=False)(x)
        np.testing.assert_allclose(value, programs.sum_of_row_products(x))
        value = srcgrad.differentiable(programs.largest_of_each, parallel=True, cache=False)(x)
        np.testing.assert_allclose(value, programs.largest_of_each(x))


def table(x, bins):
    counts = np.zeros(4)
    for i in range(len(x)):
        counts[bins[i]] += x[i] ** 2
    return np.sum(counts**2)


def test_the_report_says_what_became_of_each_loop():
    lowered = srcgrad.value_and_grad(programs.sum_of_row_products, parallel=True).lower(GRID)
    assert (
        "in parallel, each iteration in elements of its own; sum by blocks; each block with its own product_tape"
        in (lowered.report())
    )
    lowered = srcgrad.grad(programs.as_many_steps_as_each_takes, parallel=True).lower(GRID[0])
    assert "in elements of its own; each block with its own v_tape" in lowered.report()
    lowered = srcgrad.grad(table, parallel=True).lower(GRID[:, 0].copy(), np.zeros(70, int))
    assert "each block adds to zeros of its own for counts, while that is small, then atomically" in lowered.report()


@pytest.mark.parametrize("count", [0, 1, 5, 63, 64, 65, 1000])
def test_blocks_cover_all_iterations_once(count):
    blocks = threads.blocks(count)
    places = [threads.place(k, blocks) for k in range(blocks)]
    assert sorted(places) == list(range(blocks))
    covered = [i for k in range(blocks) for i in range(*threads.bounds(k, blocks, count))]
    assert covered == list(range(count))


def squares(x):
    total = 0.0
    for i in range(len(x)):
        total += np.sin(x[i]) ** 2
    return total


def test_threads_are_compiled_when_there_is_work_for_them(monkeypatch):
    monkeypatch.undo()
    compiled = srcgrad.value_and_grad(squares, parallel=True, cache=False)
    small, large = RNG.normal(size=50), RNG.normal(size=200_000)
    expected = srcgrad.value_and_grad(squares)
    assert compiled(small)[0] == pytest.approx(expected(small)[0], rel=1e-13)
    entry = compiled._variants.last.entry
    assert "threaded" not in vars(entry)
    assert compiled(large)[0] == pytest.approx(expected(large)[0], rel=1e-13)
    assert "threaded" in vars(entry)
    before = compiled(small)
    assert before[0] == pytest.approx(expected(small)[0], rel=1e-13)


def spread_out(x, places, size):
    counts = np.zeros((size, 2), x.dtype)
    for i in range(len(x)):
        k = places[i]
        counts[k, 1] += np.sin(x[i]) * np.exp(x[i])
        counts[-1, 0] += x[i]
    return np.sum(counts**2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_atomic_additions(monkeypatch, dtype):
    """Where zeros for each block are too large. (The order is any: only nearly the same numbers come out.)"""
    # functions in the place of functions: what is compiled keeps the constants that it was compiled with
    monkeypatch.setattr(threads, "is_too_large", register_jitable(lambda work, blocks, size: True))
    monkeypatch.setattr(threads, "atomics_pay", register_jitable(lambda work, additions: True))
    x = RNG.uniform(0.5, 1.5, 20_000).astype(dtype)
    places = RNG.integers(-50, 50, 20_000)
    expected = srcgrad.value_and_grad(spread_out)(x, places, 50)
    compiled = srcgrad.value_and_grad(spread_out, parallel=True, cache=False)
    assert "atomics.add(counts, (places[" in compiled.lower(x, places, 50).source
    rtol = 1e-10 if dtype is np.float64 else 1e-3
    for _ in range(3):
        value, gradient = compiled(x, places, 50)
        assert value == pytest.approx(expected[0], rel=rtol)
        np.testing.assert_allclose(gradient, expected[1], rtol=rtol)
        assert gradient.dtype == dtype


def test_when_atomics_pay():
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    assert not threads.atomics_pay(10**9, 1)
    numba.set_num_threads(before)
    if before > 1:
        assert threads.atomics_pay(10**9, 10**6) and not threads.atomics_pay(10**6, 10**6)
