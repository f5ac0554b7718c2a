"""The functions of an optimiser, compiled for the structure of what they are given.

In: an optimiser's `Kind`. Out: `init(params)` and `update(params, grads, state, lr=...)` as compiled functions, for
Python and for `@njit` code. For each structure of the parameters a function of their leaves is written
(`srcgrad.optim.text`) and compiled like a user's; the containers are put around its results.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from srcgrad import pipeline
from srcgrad.backend import loader
from srcgrad.backend.arguments import leaf_names
from srcgrad.backend.callable import CompiledFunction
from srcgrad.backend.store import remembered
from srcgrad.config import Transform
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.infer.signature import Leaf, Node, Spec, Static, leaves
from srcgrad.ir.types import PY_FLOAT, Array
from srcgrad.optim.structure import check_like, rebuilt, trained
from srcgrad.optim.text import Kind, init_text, update_text
from srcgrad.pipeline import Built
from srcgrad.transforms import Request, gradient_spec, tuple_spec

_POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD


class Step(CompiledFunction):
    """`init` or `update` of an optimiser. Pickles by what the optimiser is."""

    def __init__(self, kind: Kind, function: Callable[..., Any], build: Callable[[Request], Built]) -> None:
        super().__init__(function, Transform.PRIMAL, build=build)
        self._kind = kind

    def __reduce__(self) -> tuple:
        return _MAKERS[self.__name__], (self._kind,)

    def __repr__(self) -> str:
        return f"<{self.__name__} of {self._kind.name}>"


def make_init(kind: Kind) -> Step:
    """The function from parameters to the first state."""

    def init(params: Any) -> Any:
        """The state before the first step: zeros, in the structure of `params`."""
        raise AssertionError("compiled code stands for this function")

    return Step(kind, init, lambda request: _build_init(kind, request))


def make_update(kind: Kind) -> Step:
    """The function from parameters, gradients and a state to new parameters and a new state. Its further parameters
    are the hyperparameters, the optimiser's own unless given."""

    def update(params: Any, grads: Any, state: Any, *hyperparameters: float) -> Any:
        """`(params, state)` after one step along the gradients."""
        raise AssertionError("compiled code stands for this function")

    given = [inspect.Parameter(name, _POSITIONAL) for name in ("params", "grads", "state")]
    own = [inspect.Parameter(name, _POSITIONAL, default=value) for name, value in kind.hyperparameters]
    update.__signature__ = inspect.Signature([*given, *own])  # type: ignore[attr-defined]
    return Step(kind, update, lambda request: _build_update(kind, request))


_MAKERS: dict[str, Callable[[Kind], Step]] = {"init": make_init, "update": make_update}


def _build_init(kind: Kind, request: Request) -> Built:
    (params,) = request.specs
    marks = trained(params)
    places = [f"p{k}" for k in range(len(marks))]
    zeros = [_zeros(leaf, place) for leaf, place, mark in zip(leaves(params), places, marks) if mark]
    built = _compiled("init", init_text(kind, places, zeros), tuple(leaves(params)), request)
    found = iter(_results(built))
    step = next(found)
    return replace(built, result=_state(kind, step, [rebuilt(gradient_spec(params), found) for _ in kind.slots]))


def _build_update(kind: Kind, request: Request) -> Built:
    params, grads, state, *hyperparameters = request.specs
    marks = trained(params)
    check_like(params, grads, "grads")
    _check_state(kind, params, state)
    for name, spec in zip(kind.names, hyperparameters):
        if not isinstance(spec, Leaf) or isinstance(spec.type, Array) or spec.type.is_complex:
            raise ArgumentError(Diagnostic(f"{name} is {spec.in_words()}", advice=f"pass a number as {name}"))
    names = list(leaf_names(params, "params"))
    arrays = [
        (k, names[k]) for k, leaf in enumerate(leaves(params)) if marks[k] and isinstance(leaf.type, Array)
    ]  # fmt: skip
    flat = tuple(leaf for spec in request.specs for leaf in leaves(spec))
    built = _compiled("update", update_text(kind, marks, arrays), flat, request)
    found = iter(_results(built))
    after = rebuilt(params, found)
    step = next(found)
    trees = [rebuilt(gradient_spec(params), found) for _ in kind.slots]
    return replace(built, result=tuple_spec(after, _state(kind, step, trees)))


def _check_state(kind: Kind, params: Spec, state: Spec) -> None:
    if not isinstance(state, Node) or state.container is not kind.state:
        advice = "pass the state that init(params) gives, and then the one that each update returns"
        raise ArgumentError(Diagnostic(f"the state of {kind.name} is {state.in_words()}", advice=advice))
    for field, tree in list(zip(state.keys, state.children))[1:]:
        if kind.slots:
            check_like(params, tree, f"state.{field}")
        elif tree != Static(None):
            raise ArgumentError(Diagnostic(f"state.{field} is of an optimiser with momentum, this one has none"))


def _state(kind: Kind, step: Spec, trees: list[Spec]) -> Node:
    fields: tuple[str, ...] = kind.state._fields  # type: ignore[attr-defined]
    return Node(kind.state, fields, (step, *(trees or [Static(None)] * (len(fields) - 1))))


def _compiled(name: str, text: str, specs: tuple[Leaf, ...], request: Request) -> Built:
    function = getattr(loader.load(name, text, {}), name)
    assert isinstance(function, FunctionType)
    return pipeline.build(replace(request, function=function, specs=specs), remembered)


def _results(built: Built) -> tuple[Spec, ...]:
    assert isinstance(built.result, Node)
    return built.result.children


def _zeros(leaf: Leaf, place: str) -> str:
    if isinstance(leaf.type, Array):
        return f"np.zeros_like({place})"
    return "0.0" if leaf.type == PY_FLOAT else f"np.{np.dtype(leaf.type.dtype).name}(0.0)"
