"""The public transforms, from source to result."""

import math
import pickle
from collections import namedtuple
from dataclasses import dataclass

import numba
import numpy as np
import pytest

import srcgrad
from srcgrad import ArgumentError, OverlapError

from srcgrad import differentiable, grad, jvp, stop_gradient, value_and_grad, vjp  # isort: skip

X = np.array([1.0, 2.0, 3.0])


def energy(x, k=1.0):
    """Sum of k x**2."""
    total = 0.0
    for i in range(x.shape[0]):
        total += k * x[i] * x[i]
    return total


def product(a, b, n=2):
    return a**n * b


# -- grad and value_and_grad ----------------------------------------------------------------------------------------


def test_as_functions():
    np.testing.assert_allclose(grad(energy)(X), 2 * X)
    np.testing.assert_allclose(grad(energy)(X, 3.0), 6 * X)
    value, gradient = value_and_grad(energy)(X, k=2.0)
    assert value == 28.0
    np.testing.assert_allclose(gradient, 4 * X)


def test_as_decorators():
    @grad
    def bare(x):
        return x * x

    @value_and_grad(argnums=(0, 1))
    def with_options(x, y):
        return x * y

    @grad(argnames="y", fastmath=True)
    def by_name(x, y):
        return x * y

    assert bare(3.0) == 6.0
    assert with_options(3.0, 4.0) == (12.0, (4.0, 3.0))
    assert by_name(3.0, 4.0) == 3.0
    assert bare.__name__ == "bare"


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [(0, 12.0), (1, 4.0), (-2, 4.0), ((0,), (12.0,)), ((1, 0), (4.0, 12.0)), ((-2, 0), (4.0, 12.0))],
)
def test_argnums(argnums, expected):
    assert grad(product, argnums)(2.0, 3.0) == expected
    assert value_and_grad(product, argnums)(2.0, 3.0) == (12.0, expected)


def test_has_aux():
    def loss(x):
        return x * x, (x + 1.0, 3)

    assert grad(loss, has_aux=True)(2.0) == (4.0, (3.0, 3))
    assert value_and_grad(loss, has_aux=True)(2.0) == ((4.0, (3.0, 3)), 4.0)
    assert value_and_grad(loss, (0,), has_aux=True)(2.0) == ((4.0, (3.0, 3)), (4.0,))


def test_has_aux_needs_a_pair():
    with pytest.raises(ArgumentError, match="must return a pair"):
        grad(energy, has_aux=True)(X)


def test_integers_are_run_time_values_and_not_differentiated():
    derivative = grad(product)
    assert [derivative(2.0, 3.0, n) for n in (1, 2, 3)] == [3.0, 12.0, 36.0]
    with pytest.raises(ArgumentError, match="argument n is to be differentiated, but is an integer"):
        grad(product, 2)(2.0, 3.0, 2)
    with pytest.raises(ArgumentError, match="argument a is to be differentiated, but is an integer"):
        grad(product)(2, 3.0)


def test_a_result_that_is_no_number():
    def vector(x):
        y = x.copy()
        return y

    with pytest.raises(ArgumentError, match=r"one real number[\s\S]*vjp[\s\S]*jacobian"):
        grad(vector)(X)


def test_unknown_options():
    names = "fastmath, cache, nogil, boundscheck, strong_zero, parallel"
    with pytest.raises(ArgumentError, match=rf"no option 'fast'[\s\S]*{names}"):
        grad(energy, fast=True)
    with pytest.raises(ArgumentError, match="the option nogil is True or False, not 1"):
        value_and_grad(nogil=1)


# -- structures -----------------------------------------------------------------------------------------------------

Pair = namedtuple("Pair", "w b")


@dataclass
class Line:
    w: np.ndarray
    b: float


def in_dict(p, x):
    return p["w"][0] * x + p["b"]


def in_tuple(p, x):
    return p[0][0] * x + p[1]


def in_fields(p, x):
    return p.w[0] * x + p.b


