"""Nothing that a program does with threads and processes ends it, whatever Numba's threads are."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

LAYERS = ("omp", "workqueue", "tbb")
MODES = ("threads", "nested", "fork", "spawn", "joblib")


def run(layer: str, mode: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "NUMBA_THREADING_LAYER": layer, "NUMBA_NUM_THREADS": "2"}
    command = [sys.executable, "-m", "tests.parallel.layers", mode]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("layer", LAYERS)
def test_right_and_alive(layer: str, mode: str) -> None:
    if mode == "joblib" and find_spec("joblib") is None:
        pytest.skip("joblib is not installed")
    if mode == "fork" and not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    done = run(layer, mode)
    if "No threading layer could be loaded" in done.stderr:
        pytest.skip(f"Numba has no threading layer {layer} here")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["right", layer], done.stdout
