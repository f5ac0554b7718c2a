"""Recursive functions in a second process: Numba's disk cache cannot bring back functions that call themselves."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import numpy as np
from srcgrad import value_and_grad

def tree(a, low, high):
    if high - low == 1:
        return a[low] * a[low]
    middle = (low + high) // 2
    return tree(a, low, middle) * a[low] + tree(a, middle, high)

def whole(a):
    return tree(a, 0, a.shape[0])

print(value_and_grad(whole)(np.ones(5)))
"""


def test_a_second_process_runs_recursive_functions(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "SRCGRAD_CACHE_DIR": str(tmp_path / "cache")}
    runs = [
        subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment) for _ in range(2)
    ]
    assert runs[0].returncode == 0, runs[0].stderr
    assert (runs[1].returncode, runs[1].stdout) == (0, runs[0].stdout), runs[1].stderr
