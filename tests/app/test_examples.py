"""The examples run, and find what they say they find."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from srcgrad.testing import check_grads

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


def test_tensorflow_graph():
    value, variables = load("tensorflow_graph").main()
    assert value < 1e-9 and variables == pytest.approx((-1.0, 1.0), abs=1e-4)


def test_tensorflow_tape():
    slope, rows, tangent, second = load("tensorflow_tape").main()
    assert (slope, second) == (27.0, 18.0)
    np.testing.assert_allclose(rows[0] + rows[1], tangent[0])


def test_pytorch_dynamic():
    example = load("pytorch_dynamic")
    _, gradient = example.main()
    assert gradient.shape == (3, 4, 4) and np.isfinite(gradient).all()
    check_grads(example.random_depth.__wrapped__, (WEIGHTS, ROWS, np.array([0, 2, 1])), argnums=0)


WEIGHTS = np.random.default_rng(7).uniform(0.1, 1.0, (3, 4, 4))
ROWS = np.random.default_rng(8).uniform(0.1, 1.0, (3, 4))


def test_pytorch_autograd():
    returned, added = load("pytorch_autograd").main()
    for one, other in zip(returned, added, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-12)


def test_pytorch_linear(capsys):
    found, compiled = load("pytorch_linear").main()
    assert found == pytest.approx((2.0, 1.0), abs=0.05)
    assert compiled == pytest.approx(found, rel=1e-12)
    assert sum(line.startswith("epoch") for line in capsys.readouterr().out.splitlines()) == 100


def test_pytorch_xor():
    assert load("pytorch_xor").main() == pytest.approx([0.0, 1.0, 1.0, 0.0], abs=0.05)


def test_digits():
    pytest.importorskip("sklearn")
    assert load("digits").main(epochs=15) > 0.95


def test_scipy_minimize():
    found = load("scipy_minimize").main()
    assert found.success and found.x.min() == pytest.approx(0.75, abs=1e-9)


def test_scipy_least_squares():
    found, truth = load("scipy_least_squares").main()
    assert found == pytest.approx(truth, rel=0.03)


def test_scipy_root():
    success, largest = load("scipy_root").main()
    assert success and largest < 1e-7


def test_scipy_solve_ivp():
    found = load("scipy_solve_ivp").main()
    assert found.success and found.y[:, -1].sum() == pytest.approx(1.0, abs=1e-10)


def test_every_example_is_in_the_readme():
    text = (EXAMPLES / "README.md").read_text()
    assert all(path.name in text for path in EXAMPLES.glob("*.py"))


def test_scipy_newton():
    example = load("scipy_newton")
    found, moves = example.main()
    assert found.nit < 10 and np.abs(example.value_and_grad(example.flat)(found.x, 0.5, 20)[1]).max() < 1e-9
    more = example.minimize(
        example.value_and_grad(example.flat), found.x, args=(0.5 + 1e-4, 20), jac=True, method="trust-ncg",
        hessp=lambda x, v, *args: example.curvature(x, *args, v), options={"gtol": 1e-12},
    )  # fmt: skip
    np.testing.assert_allclose((more.x - found.x) / 1e-4, moves, rtol=1e-3)
