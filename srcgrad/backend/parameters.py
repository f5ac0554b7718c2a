"""The parameters of the user's function, and how a call's arguments meet them.

In: the function, `argnums`/`argnames`. Out: one value per parameter in order (defaults filled in, `*args` as a tuple,
`**kwargs` as a dict), and the positions to differentiate. A bound method's object is a value in front of the rest.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import types
from collections.abc import Callable
from typing import Any

from srcgrad.errors import ArgumentError, Diagnostic, Unsupported
from srcgrad.infer.derivation import Argnames, Argnums, differentiated

_EMPTY = inspect.Parameter.empty


def python_function(fun: Any) -> Callable[..., Any]:
    """The Python function (or bound method) behind a jitted function, a callable object, or one of our own objects."""
    if hasattr(fun, "__srcgrad_transform__"):  # a derivative is a function as well
        return getattr(fun, "__srcgrad_primal__", fun)
    if isinstance(fun, (types.FunctionType, types.MethodType)):
        if isinstance(fun, types.MethodType) and not isinstance(fun.__func__, types.FunctionType):
            return types.MethodType(python_function(fun.__func__), fun.__self__)
        return fun
    jitted = getattr(fun, "py_func", None)
    if isinstance(jitted, types.FunctionType):
        return jitted
    call = None if isinstance(fun, type) or not callable(fun) else fun.__call__
    if isinstance(call, types.MethodType) and isinstance(call.__func__, types.FunctionType):
        return call
    raise ArgumentError(
        Diagnostic(
            f"{fun!r} is not a Python function",
            why="the gradient is derived from the source of a function" if callable(fun) else "it cannot be called",
            advice=_partial_advice(fun) if isinstance(fun, functools.partial) else "pass a function written in Python",
        )
    )


def _partial_advice(fun: functools.partial) -> str:
    return f"write the partial as a function: lambda x: {getattr(fun.func, '__name__', 'f')}(x, ...)"


def by_position(signature: inspect.Signature) -> inspect.Signature:
    """The signature as `@njit` code is to bind it. Numba puts arguments by position into keyword-only parameters, out
    of order, where there are defaults between: here they are parameters like the others."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = list(signature.parameters.values())
    if not any(p.kind is p.KEYWORD_ONLY for p in parameters) or any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return signature
    plain = [p.replace(kind=kind) if p.kind is p.KEYWORD_ONLY else p for p in parameters]
    ordered = sorted(plain, key=lambda p: p.kind is p.VAR_KEYWORD)
    if any(a.default is not _EMPTY and b.default is _EMPTY for a, b in itertools.pairwise(ordered)):
        raise Unsupported(
            Diagnostic(
                "a keyword-only parameter without a default, after one with a default, cannot be given in @njit code",
                why="Numba binds arguments by position",
                advice="give it a default, or take the star out of the parameters",
            )
        )
    return signature.replace(parameters=ordered)


def _owner_of_defaults(fun: Callable[..., Any]) -> Any:
    """The function whose defaults `inspect.signature(fun)` shows."""
    function = inspect.unwrap(fun, stop=lambda f: hasattr(f, "__signature__"))
    return function.__func__ if isinstance(function, types.MethodType) else function


class Parameters:
    """The signature of a function, ready to bind calls quickly."""

    def __init__(self, fun: Callable[..., Any]) -> None:
        self.name: str = fun.__name__
        self.prefix: tuple = (fun.__self__,) if isinstance(fun, types.MethodType) else ()
        self._callable = fun
        self._owner = _owner_of_defaults(fun)
        self._read()

    def _read(self) -> None:
        """The signature as it is now: `__defaults__` may be replaced at any time."""
        self._seen = self._owner.__defaults__
        self.signature = inspect.signature(self._callable)
        parameters = list(self.signature.parameters.values())
        self.names = tuple(parameter.name for parameter in parameters)
        kinds = {parameter.kind for parameter in parameters}
        self.variadic = bool(kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD})
        stars = [k for k, p in enumerate(parameters) if p.kind is inspect.Parameter.VAR_POSITIONAL]
        self.starred = stars[0] if stars else None
        self._simple = kinds <= {inspect.Parameter.POSITIONAL_OR_KEYWORD}
        self._defaults = tuple(parameter.default for parameter in parameters)
        self._required = sum(default is _EMPTY for default in self._defaults)
        self._position = {name: k for k, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def bind(self, args: tuple, kwargs: dict[str, Any]) -> tuple:
        """One value per parameter, in order. Raises `TypeError` as the function itself would."""
        if self._owner.__defaults__ is not self._seen:
            self._read()
        if not kwargs and self._required <= len(args) <= len(self.names) and self._simple:
            return args + self._defaults[len(args):]
        if self._simple and len(args) <= len(self.names):
            values = list(args)
            values += self._defaults[len(args):]
            for name, value in kwargs.items():
                position = self._position.get(name, -1)
                if position < len(args):
                    return self._bind_slowly(args, kwargs)
                values[position] = value
            if not any(value is _EMPTY for value in values):
                return tuple(values)
        return self._bind_slowly(args, kwargs)

    def _bind_slowly(self, args: tuple, kwargs: dict[str, Any]) -> tuple:
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}() {error}") from None
        for name, value in (self._owner.__kwdefaults__ or {}).items():  # it may have changed in place
            bound.arguments.setdefault(name, value)
        bound.apply_defaults()
        return tuple(bound.arguments.values())

    def resolve(self, argnums: Argnums, argnames: Argnames) -> tuple[tuple[int, ...], bool]:
        """The positions to differentiate, and whether the gradient is bare (rather than in a tuple)."""
        return differentiated(argnums, argnames, self.names, self.name)
