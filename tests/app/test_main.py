"""The command line, called in this process; the demonstration once as a user calls it."""

import re
import subprocess
import sys

import pytest

from srcgrad.__main__ import main

MODEL = """
import math
import numpy as np
from srcgrad import stop_gradient

def energy(x, rate):
    total = 0.0
    for i in range(x.shape[0]):
        total += math.sin(x[i]) * rate
    return total

def smooth(u, steps):
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            u[i] = u[i - 1] * u[i + 1]

def guarded(x):
    if x < 0.0:
        raise ValueError("negative input")
    return math.sqrt(x)

def half_constant(x):
    return x[0] * stop_gradient(x[0])

def opens_a_file(x):
    with open("file") as file:
        return x
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "command_line_model.py"
    path.write_text(MODEL)
    return path


def test_show_prints_source_that_python_can_read(model, capsys):
    assert main(["show", f"{model}:energy", "--args", "np.ones(3), rate=2.0", "--argnums", "0,1"]) == 0
    source = capsys.readouterr().out
    compile(source, "shown", "exec")
    assert "x_bar" in source and "cos(" in source


def test_show_other_modes(model, capsys):
    assert main(["show", f"{model}:smooth", "--args", "np.ones(5), 3", "--mode", "vjp"]) == 0
    reverse = capsys.readouterr().out
    assert main(["show", f"{model}:smooth", "--args", "np.ones(5), 3", "--mode", "jvp"]) == 0
    assert capsys.readouterr().out != reverse


def test_report_names_the_line_that_is_kept(model, capsys):
    assert main(["report", f"{model}:smooth", "--args", "np.ones(5), 3", "--mode", "vjp"]) == 0
    assert "u[i] = u[i - 1] * u[i + 1]" in capsys.readouterr().out


def test_check_agrees(model, capsys):
    assert main(["check", f"{model}:energy", "--args", "np.linspace(0, 1, 3), 2.0", "--argnums", "0,1"]) == 0
    out = capsys.readouterr().out
    assert "all 4 directions agree" in out and "x[2]" in out and re.search(r"^rate ", out, re.MULTILINE)


def test_check_of_a_procedure(model, capsys):
    assert main(["check", f"{model}:smooth", "--args", "np.linspace(1, 2, 20), 3"]) == 0
    assert "u: random direction 4" in capsys.readouterr().out


def test_check_finds_a_derivative_that_differences_contradict(model, capsys):
    assert main(["check", f"{model}:half_constant", "--args", "np.array([3.0])"]) == 1
    out = capsys.readouterr().out
    assert "WRONG" in out and "1 of 1 directions disagree" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "{}:energi"], "did you mean energy"),
        (["show", "{}:energy"], "--args does not fit energy(x, rate): missing a required argument: 'x'"),
        (["show", "{}:energy", "--args", "np.ones(3), 2.0", "--argnums", "2"], "the function has 2 arguments"),
        (["show", "{}:smooth", "--args", "np.ones(5), 3"], "vjp"),
        (["check", "{}:opens_a_file", "--args", "2.0"], "with open"),
        (
            ["check", "{}:guarded", "--args", "-2.0"],
            "guarded itself fails for these arguments: ValueError: negative input",
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_gives_2(model, capsys, arguments, message):
    assert main([part.format(model) for part in arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_bad_option_gives_2_and_usage(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["show", "f.py:f", "--argnums", "x"])
    assert exit_.value.code == 2
    assert "not a list of positions" in capsys.readouterr().err


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    assert "python -m srcgrad check" in capsys.readouterr().out


def test_the_demonstration(tmp_path):
    command = [sys.executable, "-m", "srcgrad", "demo", "--picture", str(tmp_path / "fit.svg")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    fitted = re.findall(r"weight (\S+) +mean \((\S+), (\S+)\)", done.stdout)
    numbers = [[float(part) for part in row] for row in fitted]
    assert numbers[0] == pytest.approx([0.356, 2.036, 54.479], rel=1e-3)
    assert numbers[1] == pytest.approx([0.644, 4.290, 79.968], rel=1e-3)
    assert "what the reverse sweep keeps" in done.stdout.lower()
    assert (tmp_path / "fit.svg").stat().st_size > 10_000
