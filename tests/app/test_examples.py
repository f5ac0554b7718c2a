"""The examples run, and find what they say they find."""

import importlib.util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_fit_ode():
    found, truth = load("fit_ode").main()
    assert found == pytest.approx(truth, rel=0.02)


def test_relax_cluster():
    assert load("relax_cluster").main() == pytest.approx(-44.326801, abs=1e-5)


def test_train_in_njit():
    assert load("train_in_njit").main() < 0.05


def test_every_example_is_in_the_readme():
    text = (EXAMPLES / "README.md").read_text()
    assert all(path.name in text for path in EXAMPLES.glob("*.py"))
