"""The object a transform returns: compiles for the structure and types of its arguments, and calls what it compiled.

A call goes through the first door that opens: `FastTable` goes by the types of the arguments straight to machine code;
a key of the arguments finds a variant made before; else the arguments are checked and described, and the pipeline
makes a variant. `@njit` code sees the object as a Numba dispatcher.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import numpy as np
from numba.core import types

from srcgrad.backend import arguments, loader
from srcgrad.backend.buffers import deliver
from srcgrad.backend.device.boundary import shadowed
from srcgrad.backend.njit_call import FastTable, NjitDispatcher, lock
from srcgrad.backend.parameters import Parameters, by_position, python_function
from srcgrad.backend.reference import Reference, refer
from srcgrad.backend.specialisation import Specialisation
from srcgrad.backend.variants import Build, Variants, as_function
from srcgrad.config import Options, Target, Transform
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.infer.derivation import Derivation
from srcgrad.infer.signature import Spec, Static
from srcgrad.ir.nodes import Function
from srcgrad.pipeline import Built
from srcgrad.transforms import Request

_MAX_BOUND = 256
# Numba takes a masked array for an array
_EXACT = frozenset([float, int, bool, complex, np.ndarray, np.float64, np.int64, np.complex128])
_TO_BUFFERS = (Transform.GRAD, Transform.VALUE_AND_GRAD)
_DIFFERENTIATING = (Transform.GRAD, Transform.VALUE_AND_GRAD, Transform.JACOBIAN)


class Lowered:
    """A transform derived for given arguments, not run: `.source`, the same as a Python function (`.py_func`),
    `.report()`, the IR before (`.primal`) and after (`.function`)."""

    def __init__(self, built: Built) -> None:
        self.built = built

    @property
    def source(self) -> str:
        """The generated Python."""
        return self.built.source

    @property
    def py_func(self) -> Callable[..., Any]:
        """The generated Python as a function, not compiled. Its arguments are the numbers and arrays of the user's, one
        after the other. NumPy runs it, a debugger steps through it, and it can be differentiated like any function."""
        return getattr(loader.load(self.built.entry, self.built.source, {"compiled": False}), self.built.entry)

    @property
    def primal(self) -> Function:
        """The IR of the user's function."""
        return self.built.primal

    @property
    def function(self) -> Function:
        """The IR of what the source does."""
        return self.built.function

    def report(self) -> str:
        """What the reverse sweep keeps, and why."""
        return self.built.report


