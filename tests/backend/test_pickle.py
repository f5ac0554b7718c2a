"""Our objects pickle by reference to the user's function, and travel to other processes."""

import multiprocessing
import pickle
import subprocess
import sys

import numpy as np
import pytest
from numba import cloudpickle, njit

from srcgrad.backend.callable import Derivative
from srcgrad.backend.differentiable import Differentiable
from srcgrad.backend.reference import FunctionByValue, FunctionReference, refer
from srcgrad.config import Options, Transform
from tests.backend.fakes import square


def decorated(x):
    return x * x


original = decorated
decorated = Derivative(decorated, Transform.GRAD, argnames="x", options=Options(fastmath=True))
jitted = njit(original)
compiled = Differentiable(square)


class Model:
    def __init__(self, scale):
        self.scale = scale

    def loss(self, x):
        return self.scale * x

    gradient = Derivative(loss, Transform.GRAD)


def same(found, expected):
    assert type(found) is type(expected) and found._recipe == expected._recipe
    assert found.__wrapped__.__code__ == expected.__wrapped__.__code__
    return found


@pytest.mark.parametrize("function", [decorated, compiled, compiled.grad, Derivative(jitted, Transform.GRAD)])
def test_by_reference(function):
    data = pickle.dumps(function)
    assert len(data) < 600
    assert same(pickle.loads(data), function).__wrapped__ is function.__wrapped__


def test_a_decorated_function_is_found_behind_its_name():
    assert refer(original) == FunctionReference(__name__, "decorated")
    assert refer(Model.loss) == FunctionReference(__name__, "Model.loss")
    assert isinstance(refer(lambda x: x), FunctionByValue)


def test_methods_take_their_object_along():
    bound = pickle.loads(pickle.dumps(Model(3.0).gradient))
    assert bound.__wrapped__.__self__.scale == 3.0 and bound.__wrapped__.__func__ is Model.loss


def test_lambdas_and_closures_travel_by_value():
    factor = 2.0
    function = Derivative(lambda x: factor * x, Transform.GRAD)
    for module in (pickle, cloudpickle):
        found = same(module.loads(module.dumps(function)), function)
        assert found.__wrapped__(3.0) == 6.0


def test_what_cannot_be_pickled_is_an_error():
    lock = multiprocessing.get_context("spawn").Lock()
    with pytest.raises((TypeError, RuntimeError, pickle.PicklingError)):
        pickle.dumps(Derivative(lambda x: (lock, x)[1], Transform.GRAD))


MAIN = """
import pickle, sys
from srcgrad.backend.differentiable import Differentiable

@Differentiable
def fun(x):
    return 2.0 * x if x > 1.0 else fun(x + 1.0)

if __name__ == "__main__":
    found = pickle.loads(pickle.dumps(fun))
    print(found.__wrapped__(2.0))
"""


def test_functions_of_the_main_module(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(MAIN)
    output = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert output.stdout.strip() == "4.0", output.stderr


def _work(function):
    return function.__wrapped__(np.float64(3.0))


def test_another_process():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(_work, [decorated]) == [9.0]
