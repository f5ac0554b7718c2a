"""`python -m benchmarks.frameworks`: the lessons come to the same numbers everywhere; what is missing is left out."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.frameworks import __main__ as command
from benchmarks.frameworks import lessons, ours, peers
from benchmarks.frameworks.agreement import difference
from srcgrad.testing import check_grads

ROOT = Path(__file__).parents[2]
HERE = [name for name in lessons.ALL if lessons.missing(name) is None]


@pytest.mark.parametrize("name", HERE)
def test_our_ways_agree(name):
    lesson = lessons.ALL[name](True)
    results = [call() for call in ours.run(lesson).values()]
    assert all(difference(lesson, result, results[0]) <= 1.0 for result in results)


@pytest.mark.parametrize("name", HERE)
def test_another_result_is_noticed(name):
    lesson = lessons.ALL[name](True)
    result = next(iter(ours.run(lesson).values()))()
    for position in range(len(result)):
        changed = [np.array(part, dtype=float) for part in result]
        changed[position].flat[0] = changed[position].flat[0] * (1 + 1e-2) + 1e-2
        assert difference(lesson, tuple(changed), result) > 1.0
    changed[0] = changed[0] * np.nan
    assert not difference(lesson, tuple(changed), result) <= 1.0


@pytest.mark.parametrize("peer", peers.PEERS)
@pytest.mark.parametrize("name", HERE)
def test_a_peer_agrees(peer, name):
    module = peers.find(peer)
    if isinstance(module, str):
        pytest.skip(module)
    lesson = lessons.ALL[name](True)
    expected = next(iter(ours.run(lesson).values()))()
    for way, call in module.run(lesson).items():
        if way != "torch.compile":  # compiles C++, for a minute
            assert difference(lesson, call(), expected) <= 1.0, way


def test_our_gradients_are_right():
    x, y = lessons.linear(True).data
    check_grads(ours.line_loss.__wrapped__, ((0.3, -0.2), x, y), argnums=0)
    lesson = lessons.xor(True)
    check_grads(ours.xor_loss.__wrapped__, (lesson.start, *lesson.data), argnums=0)
    check_grads(ours.bowl, (np.array([0.3, -0.5, 0.7]),))
    check_grads(ours.doubled, (np.array([0.3, -0.5, 0.7]),))


def test_a_peer_that_is_missing_is_left_out_with_a_line(monkeypatch, capsys):
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    monkeypatch.setattr(command, "_use_one_core", lambda: None)
    given = ["frameworks", "--quick", "--only", "linear", "--rounds", "1", "--seconds", "0.001"]
    monkeypatch.setattr(sys, "argv", given)
    assert command.main() == 0
    out = capsys.readouterr().out
    for name in peers.PEERS.values():
        assert f"{name} is not installed: it is left out" in out
    assert "srcgrad, the loop in @njit" in out


def test_a_peer_that_fails_is_left_out_and_one_that_differs_is_an_error(monkeypatch):
    class Peer:
        @staticmethod
        def run(lesson):
            right = next(iter(ours.run(lesson).values()))
            return {"right": right, "wrong": lambda: tuple(2 * part for part in right()), "fails": lambda: 1 / 0}

    options = argparse.Namespace(rounds=1, seconds=0.001)
    record = command.measure(lessons.linear(True), {"torch": Peer}, options)
    agrees = {way["way"]: way["difference"] <= 1.0 for way in record["ways"]}
    assert agrees["right"] and not agrees["wrong"] and "fails" not in agrees
    assert "ZeroDivisionError" in record["failures"][0]
    assert any("ANOTHER RESULT" in line for line in command._table(record))


def test_the_command_writes_json(tmp_path):
    given = ["--quick", "--only", "graph", "--without", *peers.PEERS, "--rounds", "1", "--seconds", "0.001"]
    run = [sys.executable, "-m", "benchmarks.frameworks", *given, "--json", str(tmp_path / "found.json")]
    subprocess.run(run, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["lessons"][0]["lesson"] == "graph" and found["lessons"][0]["ways"][0]["seconds"] > 0
