"""`vjp` and `jvp`: products of the Jacobian with a cotangent or a tangent, without forming it.

In: a function, primals, tangents. Out: results in the structure of the function's output or arguments. Compiled
variants are shared by all calls for the same function and options.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.backend.arguments import protect
from srcgrad.backend.cotangents import Matcher
from srcgrad.backend.device.arrays import on_device
from srcgrad.backend.device.boundary import shadowed
from srcgrad.backend.device.modules import copied
from srcgrad.backend.parameters import Parameters, python_function
from srcgrad.backend.specialisation import Specialisation
from srcgrad.backend.variants import Build, Variants, as_function, differentiable_positions
from srcgrad.config import Options, Target, Transform
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.infer.signature import Spec, Static, flatten
from srcgrad.transforms import Request

_MAX_SHARED = 512
_shared: OrderedDict[Any, tuple[Parameters, dict[Transform, Variants]]] = OrderedDict()
_shared_lock = threading.Lock()
_PRODUCTS = (Transform.PRIMAL, Transform.VJP, Transform.JVP)


def shared_variants(
    fun: Any, options: Options, build: Build | None = None
) -> tuple[Parameters, dict[Transform, Variants]]:
    """The parameters and variants of a function, the same for every call with this function and options."""
    function = python_function(fun)
    key = (Static(function), options, build)
    with _shared_lock:
        found = _shared.get(key)
        if found is None:
            parameters = Parameters(function)
            recipe = as_function(function)
            found = _shared[key] = (
                parameters,
                {t: Variants(Request(recipe, (), t, (), False, options), parameters, build=build) for t in _PRODUCTS},
            )
            if len(_shared) > _MAX_SHARED:
                _shared.popitem(last=False)
        _shared.move_to_end(key)
    for variants in found[1].values():
        if variants.watches:
            variants.drop_stale()
    return found


def _snapshot(leaf: Any) -> Any:
    if on_device(leaf) is not None:
        return copied(leaf)
    return leaf.copy(order="K") if isinstance(leaf, np.ndarray) else leaf


@dataclass(frozen=True)
class Given:
    """The arguments of a call: the first `count`, among them those that `*args` (the parameter `starred`) collects."""

    count: int
    starred: int | None

    def of(self, gradients: list) -> tuple:
        """The gradients of the arguments, given those of the parameters."""
        if self.starred is None:
            return tuple(gradients[: self.count])
        collected = gradients[self.starred]
        spread = collected if isinstance(collected, tuple) else ()
        return (*gradients[: self.starred], *spread)[: self.count]


class Pullback:
    """The linear map from cotangents of the output to cotangents of the arguments that were given, at the point where
    `vjp` was called: later changes to the primals do not matter. Can be called any number of times."""

    def __init__(
        self, variant: Specialisation, point: list, out: Spec, out_leaves: list, argnums: tuple, given: Given
    ) -> None:
        self._given = given
        self._variant = variant
        self._point = point
        self._out = out
        self._out_leaves = out_leaves
        self._argnums = argnums

    def __call__(self, cotangent: Any) -> tuple:
        """One gradient for each argument given; None where an argument has none."""
        matcher = Matcher("cotangent", "the output")
        if self._variant.request.options.target is Target.CUDA:
            cotangent = shadowed(cotangent)
        seeds = list(matcher.match(cotangent, self._out, iter(self._out_leaves), "the cotangent"))
        gradients: list[Any] = [None] * len(self._variant.specs)
        if self._argnums:
            result = self._variant.finish(self._variant.run([*self._point, *seeds]))
            for position, gradient in zip(self._argnums, result[1], strict=True):
                gradients[position] = gradient
        return self._given.of(gradients)

    @property
    def source(self) -> str:
        """The generated Python."""
        return self._variant.built.source

    def report(self) -> str:
        """What the reverse sweep keeps, and why."""
        return self._variant.built.report


def vector_jacobian(
    fun: Any, primals: tuple, options: Options, build: Build | None = None
) -> tuple[Any, Callable[[Any], tuple]]:
    """`(out, pullback)`: see `srcgrad.vjp`."""
    parameters, variants = shared_variants(fun, options, build)
    if options.target is Target.CUDA:
        primals = shadowed(primals)
    values = parameters.bind(primals, {})
    primal, point, as_they_came = variants[Transform.PRIMAL].find(values, ())
    given = Given(len(primals), parameters.starred)
    argnums = tuple(k for k in differentiable_positions(primal.specs) if k < given.count or given.starred is not None)
    variant = variants[Transform.VJP].for_specs(primal.specs, argnums) if argnums else primal
    snapshot = [_snapshot(leaf) for leaf in point]
    try:
        raw = primal.run(point)
    except ValueError as error:
        if not variants[Transform.PRIMAL].learns_units(error, values):
            raise
        return vector_jacobian(fun, primals, options, build)
    if not as_they_came:
        protect(raw, values)
    out = primal.finish(raw)
    out_leaves = [_shape_only(leaf) for leaf in flatten(out, primal.result)]
    return out, Pullback(variant, snapshot, primal.result, out_leaves, argnums, given)


def _shape_only(leaf: Any) -> Any:
    """Something with the shape and dtype of an array and no memory of its own."""
    return np.broadcast_to(np.zeros((), leaf.dtype), leaf.shape) if isinstance(leaf, np.ndarray) else leaf


def jacobian_vector(
    fun: Any, primals: Any, tangents: Any, options: Options, build: Build | None = None
) -> tuple[Any, Any]:
    """`(out, tangent_out)`: see `srcgrad.jvp`."""
    parameters, variants = shared_variants(fun, options, build)
    _check_pair(primals, tangents)
    if options.target is Target.CUDA:
        primals, tangents = shadowed(tuple(primals)), shadowed(tuple(tangents))
    values = parameters.bind(tuple(primals), {})
    directions = list(tangents) + [None] * (len(values) - len(tangents))
    active = tuple(k for k, direction in enumerate(directions) if direction is not None)
    if not active:
        raise ArgumentError(Diagnostic("every tangent is None", advice="pass a tangent for one argument at least"))
    if parameters.variadic and active[-1] >= len(primals):
        raise ArgumentError(Diagnostic("jvp needs one primal per parameter of the function"))
    variant, point, _ = variants[Transform.JVP].find(values, active)
    matcher = Matcher("tangent", "the primal")
    seeds = [seed for k in active for seed in _seeds(matcher, directions[k], variant.specs[k], values[k], k)]
    try:
        out, tangent_out = variant.finish(variant.run([*point, *seeds]))
    except ValueError as error:
        if not variants[Transform.JVP].learns_units(error, values):
            raise
        return jacobian_vector(fun, primals, tangents, options, build)
    return out, tangent_out


def _seeds(matcher: Matcher, direction: Any, spec: Spec, value: Any, position: int) -> list:
    return list(matcher.match(direction, spec, iter(list(flatten(value, spec))), f"tangents[{position}]"))


def _check_pair(primals: Any, tangents: Any) -> None:
    for value, name in ((primals, "primals"), (tangents, "tangents")):
        if not isinstance(value, (tuple, list)):
            raise ArgumentError(
                Diagnostic(
                    f"{name} must be a tuple, not {type(value).__name__}",
                    advice="write jvp(fun, (x,), (v,)), the trailing commas included",
                )
            )
    if len(primals) != len(tangents):
        raise ArgumentError(
            Diagnostic(
                f"there are {len(primals)} primals and {len(tangents)} tangents",
                advice="pass one tangent for each primal, None for one that stays as it is",
            )
        )
