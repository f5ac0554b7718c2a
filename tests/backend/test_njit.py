"""Our objects inside the user's `@njit` code: as globals, closure variables and arguments."""

import os
import subprocess
import sys
import textwrap
from collections import namedtuple
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.errors import TypingError

from srcgrad.backend.callable import Derivative
from srcgrad.backend.markers import stop_gradient
from srcgrad.config import Transform
from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.infer.captured import Captured, Kind
from srcgrad.infer.signature import Node, Static
from srcgrad.ir.types import PY_FLOAT, PY_INT
from tests.backend.fakes import FLOAT, FakeBuild, build_square, square, tuple_of

X = np.array([1.0, 2.0, 3.0])
gradient = Derivative(square, Transform.VALUE_AND_GRAD, build=build_square())


@numba.njit
def descend(x, steps):
    for _ in range(steps):
        _, slope = gradient(x, 0.5)
        x = x - 0.1 * slope
    return x


def test_as_a_global():
    np.testing.assert_allclose(descend(X, 3), X * 0.9**3)


def test_the_call_is_direct():
    """No Python objects and no pointers in the caller: the callee's code is linked into it."""
    descend(X, 1)
    (library,) = descend.inspect_llvm().values()
    assert "pyobject" not in str(descend.nopython_signatures) and "entry" in library


def test_as_an_argument_with_keywords_and_defaults():
    @numba.njit
    def both(function, x):
        return function(x)[0], function(x, k=2.0)[0], function(k=3.0, x=x)[0]

    assert both(gradient, X) == (14.0, 28.0, 42.0)


def test_as_a_closure_variable_and_two_different_ones():
    def make(function):
        return numba.njit(lambda x: function(x, 1.0)[0])

    text = "def entry(x, k):\n    return (k, x.copy())\n"
    other = Derivative(
        square, Transform.VALUE_AND_GRAD, build=FakeBuild(lambda r: (text, tuple_of(FLOAT, r.specs[0])))
    )
    assert make(gradient)(X) == 14.0 and make(other)(X) == 1.0


def test_types_of_numba_are_specs():
    build = build_square()
    function = Derivative(square, Transform.VALUE_AND_GRAD, build=build)
    call = numba.njit(lambda x, k: function(x, k)[0])
    call(X, 1.0)
    call(X.astype(np.float32), 1)
    call(X[::-1], np.float32(1.0))
    kinds = [(str(request.specs[0].type), str(request.specs[1].type)) for request in build.requests]
    assert kinds == [("float64[:]C", "~float64"), ("float32[:]C", "~int64"), ("float64[:]A", "float32")]
    frozen = X.copy()
    frozen.flags.writeable = False
    assert call(frozen, 1.0) == 14.0


Pair = namedtuple("Pair", "w b")


@pytest.mark.parametrize("params", [(2.0, 3.0), Pair(2.0, 3.0), (2.0, 3)])
def test_tuples_are_taken_apart_and_put_together(params):
    integer = isinstance(params[1], int)

    def answer(request):
        (container,) = {request.specs[0].container}
        children = (FLOAT, Static(None)) if integer else (FLOAT, FLOAT)
        text = "def entry(w, b, n):\n    return {}\n"
        if integer:
            return text.format("(w * b, b * 1.0)"), tuple_of(FLOAT, Node(container, (0, 1), children))
        inner = "(b, w)" if container is tuple else "b, w"
        keys = container._fields if container is Pair else (0, 1)
        return text.format(f"(w * b, {inner})"), tuple_of(FLOAT, Node(container, keys, children))

    build = FakeBuild(answer)
    function = Derivative(lambda params, n: params, Transform.VALUE_AND_GRAD, build=build)
    value, found = numba.njit(lambda params, n: function(params, n))(params, 1)
    expected = (3.0, None) if integer else (3.0, 2.0)
    assert value == 6.0 and found == expected and type(found) is type(params)
    assert build.requests[0].specs[0].children[1].type == (PY_INT if integer else PY_FLOAT)


def test_constants_and_one_tuples():
    text = "def entry(x):\n    return (x, 1.0)\n"
    build = FakeBuild(lambda request: (text, tuple_of(FLOAT, FLOAT)))
    helper = numba.njit(lambda x: x)
    function = Derivative(lambda x, how, f, n=None: x, Transform.VALUE_AND_GRAD, argnums=(0,), build=build)
    assert numba.njit(lambda x: function(x, "fast", helper))(2.0) == (2.0, (1.0,))
    assert numba.njit(lambda x: function(x, "slow", None, None))(2.0) == (2.0, (1.0,))
    constants = [tuple(spec.value for spec in request.specs[1:]) for request in build.requests]
    assert constants == [("fast", helper.py_func, None), ("slow", None, None)]


def test_captured_arrays():
    table = np.array([3.0])
    build = FakeBuild(
        lambda request: ("def entry(x, table):\n    return (x * table[0], table[0])\n", tuple_of(FLOAT, FLOAT)),
        captured_arrays=lambda: [Captured(Kind.GLOBAL, {"table": table}, "table", table)],
    )
    function = Derivative(lambda x: x, Transform.VALUE_AND_GRAD, build=build)
    assert numba.njit(lambda x: function(x))(2.0) == (6.0, 3.0)


def test_refusals_are_typing_errors_with_our_words():
    def refuse(request):
        raise Unsupported(Diagnostic("there is no rule for this", advice="do something else"))

    function = Derivative(square, Transform.VALUE_AND_GRAD, build=FakeBuild(refuse))
    with pytest.raises(TypingError, match="there is no rule for this"):
        numba.njit(lambda x: function(x))(X)
    with pytest.raises(TypingError, match=r"cannot differentiate with an argument of type datetime64"):
        numba.njit(lambda x: function(x))(np.datetime64(3, "D"))
    with pytest.raises(TypingError, match="x is to be differentiated, but is an integer"):
        numba.njit(lambda x: function(x))(1)


def test_stop_gradient_runs_everywhere():
    assert stop_gradient(2.0) == 2.0 and stop_gradient.__srcgrad_op__ == "stop_gradient"
    assert numba.njit(lambda x: stop_gradient(x) + 1.0)(2.0) == 3.0


def test_numbas_own_code_is_left_as_it_is():
    """Compiling with `error_model="numpy"` must not change the user's own functions."""
    divide = numba.njit(lambda x: 1.0 / x)
    function = Derivative(square, Transform.VALUE_AND_GRAD, build=build_square())
    numba.njit(lambda x: function(x)[0] + divide(2.0))(X)
    with pytest.raises(ZeroDivisionError):
        divide(0.0)


CACHED = """
    import sys
    import numba, numpy as np
    from srcgrad.backend.callable import Derivative
    from srcgrad.config import Transform
    from tests.backend.fakes import build_square, square

    gradient = Derivative(square, Transform.VALUE_AND_GRAD, build=build_square())

    @numba.njit(cache=True)
    def call(x):
        return gradient(x, 2.0)[0]

    print(call(np.ones(4)), sum(call.stats.cache_hits.values()))
"""


def test_callers_with_a_disk_cache(tmp_path):
    script = tmp_path / "caller.py"
    script.write_text(textwrap.dedent(CACHED))
    root = str(Path(__file__).parents[2])  # the script imports from `tests`, which is not installed
    environment = {**os.environ, "PYTHONPATH": root}
    outputs = [
        subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment) for _ in range(2)
    ]
    assert [output.stdout.strip() for output in outputs] == ["8.0 0", "8.0 1"], outputs[-1].stderr
