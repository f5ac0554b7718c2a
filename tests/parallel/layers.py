"""`python -m tests.parallel.layers MODE`: gradients from several threads, inside of a `prange`, from other processes.

Prints "right", and the name of Numba's threading layer, where nothing ended the process before."""

from __future__ import annotations

import multiprocessing
import sys
import threading

import numba
import numpy as np
from numba import njit, prange

import srcgrad
from srcgrad.backend import with_threads
from srcgrad.runtime import threads

threads.LEAST_WORK = 0
with_threads._LARGE = 0


def total_of(x):
    total = 0.0
    for i in prange(len(x)):
        total += np.sin(x[i]) * x[i]
    return total


gradient = srcgrad.grad(total_of, parallel=True, nogil=True)
X = np.linspace(0.0, 3.0, 10_001)


def expected(x):
    return np.cos(x) * x + np.sin(x)


def check() -> None:
    for _ in range(30):
        np.testing.assert_allclose(gradient(X), expected(X), rtol=1e-12, atol=1e-12)


@njit(parallel=True)
def of_each(rows):
    out = np.zeros_like(rows)
    for k in prange(len(rows)):
        out[k] = gradient(rows[k])
    return out


def from_threads() -> None:
    failures = []

    def run() -> None:
        try:
            check()
        except Exception as error:
            failures.append(error)

    workers = [threading.Thread(target=run) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures, failures


def nested() -> None:
    rows = np.random.default_rng(0).uniform(0.0, 3.0, (8, 2000))
    np.testing.assert_allclose(of_each(rows), expected(rows), rtol=1e-12, atol=1e-12)
    check()


def processes(kind: str) -> None:
    check()  # the parent has used its threads
    with multiprocessing.get_context(kind).Pool(2) as pool:
        for found in pool.map(gradient, [X] * 4):
            np.testing.assert_allclose(found, expected(X), rtol=1e-12, atol=1e-12)
    check()


def with_joblib() -> None:
    from joblib import Parallel, delayed

    check()
    for backend in ("threading", "loky"):
        for found in Parallel(n_jobs=2, backend=backend)(delayed(gradient)(X) for _ in range(4)):
            np.testing.assert_allclose(found, expected(X), rtol=1e-12, atol=1e-12)


MODES = {
    "threads": from_threads, "nested": nested, "fork": lambda: processes("fork"),
    "spawn": lambda: processes("spawn"), "joblib": with_joblib,
}  # fmt: skip

if __name__ == "__main__":
    MODES[sys.argv[1]]()
    print("right", numba.threading_layer())
