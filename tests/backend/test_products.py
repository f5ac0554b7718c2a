"""`vjp` and `jvp`: structures, snapshots, and what is said when a cotangent or tangent does not fit."""

import numpy as np
import pytest

from srcgrad.backend import products
from srcgrad.backend.differentiable import Differentiable
from srcgrad.backend.products import jacobian_vector, vector_jacobian
from srcgrad.config import Options, Transform
from srcgrad.errors import ArgumentError
from srcgrad.infer.captured import Captured, Kind
from srcgrad.infer.signature import Leaf, Node, Static
from srcgrad.ir.types import INT64
from tests.backend.fakes import FLOAT, FakeBuild, tuple_of

X = np.array([1.0, 2.0, 3.0])
OUT = "n * x, x.sum()"
TEXTS = {
    Transform.PRIMAL: f"def entry(x, n):\n    return ({OUT}, n)\n",
    Transform.VJP: f"def entry(x, n, c, d):\n    return ({OUT}, n, n * c + d)\n",
    Transform.JVP: f"def entry(x, n, v):\n    return ({OUT}, n, n * v, v.sum())\n",
}


def scale(x, n, how="plainly"):
    return {"y": n * x, "s": x.sum(), "n": n}


def answer(request):
    array = request.specs[0]
    out = Node(dict, ("y", "s", "n"), (array, FLOAT, Leaf(INT64)))
    results = {
        Transform.PRIMAL: out,
        Transform.VJP: tuple_of(out, tuple_of(array)),
        Transform.JVP: tuple_of(out, Node(dict, ("y", "s", "n"), (array, FLOAT, Static(None)))),
    }
    return TEXTS[request.transform], results[request.transform]


@pytest.fixture
def build():
    products._shared.clear()
    return FakeBuild(answer)


def same(found, expected):
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)


def test_vjp(build):
    for _ in range(2):
        out, pullback = vector_jacobian(scale, (X, 2), Options(), build)
        same(out, {"y": 2 * X, "s": 6.0, "n": 2})
        gradients = pullback({"y": np.array([1.0, 0.0, 0.0]), "s": 1, "n": None})
        assert len(gradients) == 2 and gradients[1] is None
        np.testing.assert_array_equal(gradients[0], [3.0, 1.0, 1.0])
    assert [request.transform for request in build.requests] == [Transform.PRIMAL, Transform.VJP]
    assert build.requests[1].argnums == (0,)
    assert "def entry" in pullback.source and pullback.report() == "the report"


def test_the_pullback_belongs_to_the_point_of_the_call():
    products._shared.clear()
    text = {
        Transform.PRIMAL: "def entry(x):\n    return (x * x).sum()\n",
        Transform.VJP: "def entry(x, c):\n    return ((x * x).sum(), (2 * c * x,))\n",
    }
    result = {Transform.PRIMAL: lambda r: FLOAT, Transform.VJP: lambda r: tuple_of(FLOAT, tuple_of(r.specs[0]))}
    build = FakeBuild(lambda r: (text[r.transform], result[r.transform](r)))
    point = X.copy()
    _, pullback = vector_jacobian(lambda x: x, (point,), Options(), build)
    point[:] = 100.0
    for seed in (1.0, 2.0, np.float64(3.0), np.array(4.0)):
        np.testing.assert_array_equal(pullback(seed)[0], 2 * float(seed) * X)


def test_captured_arrays_are_part_of_the_point():
    products._shared.clear()
    table = np.array([3.0])
    text = {
        Transform.PRIMAL: "def entry(x, table):\n    return x * table[0]\n",
        Transform.VJP: "def entry(x, table, c):\n    return (x * table[0], (c * table[0],))\n",
    }
    build = FakeBuild(
        lambda r: (text[r.transform], FLOAT if r.transform is Transform.PRIMAL else tuple_of(FLOAT, tuple_of(FLOAT))),
        captured_arrays=lambda: [Captured(Kind.GLOBAL, {"table": table}, "table", table)],
    )
    out, pullback = vector_jacobian(lambda x: x, (2.0,), Options(), build)
    table[0] = 100.0
    assert out == 6.0 and pullback(1.0) == (3.0,)


