"""The page "Backpropagation, three ways" shows what the compiler prints now, and three gradients that agree."""

import math
import re
import types
from pathlib import Path

import numpy as np
import pytest

from srcgrad import grad

PAGE = (Path(__file__).parents[2] / "docs" / "backpropagation.md").read_text()
X, Y = np.linspace(-1.0, 1.0, 5), np.linspace(0.0, 1.0, 5)
ARGUMENTS = {"loss": ((0, 1), (0.5, 0.1, X, Y)), "recurrent": (0, (0.5, X))}


def block(kind, name):
    """The code that stands behind a comment such as `<!-- generated: loss -->`."""
    return re.search(rf"<!-- {kind}: {name} -->\n```(?:python)?\n(.*?)```", PAGE, re.DOTALL)[1]


@pytest.fixture
def functions(tmp_path):
    """The functions on the page, from files that hold nothing else."""
    found = {}
    for name in ARGUMENTS:
        path = tmp_path / f"{name}.py"
        path.write_text(block("function", name))
        module = types.ModuleType(name)
        module.__dict__.update(np=np, math=math, __file__=str(path))
        exec(compile(path.read_text(), path, "exec"), module.__dict__)
        found[name] = module.__dict__[name]
    return found


@pytest.mark.parametrize("name", ARGUMENTS)
def test_the_generated_code_is_what_comes_out_now(functions, name):
    argnums, args = ARGUMENTS[name]
    assert block("generated", name) == grad(functions[name], argnums=argnums).lower(*args).source


def test_every_block_is_checked():
    shown = set(re.findall(r"<!-- (\w+): (\w+) -->", PAGE))
    assert shown == {
        *((kind, name) for kind in ("function", "generated") for name in ARGUMENTS), ("tensorflow", "gradient"),
        ("pytorch", "gradient"), ("tape", "gradient"),
    }  # fmt: skip


def expected(functions):
    by_w, by_b = grad(functions["loss"], argnums=(0, 1))(0.5, 0.1, X, Y)
    h = np.tanh(0.5 * X + 0.1)
    z = 2 * (h - Y) * (1 - h * h)
    assert (by_w, by_b) == (pytest.approx(np.sum(z * X), rel=1e-13), pytest.approx(np.sum(z), rel=1e-13))
    return by_w, by_b


def test_the_same_by_hand(functions):
    expected(functions)


def test_the_same_in_pytorch(functions):
    torch = pytest.importorskip("torch")
    scope = {"torch": torch}
    exec(block("pytorch", "gradient"), scope)
    w, b = (torch.tensor(value, dtype=torch.float64) for value in (0.5, 0.1))
    found = scope["gradient"](w, b, torch.tensor(X), torch.tensor(Y))
    assert [float(part) for part in found] == pytest.approx(expected(functions), rel=1e-13)


def test_the_tape_of_pytorch():
    torch = pytest.importorskip("torch")
    w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (0.5, 0.1))
    loss = torch.sum((torch.tanh(w * torch.tensor(X) + b) - torch.tensor(Y)) ** 2)

    def lines(node, depth):
        yield "  " * depth + node.name().removeprefix("torch::autograd::")
        for below, _ in node.next_functions:
            if below is not None:
                yield from lines(below, depth + 1)

    assert block("tape", "gradient").splitlines() == list(lines(loss.grad_fn, 0))


def test_the_same_in_tensorflow(functions):
    tf = pytest.importorskip("tensorflow")
    scope = {"tf": tf}
    exec(block("tensorflow", "gradient").replace("@tf.function\n", ""), scope)  # AutoGraph needs a file
    w, b = (tf.constant(value, tf.float64) for value in (0.5, 0.1))
    found = scope["gradient"](w, b, tf.constant(X), tf.constant(Y))
    assert [float(part) for part in found] == pytest.approx(expected(functions), rel=1e-13)
