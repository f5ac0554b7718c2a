"""The step of an optimiser as the text of a function of leaves: one parameter for each number or array.

In: what the optimiser is (`Kind`), and for each leaf of the parameters whether it is trained. Out: the text of a
module with a function `init` or `update`, which calls the mathematics in `srcgrad.optim.rules`. The order of its
parameters and results is that of the leaves of `(params, grads, state)` and of `(params, state)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """An optimiser: `state` is the class of what it remembers (a step count, and trees like the parameters),
    `hyperparameters` are names and values. A `slot` is a name for the leaves of one such tree."""

    name: str
    state: type
    hyperparameters: tuple[tuple[str, float], ...]
    slots: tuple[str, ...]
    nesterov: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.hyperparameters)


def init_text(kind: Kind, places: Sequence[str], zeros: Sequence[str]) -> str:
    """The function that makes the state. `places` names the leaves of the parameters, `zeros` are expressions for the
    zeros that stand for those that are trained."""
    results = ["0", *(zero for _ in kind.slots for zero in zeros)]
    return _module(f'"""The first state of {kind.name}."""', "init", places, [], results)


def update_text(kind: Kind, marks: Sequence[bool], arrays: Sequence[tuple[int, str]]) -> str:
    """The function that makes a step. `arrays` are the positions of the arrays among what is trained, and how a
    message calls them."""
    own = [k for k, mark in enumerate(marks) if mark]
    slots = [f"{slot}{k}" for slot in kind.slots for k in own]
    parameters = [*(f"p{k}" for k in range(len(marks))), *(f"g{k}" for k in own), "step", *slots, *kind.names]
    lines = [line for k, name in arrays for line in _check(kind, k, name)]
    lines += _ADAM if kind.name == "adam" else _SGD if kind.slots else []
    for k in own:
        lines += (_adam if kind.name == "adam" else _sgd)(kind, k)
    results = [*(f"p{k}" for k in range(len(marks))), "step + 1", *slots]
    return _module(f'"""A step of {kind.name}."""', "update", parameters, lines, results)


_SGD = ["gain = rules.gain_of(step, dampening)"]
_ADAM = ["size = rules.step_size(lr, beta1, step + 1)", "root = rules.correction(beta2, step + 1)"]


def _check(kind: Kind, k: int, name: str) -> list[str]:
    others = [(f"g{k}", "its gradient"), *((f"{slot}{k}", "what the state holds for it") for slot in kind.slots)]
    found = []
    for other, what in others:
        found += [f"if {other}.shape != p{k}.shape:", f"    raise ValueError({f'{name} and {what} differ in shape'!r})"]
    return found


def _sgd(kind: Kind, k: int) -> list[str]:
    lines = _decay(kind, k)
    direction = f"g{k}"
    if kind.slots:
        lines.append(f"v{k} = rules.heavy_ball(g{k}, v{k}, momentum, gain)")
        direction = f"rules.looked_ahead(g{k}, v{k}, momentum)" if kind.nesterov else f"v{k}"
    return [*lines, f"p{k} = rules.descended(p{k}, {direction}, lr)"]


def _adam(kind: Kind, k: int) -> list[str]:
    return [
        *_decay(kind, k),
        f"m{k} = rules.first_moment(g{k}, m{k}, beta1)",
        f"s{k} = rules.second_moment(g{k}, s{k}, beta2)",
        f"p{k} = rules.adam_step(p{k}, m{k}, s{k}, size, root, eps)",
    ]


def _decay(kind: Kind, k: int) -> list[str]:
    return [f"g{k} = rules.decayed(g{k}, p{k}, weight_decay)"] if "weight_decay" in kind.names else []


def _module(title: str, name: str, parameters: Sequence[str], lines: Sequence[str], results: Sequence[str]) -> str:
    head = [title, "", "import numpy as np", "", "from srcgrad.optim import rules", "", ""]
    body = [f"    {line}" for line in [*lines, f"return ({', '.join(results)},)"]]
    return "\n".join([*head, f"def {name}({', '.join(parameters)}):", *body, ""])
