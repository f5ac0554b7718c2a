"""What may stand on the command line for a function and its arguments, and what is said where it is wrong."""

import math

import numpy as np
import pytest

from srcgrad.app.targets import TargetError, find

MODEL = """
import helper_beside_the_model as helper
RATE = 3.0
class Group:
    @staticmethod
    def member(x): return x
def energy(x, rate=RATE): return x[0] * rate
def entropy(x): return helper.twice(x[0])
number = 4
"""


@pytest.fixture
def model(tmp_path):
    (tmp_path / "helper_beside_the_model.py").write_text("def twice(x): return 2 * x\n")
    path = tmp_path / "a_model.py"
    path.write_text(MODEL)
    return path


def test_a_file_and_its_neighbours(model):
    assert find(f"{model}:entropy").function([2.0]) == 4.0
    assert find(f"{model}:Group.member").function(5) == 5


def test_a_module():
    assert find("math:hypot").function is math.hypot


def test_arguments_see_numpy_math_and_the_module(model):
    arguments = find(f"{model}:energy").arguments("np.full(3, math.pi), rate=RATE + 1")
    assert np.array_equal(arguments.positional[0], np.full(3, math.pi))
    assert arguments.keyword == {"rate": 4.0}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{}:energi", "did you mean energy"),
        ("{}:zzz", "it has Group, energy, entropy"),
        ("{}:number", "number in .* is not a function but int"),
        ("{}", "names no function"),
        ("nowhere.py:f", "there is no file nowhere.py"),
        ("no_such_module_at_all:f", "there is no module no_such_module_at_all"),
    ],
)
def test_what_is_said_about_a_wrong_target(model, target, message):
    with pytest.raises(TargetError, match=message):
        find(target.format(model))


def test_a_file_that_fails(tmp_path):
    path = tmp_path / "fails_on_import.py"
    path.write_text("1 / 0\n")
    with pytest.raises(TargetError, match="could not be imported: ZeroDivisionError"):
        find(f"{path}:f")


@pytest.mark.parametrize(
    ("text", "message"),
    [("np.ones(3", "is not a list of arguments"), ("unknown(3)", "could not be evaluated.*NameError.*unknown")],
)
def test_what_is_said_about_wrong_arguments(model, text, message):
    with pytest.raises(TargetError, match=message):
        find(f"{model}:energy").arguments(text)
