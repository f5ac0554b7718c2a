"""dicts, tuples, lists, namedtuples and dataclasses of arrays and numbers, as arguments and results."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tests.harness.registry import program


@dataclass
class Model:
    weight: float
    bias: float
    table: np.ndarray


@dataclass(frozen=True)
class Grid:
    step: float
    count: int


class State(NamedTuple):
    position: np.ndarray
    velocity: np.ndarray
    time: float


def number(rng):
    return rng.uniform(0.5, 1.5)


@program(lambda rng: ({"w": number(rng), "b": rng.uniform(0.5, 1.5, 3)}, 2.0))
def dict_argument(p, x):
    s = p["w"] * x
    for v in p["b"]:
        s = s * v + x
    return s


@program(lambda rng: ({"layer": {"w": number(rng)}, "bias": (number(rng), number(rng))},))
def nested_containers(p):
    a, b = p["bias"]
    return p["layer"]["w"] * a + b * b


@program(lambda rng: (Model(number(rng), number(rng), rng.uniform(0.5, 1.5, 3)), number(rng)))
def dataclass_argument(m, x):
    y = m.weight * x + m.bias
    for v in m.table:
        y = math.sin(y * v)
    return y


@program(lambda rng: (Grid(number(rng), 4), number(rng)))
def dataclass_with_int(g, x):
    y = x
    for i in range(g.count):
        y = y + g.step * y * (1.0 - y) * 0.1
    return y


@program(lambda rng: (State(rng.uniform(0.5, 1.5, 2), rng.uniform(0.5, 1.5, 2), 0.3), 0.1))
def namedtuple_of_arrays(s, dt):
    x = s.position.copy()
    v = s.velocity.copy()
    for i in range(2):
        v[i] = v[i] - dt * x[i] * s.time
        x[i] = x[i] + dt * v[i]
    return State(x, v, s.time + dt)


@program(lambda rng: ([rng.uniform(0.5, 1.5, 2), rng.uniform(0.5, 1.5, 3)],))
def list_of_arrays(parts):
    s = 1.0
    for p in parts:
        for v in p:
            s = s * v + v
    return s


@program(lambda rng: ([number(rng), number(rng), number(rng)],))
def list_of_numbers(c):
    y = 0.0
    for v in c:
        y = y * 0.7 + v * v
    return y * c[0]


@program(lambda rng: (number(rng), rng.uniform(0.5, 1.5, 2)))
def dict_result(x, a):
    a[0] = a[1] * x
    return {"energy": x * x, "array": a, "count": 2}


@program(lambda rng: (number(rng), number(rng)))
def dataclass_result(x, y):
    return Grid(step=x * y, count=3)


@program(lambda rng: ({"a": rng.uniform(0.5, 1.5, 3), "b": rng.uniform(0.5, 1.5, 3)},))
def dict_of_arrays_written(d):
    a = d["a"]
    for i in range(3):
        a[i] = a[i] * d["b"][i]
        d["b"][i] = a[i] * a[0]
    return d["a"][1] * d["b"][2]


@program(lambda rng: ({"a": number(rng), "b": number(rng)},))
def dict_of_fixed_keys_iterated(d):
    s = 0.0
    for key in ("a", "b"):
        s = s * 0.5 + d[key] ** 2
    return s


@program(lambda rng: (((number(rng), 2), [number(rng), None]), "mode"))
def mixed_with_constants(t, mode):
    (x, n), rest = t
    if rest[1] is None and mode == "mode":
        return x**n * rest[0]
    return x


@program(lambda rng: (number(rng),))
def dict_local(x):
    p = {"a": x * x, "b": math.sin(x)}
    return p["a"] * p["b"]


@program(lambda rng: (number(rng), number(rng)))
def dataclass_local(x, y):
    g = Grid(x * y, 3)
    return g.step**2 * g.count
