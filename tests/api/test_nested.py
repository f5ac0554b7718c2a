"""Derivatives of derivatives, and derivatives inside of functions."""

import pickle

import numba
import numpy as np
import pytest
from scipy.optimize import rosen_der, rosen_hess, rosen_hess_prod

import srcgrad
from srcgrad import ArgumentError, Unsupported, grad, hessian, jacobian, jvp, value_and_grad, vjp

X = np.linspace(0.2, 1.3, 5)
V = np.array([0.5, -1.0, 2.0, 0.25, -0.75])


def rosen(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def cubic(x):
    return x**3 + np.sin(x)


rosen_gradient = grad(rosen)


@grad
@grad
def decorated_twice(x):
    return x**4


class Curve:
    def __init__(self, power):
        self.power = power

    @grad
    @grad
    def bent(self, x):
        return x**self.power

    def value(self, x):
        return x**self.power


def test_grad_of_grad_of_a_number():
    assert grad(grad(cubic))(1.3) == pytest.approx(6 * 1.3 - np.sin(1.3), rel=1e-14)
    assert grad(grad(grad(cubic)))(1.3) == pytest.approx(6 - np.cos(1.3), rel=1e-14)
    assert grad(grad(grad(grad(cubic))))(1.3) == pytest.approx(np.sin(1.3), rel=1e-14)


def test_hessian_and_products_with_it():
    gradient, product = jvp(grad(rosen), (X,), (V,))
    np.testing.assert_allclose(gradient, rosen_der(X), rtol=1e-13)
    np.testing.assert_allclose(product, rosen_hess_prod(X, V), rtol=1e-13)
    np.testing.assert_allclose(hessian(rosen)(X), rosen_hess(X), rtol=1e-13)
    np.testing.assert_allclose(jacobian(grad(rosen), mode="reverse")(X), rosen_hess(X), rtol=1e-13)
    out, pullback = vjp(grad(rosen), X)
    np.testing.assert_allclose(out, rosen_der(X), rtol=1e-13)
    np.testing.assert_allclose(pullback(V)[0], rosen_hess_prod(X, V), rtol=1e-13)


def test_value_and_grad_moves_as_a_whole():
    (value, gradient), (slope, product) = jvp(value_and_grad(rosen), (X,), (V,))
    assert value == pytest.approx(rosen(X)) and slope == pytest.approx(rosen_der(X) @ V)
    np.testing.assert_allclose(gradient, rosen_der(X), rtol=1e-13)
    np.testing.assert_allclose(product, rosen_hess_prod(X, V), rtol=1e-13)


def test_a_gradient_inside_a_function():
    def descended(x, rate):
        for _ in range(3):
            x = x - rate * rosen_gradient(x)
        return rosen(x)

    def plain(x, rate):
        for _ in range(3):
            x = x - rate * rosen_der(x)
        return rosen(x)

    value, (dx, drate) = value_and_grad(descended, argnums=(0, 1))(X, 1e-4)
    assert value == pytest.approx(plain(X, 1e-4), rel=1e-12)
    step = 1e-7
    assert drate == pytest.approx((plain(X, 1e-4 + step) - plain(X, 1e-4 - step)) / (2 * step), rel=1e-6)
    along = (plain(X + step * V, 1e-4) - plain(X - step * V, 1e-4)) / (2 * step)
    assert dx @ V == pytest.approx(along, rel=1e-6)


def test_a_gradient_of_a_closure():
    def f(a, x):
        slope = grad(lambda t: a * t * t)(x)
        return slope * slope

    value, (da, dx) = value_and_grad(f, argnums=(0, 1))(3.0, 2.0)
    assert (value, da, dx) == (144.0, 96.0, 144.0)


def test_argnums_containers_aux_and_names():
    def f(x, y):
        def inner(parts, scale, *, shift):
            return scale * parts["a"] ** 2 * parts["b"][0] + shift * scale, parts["a"] + 1.0

        first, aux = grad(inner, argnums=(-1, 0), argnames=None, has_aux=True)({"a": x, "b": [y, 2]}, 3.0, shift=y)
        parts = {"a": x, "b": [y, 2]}
        (value, more), by_name = value_and_grad(inner, argnames="shift", has_aux=True)(parts, 3.0, shift=y)
        return first[0] + first[1]["a"] + first[1]["b"][0] + aux + value + more + by_name

    def expected(x, y):  # the last parameter is `shift`: keyword-only parameters count
        return 3.0 + 6 * x * y + 3 * x**2 + (x + 1) + (3 * x**2 * y + 3 * y) + (x + 1) + 3.0

    assert srcgrad.differentiable(f)(1.5, 0.5) == pytest.approx(expected(1.5, 0.5))
    gx, gy = grad(f, argnums=(0, 1))(1.5, 0.5)
    assert gx == pytest.approx(6 * 0.5 + 6 * 1.5 + 1 + 6 * 1.5 * 0.5 + 1)
    assert gy == pytest.approx(6 * 1.5 + 3 * 1.5**2 + 3)


def test_jvp_inside_a_function():
    def f(x, v):
        y, dy = jvp(rosen, (x,), (v,))
        return y * dy

    assert srcgrad.differentiable(f)(X, V) == pytest.approx(rosen(X) * (rosen_der(X) @ V), rel=1e-13)
    expected = rosen_der(X) * (rosen_der(X) @ V) + rosen(X) * rosen_hess_prod(X, V)
    np.testing.assert_allclose(grad(f)(X, V), expected, rtol=1e-12)


def test_jvp_of_a_grad_inside_a_function():
    """A truncated Newton step, whose curvature comes from a product with the Hessian."""

    def decrease(x):
        g, curved = jvp(grad(rosen), (x,), (rosen_gradient(x),))
        return np.sum(g * g) / np.sum(g * curved)

    g = rosen_der(X)
    assert srcgrad.differentiable(decrease)(X) == pytest.approx(g @ g / (g @ rosen_hess_prod(X, g)), rel=1e-12)
    step = 1e-6
    moved = [srcgrad.differentiable(decrease)(X + s * step * V) for s in (1, -1)]
    assert grad(decrease)(X) @ V == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-6)


