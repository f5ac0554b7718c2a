"""Optimisers, for Python and for `@njit` code: stochastic gradient descent with momentum, and Adam.

    optimiser = adam(1e-3)
    state = optimiser.init(params)
    for ...:
        params, state = optimiser.update(params, gradient(params, ...), state)

An optimiser is a pair of functions, as in Optax; its steps are PyTorch's, number by number.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.optim.compiled import Step, make_init, make_update
from srcgrad.optim.text import Kind

__all__ = ["AdamState", "Optimiser", "SGDState", "adam", "sgd"]


class SGDState(NamedTuple):
    """What `sgd` remembers: how many steps were made, and the velocity of each parameter (None without momentum)."""

    step: int
    velocity: Any


class AdamState(NamedTuple):
    """What `adam` remembers: how many steps were made, and the moving averages of the gradient and of its square."""

    step: int
    mean: Any
    square: Any


class Optimiser(NamedTuple):
    """Two functions, called from Python or from `@njit` code:

    `init(params)` gives the first state; `update(params, grads, state)` gives `(params, state)` after a step. `params`
    is a number, an array or a container of them (tuple, list, namedtuple, dict, dataclass, nested as you like; in
    `@njit` code tuples and namedtuples), of float64 or float32; `grads` has the structure, shapes and dtypes of the
    gradient of `params`, as `grad` gives it, with None where `params` has an int or a string, which stay as they are.
    Nothing is modified: results are new arrays (C order, the dtype of the parameter). Each hyperparameter may be given
    anew in any step, by name: `update(params, grads, state, lr=0.01)`.

    Raises `ArgumentError` where structures, dimensions or dtypes differ, or a parameter is complex, and `ValueError`
    where shapes do."""

    init: Step
    update: Step


def sgd(
    lr: float, momentum: float = 0.0, dampening: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False
) -> Optimiser:
    """Gradient descent: `p -= lr * v`, where the velocity `v` is `momentum * v + (1 - dampening) * gradient`, in the
    first step the gradient; with `nesterov`, `p -= lr * (gradient + momentum * v)`. `weight_decay * p` is added to the
    gradient before. The update is `torch.optim.SGD`'s; the sources are in `srcgrad.optim.rules`.

    The hyperparameters are numbers; only those that are not zero (and `lr`) are parameters of `update`, `dampening`
    where there is momentum. Raises `ArgumentError` for one that is negative or not finite, for Nesterov's step without
    momentum or with dampening, and for dampening without momentum."""
    given = _checked("sgd", lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay)
    if nesterov and (not momentum or dampening):
        raise ArgumentError(Diagnostic("Nesterov's step needs momentum, and no dampening"))
    if dampening and not momentum:
        raise ArgumentError(Diagnostic("dampening dampens momentum, and there is none", advice="give momentum as well"))
    used = ["lr", *(["momentum", "dampening"] if momentum else []), *(["weight_decay"] if weight_decay else [])]
    chosen = tuple((name, given[name]) for name in used)
    return _optimiser(Kind("sgd", SGDState, chosen, ("v",) if momentum else (), nesterov))


def adam(
    lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.0
) -> Optimiser:
    """Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1): a step along the
    moving average of the gradient over the root of that of its square plus `eps`, both corrected for having started at
    zero. `weight_decay * p` is added to the gradient before. The update is `torch.optim.Adam`'s.

    The hyperparameters are numbers; `weight_decay` is a parameter of `update` where it is not zero. Raises
    `ArgumentError` for one that is negative or not finite, and for a `beta1` or `beta2` of 1 or more."""
    given = _checked("adam", lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)
    for name in ("beta1", "beta2"):
        if given[name] >= 1.0:
            raise ArgumentError(Diagnostic(f"{name} is {given[name]!r}", advice=f"{name} lies in [0, 1)"))
    if not weight_decay:
        del given["weight_decay"]
    return _optimiser(Kind("adam", AdamState, tuple(given.items()), ("m", "s")))


def _optimiser(kind: Kind) -> Optimiser:
    return Optimiser(make_init(kind), make_update(kind))


def _checked(optimiser: str, **hyperparameters: Any) -> dict[str, float]:
    """The hyperparameters as floats."""
    found = {}
    for name, value in hyperparameters.items():
        try:
            found[name] = float(value)
        except (TypeError, ValueError):
            found[name] = math.nan
        if not 0.0 <= found[name] < math.inf:
            advice = f"pass a finite number, zero or more, as {name}"
            raise ArgumentError(Diagnostic(f"{name} of {optimiser} is {value!r}", advice=advice))
    return found
