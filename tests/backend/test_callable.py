"""Calls from Python: which variant answers, what is compiled again and what is not."""

import threading
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

from srcgrad.backend.callable import Derivative
from srcgrad.config import Transform
from srcgrad.errors import ArgumentError, OverlapError
from srcgrad.infer.captured import Captured, Kind
from srcgrad.infer.signature import Leaf, Node, Static
from srcgrad.ir.types import PY_FLOAT, PY_INT
from tests.backend.fakes import FLOAT, FakeBuild, build_square, square, tuple_of

X = np.array([1.0, 2.0, 3.0])


def value_and_grad_of_square(**settings):
    build = build_square()
    return Derivative(square, Transform.VALUE_AND_GRAD, build=build, **settings), build


def test_positional_keyword_and_default_arguments():
    function, build = value_and_grad_of_square()
    calls = [((X,), {}, 1.0), ((X, 2.0), {}, 2.0), ((X,), {"k": 3.0}, 3.0), ((), {"k": 4.0, "x": X}, 4.0)]
    for args, kwargs, k in calls:
        for _ in range(2):
            value, gradient = function(*args, **kwargs)
            assert value == k * 14.0
            np.testing.assert_array_equal(gradient, 2 * k * X)
    assert len(build.requests) == 1
    assert function.__name__ == "square" and function.__doc__ == square.__doc__ and function.__wrapped__ is square


def test_wrong_arguments_are_pythons_own_errors():
    function, _ = value_and_grad_of_square()
    for args, kwargs in [((), {}), ((X, 1.0, 2.0), {}), ((X,), {"y": 1.0}), ((X,), {"x": X})]:
        with pytest.raises(TypeError, match=r"square\(\)"):
            function(*args, **kwargs)


def test_each_type_has_its_variant_and_python_floats_are_not_float32():
    function, build = value_and_grad_of_square()
    function(X, 1.0)
    assert function(X.astype(np.float32), 1.0)[1].dtype == np.float32
    function(X, 1)
    function(X, np.float32(1.0))
    function(X, 1.0)
    kinds = [(str(r.specs[0].type), str(r.specs[1].type)) for r in build.requests]
    assert kinds == [
        ("float64[:]C", "~float64"), ("float32[:]C", "~float64"), ("float64[:]C", "~int64"), ("float64[:]C", "float32"),
    ]  # fmt: skip


def test_float32_stays_float32_for_numpy_numbers_too():
    """Numba has one type for Python's float and np.float64: the fast table must not confuse them."""
    function, build = value_and_grad_of_square()
    function(X.astype(np.float32), 1.0)
    function(X.astype(np.float32), 1.0)
    function(X.astype(np.float32), np.float64(1.0))
    assert [str(request.specs[1].type) for request in build.requests] == ["~float64", "float64"]


def test_layouts_and_read_only_arrays():
    function, build = value_and_grad_of_square()
    strided = np.arange(6.0)[::2]
    frozen = X.copy()
    frozen.flags.writeable = False
    for array in (strided, frozen):
        for _ in range(2):
            np.testing.assert_array_equal(function(array)[1], 2 * array)
    assert not frozen.flags.writeable
    assert len(build.requests) == 2  # one for strided memory, one for C order, read-only or not


def test_a_result_that_shows_a_read_only_argument_is_read_only():
    text = "def entry(x):\n    return (1.0, x)\n"
    build = FakeBuild(lambda request: (text, tuple_of(FLOAT, request.specs[0])))
    function = Derivative(lambda x: x, Transform.VALUE_AND_GRAD, build=build)
    frozen = X.copy()
    frozen.flags.writeable = False
    assert not function(frozen)[1].flags.writeable
    assert function(X.copy())[1].flags.writeable


def test_unaligned_arrays():
    function, _ = value_and_grad_of_square()
    raw = np.zeros(25, np.uint8)
    unaligned = raw[1:].view(np.float64)
    unaligned[:] = X
    assert not unaligned.flags.aligned
    np.testing.assert_array_equal(function(unaligned)[1], 2 * X)


TREE = """
def entry(w, b, n):
    return (w * b * n, b * n, w * n)
"""

Pair = namedtuple("Pair", "w b")


@dataclass
class Record:
    w: float
    b: float


