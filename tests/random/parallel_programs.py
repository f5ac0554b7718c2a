"""Random programs of `prange` loops whose iterations need nothing of one another, by construction.

In: a `random.Random`. Out: the text of a module with a function `program(x, a, w, place, s)` of a vector, a matrix with
a row for each of its elements, a vector of weights, an index array and a float. Iterations write elements of their own,
add to shared ones, fold values, run recurrences and data-dependent loops, and make arrays for themselves.
"""

from __future__ import annotations

from random import Random

PRELUDE = '''\
"""A random program of parallel loops."""

import math

import numpy as np
from numba import prange


def program(x, a, w, place, s):
    n, m = a.shape
    own = np.zeros(n)
    rows = np.zeros((n, m))
    pairs = np.zeros(2 * n)
    table = np.zeros(5)
    columns = np.zeros(m)
    total = 0.0
    product = 1.0
    most = -9.0
'''
ENDING = '''\
    return total + product + most + np.sum(own * x) + np.sum(rows * a) + np.sum(pairs**2) + np.sum(np.sin(table)) + \\
        np.sum(columns * w)
'''


class Writer:
    """Writes one program."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines: list[str] = []
        self.written: set[str] = set()  # in the loop that is being written
        self.full: set[str] = set()  # filled by an earlier loop
        self.names = 0

    def program(self) -> str:
        for _ in range(self.random.randint(1, 3)):
            self.loop()
        return PRELUDE + "\n".join(self.lines) + "\n" + ENDING

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def fresh(self, hint: str) -> str:
        self.names += 1
        return f"{hint}{self.names}"

    # -- values -----------------------------------------------------------------------------------------------------

    def value(self, names: list[str], depth: int = 2) -> str:
        if depth == 0 or self.random.random() < 0.3:
            return self.random.choice(names)
        first, second = self.value(names, depth - 1), self.value(names, depth - 1)
        return self.random.choice(
            (
                f"({first} + {second})", f"({first} - 0.5 * {second})", f"{first} * {second}", f"math.sin({first})",
                f"math.tanh({first} * {second})", f"math.exp(-{first} * {first})", f"({first} / (1.5 + {second} ** 2))",
                f"math.sqrt(1.0 + {first} ** 2)", f"max({first}, {second} + 0.05)", f"abs({first} + 0.3)",
            )
        )  # fmt: skip

    # -- loops --------------------------------------------------------------------------------------------------------

    def loop(self) -> None:
        self.written = set()
        start, step = self.random.choice((("", ""), ("1, ", ""), ("0, ", ", 2")))
        self.line(1, f"for i in prange({start}n{step}):")
        names = ["x[i]", "s", "x[i - 1]", "a[i, 0]", "w[place[i] % m]"]
        names += sorted(self.full)
        for _ in range(self.random.randint(1, 4)):
            self.statement(2, names)
        filled = {"own": "own[i]", "rows": "rows[i, m - 1]"}
        self.full |= {text for array, text in filled.items() if array in self.written}

    def statement(self, depth: int, names: list[str]) -> None:
        kinds = (
            self.local, self.own, self.row, self.two, self.shared, self.column, self.folded, self.recurrence,
            self.until, self.branch, self.scratch,
        )  # fmt: skip
        self.random.choice(kinds)(depth, names)

    def local(self, depth: int, names: list[str]) -> None:
        name = self.fresh("t")
        self.line(depth, f"{name} = {self.value(names)}")
        if depth == 2:
            names.append(name)

    def own(self, depth: int, names: list[str]) -> None:
        values = [n for n in names if n != "own[i]"]
        self.written.add("own")
        self.line(depth, f"own[i] {self.random.choice(('=', '+='))} {self.value(values)}")

    def row(self, depth: int, names: list[str]) -> None:
        self.written.add("rows")
        values = [n for n in names if not n.startswith("rows")]
        self.line(depth, "for k in range(m):")
        sign = self.random.choice(("=", "+="))
        self.line(depth + 1, f"rows[i, k] {sign} {self.value([*values, 'a[i, k]', 'w[k]'])}")

    def two(self, depth: int, names: list[str]) -> None:
        value = self.value(names)
        self.line(depth, f"pairs[2 * i] = {value}")
        self.line(depth, f"pairs[2 * i + 1] = pairs[2 * i] * {self.value(names, 1)}")

    def shared(self, depth: int, names: list[str]) -> None:
        self.line(depth, f"table[place[i]] += {self.value(names)}")

    def column(self, depth: int, names: list[str]) -> None:
        self.line(depth, "for k in range(m):")
        self.line(depth + 1, f"columns[k] += {self.value([*names, 'a[i, k]', 'w[k]'])}")

    def folded(self, depth: int, names: list[str]) -> None:
        value = self.value(names)
        self.line(depth, self.random.choice(
            (f"total += {value}", f"product *= 1.0 + 0.05 * math.sin({value})", f"most = max(most, {value})")
        ))  # fmt: skip

    def recurrence(self, depth: int, names: list[str]) -> None:
        name = self.fresh("v")
        self.line(depth, f"{name} = {self.value(names, 1)}")
        self.line(depth, "for k in range(m):")
        self.line(depth + 1, f"{name} = math.tanh({name} * {self.value([*names, 'a[i, k]'], 1)} + 0.1 * w[k])")
        if depth == 2:
            names.append(name)
        else:
            self.line(depth, f"total += {name}")

    def until(self, depth: int, names: list[str]) -> None:
        name = self.fresh("u")
        self.line(depth, f"{name} = 0.3 + abs({self.value(names, 1)})")
        self.line(depth, f"while {name} > 0.4:")
        self.line(depth + 1, f"{name} = {name} * {self.random.choice(('0.5', 'math.sin(0.6)', '0.4 + 0.1 * s * 0.5'))}")
        self.line(depth, f"total += {name}")

    def branch(self, depth: int, names: list[str]) -> None:
        if depth > 2:
            return self.local(depth, names)
        self.line(depth, f"if {self.random.choice(names)} > {self.random.choice(('0.1', '0.5', '0.9'))}:")
        self.statement(depth + 1, list(names))
        if self.random.random() < 0.5:
            self.line(depth, "else:")
            self.statement(depth + 1, list(names))
        return None

    def scratch(self, depth: int, names: list[str]) -> None:
        name = self.fresh("c")
        self.line(depth, f"{name} = np.zeros(m)")
        self.line(depth, "for k in range(m):")
        self.line(depth + 1, f"{name}[k] = {self.value([*names, 'a[i, k]'], 1)}")
        self.line(depth, "for k in range(1, m):")
        self.line(depth + 1, f"{name}[k] = 0.5 * {name}[k - 1] * {name}[k] + {self.random.choice(names)}")
        self.line(depth, f"total += {name}[m - 1]")
