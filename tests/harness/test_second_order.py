"""Second derivatives of every program of the corpus, made from the IR of its adjoint and run by the interpreter.

The adjoint G(x, w) = J(x)^T w is differentiated again with respect to x: in forward mode along v (against differences
of G), and in reverse mode with cotangents u, which must agree: <u, dG v> = <dG^T u, v>.
"""

from __future__ import annotations

import numpy as np
import pytest

from srcgrad.adjoint.driver import reverse_mode
from srcgrad.adjoint.inner import as_primal
from srcgrad.adjoint.tangent import forward_mode
from srcgrad.config import Transform
from srcgrad.differences import float_leaves, float_vector, like, like_each, numerical_jvp
from srcgrad.errors import Unsupported
from srcgrad.infer.signature import describe, leaves
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Function
from srcgrad.ir.types import Array
from srcgrad.ir.verify import verify
from srcgrad.opt import optimise
from tests.harness.case import Case, cases
from tests.harness.paths import arguments, built, check_close, direction, weights
from tests.harness.registry import Program, all_programs


@pytest.mark.parametrize("program", all_programs(), ids=lambda p: p.name)
def test_the_adjoint_is_differentiated_again(program: Program) -> None:
    for case in cases(program):
        if not any(leaf.type.is_complex for leaf in leaves(describe((case.values, case.out)))):
            _check(case)


def _check(case: Case) -> None:
    made = built(case, Transform.PRIMAL)
    primal = made.primal
    wrt = [primal.params[k] for k in _differentiated(case)]
    outputs = [k for k, leaf in enumerate(leaves(describe(case.out))) if leaf.type.is_float]
    adjoint = optimise(as_primal(reverse_mode(primal, wrt, outputs, name="adjoint", seeded=True).function))
    verify(adjoint)
    bars = list(float_leaves(like(case.out, weights(case)), describe(case.out)))
    count = len(primal.body.results)
    along = direction(case)

    def gradient(*values: object) -> tuple:
        return tuple(run(adjoint, *arguments(case, made, values), *bars)[count:])

    moving = [adjoint.params[primal.params.index(symbol)] for symbol in wrt]
    seeds = _seeds(case, along)
    try:
        tangent = optimise(forward_mode(adjoint, moving, name="second"))
    except Unsupported as error:
        assert "factorisation" in str(error) and case.name.startswith("factorisations")
        return
    verify(tangent)
    results = run(tangent, *arguments(case, made), *bars, *seeds)
    second = _vector(results[-len(wrt) :])
    if not case.narrow:  # differences would need float64
        expected, error = numerical_jvp(gradient, case.values, like_each(case.values, along))
        assert error <= 1e-5 * (1.0 + np.abs(expected).max(initial=0.0)), "differences do not settle: a bad point"
        check_close("forward over reverse", second, expected, 3e-6, 3e-6)
    _check_reverse(case, adjoint, moving, arguments(case, made) + bars, _vector(seeds), second)


def _check_reverse(case: Case, adjoint: Function, moving: list, given: list, along: np.ndarray, second: np.ndarray):
    positions = range(len(adjoint.body.results) - len(moving), len(adjoint.body.results))
    try:
        again = reverse_mode(adjoint, moving, positions, name="again", seeded=True).function
    except Unsupported as error:
        assert "stacks" in str(error)
        return
    again = optimise(again)
    verify(again)
    rng = np.random.default_rng(3)
    kinds = [adjoint.body.results[k].type for k in positions]
    grads = run(adjoint, *given)[-len(moving) :]
    drawn = [np.asarray(rng.uniform(0.5, 1.5, np.shape(g)), t.dtype) for g, t in zip(grads, kinds, strict=True)]
    seeds = [d if isinstance(t, Array) else d[()] for d, t in zip(drawn, kinds, strict=True)]
    back = _vector(run(again, *given, *seeds)[-len(moving) :])
    left, right = _vector(seeds) * second, back * along
    scale = max(np.abs(left).sum(), np.abs(right).sum())
    rtol, atol = case.tolerances(1e-9, 2e-3)
    check_close("reverse over reverse", left.sum(), right.sum(), rtol, atol, float(scale))


def _differentiated(case: Case) -> list[int]:
    """The leaves that are differentiated, by their position among all leaves."""
    found, first = [], 0
    for k, spec in enumerate(case.specs):
        own = tuple(leaves(spec))
        if k in case.argnums:
            found += [first + i for i, leaf in enumerate(own) if leaf.type.is_float]
        first += len(own)
    return found


def _seeds(case: Case, along: np.ndarray) -> list:
    tangents = like_each(case.values, along)
    positions = sorted(case.argnums)
    return [seed for k in positions for seed in float_leaves(tangents[k], case.specs[k])]


def _vector(parts) -> np.ndarray:
    return np.concatenate([np.zeros(0), *(float_vector(part) for part in parts)])