def containers(params, n):
    return params["w"] * params["b"] * n


@pytest.mark.parametrize(
    ("params", "gradient"),
    [
        ({"w": 2.0, "b": 3.0}, {"w": 12.0, "b": 8.0}),
        ([2.0, 3.0], [12.0, 8.0]),
        ((2.0, 3.0), (12.0, 8.0)),
        (Pair(2.0, 3.0), Pair(12.0, 8.0)),
        (Record(2.0, 3.0), Record(12.0, 8.0)),
    ],
)
def test_gradients_have_the_structure_of_the_argument(params, gradient):
    build = FakeBuild(lambda request: (TREE, tuple_of(FLOAT, request.specs[0])))
    if type(params) is tuple:
        build = FakeBuild(lambda r: (TREE.replace("b * n, w * n", "(b * n, w * n)"), tuple_of(FLOAT, r.specs[0])))
    function = Derivative(containers, Transform.VALUE_AND_GRAD, build=build)
    for _ in range(3):
        value, found = function(params, 4)
        assert value == 24.0 and found == gradient and type(found) is type(gradient)
    assert len(build.requests) == 1


def test_a_dict_with_other_keys_is_another_structure():
    build = FakeBuild(lambda request: (TREE, tuple_of(FLOAT, request.specs[0])))
    function = Derivative(containers, Transform.VALUE_AND_GRAD, build=build)
    function({"w": 2.0, "b": 3.0}, 4)
    function({"b": 3.0, "w": 2.0}, 4)
    function({"w": 2.0, "v": 3.0}, 4)
    assert [request.specs[0].keys for request in build.requests] == [("w", "b"), ("b", "w"), ("w", "v")]


def test_strings_none_and_functions_are_constants():
    text = "def entry(x):\n    return (x, 1.0)\n"
    build = FakeBuild(lambda request: (text, tuple_of(FLOAT, FLOAT)))
    function = Derivative(lambda x, how, helper=None: x, Transform.VALUE_AND_GRAD, build=build)
    for _ in range(2):
        for how, helper in [("a", None), ("b", None), ("a", abs), ("a", len)]:
            assert function(1.5, how, helper) == (1.5, 1.0)
    assert [(r.specs[1].value, r.specs[2].value) for r in build.requests] == [
        ("a", None), ("b", None), ("a", abs), ("a", len),
    ]  # fmt: skip


def test_a_tuple_of_one_argnum_gives_a_tuple():
    for argnums, names, expected in [((0,), None, tuple), (None, ("x",), tuple), (None, "x", np.ndarray)]:
        function, build = value_and_grad_of_square(argnums=argnums, argnames=names)
        for _ in range(2):
            value, gradient = function(X)
            assert value == 14.0 and type(gradient) is expected
            np.testing.assert_array_equal(gradient[0] if expected is tuple else gradient, 2 * X)
        assert build.requests[0].argnums == (0,)


def test_star_arguments_are_containers():
    text = "def entry(a, b, c):\n    return (a + b * c, 1.0)\n"
    build = FakeBuild(lambda request: (text, tuple_of(FLOAT, FLOAT)))

    def function(a, *rest, **named):
        return a + rest[0] * named["c"]

    derivative = Derivative(function, Transform.VALUE_AND_GRAD, build=build)
    assert derivative(1.0, 2.0, c=3.0) == (7.0, 1.0)
    leaf = Leaf(PY_FLOAT)
    assert build.requests[0].specs == (leaf, Node(tuple, (0,), (leaf,)), Node(dict, ("c",), (leaf,)))


# -- constants ------------------------------------------------------------------------------------------------------

SCALE = 2.0


def scaled(x):
    return SCALE * x


def build_scaled():
    return FakeBuild(
        lambda request: (f"def entry(x):\n    return ({SCALE} * x, {SCALE})\n", tuple_of(FLOAT, FLOAT)),
        lambda: [Captured(Kind.GLOBAL, globals(), "SCALE", SCALE)],
    )