@pytest.mark.parametrize(
    ("function", "make"),
    [
        (in_dict, lambda w, b: {"w": w, "b": b}), (in_tuple, lambda w, b: (w, b)), (in_tuple, lambda w, b: [w, b]),
        (in_fields, Pair), (in_fields, Line),
    ],
)  # fmt: skip
def test_containers(function, make):
    for _ in range(2):
        gradient = grad(function)(make(np.array([2.0, 5.0]), 3.0), 4.0)
        expected = make(np.array([4.0, 0.0]), 1.0)
        assert type(gradient) is type(expected)
        parts = gradient.values() if isinstance(gradient, dict) else vars(gradient).values() if (
            isinstance(gradient, Line)
        ) else gradient
        w, b = parts
        np.testing.assert_array_equal(w, [4.0, 0.0])
        assert b == 1.0


def test_integers_inside_containers_have_no_gradient():
    assert grad(lambda p: p["x"] * p["n"])({"x": 2.0, "n": 3}) == {"x": 3.0, "n": None}


def test_a_list_of_numbers():
    assert grad(lambda p: p[0] * p[1])([2.0, 3.0]) == [3.0, 2.0]


# -- vjp and jvp ----------------------------------------------------------------------------------------------------


def polar(r, angle, name="p"):
    return r * math.cos(angle), r * math.sin(angle)


def test_vjp():
    out, pullback = vjp(polar, 2.0, 0.5)
    assert out == pytest.approx((2 * math.cos(0.5), 2 * math.sin(0.5)))
    assert pullback((1.0, 0.0)) == pytest.approx((math.cos(0.5), -2 * math.sin(0.5)))
    assert pullback((0.0, 1.0)) == pytest.approx((math.sin(0.5), 2 * math.cos(0.5)))
    named = vjp(polar, 2.0, 0.5, "q")[1]((1.0, 0.0))  # one entry for each argument that was given
    assert named == pytest.approx((math.cos(0.5), -2 * math.sin(0.5), None))
    with pytest.raises(ArgumentError, match=r"the cotangent is 1\.0"):
        pullback(1.0)


def scaled_product(x, *factors, power=1.0):
    for factor in factors:
        x = x * factor
    return x * power


def test_the_pullback_has_one_entry_for_each_argument_given():
    assert vjp(scaled_product, 1.5, 2.0, 3.0)[1](1.0) == (6.0, 4.5, 3.0)
    assert vjp(scaled_product, 1.5)[1](1.0) == (1.0,)


def double(x):
    y = np.zeros(x.shape[0])
    for i in range(x.shape[0]):
        y[i] = x[i] * x[i]
    return y


def test_vjp_of_arrays_keeps_its_point():
    point = X.copy()
    out, pullback = vjp(double, point)
    np.testing.assert_array_equal(out, X * X)
    point[:] = 0.0
    out[:] = 0.0
    np.testing.assert_array_equal(pullback(np.ones(3))[0], 2 * X)


def test_jvp():
    out, tangent = jvp(polar, (2.0, 0.5), (1.0, 0.0))
    assert out == pytest.approx(polar(2.0, 0.5)) and tangent == pytest.approx((math.cos(0.5), math.sin(0.5)))
    _, tangent = jvp(polar, (2.0, 0.5), (None, 1.0))
    assert tangent == pytest.approx((-2 * math.sin(0.5), 2 * math.cos(0.5)))
    _, tangent = jvp(double, (X,), (np.array([1.0, 0.0, 1.0]),))
    np.testing.assert_array_equal(tangent, [2.0, 0.0, 6.0])


def test_forward_is_reverse():
    generator = np.random.default_rng(1)
    v, c = generator.normal(size=3), generator.normal(size=3)
    _, tangent = jvp(double, (X,), (v,))
    _, pullback = vjp(double, X)
    assert tangent @ c == pytest.approx(pullback(c)[0] @ v)


# -- differentiable and stop_gradient -------------------------------------------------------------------------------


@differentiable
def cubic(x, a=1.0):
    return a * x**3


def test_differentiable():
    assert cubic(2.0) == 8.0 and cubic.py_func(2.0) == 8.0
    assert cubic.grad(2.0) == 12.0 and cubic.value_and_grad(2.0, 2.0) == (16.0, 24.0)
    assert cubic.vjp(2.0)[1](1.0)[0] == 12.0 and cubic.jvp((2.0,), (1.0,)) == (8.0, 12.0)
    assert grad(cubic, 1)(2.0, 3.0) == 8.0
    assert "def " in cubic.source(2.0) and isinstance(cubic.report(2.0), str)


