"""The NPBench harness on a checkout of two kernels made up here: what it verifies, and what it calls wrong."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from benchmarks.npbench import __main__ as command
from benchmarks.npbench import checkout, objective, verify

KERNELS = {
    "scaled": ("def kernel(alpha, a):\n    a *= alpha\n    a[a > 1.0] = a[a > 1.0] ** 2\n", ["a"]),
    "counted": ("def kernel(alpha, a):\n    return a.shape[0]\n", []),
}
INIT = "import numpy as np\n\n\ndef initialize(N):\n    return 1.5, np.linspace(0.1, 2.0, N, dtype=np.float32)\n"


@pytest.fixture
def clone(tmp_path):
    (tmp_path / "bench_info").mkdir()
    for name, (text, outputs) in KERNELS.items():
        folder = tmp_path / "npbench" / "benchmarks" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.py").write_text(INIT)
        (folder / f"{name}_numpy.py").write_text(text)
        info = {
            "relative_path": name, "module_name": name, "func_name": "kernel", "parameters": {"S": {"N": 12}},
            "init": {"func_name": "initialize", "input_args": ["N"], "output_args": ["alpha", "a"]},
            "input_args": ["alpha", "a"], "output_args": outputs,
        }  # fmt: skip
        (tmp_path / "bench_info" / f"{name}.json").write_text(json.dumps({"benchmark": info}))
    return tmp_path


def test_command(clone, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out.json"
    arguments = [str(clone), "--rounds", "0", "--no-jax", "--json", str(out)]
    monkeypatch.setattr(sys, "argv", ["npbench", *arguments])
    assert command.main() == 0
    verdicts = {record["kernel"]: record["verdict"] for record in json.loads(out.read_text())}
    assert verdicts == {"scaled": "right", "counted": "not real"}
    assert "1 not real, 1 right" in capsys.readouterr().out


def test_a_wrong_gradient_is_called_wrong(clone):
    kernel = checkout.read(clone, "scaled", "S").in_double()
    found = objective.find_outputs(kernel)
    function = objective.objective(kernel.function("numpy"), found)
    arguments = tuple(kernel.arguments.values())

    def wrong(point, weights):
        return 1.0, np.ones(12)

    verdict = verify.verify(wrong, function, arguments, found.weights, kernel.rounding())
    assert not verdict.right