def test_a_changed_global_is_noticed(monkeypatch):
    build = build_scaled()
    function = Derivative(scaled, Transform.VALUE_AND_GRAD, build=build)
    assert function(1.0) == function(1.0) == (2.0, 2.0)
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    assert function(1.0) == function(1.0) == (3.0, 3.0)
    monkeypatch.setitem(globals(), "SCALE", float("3"))  # another object, the same number
    assert function(1.0) == (3.0, 3.0)
    assert len(build.requests) == 2
    monkeypatch.setitem(globals(), "SCALE", 4.0)
    assert "4.0" in function.lower(1.0).source


def test_a_changed_attribute_and_item_and_cell_are_noticed():
    holder = Record(1.0, 2.0)
    items = [5.0]
    cell = 1.0

    def user(x):
        return cell * x

    (cell_object,) = user.__closure__
    captured = lambda: [
        Captured(Kind.ATTRIBUTE, holder, "w", holder.w),
        Captured(Kind.ITEM, items, 0, items[0]),
        Captured(Kind.CELL, cell_object, None, cell_object.cell_contents),
    ]
    answer = lambda request: (
        f"def entry(x):\n    return ({holder.w + items[0] + cell} * x, 1.0)\n", tuple_of(FLOAT, FLOAT),
    )  # fmt: skip
    function = Derivative(user, Transform.VALUE_AND_GRAD, build=FakeBuild(answer, captured))
    assert function(1.0)[0] == 7.0
    holder.w = 2.0
    assert function(1.0)[0] == 8.0
    items[0] = 6.0
    assert function(1.0)[0] == 9.0
    cell = 2.0
    assert function(1.0)[0] == 10.0
    del holder.w
    holder.w = 3.0
    assert function(1.0)[0] == 11.0


def test_a_list_that_changes_in_place_is_noticed():
    weights = [1.0, 2.0]
    captured = Captured(Kind.GLOBAL, {"weights": weights}, "weights", weights)
    assert captured.holds()
    weights[1] = 3.0
    assert not captured.holds()


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (float("nan"), float("nan"), True), (0.0, -0.0, False), (1, 1.0, False), (1, True, False), ("a", "a", True),
        (np.float64(1), 1.0, False), (np.zeros(2), np.ones(2), True), (np.zeros(2), np.zeros(2, np.float32), False),
        ((1.0, [2.0]), (1.0, [2.0]), True), ({"a": 1}, {"a": 2}, False), (abs, len, False), ("".join, "".join, False),
    ],
)  # fmt: skip
def test_which_values_compiled_code_can_tell_apart(old, new, same):
    assert Captured(Kind.ITEM, [new], 0, old).holds() is same


TABLE = np.array([1.0, 2.0])


def test_captured_arrays_are_read_at_the_call(monkeypatch):
    build = FakeBuild(
        lambda request: ("def entry(x, table):\n    return (x * table[0], table[0])\n", tuple_of(FLOAT, FLOAT)),
        captured_arrays=lambda: [Captured(Kind.GLOBAL, globals(), "TABLE", TABLE)],
    )
    function = Derivative(lambda x: x * TABLE[0], Transform.VALUE_AND_GRAD, build=build)
    monkeypatch.setitem(globals(), "TABLE", np.array([1.0, 2.0]))
    assert function(2.0) == (2.0, 1.0)
    TABLE[0] = 5.0
    assert function(2.0) == (10.0, 5.0)
    monkeypatch.setitem(globals(), "TABLE", np.array([7.0, 8.0, 9.0]))
    assert function(2.0) == (14.0, 7.0)
    assert len(build.requests) == 1
    for number, other in enumerate((np.array([7, 8], np.float32), np.array([7.0]), np.array([7.0, 8.0]))):
        monkeypatch.setitem(globals(), "TABLE", other)  # another dtype; a length of 1, which is repeated; and none
        function(2.0)
        assert len(build.requests) == number + 2


# -- overlap --------------------------------------------------------------------------------------------------------


def test_written_arguments_must_not_overlap():
    build = FakeBuild(
        lambda request: ("def entry(a, b):\n    return (a[0] + b[0], a.copy())\n", tuple_of(FLOAT, request.specs[0])),
        written=(0,),
    )
    function = Derivative(lambda out, source: None, Transform.VALUE_AND_GRAD, build=build)
    memory = np.arange(6.0)
    function(memory[:3], memory[3:])
    function(memory[::2], memory[1::2])  # interleaved, no element in common
    for first, second in [(memory, memory), (memory[:4], memory[3:]), (memory, memory[::-1])]:
        with pytest.raises(OverlapError, match=r"arguments out and source share memory, and out is written"):
            function(first, second)
    spread = np.lib.stride_tricks.as_strided(memory, (3,), (0,))
    with pytest.raises(OverlapError, match="overlaps itself"):
        function(spread, np.ones(3))


