"""Global scalars and arrays, modules of constants, attributes of objects read as constants, methods."""

import math

import numpy as np

from tests.harness.registry import program
from tests.programs import library

GRAVITY = 9.81
STEPS = 4
TABLE = np.array([0.5, 1.0, 1.5])
MATRIX = np.arange(6.0).reshape(2, 3)
NAME = "upper"
PAIR = (0.25, 2.0)
CONFIG = {"rate": 0.1, "power": 2}


class Integrator:
    order = 2

    def __init__(self, dt, steps):
        self.dt = dt
        self.steps = steps
        self.weights = np.array([0.25, 0.75])

    def slope(self, y):
        return -y * y * self.weights[1]

    def run(self, y):
        for _ in range(self.steps):
            y = y + self.dt * self.slope(y)
        return y


def number(rng):
    return (rng.uniform(0.5, 1.5),)


@program(number)
def global_scalars(x):
    y = x
    for _ in range(STEPS):
        y = y + 0.01 * GRAVITY * math.sin(y)
    return y


@program(number)
def global_arrays(x):
    s = 0.0
    for i in range(len(TABLE)):
        s += TABLE[i] * x ** (i + 1)
    for i in range(MATRIX.shape[0]):
        for j in range(MATRIX.shape[1]):
            s += MATRIX[i, j] * math.sin(x * j)
    return s


@program(number)
def global_string_tuple_and_dict(x):
    y = x * PAIR[0] + PAIR[1]
    if NAME == "upper":
        y = y ** CONFIG["power"]
    return y * CONFIG["rate"]


@program(number)
def module_of_constants(x):
    y = x * library.SCALE
    for _ in range(library.COUNT):
        y = math.sin(y)
    return y


@program(lambda rng: (Integrator(0.1, 5), rng.uniform(0.5, 1.5)))
def object_argument(solver, y):
    for _ in range(solver.steps):
        y = y - solver.dt * y * y * solver.weights[0] * solver.order
    return y


@program(lambda rng: (Integrator(0.1, 5), rng.uniform(0.5, 1.5)))
def method_called(solver, y):
    return solver.run(y) * solver.slope(y)


@program(number)
def global_object(x):
    return SOLVER.run(x) * SOLVER.dt


SOLVER = Integrator(0.2, 3)


bound_method = program(number)(SOLVER.run)


@program(lambda rng: (rng.uniform(0.5, 1.5, 3),))
def global_array_beside_written_one(a):
    for i in range(3):
        a[i] = a[i] * TABLE[i] + a[i - 1]
    return a[0] * a[2]


@program(number)
def numpy_constants(x):
    return x * np.pi + np.sin(np.e * x) + (0.0 if x < np.inf else np.nan)
