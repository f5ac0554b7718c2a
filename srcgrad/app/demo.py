"""`python -m srcgrad demo`: a mixture of two normals fitted to Old Faithful by maximum likelihood.

In: where to write the picture. Out: text on stdout and the picture; the exit status is 0 when the gradient agrees
with finite differences and the fit has reached a maximum.
"""

from __future__ import annotations

import inspect
import time
from pathlib import Path

import numpy as np
from scipy.optimize import OptimizeResult, approx_fprime, minimize

from srcgrad.api import differentiable, value_and_grad
from srcgrad.app.mixture import Component, components, log_normal, negative_log_likelihood, starting_point
from srcgrad.app.picture import draw
from srcgrad.app.stopwatch import readable, seconds_per_call
from srcgrad.data import old_faithful

likelihood = differentiable(negative_log_likelihood)
likelihood_and_gradient = value_and_grad(negative_log_likelihood)


def run(picture: Path) -> int:
    """Everything the demonstration shows, in order."""
    data = old_faithful()
    start = starting_point(data)
    _heading("The function, as it is written")
    print(inspect.getsource(log_normal), inspect.getsource(negative_log_likelihood), sep="\n")
    began = time.perf_counter()
    likelihood_and_gradient(start, data)
    compiled = time.perf_counter() - began
    _heading("Its adjoint, as generated")
    print(likelihood_and_gradient.source)
    _heading("What the reverse sweep keeps")
    print(likelihood_and_gradient.report())
    agrees = _check(start, data)
    fit = _fit(start, data)
    _times(start, data, compiled)
    picture.write_text(_picture(data, components(fit.x)), encoding="utf-8")
    print(f"\nThe picture of the fit is in {picture}")
    return 0 if agrees and bool(fit.success) else 1


def central_differences(theta: np.ndarray, data: np.ndarray) -> np.ndarray:
    """The gradient by central differences of the compiled function, two evaluations for each parameter."""
    gradient = np.empty_like(theta)
    for k in range(theta.size):
        step = 1e-5 * max(1.0, abs(theta[k]))
        up, down = theta.copy(), theta.copy()
        up[k] += step
        down[k] -= step
        gradient[k] = (likelihood(up, data) - likelihood(down, data)) / (up[k] - down[k])
    return gradient


def _check(start: np.ndarray, data: np.ndarray) -> bool:
    _heading("The gradient against central differences, at the starting point")
    exact, approximate = likelihood_and_gradient(start, data)[1], central_differences(start, data)
    print(f"{'parameter':>9} {'srcgrad':>18} {'differences':>18} {'difference':>12}")
    for k in range(start.size):
        print(f"{k:>9} {exact[k]:>18.10f} {approximate[k]:>18.10f} {exact[k] - approximate[k]:>12.1e}")
    return bool(np.allclose(exact, approximate, rtol=1e-6, atol=1e-6 * np.abs(exact).max()))


def _fit(start: np.ndarray, data: np.ndarray) -> OptimizeResult:
    _heading("The fit: scipy.optimize.minimize(value_and_grad(negative_log_likelihood), ..., jac=True)")
    began = time.perf_counter()
    fit = minimize(likelihood_and_gradient, start, args=(data,), jac=True, method="BFGS", options={"gtol": 1e-4})
    seconds = time.perf_counter() - began
    print(f"{fit.message} {fit.nit} iterations, {fit.nfev} evaluations, {readable(seconds)}")
    print(f"log likelihood {-fit.fun:.4f}, largest derivative left {np.abs(fit.jac).max():.1e}")
    for part in components(fit.x):
        print(f"weight {part.weight:.4f}   mean ({part.mean[0]:.4f}, {part.mean[1]:.4f})", end="   ")
        print("covariance " + np.array2string(part.covariance, precision=4).replace("\n", ","))
    return fit


def _times(start: np.ndarray, data: np.ndarray, compiled: float) -> None:
    _heading("Time, one call from Python")
    value = seconds_per_call(lambda: likelihood(start, data))
    both = seconds_per_call(lambda: likelihood_and_gradient(start, data))
    forward = seconds_per_call(lambda: approx_fprime(start, likelihood, 1e-7, data))
    central = seconds_per_call(lambda: central_differences(start, data))
    rows = [
        ("the function, compiled", value),
        ("value and gradient", both),
        ("gradient by forward differences (scipy)", forward),
        ("gradient by central differences", central),
    ]
    for name, seconds in rows:
        print(f"{name:<42} {readable(seconds):>10} {seconds / value:>8.2f} x the function")
    print(f"{'first gradient, compilation included':<42} {readable(compiled):>10}")


def _picture(data: np.ndarray, fit: tuple[Component, Component]) -> str:
    densities = [part.weight * _density(part, data) for part in fit]
    first = densities[0] / (densities[0] + densities[1])
    labels = ("length of the eruption, minutes", "time to the next one, minutes")
    return draw(data, fit, first, labels, "Old Faithful: two normals, fitted by maximum likelihood")


def _density(part: Component, data: np.ndarray) -> np.ndarray:
    offset = data - part.mean
    distance = np.einsum("ij,ji->i", offset, np.linalg.solve(part.covariance, offset.T))
    return np.exp(-0.5 * distance) / np.sqrt(np.linalg.det(part.covariance))


def _heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")
