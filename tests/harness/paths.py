"""Every way to run a program: plain Python, IR interpreter, generated Python uncompiled, machine code.

In: a `Case`. Out: flat lists of result leaves, so that any two paths can be compared; and the comparisons.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.backend import cpu, loader
from srcgrad.backend.device.modules import host_function
from srcgrad.backend.device.pending import known
from srcgrad.config import Options, Transform
from srcgrad.differences import conjugated, float_leaves, float_vector, like, like_each, numerical_jvp
from srcgrad.infer.signature import Leaf, Spec, describe, flatten, leaves
from srcgrad.ir.interp import run
from srcgrad.ir.types import Scalar
from srcgrad.pipeline import Built, build
from srcgrad.transforms import Request
from tests.harness.case import Case

Runner = Callable[..., Sequence[Any]]


# -- building ---------------------------------------------------------------------------------------------------------

_BUILT: dict[Any, Built] = {}


_SERIAL = Options()


def built(case: Case, transform: Transform, options: Options = _SERIAL) -> Built:
    """The pipeline's output for a case, made once per types of the arguments."""
    key = (case.function, case.specs, case.argnums, transform, options)
    if key not in _BUILT:
        shift = len(case.prefix)
        argnums = tuple(k + shift for k in case.argnums)
        _BUILT[key] = build(Request(case.recipe, case.all_specs, transform, argnums, options=options))
    return _BUILT[key]


def arguments(case: Case, made: Built, values: tuple | None = None) -> list[Any]:
    """The leaves the entry point takes, before cotangents or tangents."""
    return [*case.leaves(values), *(captured.read() for captured in made.captured_arrays)]


# -- running ----------------------------------------------------------------------------------------------------------


def interpreted(made: Built) -> Runner:
    return lambda *leaves_: run(made.function, *leaves_)


def uncompiled(made: Built) -> Runner:
    module = loader.load(made.entry, made.source, {"uncompiled": True})
    entry = getattr(module, made.entry)

    def call(*leaves_: Any) -> list[Any]:
        with np.errstate(all="ignore"):
            return list(flat(entry(*leaves_)))

    return call


def on_device(made: Built, device: Any) -> Runner:
    """What is made for a GPU, on a device of any kind."""
    entry = host_function(made.entry, made.source, device)

    def call(*leaves_: Any) -> list[Any]:
        given = [np.asarray(leaf)[()] if np.isscalar(leaf) else leaf for leaf in leaves_]
        with np.errstate(all="ignore"):
            return [known(value) for value in flat(entry(*given))]

    return call


@functools.cache
def _machine_code(entry: str, source: str) -> Any:
    return getattr(cpu.compile_module(entry, source, Options()), entry)


def compiled(made: Built) -> Runner:
    entry = _machine_code(made.entry, made.source)
    return lambda *leaves_: list(flat(entry(*leaves_)))


def flat(raw: Any) -> Any:
    """The leaves of what an entry point returns."""
    if isinstance(raw, tuple):
        for item in raw:
            yield from flat(item)
    else:
        yield raw


# -- derivatives ------------------------------------------------------------------------------------------------------


def weights(case: Case, seed: int = 0) -> np.ndarray:
    """Random weights for the floating outputs."""
    return _away_from_zero([11, seed], float_vector(case.out).size)


def direction(case: Case, seed: int = 0) -> np.ndarray:
    """A random direction in the floating inputs that are differentiated."""
    return np.where(case.mask, _away_from_zero([7, seed], case.mask.size), 0.0)