GOOD = {"y": X, "s": 1.0, "n": None}


@pytest.mark.parametrize(
    ("cotangent", "message"),
    [
        (1.0, r"the cotangent is 1.0\n  why: the output is a dict of 3"),
        ({"y": X}, r"the cotangent is a dict of 1"),
        ({**GOOD, "s": X}, r"the cotangent\['s'\] is an array of shape \(3,\)[\s\S]*one number of type float64"),
        ({**GOOD, "s": None}, r"the cotangent\['s'\] is None"),
        ({**GOOD, "s": True}, r"the cotangent\['s'\] is True"),
        ({**GOOD, "n": 1}, r"the cotangent\['n'\] is 1[\s\S]*pass None"),
        ({**GOOD, "y": X[:2]}, r"the cotangent\['y'\] has shape \(2,\)[\s\S]*the output has shape \(3,\)"),
        ({**GOOD, "y": X.astype(np.float32)}, r"the cotangent\['y'\] has dtype float32[\s\S]*dtype float64"),
        ({**GOOD, "y": 1.0}, r"the cotangent\['y'\] is 1.0[\s\S]*array of shape \(3,\)"),
    ],
)
def test_cotangents_that_do_not_fit(build, cotangent, message):
    _, pullback = vector_jacobian(scale, (X, 2), Options(), build)
    with pytest.raises(ArgumentError, match=message):
        pullback(cotangent)


def test_nothing_to_differentiate(build):
    text = "def entry(n):\n    return n\n"
    out, pullback = vector_jacobian(lambda n: n, (3,), Options(), FakeBuild(lambda request: (text, Leaf(INT64))))
    assert out == 3 and pullback(None) == (None,)


def test_jvp(build):
    out, tangent = jacobian_vector(scale, (X, 2), (np.array([1.0, 0.0, 0.0]), None), Options(), build)
    same(out, {"y": 2 * X, "s": 6.0, "n": 2})
    assert tangent["n"] is None and tangent["s"] == 1.0
    np.testing.assert_array_equal(tangent["y"], [2.0, 0.0, 0.0])
    assert build.requests[0].argnums == (0,)


@pytest.mark.parametrize(
    ("primals", "tangents", "message"),
    [
        (X, (X,), r"primals must be a tuple, not ndarray[\s\S]*trailing commas"),
        ((X, 2), X, r"tangents must be a tuple"),
        ((X, 2), (X,), r"there are 2 primals and 1 tangents"),
        ((X, 2), (None, None), r"every tangent is None"),
        ((X, 2), (X, 1.0), r"argument n is to be differentiated, but is an integer"),
        ((X, 2), (X[:1], None), r"tangents\[0\] has shape \(1,\)[\s\S]*the primal has shape \(3,\)"),
    ],
)
def test_tangents_that_do_not_fit(build, primals, tangents, message):
    with pytest.raises(ArgumentError, match=message):
        jacobian_vector(scale, primals, tangents, Options(), build)


def test_differentiable_gathers_everything(build):
    function = Differentiable(scale, build=build)
    same(function(X, 2), {"y": 2 * X, "s": 6.0, "n": 2})
    assert function.py_func is scale and function.__srcgrad_primal__ is scale
    assert function.vjp(X, 2)[1](GOOD)[1] is None
    assert function.jvp((X, 2), (X, None))[1]["s"] == 6.0
    assert "def entry" in function.source(transform="primal")
    assert function.grad is function.grad and not hasattr(function.grad, "py_func")
    with pytest.raises(ArgumentError, match="no transform 'hessian'"):
        function.source(transform="hessian")
