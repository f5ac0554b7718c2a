"""Random Python programs: functions whose values stay bounded and whose subscripts stay in range by construction.

In: a source of choices (Hypothesis draws, so that failing programs shrink). Out: the text of a module with a function
`program(x, y, a, b, m, idx, n)` of two floats, two arrays of 5, a 3 by 4 matrix, an index array of 4 and an int. It has
nested loops, branches, in-place writes, overwrites, views, second names, swaps, carried and reallocated arrays,
`break`, `continue` and early `return`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

PRELUDE = '''\
"""A random program."""

import math

import numpy as np


def blend(p, q):
    if p > 0.3:
        return 0.5 * p * q
    return math.sin(p) + 0.3 * q


def stir(w, k, p):
    w[k] = math.sin(w[k] + p * w[0])
    for j in range(2):
        w[j] = 0.5 * w[j] * w[k] + 0.4 * p
    return w[k]


def first_above(w, p):
    for k in range(len(w)):
        if w[k] > p:
            return w[k] * p
        w[k] += 0.1 * p
    return 0.3 * p


def fold(w, k, p):
    if k == 0:
        return math.sin(w[0] * p)
    w[k] = math.cos(w[k] + fold(w, k - 1, 0.5 * p))
    return w[k] * w[k - 1] + 0.2 * fold(w, k // 2, p)


'''
LENGTHS = {"a": 5, "b": 5}
SCALARS = ("u", "v", "w")
INDENT = "    "


@dataclass(frozen=True)
class Scope:
    """What may be used here: float names, arrays with their lengths, int names with (non-negative) values."""

    arrays: dict[str, int]
    ints: tuple[str, ...] = ("n", "q")
    floats: tuple[str, ...] = ("x", "y", *SCALARS)
    flags: tuple[str, ...] = ("flag",)
    in_loop: bool = False
    depth: int = 0
    bounded: dict[str, int] = field(default_factory=dict)  # ints known to be below a bound

    def deeper(self, **changes: Any) -> Scope:
        return replace(self, depth=self.depth + 1, **changes)


class Writer:
    """Writes one program; `pick` chooses an element of a sequence."""

    def __init__(self, pick: Callable[[Any], Any], size: int) -> None:
        self.pick = pick
        self.left = size
        self.lines: list[str] = []
        self.count = 0
        self.result = pick(("scalar", "scalar", "pair", "array"))

    def program(self) -> str:
        self.put(0, "def program(x, y, a, b, m, idx, n):")
        for line in ("u = math.sin(x)", "v = y", "w = 0.5 * x * y", "flag = n > 2", "q = n + 1"):
            self.put(1, line)
        self.block(Scope(dict(LENGTHS)), 1, 6)
        self.put(1, self.returned(Scope(dict(LENGTHS))))
        return PRELUDE + "\n".join(self.lines) + "\n"

    def put(self, level: int, line: str) -> None:
        self.lines.append(INDENT * level + line)

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    # -- expressions ----------------------------------------------------------------------------------------------

    def index(self, scope: Scope, length: int) -> str:
        """An int expression in -length .. length - 1."""
        kind = self.pick(("constant", "modulo", "modulo", "bounded", "negative", "table"))
        name = self.pick(scope.ints)
        shift = self.pick(range(length))
        if kind == "bounded":
            safe = [i for i, below in scope.bounded.items() if below <= length]
            if safe:
                return self.pick((self.pick(safe), f"{self.pick(safe)} - 1"))
        match kind:
            case "modulo":
                return f"({name} + {shift}) % {length}"
            case "negative":
                return f"-1 - {name} % {length}"
            case "table":
                return f"idx[{name} % 4] % {length}"
            case _:
                return self.pick((str(shift), str(-1 - shift)))

    def element(self, scope: Scope) -> str:
        if self.pick(range(4)) == 0:
            row, column = self.index(scope, 3), self.index(scope, 4)
            return self.pick((f"m[{row}, {column}]", f"m[{row}][{column}]"))
        name = self.pick(tuple(scope.arrays))
        return f"{name}[{self.index(scope, scope.arrays[name])}]"

    def atom(self, scope: Scope) -> str:
        match self.pick(("name", "name", "element", "element", "constant", "int")):
            case "name":
                return self.pick(scope.floats)
            case "element":
                return self.element(scope)
            case "int":
                return f"0.25 * ({self.pick(scope.ints)} % 3)"
            case _:
                return self.pick(("0.7", "1.3", "-0.4"))

    def term(self, scope: Scope) -> str:
        p, q = self.atom(scope), self.atom(scope)
        return self.pick((p, f"{p} * {q}", f"({p} + {q})", f"{p} * {p}", f"({p} - 0.5 * {q})"))

    def value(self, scope: Scope) -> str:
        """A float expression with values in about -2 .. 2."""
        p = self.term(scope)
        forms = (
            "math.sin({p})",
            "math.cos({p})",
            "math.tanh({p})",
            "0.5 * math.sin({p}) + 0.4 * {q}",
            "{q} / (1.0 + {q} * {q})",
            "math.exp(-{q} * {q})",
            "math.sin({p}) * math.cos({q})",
            "blend(math.sin({p}), math.cos({q}))",
            "(math.sin({p}) if {c} else math.cos({p}))",
            "max(math.sin({p}), 0.37)",
            "math.sin({p}) ** 2",
            "{n}",
        )
        form = self.pick(forms)
        return form.format(p=p, q=self.atom(scope), c=self.condition(scope), n=self.pick(scope.floats))

    def condition(self, scope: Scope) -> str:
        number = self.pick(scope.ints)
        float_ = self.pick(scope.floats)
        return self.pick(
            (
                f"{number} % 2 == 0",
                f"{number} > 1",
                f"{float_} > 0.1234",
                f"{self.element(scope)} < 0.2345",
                f"{float_} < 0.3456 and {number} < 3",
                self.pick(scope.flags),
                f"not {float_} > {self.element(scope)} - 0.0567",
                f"-0.4567 < {float_} < 0.5678",
                f"{float_} > 0.6789 or {number} == 1",
            )
        )

    def returned(self, scope: Scope) -> str:
        match self.result:
            case "scalar":
                return f"return {self.value(scope)} + 0.3 * {self.element(scope)} + {self.pick(SCALARS)}"
            case "pair":
                return f"return {self.value(scope)}, {self.pick(SCALARS)} * {self.element(scope)}"
            case _:
                return f"return {self.pick(('a', 'b'))}"

    # -- statements -----------------------------------------------------------------------------------------------

    def block(self, scope: Scope, level: int, most: int) -> None:
        """At least one statement; names made in the block are gone after it."""
        arrays = dict(scope.arrays)
        scope = replace(scope, arrays=arrays)
        for k in range(self.pick(range(1, most + 1))):
            if self.left <= 0 and k > 0:
                return
            self.left -= 1
            self.statement(scope, level)

    def statement(self, scope: Scope, level: int) -> None:
        simple = (self.assign, self.assign, self.store, self.store, self.swap, self.arrays, self.call, self.slices)
        nested = (self.for_, self.for_, self.if_, self.while_)
        if scope.depth >= 3 or self.left <= 0:
            self.pick(simple)(scope, level)
        elif scope.in_loop and scope.depth < 3 and self.pick(range(9)) == 0:
            self.leave(scope, level)
        else:
            self.pick((*simple, *nested, *nested))(scope, level)

    def assign(self, scope: Scope, level: int) -> None:
        name, value = self.pick(SCALARS), self.value(scope)
        self.put(
            level,
            self.pick(
                (
                    f"{name} = {value}",
                    f"{name} = 0.5 * {name} + 0.5 * ({value})",
                    f"{name} *= math.sin({value})",
                    f"flag = {self.condition(scope)}",
                    f"q = (q * 3 + {self.pick(scope.ints)}) % 7",
                    f"{name} = {self.element(scope)} + 0.5 * {self.called(scope)} * {self.element(scope)}",
                )
            ),
        )

    def store(self, scope: Scope, level: int) -> None:
        target, value = self.element(scope), self.value(scope)
        self.put(
            level,
            self.pick(
                (
                    f"{target} = {value}",
                    f"{target} = {value}",
                    f"{target} += 0.1 * ({value})",
                    f"{target} *= math.cos({value})",
                    f"{target} = 0.7",
                    f"{target} -= 0.5 * {target}",
                )
            ),
        )

    def swap(self, scope: Scope, level: int) -> None:
        one, two = self.element(scope), self.element(scope)
        u, v = self.pick(SCALARS), self.pick(SCALARS)
        arrays = self.same_length(scope)
        choices = [f"{one}, {two} = {two}, {one}", f"{u}, {one} = {one}, 0.9 * {u}"]
        if u != v:
            choices.append(f"{u}, {v} = {v}, {u}")
        if arrays[0] != arrays[1]:
            choices.append(f"{arrays[0]}, {arrays[1]} = {arrays[1]}, {arrays[0]}")
        self.put(level, self.pick(choices))

    def same_length(self, scope: Scope) -> tuple[str, str]:
        one = self.pick(tuple(scope.arrays))
        return one, self.pick([name for name, length in scope.arrays.items() if length == scope.arrays[one]])

    def arrays(self, scope: Scope, level: int) -> None:
        """A view, a second name, a copy or new memory; under a new name or in place of an old array."""
        one, two = self.same_length(scope)
        length = scope.arrays[one]
        match self.pick(("row", "row", "slice", "copy", "name", "zeros", "column", "over")):
            case "row":
                name, length, text = self.fresh("row"), 4, f"m[{self.index(scope, 3)}]"
            case "column":
                name, length, text = self.fresh("col"), 3, f"m[:, {self.index(scope, 4)}]"
            case "slice" if length >= 4:
                name, text = (
                    self.fresh("part"),
                    f"{one}{self.pick(('[1:4]', '[:3]', '[-3:]', '[::-1][:3]', '[0:3:1]'))}",
                )
                length = 3
            case "copy":
                name, text = self.pick((self.fresh("c"), two)), f"{one}.copy()"
            case "zeros":
                name, text = self.pick((self.fresh("z"), two)), f"np.zeros({length})"
            case "over":
                name, text = two, f"{one}.copy()"
            case _:
                name, text = self.fresh("same"), one
        scope.arrays[name] = length
        self.put(level, f"{name} = {text}")

    def call(self, scope: Scope, level: int) -> None:
        self.put(level, f"{self.pick(SCALARS)} = {self.called(scope)}")

    def called(self, scope: Scope) -> str:
        """A call of a helper that writes into an array."""
        name = self.pick(tuple(scope.arrays))
        number = self.pick(scope.floats)
        return self.pick(
            (
                f"stir({name}, {self.index(scope, scope.arrays[name])}, {number})",
                f"first_above({name}, {number})",
                f"fold({name}, 2, {number})",
            )
        )

    def slices(self, scope: Scope, level: int) -> None:
        """Whole arrays and slices, whose two sides may overlap."""
        one, two = self.same_length(scope)
        value, number = self.value(scope), self.pick(scope.floats)
        self.put(
            level,
            self.pick(
                (
                    f"{one}[:] = np.sin({two} * {one})",
                    f"{one}[1:] = 0.5 * {two}[:-1] * {number}",
                    f"{one}[:-1] += 0.1 * {two}[1:]",
                    f"{one} *= np.cos({two})",
                    f"{one}[::2] = {value}",
                    f"{one}[::-1] = 0.9 * {two}",
                    f"m[{self.index(scope, 3)}] = 0.9 * m[{self.index(scope, 3)}]",
                    f"m[:, {self.index(scope, 4)}] *= {number} / (1.0 + {number} * {number})",
                    f"{self.pick(SCALARS)} = 0.2 * np.sum({one} * {two})",
                    f"m[1:, :-1] = np.tanh(m[:-1, 1:] + {number})",
                )
            ),
        )

    def leave(self, scope: Scope, level: int) -> None:
        self.put(level, f"if {self.condition(scope)}:")
        if self.pick((True, False)):
            self.assign(scope, level + 1)
        self.put(level + 1, self.pick(("break", "continue", "break", "continue", self.returned(scope))))

    def if_(self, scope: Scope, level: int) -> None:
        self.put(level, f"if {self.condition(scope)}:")
        self.block(scope.deeper(), level + 1, 3)
        if self.pick((True, False)):
            self.put(level, f"elif {self.condition(scope)}:")
            self.block(scope.deeper(), level + 1, 2)
        if self.pick((True, False)):
            self.put(level, "else:")
            self.block(scope.deeper(), level + 1, 3)

    def for_(self, scope: Scope, level: int) -> None:
        i = self.fresh("i")
        inner = scope.deeper(in_loop=True, ints=(*scope.ints, i))
        name = self.pick(tuple(scope.arrays))
        length = scope.arrays[name]
        bounded = {**scope.bounded, i: length}
        safe = tuple(scope.bounded)
        ranges = [
            ("range(n)", {}),
            ("range(1, 4)", {i: 4}),
            (f"range({length})", {i: length}),
            (f"range(len({name}))", {i: length}),
            (f"range({length - 1}, -1, -1)", {i: length}),
            ("range(4, 0, -2)", {i: 5}),
            ("reversed(range(3))", {i: 3}),
            *((f"range({s})", {i: scope.bounded[s]}) for s in safe),
        ]
        match self.pick(("range", "range", "range", "elements", "enumerate")):
            case "range":
                text, known = self.pick(ranges)
                self.put(level, f"for {i} in {text}:")
                inner = replace(inner, bounded={**scope.bounded, **known})
            case "elements":
                t = self.fresh("t")
                self.put(level, f"for {t} in {name}:")
                inner = replace(inner, ints=scope.ints, floats=(*scope.floats, t))
            case _:
                t = self.fresh("t")
                self.put(level, f"for {i}, {t} in enumerate({name}):")
                inner = replace(inner, bounded=bounded, floats=(*scope.floats, t))
        self.block(inner, level + 1, 4)
        if self.pick(range(5)) == 0:
            self.put(level, "else:")
            self.block(scope.deeper(), level + 1, 2)

    def while_(self, scope: Scope, level: int) -> None:
        c = self.fresh("k")
        extra = self.pick(("", f" and {self.pick(SCALARS)} < 0.8765", f" and ({self.condition(scope)})"))
        self.put(level, f"{c} = 0")
        self.put(level, f"while {c} < {self.pick(('n', '3', '2'))}{extra}:")
        self.put(level + 1, f"{c} += 1")
        self.block(scope.deeper(in_loop=True, ints=(*scope.ints, c)), level + 1, 4)