def _away_from_zero(seed: list[int], size: int) -> np.ndarray:
    """Numbers of size 0.5 to 1.5 with random signs: a tiny one would hide an error."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 1.5, size) * rng.choice([-1.0, 1.0], size)


def reverse(case: Case, runner: Runner, made: Built, cotangent: np.ndarray) -> tuple[list[Any], np.ndarray]:
    """The primal results, and the gradient over all floating inputs (zero where not differentiated)."""
    seeds = list(float_leaves(conjugated(like(case.out, cotangent)), describe(case.out)))
    results = list(runner(*arguments(case, made), *seeds))
    count = len(tuple(leaves(describe(case.out))))
    return results[:count], _over_inputs(case, results[count:])


def is_scalar(case: Case) -> bool:
    """Whether the program returns one floating number, so that it has a gradient."""
    spec = describe(case.out)
    return isinstance(spec, Leaf) and isinstance(spec.type, Scalar) and spec.type.is_float


def bare_gradient(case: Case, runner: Runner, made: Built) -> tuple[list[Any], np.ndarray]:
    """The value (none for GRAD) and the gradient over all floating inputs, from an entry without cotangents."""
    results = list(runner(*arguments(case, made)))
    count = 1 if len(results) > len(case.gradient_leaves) else 0
    return results[:count], _over_inputs(case, results[count:])


def _over_inputs(case: Case, gradients: Sequence[Any]) -> np.ndarray:
    full = np.zeros(case.mask.size)
    parts = [float_vector(conjugated(g)) for g in gradients]
    full[_user_order(case)] = np.concatenate([np.zeros(0), *parts])
    return full


def forward(case: Case, runner: Runner, made: Built, along: np.ndarray) -> tuple[list[Any], np.ndarray]:
    """The primal results, and the derivative of the floating outputs along a direction."""
    tangents = like_each(case.values, along)
    seeds = [seed for k in case.argnums for seed in float_leaves(tangents[k], case.specs[k])]
    results = list(runner(*arguments(case, made), *seeds))
    count = len(tuple(leaves(describe(case.out))))
    tangent = [float_vector(t) for t in results[count:]]
    return results[:count], np.concatenate([np.zeros(0), *tangent])


def _user_order(case: Case) -> np.ndarray:
    """The positions in the vector of floating inputs of the gradients, in the order of `argnums`."""
    sizes = [float_vector(value).size for value in case.values]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    pieces = [np.arange(starts[k], starts[k + 1]) for k in case.argnums]
    return np.concatenate([np.zeros(0, int), *pieces])


def differences(case: Case, along: np.ndarray) -> np.ndarray:
    """The derivative along a direction, by differences of plain Python."""
    with np.errstate(all="ignore"):
        found, error = numerical_jvp(case.call, case.values, like_each(case.values, along), written=case.written)
    assert error <= 1e-7 * (1.0 + np.abs(found).max(initial=0.0)), "differences do not settle: a bad point"
    return found


# -- comparing --------------------------------------------------------------------------------------------------------


def check_leaves(what: str, got: Sequence[Any], case: Case, rtol: float) -> None:
    """`got` are the leaves of plain Python's result: dtypes, shapes and values."""
    spec: Spec = describe(case.out)
    wanted = list(flatten(case.out, spec))
    kinds: list[Leaf] = list(leaves(spec))
    assert len(got) >= len(wanted), f"{what}: {len(got)} results, plain Python gives {len(wanted)}"
    for k, (a, b, kind) in enumerate(zip(got, wanted, kinds)):
        x, y = np.asarray(a), np.asarray(b)
        assert x.shape == y.shape, f"{what}: result {k} has shape {x.shape}, plain Python's has {y.shape}"
        if isinstance(a, (np.ndarray, np.generic)):  # machine code returns every number as Python's
            assert x.dtype == kind.type.dtype, f"{what}: result {k} is {x.dtype}, plain Python's is {kind.type.dtype}"
        np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol, err_msg=f"{what}: result {k}")


def check_close(what: str, got: Any, expected: Any, rtol: float, atol: float, size: float | None = None) -> None:
    """Equal up to `atol + rtol * size`, where `size` is that of the terms that were added up."""
    a, b = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    assert a.shape == b.shape, f"{what}: {a.size} numbers against {b.size}"
    scale = np.abs(b).max(initial=0.0) if size is None else size
    tolerance = atol + rtol * scale
    gap = np.abs(a - b)
    assert (gap <= tolerance).all(), f"{what}: {a} against {b} (difference {gap.max():.3g}, tolerance {tolerance:.3g})"


def check_dot_product(what: str, case: Case, gradient: np.ndarray, cotangent: np.ndarray, along: np.ndarray,
                      derivative: np.ndarray, rtol: float, atol: float) -> None:  # fmt: skip
    """<J^T w, v> = <w, J v>."""
    left, right = gradient * along, cotangent * derivative
    size = max(np.abs(left).sum(), np.abs(right).sum())
    check_close(what, left.sum(), right.sum(), rtol, atol, float(size))
