"""One step of each optimiser for one number or array: the mathematics, in Python that the compiler reads.

In: a parameter, its gradient, what the optimiser remembers of it, and coefficients. Out: the parameter after the step,
and what is to be remembered. Numbers and arrays of any shape, float64 and float32; nothing is written in place.
"""

from __future__ import annotations

import math
from typing import Any

from numpy import sqrt


def decayed(gradient: Any, parameter: Any, weight_decay: float) -> Any:
    """The gradient of the loss plus `weight_decay / 2` times the square of the parameter."""
    return gradient + weight_decay * parameter


def descended(parameter: Any, direction: Any, lr: float) -> Any:
    """A step of gradient descent."""
    return parameter - lr * direction


def gain_of(step: int, dampening: float) -> float:
    """What a gradient counts for in the momentum: all of it in the first step, as in PyTorch."""
    return 1.0 if step == 0 else 1.0 - dampening


def heavy_ball(gradient: Any, velocity: Any, momentum: float, gain: float) -> Any:
    """The velocity after a step: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964, in
    the form that Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, and
    PyTorch use (the learning rate multiplies the velocity, it is not in it)."""
    return momentum * velocity + gain * gradient


def looked_ahead(gradient: Any, velocity: Any, momentum: float) -> Any:
    """Nesterov's direction: where the velocity will have gone (Sutskever et al., section 2)."""
    return gradient + momentum * velocity


def first_moment(gradient: Any, mean: Any, beta1: float) -> Any:
    """Adam's moving average of the gradient (Kingma and Ba, "Adam", ICLR 2015, algorithm 1)."""
    return mean + (gradient - mean) * (1.0 - beta1)


def second_moment(gradient: Any, square: Any, beta2: float) -> Any:
    """Adam's moving average of the squared gradient (algorithm 1)."""
    return beta2 * square + (1.0 - beta2) * (gradient * gradient)


def step_size(lr: float, beta1: float, step: int) -> float:
    """The learning rate, corrected for a mean that started at zero. `step` counts from 1."""
    return lr / (1.0 - beta1**step)


def correction(beta2: float, step: int) -> float:
    """The root of the correction for a mean of squares that started at zero. `step` counts from 1."""
    return math.sqrt(1.0 - beta2**step)


def adam_step(parameter: Any, mean: Any, square: Any, size: float, root: float, eps: float) -> Any:
    """The parameter after a step. `eps` is added to the corrected root, as in algorithm 1 and in PyTorch."""
    return parameter - size * (mean / (sqrt(square) / root + eps))