def test_calls_of_differentiable_functions_are_inlined():
    assert grad(lambda x: cubic(x) * 2.0)(2.0) == 24.0


def test_a_gradient_inside_a_function_is_not_taken_for_the_function():
    inner = grad(energy)

    def outer(x):
        return inner(x)[0]

    x = np.array([1.0, 2.0, 3.0])
    assert differentiable(outer)(x) == inner(x)[0]



def test_stop_gradient():
    assert stop_gradient(3.0) == 3.0
    assert value_and_grad(lambda x: x * stop_gradient(x))(3.0) == (9.0, 3.0)


# -- constants ------------------------------------------------------------------------------------------------------

FACTOR = 2.0
TABLE = np.array([1.0, 2.0])


def test_globals_closures_and_arrays_are_never_stale(monkeypatch):
    offset = 1.0

    def function(x):
        return FACTOR * x * offset + TABLE[0] * x

    derivative = grad(function)
    assert derivative(1.0) == 3.0
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert derivative(1.0) == 4.0
    offset = 2.0
    assert derivative(1.0) == 7.0
    TABLE[0] = 5.0
    assert derivative(1.0) == 11.0
    TABLE[0] = 1.0
    monkeypatch.setitem(globals(), "TABLE", np.array([4.0]))
    assert derivative(1.0) == 10.0


class Spring:
    def __init__(self, stiffness):
        self.stiffness = stiffness

    def energy(self, x):
        return self.stiffness * x * x

    @grad
    def force(self, x):
        return self.stiffness * x * x


def test_methods():
    soft, hard = Spring(1.0), Spring(10.0)
    assert grad(soft.energy)(1.0) == 2.0 and soft.force(1.0) == 2.0 and hard.force(1.0) == 20.0
    soft.stiffness = 2.0
    assert soft.force(1.0) == 4.0


def test_overlap():
    def shift(out, source):
        for i in range(out.shape[0]):
            out[i] = 2.0 * source[i]
        return out[0]

    memory = np.arange(6.0)
    derivative = grad(shift, 1)
    np.testing.assert_array_equal(derivative(memory[:3], memory[3:]), [2.0, 0.0, 0.0])
    with pytest.raises(OverlapError, match="arguments out and source share memory, and out is written"):
        derivative(memory[:4], memory[2:])
    np.testing.assert_array_equal(memory, np.arange(6.0))


# -- what the objects can do ----------------------------------------------------------------------------------------

energy_gradient = value_and_grad(energy)


def test_source_report_and_lower():
    lowered = value_and_grad(energy).lower(X)
    assert "def " in lowered.source and isinstance(lowered.report(), str)
    assert len(lowered.primal.params) == 2
    energy_gradient(X)
    assert energy_gradient.source.count("def ") >= 1
    with pytest.raises(ArgumentError, match="has not been compiled yet"):
        _ = grad(energy).source


def test_pickle():
    found = pickle.loads(pickle.dumps(energy_gradient))
    assert found(X)[0] == 14.0
    assert pickle.loads(pickle.dumps(cubic)).grad(2.0) == 12.0


@numba.njit
def descend(x, steps):
    for _ in range(steps):
        _, slope = energy_gradient(x)
        x = x - 0.1 * slope
    return x


def test_inside_njit():
    np.testing.assert_allclose(descend(X, 2), X * 0.64)
    assert numba.njit(lambda f, x: f(x)[0])(energy_gradient, X) == 14.0
    assert numba.njit(lambda x: cubic(x, 2.0))(2.0) == 16.0


def test_functions_under_njit():
    jitted = numba.njit(product)
    assert grad(jitted)(2.0, 3.0) == 12.0


def test_public_names():
    assert all(hasattr(srcgrad, name) for name in srcgrad.__all__)
    with pytest.raises(AttributeError):
        _ = srcgrad.nothing


# -- types ----------------------------------------------------------------------------------------------------------


