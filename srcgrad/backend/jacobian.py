"""The Jacobian of a function of one array (or number): a compiled loop over products with unit vectors.

In: a function. Out: an object like every other derivative, whose result has the shape of the function's result followed
by that of the argument. Forward mode makes a column at a time, reverse mode a row; both call the compiled `jvp` or
`vjp` of the function, which is derived once for all seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcgrad import pipeline
from srcgrad.backend import cpu
from srcgrad.backend.callable import Derivative, Lowered
from srcgrad.backend.jacobian_text import Loop, Side, forward_text, reverse_text
from srcgrad.backend.njit_wrapper import raw_leaves
from srcgrad.backend.products import jacobian_vector
from srcgrad.backend.store import remembered
from srcgrad.backend.variants import Build
from srcgrad.config import Options, Target, Transform
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.infer.signature import Leaf, Node, Spec, leaves
from srcgrad.ir.types import Array, Scalar
from srcgrad.pipeline import Built
from srcgrad.transforms import Request

MODES = ("forward", "reverse")
_MAX_SHAPES = 256


@dataclass(frozen=True)
class BuiltLoop(Built):
    """A loop over seeds, and what it calls."""

    inner: Built | None = None

    @property
    def both(self) -> str:
        """The text of the product, and that of the loop."""
        assert self.inner is not None
        return f"{self.inner.source}\n\n{self.source}"


class LoweredJacobian(Lowered):
    """As `Lowered`: `.source` is the product's text, followed by the loop's."""

    @property
    def source(self) -> str:
        """The generated Python."""
        assert isinstance(self.built, BuiltLoop)
        return self.built.both


class Jacobian(Derivative):
    """The Jacobian of a function. With `mode=None`, forward or reverse by what takes fewer products."""

    def __init__(
        self,
        fun: Any,
        transform: Transform = Transform.JACOBIAN,
        argnums: int | tuple[int, ...] | None = None,
        argnames: str | tuple[str, ...] | None = None,
        has_aux: bool = False,
        options: Options | None = None,
        build: Build | None = None,
        mode: str | None = None,
    ) -> None:
        _check_call(argnums, argnames, options, mode)
        self._mode = mode
        self._reverse: Jacobian | None = None
        self._in_reverse: dict[tuple, bool] = {}
        self._used: Jacobian = self
        how = build or (lambda request: _build(request, mode or "forward"))
        super().__init__(fun, transform, argnums, argnames, has_aux, options, how)
        self._position = self._parameters.resolve(argnums, argnames)[0][0]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._mode is None:
            values = self._parameters.bind(args, kwargs)
            self._used = self._chosen(values)
            if self._used is not self:
                return self._used(*args, **kwargs)
        return super().__call__(*args, **kwargs)

    def _chosen(self, values: tuple) -> Jacobian:
        """The object that needs fewer products for these arguments; found out once for each combination of shapes."""
        argument = values[self._position]
        if self._mode is not None or not isinstance(argument, np.ndarray) or argument.size < 2:
            return self
        key = tuple(getattr(value, "shape", ()) for value in values)
        if key not in self._in_reverse:
            if len(self._in_reverse) >= _MAX_SHAPES:
                self._in_reverse.clear()
            self._in_reverse[key] = self._size_of_result(values) < argument.size
        return self._other() if self._in_reverse[key] else self

    def _size_of_result(self, values: tuple) -> int:
        """How many numbers the function returns: seen by one product of the forward mode."""
        self._variants.find(values)  # refuses what has no Jacobian, in its own words
        tangents = [None] * len(values)
        tangents[self._position] = np.zeros_like(values[self._position], order="C")
        out, _ = jacobian_vector(self.__wrapped__, values, tuple(tangents), self._recipe[-1])
        return out.size if isinstance(out, np.ndarray) else len(out) if isinstance(out, (tuple, list)) else 1

    def _other(self) -> Jacobian:
        if self._reverse is None:
            self._reverse = Jacobian(self.__wrapped__, *self._recipe, mode="reverse")
        return self._reverse

    def lower(self, *args: Any, **kwargs: Any) -> Lowered:
        """Derive the code for these arguments; of the function itself, at most one product is computed."""
        chosen = self._chosen(self._parameters.bind(args, kwargs))
        return super().lower(*args, **kwargs) if chosen is self else chosen.lower(*args, **kwargs)

    def _lowered(self, built: Built) -> Lowered:
        return LoweredJacobian(built)

    @property
    def source(self) -> str:
        """The generated Python of the variant derived last."""
        return LoweredJacobian(self._used.last_built()).source

    def report(self) -> str:
        """What the product keeps, and why, in the variant derived last."""
        return self._used.last_built().report

    def _of(self, function: Any) -> Jacobian:
        return Jacobian(function, *self._recipe, mode=self._mode)

    def __reduce__(self) -> tuple:
        restore, arguments = super().__reduce__()
        return _restore, (restore, arguments, self._mode)


def _restore(restore: Callable[..., Jacobian], arguments: tuple, mode: str | None) -> Jacobian:
    kind, reference, recipe = arguments
    return kind(reference.load(), *recipe, mode=mode)


def _check_call(argnums: Any, argnames: Any, options: Options | None, mode: str | None) -> None:
    if not all(isinstance(chosen, (int, str, type(None))) for chosen in (argnums, argnames)):
        raise ArgumentError(
            Diagnostic("jacobian takes one argument at a time", advice="write jacobian(f, argnums=0), not a tuple")
        )
    if mode is not None and mode not in MODES:
        raise ArgumentError(Diagnostic(f"mode is {mode!r}", advice=f"one of {', '.join(map(repr, MODES))}, or None"))
    if options is not None and options.target is Target.CUDA:
        advice = "compute it on the CPU, or use jvp or vjp with target='cuda'"
        raise ArgumentError(Diagnostic("jacobian does not run on the GPU", advice=advice))


# -- building -------------------------------------------------------------------------------------------------------


def _build(request: Request, mode: str) -> BuiltLoop:
    """The loop for the specs of a request."""
    position = request.argnums[0]
    given = request.specs[position]
    _check_argument(given, request)
    primal = pipeline.build(replace(request, transform=Transform.PRIMAL, argnums=()), remembered)
    out = primal.result
    _check_result(out, request)
    if isinstance(out, Leaf) and not isinstance(out.type, Array) and isinstance(given, Leaf):
        mode = mode if isinstance(given.type, Scalar) else "reverse"  # a gradient is one row
    product = Transform.JVP if mode == "forward" else Transform.VJP
    inner = pipeline.build(replace(request, transform=product), remembered)
    loop = _loop(request, primal, inner, mode == "forward")
    text = forward_text(loop) if mode == "forward" else reverse_text(loop)
    code = replace(inner.code, entry=loop.name, source=text)
    return BuiltLoop(
        code, _result(given, out), inner.captured, inner.captured_arrays, inner.written, inner.raised, inner
    )  # fmt: skip


def _place(built: Built, request: Request) -> tuple[str, str]:
    """The module and the name of a compiled function."""
    return cpu.compile_module(built.entry, built.source, request.options).__name__, built.entry


def _loop(request: Request, primal: Built, inner: Built, forward: bool) -> Loop:
    position, out = request.argnums[0], primal.result
    before = sum(len(tuple(leaves(spec))) for spec in request.specs[:position])
    count = sum(len(tuple(leaves(spec))) for spec in request.specs) + len(inner.captured_arrays)
    parameters = [f"p{k}" for k in range(count)]
    given = request.specs[position]
    raw = list(raw_leaves(inner.result, "raw"))
    floating = [leaf.type.is_float for leaf in leaves(out)]
    tangents = iter(raw[len(floating) :] if forward else [""] * len(floating))
    needs_shape = not forward and isinstance(out, Leaf) and isinstance(out.type, Array)
    shape = _place(primal, request) if needs_shape else None
    return Loop(
        f"{primal.entry}_jacobian", _place(inner, request), shape, parameters, parameters[before],
        _side((raw[-1],), given), _side(tuple(next(tangents) if floats else None for floats in floating), out),
    )  # fmt: skip


def _side(found: tuple[str | None, ...], spec: Spec) -> Side:
    is_array = isinstance(spec, Leaf) and isinstance(spec.type, Array)
    is_number = isinstance(spec, Leaf) and not is_array
    return Side(found, _dtype(spec).name, is_array, is_number)


def _dtype(spec: Spec) -> np.dtype:
    return np.result_type(*(leaf.type.dtype for leaf in leaves(spec) if leaf.type.is_float))


def _dimensions(spec: Spec) -> int:
    if isinstance(spec, Leaf):
        return spec.type.ndim if isinstance(spec.type, Array) else 0
    return 1


def _result(given: Spec, out: Spec) -> Spec:
    if all(isinstance(spec, Leaf) and isinstance(spec.type, Scalar) for spec in (given, out)):
        return out
    return Leaf(Array(_dtype(out), _dimensions(out) + _dimensions(given)))


def _check_argument(spec: Spec, request: Request) -> None:
    if not isinstance(spec, Leaf) or not spec.type.is_float:
        raise ArgumentError(
            Diagnostic(
                f"jacobian needs one real array or number to differentiate, not {spec.in_words()}",
                why="its result has the shape of the function's result followed by that of the argument",
                advice="pass one array, or use jvp and vjp, which take containers and complex numbers",
            )
        )


def _check_result(out: Spec, request: Request) -> None:
    name = request.function.__name__
    kinds = [leaf.type for leaf in leaves(out)]
    is_sequence = isinstance(out, Node) and out.container in (tuple, list)
    numbers = is_sequence and all(isinstance(c, Leaf) and isinstance(c.type, Scalar) for c in out.children)  # type: ignore[union-attr]
    real = any(kind.is_float for kind in kinds) and not any(kind.is_complex for kind in kinds)
    if real and (isinstance(out, Leaf) or numbers):
        return
    raise ArgumentError(
        Diagnostic(
            f"jacobian needs a function that returns one real array or number, or a tuple or list of numbers; "
            f"{name} returns {out.in_words()}",
            why="its result has the shape of the function's result followed by that of the argument",
            advice="return one array, or use jvp and vjp, which take containers and complex numbers",
        )
    )
