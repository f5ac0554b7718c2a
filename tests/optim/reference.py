"""The two optimisers by themselves in plain NumPy, written from the papers and PyTorch's documentation."""

import numpy as np


class SGD:
    """torch.optim.SGD's algorithm, as its documentation gives it, on one array."""

    def __init__(self, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
        self.lr, self.momentum, self.dampening = lr, momentum, dampening
        self.weight_decay, self.nesterov = weight_decay, nesterov
        self.buffer = None

    def step(self, parameter, gradient):
        if self.weight_decay != 0:
            gradient = gradient + self.weight_decay * parameter
        if self.momentum != 0:
            if self.buffer is None:
                self.buffer = gradient.copy()
            else:
                self.buffer = self.momentum * self.buffer + (1 - self.dampening) * gradient
            gradient = gradient + self.momentum * self.buffer if self.nesterov else self.buffer
        return parameter - self.lr * gradient


class Adam:
    """Kingma and Ba, algorithm 1, on one array."""

    def __init__(self, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
        self.lr, self.beta1, self.beta2, self.eps, self.weight_decay = lr, beta1, beta2, eps, weight_decay
        self.t, self.m, self.v = 0, 0.0, 0.0

    def step(self, parameter, gradient):
        gradient = gradient + self.weight_decay * parameter
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * gradient
        self.v = self.beta2 * self.v + (1 - self.beta2) * gradient**2
        mean = self.m / (1 - self.beta1**self.t)
        square = self.v / (1 - self.beta2**self.t)
        return parameter - self.lr * mean / (np.sqrt(square) + self.eps)


REFERENCES = {"sgd": SGD, "adam": Adam}
TORCH_NAMES = {"sgd": "SGD", "adam": "Adam"}

# name, hyperparameters: with large decays, rates and an eps that a mistake in their places would show in
SETTINGS = [
    ("sgd", {"lr": 0.1}),
    ("sgd", {"lr": 0.1, "weight_decay": 0.3}),
    ("sgd", {"lr": 0.1, "momentum": 0.9}),
    ("sgd", {"lr": 0.1, "momentum": 0.8, "dampening": 0.4, "weight_decay": 0.2}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("sgd", {"lr": 0.1, "momentum": 0.7, "weight_decay": 0.1, "nesterov": True}),
    ("adam", {}),
    ("adam", {"lr": 0.05, "beta1": 0.5, "beta2": 0.7, "eps": 0.1}),
    ("adam", {"lr": 0.05, "weight_decay": 0.4}),
]


def torch_settings(given):
    """The hyperparameters as PyTorch names them."""
    renamed = dict(given)
    if "beta1" in renamed:
        renamed["betas"] = (renamed.pop("beta1"), renamed.pop("beta2"))
    return renamed
