"""Steps of the optimisers: number by number those of the papers in plain NumPy, and those of PyTorch."""

import subprocess
import sys

import numpy as np
import pytest

from srcgrad import optim
from tests.optim.reference import REFERENCES, SETTINGS, TORCH_NAMES, torch_settings

STEPS = 30
SHAPES = ((), (7,), (3, 4), (1, 5), (2, 3, 2))
TOLERANCE = {np.float64: 1e-13, np.float32: 2e-5}  # a few roundings per step


def history(shape, dtype):
    """A start and a sequence of gradients."""
    rng = np.random.default_rng(3)
    numbers = rng.normal(size=(STEPS + 1, *shape)).astype(dtype)
    start, *gradients = (np.array(row) for row in numbers)
    return start, gradients


def ours(name, given, start, gradients):
    optimiser = getattr(optim, name)(**given)
    params, state = start, optimiser.init(start)
    for gradient in gradients:
        params, state = optimiser.update(params, gradient, state)
        yield params


def close(found, expected, dtype):
    assert np.asarray(found).dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "given"), SETTINGS)
def test_as_in_plain_numpy(name, given, dtype):
    for shape in SHAPES:
        start, gradients = history(shape, dtype)
        reference = REFERENCES[name](**given)
        expected = start
        for found, gradient in zip(ours(name, given, start, gradients), gradients, strict=True):
            expected = reference.step(expected, gradient)
            close(found, expected, dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "given"), SETTINGS)
def test_as_in_pytorch(name, given, dtype):
    torch = pytest.importorskip("torch")
    for shape in SHAPES:
        start, gradients = history(shape, dtype)
        parameter = torch.tensor(start, requires_grad=True)
        reference = getattr(torch.optim, TORCH_NAMES[name])([parameter], **torch_settings(given))
        for found, gradient in zip(ours(name, given, start, gradients), gradients, strict=True):
            parameter.grad = torch.tensor(gradient)
            reference.step()
            close(found, parameter.detach().numpy(), dtype)


@pytest.mark.parametrize(("name", "given"), SETTINGS)
def test_numbers_step_as_arrays_do(name, given):
    start, gradients = history((), np.float64)
    pairs = zip(
        ours(name, given, float(start), map(float, gradients)), ours(name, given, start.reshape(1), [
            gradient.reshape(1) for gradient in gradients
        ]), strict=True,
    )  # fmt: skip
    for number, array in pairs:
        assert type(number) is float
        assert number == pytest.approx(array[0], rel=1e-15)


def test_it_is_an_attribute_of_the_package():
    command = "import srcgrad; print(srcgrad.optim.sgd(0.5).update)"
    found = subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "<update of sgd>"


def test_a_hyperparameter_for_one_step():
    optimiser = optim.sgd(0.5)
    state = optimiser.init(1.0)
    assert optimiser.update(1.0, 1.0, state)[0] == 0.5
    assert optimiser.update(1.0, 1.0, state, lr=0.25)[0] == 0.75
    assert optimiser.update(1.0, 1.0, state, 0.25)[0] == 0.75


def test_all_learning_rates_share_one_compilation():
    first, second = optim.sgd(0.5), optim.sgd(0.25)
    texts = {each.update.lower(1.0, 1.0, each.init(1.0)).source for each in (first, second)}
    assert len(texts) == 1
    assert second.update(1.0, 1.0, second.init(1.0))[0] == 0.75
