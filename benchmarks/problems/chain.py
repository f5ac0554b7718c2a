"""An elementwise chain over a million elements, in NumPy as one writes it: seven statements' worth of temporaries."""

from __future__ import annotations

import numpy as np

from srcgrad.runtime import vector_math as vm

ARGNUMS = 0


def inputs(n=1_000_000):
    rng = np.random.default_rng(6)
    return rng.normal(size=n), rng.normal(size=n)


def primal(x, y):
    a = np.sin(x) * y
    b = np.exp(-a * a) + 0.5 * x
    c = np.tanh(b) / (1.0 + y * y)
    return np.sum(c * np.sqrt(1.0 + x * x))


def handwritten(x, y):
    """All of an element at once, with srcgrad's vector maths: one pass over memory."""
    bar = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        s = vm.sin(x[i])
        a = s * y[i]
        e = vm.exp(-a * a)
        t = vm.tanh(e + 0.5 * x[i])
        d = 1.0 + y[i] * y[i]
        r = np.sqrt(1.0 + x[i] * x[i])
        b_bar = (1.0 - t * t) * r / d
        a_bar = -2.0 * a * e * b_bar
        bar[i] = a_bar * y[i] * vm.cos(x[i]) + 0.5 * b_bar + t / d * x[i] / r
    return bar