def test_float32_stays_float32():
    def cube(x, a):
        return a * x * x * x

    derivative = value_and_grad(cube)
    for _ in range(2):
        value, gradient = derivative(np.float32(2.0), 3.0)
        assert type(value) is np.float32 and type(gradient) is np.float32
        assert (value, gradient) == (24.0, 36.0)
        value, gradient = derivative(np.float32(2.0), np.float64(3.0))
        assert isinstance(value, float) and type(gradient) is np.float32
    array = X.astype(np.float32)
    assert grad(energy)(array).dtype == np.float32


def test_strided_fortran_and_read_only_arrays():
    def total(a):
        s = 0.0
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                s += a[i, j] * a[i, j] * (i + 1)
        return s

    base = np.arange(12.0).reshape(3, 4)
    expected = 2 * base * np.arange(1, 4)[:, None]
    derivative = grad(total)
    frozen = base.copy()
    frozen.flags.writeable = False
    for array in (base, np.asfortranarray(base), frozen, np.repeat(base, 2, axis=1)[:, ::2], base[::-1][::-1]):
        np.testing.assert_allclose(derivative(array), expected)


def test_the_callers_arrays_are_left_as_they_were():
    def overwrite(a):
        for i in range(a.shape[0]):
            a[i] = a[i] * a[i]
        return a[0] + a[1]

    array = X.copy()
    np.testing.assert_allclose(grad(overwrite)(array), [2.0, 4.0, 0.0])
    np.testing.assert_array_equal(array, X)


def test_lambdas_have_a_primal_too():
    assert vjp(lambda x: x * x, 3.0)[1](1.0) == (6.0,)
    assert differentiable(lambda x: x * x)(3.0) == 9.0


ONE = np.array([1.0, 2.0])
SAME = ONE


def test_two_names_of_one_array_are_two_constants(monkeypatch):
    def function(x):
        return ONE[0] * x + SAME[1] * x

    derivative = grad(function)
    assert derivative(1.0) == 3.0
    monkeypatch.setitem(globals(), "SAME", np.array([100.0, 200.0]))
    assert derivative(1.0) == 201.0


def test_objects_and_class_attributes_are_never_stale():
    def function(x):
        return holder.part.dt * x + holder.items[1] * x + holder.scale * x

    class Holder:
        scale = 1.0

    holder = Holder()
    holder.part, holder.items = Holder(), [0.0, 1.0]
    holder.part.dt = 1.0
    derivative = grad(function)
    assert derivative(1.0) == 3.0
    holder.part.dt = 2.0
    assert derivative(1.0) == 4.0
    holder.items[1] = 10.0
    assert derivative(1.0) == 13.0
    Holder.scale = 5.0
    assert derivative(1.0) == 17.0
    holder.scale = 0.0
    assert derivative(1.0) == 12.0
    holder.part = Holder()
    holder.part.dt = 100.0
    assert derivative(1.0) == 110.0


def test_functions_as_arguments():
    def twice(fun, x):
        return fun(fun(x))

    derivative = grad(twice, 1)
    square = numba.njit(lambda t: t * t)
    assert derivative(lambda t: t * t, 3.0) == 108.0
    assert derivative(square, 3.0) == 108.0
    assert derivative(cubic, 2.0) == 9 * 2.0**8
    assert numba.njit(lambda x: derivative(square, x))(3.0) == 108.0


def test_exceptions_of_the_function_come_through():
    def guarded(x):
        if x < 0.0:
            raise ValueError("negative")
        return x * x

    derivative = grad(guarded)
    assert derivative(2.0) == 4.0
    with pytest.raises(ValueError, match="negative"):
        derivative(-1.0)


ROW = np.array([[1.0, 2.0, 3.0]])


def test_captured_arrays_are_repeated_along_dimensions_of_length_1(monkeypatch):
    slope = grad(lambda x: np.sum(x**3 * ROW))
    x = np.array([[1.0], [2.0]])
    np.testing.assert_array_equal(slope(x), 3 * x**2 * 6.0)
    monkeypatch.setitem(globals(), "ROW", np.array([[1.0], [4.0]]))
    np.testing.assert_array_equal(slope(x), [[3.0], [48.0]])