def test_data_dependent_loops_are_differentiated_twice():
    def f(x):
        y = x[0]
        while y < 50.0:
            y = y * x[1] + x[2] * np.sin(y)
        return y * y * x[2]

    x = np.array([1.0, 1.7, 0.6])
    full = hessian(f)(x)
    np.testing.assert_allclose(full, full.T, rtol=1e-10)
    backwards = jacobian(grad(f), mode="reverse")(x)
    np.testing.assert_allclose(backwards, full, rtol=1e-10)
    step = 1e-6
    rows = [(grad(f)(x + step * e) - grad(f)(x - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(full, np.array(rows), rtol=1e-6)


def test_recursion_is_differentiated_twice_in_forward_mode():
    def power(x, n):
        if n == 0:
            return 1.0
        return x * power(x, n - 1)

    assert grad(grad(power))(1.5, 5) == pytest.approx(20 * 1.5**3)

    def several(x):
        return power(x[0], 3) * x[1] ** 2

    x = np.array([1.5, 0.5])
    expected = [[6 * 1.5 * 0.25, 3 * 1.5**2], [3 * 1.5**2, 2 * 1.5**3]]
    np.testing.assert_allclose(hessian(several)(x), expected, rtol=1e-13)
    with pytest.raises(Unsupported, match="stacks of a recursive function's derivative"):
        vjp(grad(several), x)[1](x)


def test_arrays_written_by_the_inner_function_stay_the_callers():
    def inner(x, w):
        x[0] = x[0] * 2.0
        return np.sum(x * x * w)

    def f(x):
        g = grad(inner)(x, x.copy())
        return np.sum(g) + x[0]

    def expected(x):
        first = np.array([8.0 * x[0] * x[0]])
        return np.sum(first) + np.sum(2 * x[1:] ** 2) + x[0]

    assert srcgrad.differentiable(f)(X) == pytest.approx(expected(X), rel=1e-14)
    assert grad(f)(X)[0] == pytest.approx(16 * X[0] + 1)

    def shared(x):
        return np.sum(grad(inner)(x, x))

    def part_of_a_copy(x):
        y = x.copy()
        return np.sum(grad(inner)(y[1:], y[:-1]))

    def carried(x):
        y = x.copy()
        u = y
        total = 0.0
        for _ in range(3):
            total += np.sum(grad(inner)(u, y))
            u = u * 2.0
        return total

    for function in (shared, part_of_a_copy, carried):
        with pytest.raises(Unsupported, match="may share memory"):
            srcgrad.differentiable(function)(X)


def test_in_compiled_code():
    product = srcgrad.differentiable(lambda x, v: jvp(grad(rosen), (x,), (v,))[1])
    twice = grad(grad(cubic))

    @numba.njit
    def use(x, v):
        return product(x, v), twice(x[0])

    found, bent = use(X, V)
    np.testing.assert_allclose(found, rosen_hess_prod(X, V), rtol=1e-13)
    assert bent == pytest.approx(6 * X[0] - np.sin(X[0]))


def test_decorators_methods_and_pickle():
    assert decorated_twice(2.0) == 48.0
    assert Curve(3).bent(2.0) == 12.0
    assert grad(grad(Curve(3).value))(2.0) == 12.0
    for function in (decorated_twice, grad(grad(cubic)), grad(rosen_gradient, has_aux=True), hessian(rosen)):
        again = pickle.loads(pickle.dumps(function))
        assert repr(again) == repr(function)
    assert pickle.loads(pickle.dumps(decorated_twice))(2.0) == 48.0
    assert pickle.loads(pickle.dumps(grad(grad(cubic))))(1.3) == grad(grad(cubic))(1.3)


def test_the_first_derivative_is_as_before_where_it_has_another_inside():
    def f(x):
        return cubic(x) + 0.0 * grad(cubic)(x)

    assert grad(f)(1.3) == pytest.approx(3 * 1.3**2 + np.cos(1.3))


def test_stopped_gradients_stay_stopped():
    def f(x):
        return x * srcgrad.stop_gradient(x * x)

    assert grad(f)(3.0) == 9.0 and grad(grad(f))(3.0) == 0.0


@pytest.mark.parametrize("name", ["solve", "inv", "cholesky", "eigvalsh", "det", "svd"])
def test_factorisations_have_one_derivative(name):
    def f(a):
        if name == "solve":
            return np.sum(np.linalg.solve(a, np.ones(4)))
        if name == "inv":
            return np.sum(np.linalg.inv(a))
        if name == "cholesky":
            return np.sum(np.linalg.cholesky(a))
        if name == "eigvalsh":
            return np.sum(np.linalg.eigvalsh(a) ** 3)
        if name == "svd":
            return np.sum(np.linalg.svd(a)[1] ** 3)
        return np.linalg.det(a)

    a = np.eye(4) * 5 + 0.1 * np.arange(16.0).reshape(4, 4)
    a = a + a.T
    assert np.isfinite(grad(f)(a)).all()
    for again in (lambda: jvp(grad(f), (a,), (a,)), lambda: hessian(f)(a), lambda: vjp(grad(f), a)[1](a),
                  lambda: jvp(grad(f).lower(a).py_func, (a,), (a,))):  # fmt: skip
        with pytest.raises(Unsupported, match=r"second derivative of a factorisation|has no one length"):
            again()


def test_factorisations_of_constants_are_no_hindrance():
    a = np.eye(3) * 5 + 0.3 * np.arange(9.0).reshape(3, 3)

    def f(x):
        low = np.linalg.cholesky(a @ a.T)
        return np.sum(np.sin(low @ x) * x)

    x = np.array([0.1, 0.2, 0.3])
    full = hessian(f)(x)
    rows = [(grad(f)(x + 1e-6 * e) - grad(f)(x - 1e-6 * e)) / 2e-6 for e in np.eye(3)]
    np.testing.assert_allclose(full, np.array(rows), rtol=1e-6, atol=1e-7)


# -- what is refused ------------------------------------------------------------------------------------------------


def refused(f, *args, match):
    with pytest.raises((Unsupported, ArgumentError), match=match):
        srcgrad.differentiable(f)(*args)


def test_refusals():
    refused(lambda x: grad(rosen)(x, x), X, match="takes 1 positional")
    refused(lambda x: grad(lambda t: t * x)(x), X, match="return one real number")
    refused(lambda x: grad(cubic)(2), 1.0, match="to differentiate is an int")
    refused(lambda x: grad(cubic, argnums=1)(x), 1.0, match="cubic has 1 parameter")
    refused(lambda x: grad(cubic, argnums=int(x))(x), 1.0, match="must be known before")
    refused(lambda x: jvp(rosen, (x,), (1.0,))[1], X, match="structure of its primal")
    refused(lambda x: jvp(rosen, (x,), (None,))[1], X, match="nothing to differentiate")
    refused(lambda x: vjp(rosen, x)[0], X, match="vjp is not compiled inside")
    refused(lambda x: jacobian(rosen)(x)[0], X, match="jacobian .* not compiled inside")
    refused(lambda x: grad(abs)(1j * x), 1.0, match="complex")


def test_a_function_that_changes_what_is_around_it():
    def f(x):
        kept = [0.0]

        def inner(t):
            kept[0] = t
            return t * t

        return grad(inner)(x) + kept[0]

    refused(f, 2.0, match="cannot be changed here")

    def g(x):
        buffer = np.zeros(3)

        def inner(t):
            buffer[0] = t
            return t * buffer[0]

        return grad(inner)(x) + buffer[0]

    refused(g, 2.0, match="writes into 'buffer'")


def test_tangents_of_another_length_raise():
    def f(x, v):
        return jvp(rosen, (x,), (v,))[1]

    with pytest.raises(ValueError):
        srcgrad.differentiable(f)(X, V[1:])


# -- found by trying ------------------------------------------------------------------------------------------------


def test_a_gradient_by_a_number_has_its_dtype():
    ones, w = np.ones(3, np.float32), np.array([2.0])

    def narrow(s):
        return grad(lambda t: np.sum(ones) * t * t * t)(s) * s / 7.0

    found = srcgrad.differentiable(narrow)(0.1)
    assert type(found) is float and found == pytest.approx(9 * 0.1**3 / 7, rel=1e-6)
    s = np.float32(1.3)
    wide = srcgrad.differentiable(lambda s: grad(lambda t: w[0] * t * t)(s))(s)
    assert type(wide) is np.float32
    assert type(jvp(grad(lambda t: w[0] * t * t), (s,), (s,))[1]) is np.float32


def test_strong_zero_inside():
    def f(t):
        return np.sqrt(t) * 0.0 + t**2

    assert grad(f, strong_zero=True)(0.0) == 0.0
    assert srcgrad.differentiable(lambda x: grad(f, strong_zero=True)(x))(0.0) == 0.0


def test_what_the_inner_function_writes_is_no_change_around_it():
    def inner(t):
        t[0] = 2.0 * t[0]
        return np.sum(t * t)

    x = np.array([1.0, 2.0])
    assert srcgrad.differentiable(lambda x: np.sum(x * grad(inner)(x)))(x) == 16.0


def test_two_arguments_one_of_them_written():
    def f(x, y):
        x[0] = y[1] * 2.0
        return np.sum(x * y * y)

    x, y, v = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([0.5, 0.25])
    expected = np.array([2.0 * y[0] * 2 * y[1] * 0.0, 0.0])
    np.testing.assert_allclose(jvp(grad(f), (x, y), (v, None))[1], expected)
    np.testing.assert_allclose(jvp(grad(f), (x, y), (None, v))[1], [0.0, 2 * y[1] * v[1]])
    np.testing.assert_array_equal(x, [1.0, 2.0])
    both = np.arange(3.0)
    with pytest.raises(srcgrad.OverlapError):
        jvp(grad(f), (both[:2], both[1:]), (v, None))


def test_decorated_inside():
    def f(x):
        @grad
        def slope(t):
            return t**3

        @grad(argnums=1)
        def other(s, t):
            return s * t * t

        return slope(x) + other(x, x)

    assert srcgrad.differentiable(f)(2.0) == 12.0 + 8.0
    assert grad(f)(2.0) == 12.0 + 8.0


def test_tangents_by_key():
    def f(x):
        return jvp(lambda p: p["a"] * p["a"] * p["b"], ({"a": x, "b": 3.0},), ({"b": 1.0, "a": 5.0},))[1]

    assert srcgrad.differentiable(f)(2.0) == 2 * 2 * 3 * 5 + 4


def test_keyword_only_parameters_in_compiled_code():
    def f(x, p=2.0, *, k=1.0):
        return x**3 * p * k

    slope = grad(f)
    twice = grad(slope)

    @numba.njit
    def use(x):
        return slope(x, 3.0), slope(x), slope(x, k=5.0), twice(x, 3.0)

    assert use(2.0) == (36.0, 24.0, 120.0, 36.0)


def test_messages():
    refused(lambda x: grad(cubic, fastmath=True, bogus=True)(x), 1.0, match="there is no option 'bogus'")
    refused(lambda x: hessian(rosen)(x)[0, 0], X, match=r"jacobian is not compiled inside a function[\s\S]*jvp")

    def nothing(t):
        t[0] = t[1]

    refused(lambda x: jvp(nothing, (x,), (x,)), X, match="returns nothing")
    with pytest.raises(ValueError, match="a tangent has another shape"):
        srcgrad.differentiable(lambda x, v: jvp(rosen, (x,), (v,))[1])(X, V[1:])


def test_differentiable_inside():
    assert grad(lambda x: srcgrad.differentiable(cubic)(x))(1.3) == grad(cubic)(1.3)