def test_arguments_that_are_only_read_may_overlap():
    function, _ = value_and_grad_of_square()
    assert function(X, 1.0)[0] == 14.0
    build = FakeBuild(lambda r: ("def entry(a, b):\n    return (a[0] + b[0], a.copy())\n", tuple_of(FLOAT, r.specs[0])))
    assert Derivative(lambda a, b: None, Transform.VALUE_AND_GRAD, build=build)(X, X)[0] == 2.0


# -- methods, lowering, threads -------------------------------------------------------------------------------------


class Model:
    def __init__(self, scale):
        self.scale = scale

    def loss(self, x):
        return self.scale * x


def build_method():
    return FakeBuild(
        lambda r: (f"def entry(x):\n    return ({r.specs[0].value.scale} * x, 1.0)\n", tuple_of(FLOAT, FLOAT))
    )


def test_bound_methods_and_decorated_methods():
    build = build_method()
    one, two = Model(1.0), Model(2.0)
    assert Derivative(one.loss, Transform.VALUE_AND_GRAD, build=build)(3.0)[0] == 3.0
    decorated = Derivative(Model.loss, Transform.VALUE_AND_GRAD, build=build)
    Model.gradient = decorated
    try:
        assert one.gradient(3.0)[0] == 3.0 and two.gradient(3.0)[0] == 6.0
        assert one.gradient is one.gradient and Model.gradient is decorated
    finally:
        del Model.gradient
    assert [request.argnums for request in build.requests] == [(1,)] * 3
    assert [request.specs[0] for request in build.requests] == [Static(one), Static(one), Static(two)]
    assert build.requests[0].function is Model.loss


def test_lower_does_not_run_and_source_needs_a_variant():
    function, _ = value_and_grad_of_square()
    with pytest.raises(ArgumentError, match=r"square has not been compiled yet[\s\S]*lower\(\.\.\.\)\.source"):
        _ = function.source
    lowered = function.lower(X, k=2.0)
    assert lowered.source == function.source and "def entry" in lowered.source
    assert lowered.report() == function.report() == "the report"
    assert lowered.primal.name == lowered.function.name == "entry"
    assert function._variants.last.entry.signatures == []


def test_many_threads_compile_once():
    function, build = value_and_grad_of_square(options=None)
    found = []
    threads = [threading.Thread(target=lambda: found.append(function(X)[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [14.0] * 8 and len(build.requests) == 1


def test_none_where_there_is_no_gradient():
    text = "def entry(w, n):\n    return (w * n, w)\n"
    result = tuple_of(FLOAT, Node(tuple, (0, 1), (FLOAT, Static(None))))
    build = FakeBuild(lambda request: (text, result))
    function = Derivative(lambda pair: pair[0], Transform.VALUE_AND_GRAD, build=build)
    assert function((2.0, 3)) == (6.0, (2.0, None))
    assert build.requests[0].specs[0] == Node(tuple, (0, 1), (Leaf(PY_FLOAT), Leaf(PY_INT)))


def test_without_numbas_compiler(plain_python):
    """As with NUMBA_DISABLE_JIT=1: the generated Python runs as it is, for pdb and profilers."""
    function, _ = value_and_grad_of_square()
    for _ in range(2):
        value, gradient = function(X, 2.0)
        assert value == 28.0
        np.testing.assert_array_equal(gradient, 4 * X)


class Quantity(np.ndarray):
    """An array with a unit, say."""


@pytest.mark.parametrize("make", [np.ma.array, lambda x: x.view(Quantity), lambda x: x.astype(">f8"), list, np.float16])
def test_what_is_refused_is_refused_after_a_call_that_was_right_too(make):
    function, build = value_and_grad_of_square()
    function(X)
    function(X)
    if make is list:
        np.testing.assert_equal(len(build.requests), 1)
        make = lambda x: [str(value) for value in x]
    with pytest.raises(ArgumentError, match="argument x"):
        function(make(X))