class CompiledFunction:
    """A compiled function derived from the user's: its gradient, value and gradient, or the function itself.

    Call it from Python or from `@njit` code. `.lower(*args)` derives without running. It pickles by reference to the
    user's function."""

    __name__: str
    __qualname__: str
    __wrapped__: Callable[..., Any]

    def __init__(
        self,
        fun: Any,
        transform: Transform,
        argnums: int | tuple[int, ...] | None = None,
        argnames: str | tuple[str, ...] | None = None,
        has_aux: bool = False,
        options: Options | None = None,
        build: Build | None = None,
    ) -> None:
        function = python_function(fun)
        self._recipe = (transform, argnums, argnames, has_aux, options or Options())
        self._build = build
        self._parameters = parameters = Parameters(function)
        positions: tuple[int, ...] = ()
        bare = True
        if transform in _DIFFERENTIATING:
            positions, bare = parameters.resolve(argnums, argnames)
        request = Request(as_function(function), (), transform, positions, has_aux, options or Options())
        wrap = not bare and len(positions) == 1
        self._variants = Variants(request, parameters, wrap, build)
        self._arity = len(parameters)
        self._takes_out = transform in _TO_BUFFERS and "out" not in parameters.names and not parameters.variadic
        self._on_device = request.options.target is Target.CUDA
        self._dispatcher: NjitDispatcher | None = None
        self._fast: FastTable | None = None
        self._bound: OrderedDict[Static, CompiledFunction] = OrderedDict()
        functools.update_wrapper(self, function, updated=())
        self.__srcgrad_transform__ = transform
        if transform is not Transform.PRIMAL:
            self.__srcgrad_derivation__ = (function, Derivation(*self._recipe))
        self._fresh_tables()

    def _fresh_tables(self) -> None:
        self._dispatcher = None
        names = self._parameters.names
        slow = self._parameters.variadic or self._variants.units
        self._fast = None if slow else FastTable(names, self._call_by_key)

    # -- calls ------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._variants.watches and self._variants.drop_stale():
            self._fresh_tables()
        if "out" in kwargs and self._takes_out:
            return self._into(kwargs.pop("out"), args, kwargs)
        if kwargs or len(args) != self._arity or self._parameters.variadic:
            args = self._parameters.bind(args, kwargs)
        if self._on_device:
            return self._call_by_key(*shadowed(args))
        fast = self._fast
        if fast is None:
            return self._call_by_key(*args)
        for value in args:
            if type(value) not in _EXACT:
                return self._call_by_key(*args)
        try:
            return fast(*args)
        except Exception as error:
            return self._after(error, args)

    def _into(self, out: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        """The call with its gradient in the caller's buffers."""
        if self._on_device:
            raise ArgumentError(Diagnostic("out= is for the CPU", advice="leave it out with target='cuda'"))
        result = self(*args, **kwargs)
        transform, _, _, has_aux, _ = self._recipe
        if transform is Transform.VALUE_AND_GRAD:
            return result[0], deliver(result[1], out)
        return (deliver(result[0], out), result[1]) if has_aux else deliver(result, out)

    def _call_by_key(self, *values: Any) -> Any:
        variant, leaves, as_they_came = self._variants.find(values)
        try:
            result = variant.call(leaves)
        except Exception as error:
            return self._after(error, values)
        if as_they_came:
            self._enter_fast_table(variant, leaves)
        else:
            arguments.protect(result, values)
        return variant.finish(result)

    def _after(self, error: Exception, values: tuple) -> Any:
        """What comes of a call that failed: another attempt, or the user's exception."""
        if self._variants.learns_units(error, values):
            self._fast = None
            return self._call_by_key(*values)
        raise self._variants.as_the_users(error) or error from None

    def _enter_fast_table(self, variant: Specialisation, leaves: list) -> None:
        """Let the next call like this one take the first door; close that door for a function that never fits."""
        if self._variants.units or not variant.suits_fast_table():
            self._fast = None
        elif self._fast is not None and variant.only_wide:
            self._fast.register(variant.entry, leaves)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method: the same transform of the bound method. Its argnums do not count the object."""
        if instance is None:
            return self
        key = Static(instance)
        with lock:
            bound = self._bound.get(key)
            if bound is None:
                bound = self._bound[key] = self._of(self.__wrapped__.__get__(instance, owner))
                if len(self._bound) > _MAX_BOUND:
                    self._bound.popitem(last=False)
            return bound

    def _of(self, function: Any) -> CompiledFunction:
        """The same of another function."""
        return type(self)(function, *self._recipe, self._build)

    # -- what was derived -------------------------------------------------------------------------------------------

    def lower(self, *args: Any, **kwargs: Any) -> Lowered:
        """Derive the code for these arguments without running it."""
        self._drop_stale()
        values = self._parameters.bind(args, kwargs)
        return self._lowered(self._variants.find(shadowed(values) if self._on_device else values)[0].built)

    def _lowered(self, built: Built) -> Lowered:
        return Lowered(built)

    def _drop_stale(self) -> None:
        if self._variants.drop_stale():
            self._fresh_tables()

    def last_built(self) -> Built:
        """The variant derived last. Raises `ArgumentError` where there is none."""
        if self._variants.last is None:
            name = self.__name__
            raise ArgumentError(
                Diagnostic(
                    f"{name} has not been compiled yet",
                    why="the code depends on the types of the arguments",
                    advice=f"call {name}(...) first, or ask for {name}.lower(...).source",
                )
            )
        return self._variants.last.built

    # -- for Numba, pickle and people -------------------------------------------------------------------------------

    @property
    def _numba_type_(self) -> types.Type:
        return types.Dispatcher(self.njit_dispatcher())

    def njit_dispatcher(self) -> NjitDispatcher:
        """What `@njit` code calls."""
        self._drop_stale()
        with lock:
            if self._dispatcher is None:
                signature = by_position(self._parameters.signature)
                self._dispatcher = NjitDispatcher(_innermost(self), signature, self._for_njit)
                self._dispatcher.srcgrad_object = self
            return self._dispatcher

    def _for_njit(self, specs: tuple[Spec, ...]) -> Any:
        return self._variants.for_specs(specs).njit_function()

    def __reduce__(self) -> tuple:
        return _restore, (type(self), refer(self.__wrapped__), self._recipe)

    def __repr__(self) -> str:
        return f"<{self.__srcgrad_transform__.value} of {self.__qualname__}>"


def _innermost(function: Any) -> FunctionType:
    """The Python function behind derivatives and methods."""
    while not isinstance(function, FunctionType):
        function = function.__func__ if isinstance(function, MethodType) else function.__wrapped__
    return function


def _restore(kind: type[CompiledFunction], reference: Reference, recipe: tuple) -> CompiledFunction:
    return kind(reference.load(), *recipe)


class Derivative(CompiledFunction):
    """The gradient of a function, or its value and gradient. `.source` and `.report()` show what was derived last."""

    @property
    def source(self) -> str:
        """The generated Python of the variant derived last."""
        return self.last_built().source

    def report(self) -> str:
        """What the reverse sweep keeps, and why, in the variant derived last."""
        return self.last_built().report
