"""The object `differentiable` returns: the compiled function, with its derivatives as attributes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from srcgrad.backend.callable import CompiledFunction, Derivative
from srcgrad.backend.products import jacobian_vector, vector_jacobian
from srcgrad.backend.variants import Build
from srcgrad.config import Options, Transform
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.pipeline import Built


class Differentiable(CompiledFunction):
    """A compiled function. `.grad` and `.value_and_grad` are functions of the same arguments that differentiate the
    first; `.vjp(*primals)` and `.jvp(primals, tangents)` are as `srcgrad.vjp` and `srcgrad.jvp`; `.py_func` is the
    Python function."""

    def __init__(
        self,
        fun: Any,
        transform: Transform = Transform.PRIMAL,
        argnums: int | tuple[int, ...] | None = None,
        argnames: str | tuple[str, ...] | None = None,
        has_aux: bool = False,
        options: Options | None = None,
        build: Build | None = None,
    ) -> None:
        super().__init__(fun, transform, argnums, argnames, has_aux, options, build)
        self.py_func = self.__wrapped__
        self.__srcgrad_primal__ = self.__wrapped__

    @functools.cached_property
    def grad(self) -> Derivative:
        """The gradient with respect to the first argument."""
        return self._derivative(Transform.GRAD)

    @functools.cached_property
    def value_and_grad(self) -> Derivative:
        """The value, and the gradient with respect to the first argument."""
        return self._derivative(Transform.VALUE_AND_GRAD)

    def _derivative(self, transform: Transform) -> Derivative:
        return Derivative(self.__wrapped__, transform, options=self._recipe[-1], build=self._build)

    def vjp(self, *primals: Any) -> tuple[Any, Callable[[Any], tuple]]:
        """`(out, pullback)`, as `srcgrad.vjp`."""
        return vector_jacobian(self.__wrapped__, primals, self._recipe[-1], self._build)

    def jvp(self, primals: tuple, tangents: tuple) -> tuple[Any, Any]:
        """`(out, tangent_out)`, as `srcgrad.jvp`."""
        return jacobian_vector(self.__wrapped__, primals, tangents, self._recipe[-1], self._build)

    def source(self, *args: Any, transform: str = "value_and_grad", **kwargs: Any) -> str:
        """The generated Python of a transform ("primal", "grad" or "value_and_grad"): for these arguments, or
        without arguments the one derived last."""
        return self._built(args, transform, kwargs).source

    def report(self, *args: Any, transform: str = "value_and_grad", **kwargs: Any) -> str:
        """What the reverse sweep keeps, and why: for these arguments, or without arguments as derived last."""
        return self._built(args, transform, kwargs).report

    def _built(self, args: tuple, transform: str, kwargs: dict[str, Any]) -> Built:
        found: dict[str, CompiledFunction] = {
            "primal": self, "grad": self.grad, "value_and_grad": self.value_and_grad,
        }  # fmt: skip
        if transform not in found:
            raise ArgumentError(Diagnostic(f"there is no transform {transform!r}", advice=f"one of {', '.join(found)}"))
        function = found[transform]
        return function.lower(*args, **kwargs).built if args or kwargs else function.last_built()
