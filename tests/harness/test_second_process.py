"""A second process takes machine code from the disk cache: the same numbers, and no crash."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import numpy as np
import srcgrad
from tests.programs import closures, pingpong, recursion, whiles

print(srcgrad.value_and_grad(recursion.divide_and_conquer)(np.arange(1.0, 8.0)))
print(srcgrad.value_and_grad(recursion.recursion_writes_array)(np.arange(0.5, 1.2, 0.1)))
print(srcgrad.value_and_grad(recursion.mutual_recursion)(0.8, 5))
print(srcgrad.value_and_grad(whiles.newton_square_root)(2.0))
print(srcgrad.value_and_grad(pingpong.nonlinear_by_swapping)(np.arange(0.5, 1.1, 0.1), 3))
print(srcgrad.vjp(pingpong.whole_history, np.arange(0.5, 1.1, 0.1), 3)[1](1.0))
print(srcgrad.value_and_grad(closures.captured_scalar_and_array)(0.7))
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    environment = {**os.environ, "SRCGRAD_CACHE_DIR": str(tmp_path_factory.mktemp("shared"))}
    root = Path(__file__).resolve().parents[2]
    found = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"exit status {done.returncode}: {done.stderr[-2000:]}"
        found.append(done.stdout)
    return found


def test_same_numbers_from_the_cache(outputs: list[str]) -> None:
    first, second = outputs
    assert first.count("(") >= 7
    assert first == second
