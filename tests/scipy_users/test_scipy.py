"""SciPy takes our objects as they are, wherever it asks for a derivative, and is better off than without."""

import numpy as np
import pytest
from scipy import optimize
from scipy.integrate import solve_ivp

from srcgrad import differentiable, grad, jacobian, value_and_grad

START = np.array([-1.2, 1.0, 0.7])


def rosenbrock(x):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG", "TNC", "SLSQP", "trust-constr"])
def test_minimize(method):
    options = {"maxfun": 1000} if method == "TNC" else {}  # it gives up after 100
    found = optimize.minimize(value_and_grad(rosenbrock), START, jac=True, method=method, options=options)
    assert found.success
    np.testing.assert_allclose(found.x, np.ones(3), atol=1e-3)


def test_minimize_with_separate_functions_and_arguments():
    def scaled(x, scale, shift):
        return scale * np.sum((x - shift) ** 4)

    shift = np.array([1.0, 2.0, 3.0])
    found = optimize.minimize(differentiable(scaled), START, args=(2.0, shift), jac=grad(scaled))
    np.testing.assert_allclose(found.x, shift, atol=0.02)
    assert found.nfev == found.njev  # no differences were taken


def test_minimize_under_a_constraint():
    def circle(x):
        return np.array([1.0 - np.sum(x * x)])

    constraint = {"type": "ineq", "fun": circle, "jac": jacobian(circle)}
    found = optimize.minimize(
        value_and_grad(rosenbrock), np.zeros(3), jac=True, method="SLSQP", constraints=[constraint]
    )
    assert found.success and np.linalg.norm(found.x) == pytest.approx(1.0, abs=1e-6)


def test_nonlinear_constraint():
    def circle(x):
        return np.sum(x * x)

    bound = optimize.NonlinearConstraint(differentiable(circle), -np.inf, 1.0, jac=jacobian(circle))
    found = optimize.minimize(
        value_and_grad(rosenbrock), np.zeros(3), jac=True, method="trust-constr", constraints=[bound]
    )
    assert np.linalg.norm(found.x) == pytest.approx(1.0, abs=1e-4)


T = np.linspace(0.0, 3.0, 40)
DECAY = np.array([2.0, 1.3, 0.5])


def misfit(p, t, y):
    return p[0] * np.exp(-p[1] * t) + p[2] - y


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares(method):
    y = misfit(DECAY, T, 0.0)
    found = optimize.least_squares(differentiable(misfit), np.ones(3), jac=jacobian(misfit), args=(T, y), method=method)
    np.testing.assert_allclose(found.x, DECAY, rtol=1e-6)
    np.testing.assert_allclose(found.jac, jacobian(misfit)(found.x, T, y), rtol=1e-10)


def test_curve_fit():
    def model(t, a, b, c):
        return a * np.exp(-b * t) + c

    def slopes(t, a, b, c):
        return jacobian(with_vector)(np.array([a, b, c]), t)

    def with_vector(p, t):
        return p[0] * np.exp(-p[1] * t) + p[2]

    found, _ = optimize.curve_fit(model, T, model(T, *DECAY), p0=np.ones(3), jac=slopes)
    np.testing.assert_allclose(found, DECAY, rtol=1e-6)


def equations(x):
    return [x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1.0, 0.5 * (x[1] - x[0]) ** 3 + x[1]]


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_root(method):
    found = optimize.root(equations, np.zeros(2), jac=jacobian(equations), method=method)
    assert found.success
    np.testing.assert_allclose(found.x, [0.8411639, 0.1588361], atol=1e-6)


def test_root_of_one_equation():
    def kepler(e, m):
        return e - 0.9 * np.sin(e) - m

    found = optimize.root_scalar(differentiable(kepler), args=(0.5,), x0=1.0, fprime=jacobian(kepler), method="newton")
    assert found.converged and kepler(found.root, 0.5) == pytest.approx(0.0, abs=1e-12)


def robertson(t, y):
    """Chemistry that is stiff (Robertson 1966)."""
    slow, fast, quick = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
    return [fast - slow, slow - fast - quick, quick]


@pytest.mark.parametrize("method", ["BDF", "Radau", "LSODA"])
def test_solve_ivp(method):
    given = {"method": method, "rtol": 1e-6, "atol": 1e-10}
    exact = solve_ivp(differentiable(robertson), (0.0, 40.0), [1.0, 0.0, 0.0], jac=jacobian(robertson, 1), **given)
    assert exact.success
    np.testing.assert_allclose(exact.y[:, -1], [0.7158271, 9.1855e-6, 0.2841637], rtol=1e-4)  # Hairer and Wanner, IV.10
    differences = solve_ivp(robertson, (0.0, 40.0), [1.0, 0.0, 0.0], **given)
    assert exact.nfev <= differences.nfev


def test_solve_ivp_with_arguments():
    def pendulum(t, y, damping, push):
        return np.array([y[1], -np.sin(y[0]) - damping * y[1] + push * np.cos(t)])

    found = solve_ivp(
        pendulum, (0.0, 5.0), [1.0, 0.0], jac=jacobian(pendulum, argnames="y"), args=(0.1, 0.2), method="BDF",
        rtol=1e-8, atol=1e-8,
    )  # fmt: skip
    expected = solve_ivp(pendulum, (0.0, 5.0), [1.0, 0.0], args=(0.1, 0.2), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found.y[:, -1], expected.y[:, -1], atol=1e-5)
