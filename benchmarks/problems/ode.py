"""Predator and prey, 10,000 classical Runge-Kutta steps; the loss compares the orbit with a constant population."""

from __future__ import annotations

import numpy as np
from numba import njit

ARGNUMS = (0, 1)


def inputs(steps=10_000):
    return np.array([10.0, 5.0]), np.array([1.1, 0.4, 0.1, 0.4]), 20.0 / steps, steps


@njit
def rates(prey, predators, p):
    return p[0] * prey - p[1] * prey * predators, p[2] * prey * predators - p[3] * predators


def primal(start, p, dt, steps):
    x, y = start[0], start[1]
    loss = 0.0
    for _ in range(steps):
        k1, l1 = rates(x, y, p)
        k2, l2 = rates(x + 0.5 * dt * k1, y + 0.5 * dt * l1, p)
        k3, l3 = rates(x + 0.5 * dt * k2, y + 0.5 * dt * l2, p)
        k4, l4 = rates(x + dt * k3, y + dt * l3, p)
        x = x + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        y = y + dt / 6.0 * (l1 + 2.0 * l2 + 2.0 * l3 + l4)
        loss += dt * ((x - 5.0) ** 2 + (y - 3.0) ** 2)
    return loss


def handwritten(start, p, dt, steps):
    """Forward keeping the state at each step, then backward, each step's stages computed again."""
    states = np.empty((steps + 1, 2))
    states[0] = start
    a, b, c, d = p[0], p[1], p[2], p[3]
    half, sixth = 0.5 * dt, dt / 6.0
    x, y = start[0], start[1]
    for t in range(steps):
        k1, l1 = a * x - b * x * y, c * x * y - d * y
        x2, y2 = x + half * k1, y + half * l1
        k2, l2 = a * x2 - b * x2 * y2, c * x2 * y2 - d * y2
        x3, y3 = x + half * k2, y + half * l2
        k3, l3 = a * x3 - b * x3 * y3, c * x3 * y3 - d * y3
        x4, y4 = x + dt * k3, y + dt * l3
        k4, l4 = a * x4 - b * x4 * y4, c * x4 * y4 - d * y4
        x = x + sixth * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        y = y + sixth * (l1 + 2.0 * l2 + 2.0 * l3 + l4)
        states[t + 1, 0], states[t + 1, 1] = x, y
    a_bar = b_bar = c_bar = d_bar = x_bar = y_bar = 0.0
    for t in range(steps - 1, -1, -1):
        x_bar += 2.0 * dt * (states[t + 1, 0] - 5.0)
        y_bar += 2.0 * dt * (states[t + 1, 1] - 3.0)
        x, y = states[t, 0], states[t, 1]
        k1, l1 = a * x - b * x * y, c * x * y - d * y
        x2, y2 = x + half * k1, y + half * l1
        k2, l2 = a * x2 - b * x2 * y2, c * x2 * y2 - d * y2
        x3, y3 = x + half * k2, y + half * l2
        k3, l3 = a * x3 - b * x3 * y3, c * x3 * y3 - d * y3
        x4, y4 = x + dt * k3, y + dt * l3
        k_bar, l_bar = sixth * x_bar, sixth * y_bar
        x4_bar = k_bar * (a - b * y4) + l_bar * c * y4
        y4_bar = -k_bar * b * x4 + l_bar * (c * x4 - d)
        k3_bar, l3_bar = 2.0 * k_bar + dt * x4_bar, 2.0 * l_bar + dt * y4_bar
        x3_bar = k3_bar * (a - b * y3) + l3_bar * c * y3
        y3_bar = -k3_bar * b * x3 + l3_bar * (c * x3 - d)
        k2_bar, l2_bar = 2.0 * k_bar + half * x3_bar, 2.0 * l_bar + half * y3_bar
        x2_bar = k2_bar * (a - b * y2) + l2_bar * c * y2
        y2_bar = -k2_bar * b * x2 + l2_bar * (c * x2 - d)
        k1_bar, l1_bar = k_bar + half * x2_bar, l_bar + half * y2_bar
        a_bar += k_bar * x4 + k3_bar * x3 + k2_bar * x2 + k1_bar * x
        d_bar -= l_bar * y4 + l3_bar * y3 + l2_bar * y2 + l1_bar * y
        b_bar -= k_bar * x4 * y4 + k3_bar * x3 * y3 + k2_bar * x2 * y2 + k1_bar * x * y
        c_bar += l_bar * x4 * y4 + l3_bar * x3 * y3 + l2_bar * x2 * y2 + l1_bar * x * y
        x_bar += x4_bar + x3_bar + x2_bar + k1_bar * (a - b * y) + l1_bar * c * y
        y_bar += y4_bar + y3_bar + y2_bar - k1_bar * b * x + l1_bar * (c * x - d)
    return np.array([x_bar, y_bar]), np.array([a_bar, b_bar, c_bar, d_bar])
