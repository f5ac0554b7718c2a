"""A pipeline that hands back modules written by hand, so that the back end is tested by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from srcgrad.analysis.facts import facts_of
from srcgrad.infer.captured import Captured
from srcgrad.infer.signature import Leaf, Node, Spec, leaves
from srcgrad.ir.nodes import Block, Function, Sym
from srcgrad.ir.types import PY_FLOAT
from srcgrad.pipeline import Built, Code
from srcgrad.transforms import Request

FLOAT = Leaf(PY_FLOAT)


def tuple_of(*children: Spec) -> Node:
    return Node(tuple, tuple(range(len(children))), children)


class FakeBuild:
    """Counts its requests and answers each with the text and result that `answer` gives for it."""

    def __init__(
        self,
        answer: Callable[[Request], tuple[str, Spec]],
        captured: Callable[[], Sequence[Captured]] = tuple,
        captured_arrays: Callable[[], Sequence[Captured]] = tuple,
        written: tuple[int, ...] = (),
    ) -> None:
        self.requests: list[Request] = []
        self._answer = answer
        self._captured = captured
        self._captured_arrays = captured_arrays
        self._written = written

    def __call__(self, request: Request) -> Built:
        self.requests.append(request)
        text, result = self._answer(request)
        types = [leaf.type for spec in request.specs for leaf in leaves(spec)]
        function = Function("entry", tuple(Sym("p", kind) for kind in types), Block(()))
        facts = facts_of(function, function)
        code = Code("entry", text, "the report", facts, lambda: function, lambda: (function, function))
        return Built(
            code, result,
            tuple(self._captured()), tuple(self._captured_arrays()), self._written,
        )  # fmt: skip


SQUARE = """
import numpy as np


def twice(value):
    return 2.0 * value


def entry(x, k):
    total = 0.0
    gradient = np.zeros_like(x)
    for i in range(x.shape[0]):
        total += k * x[i] * x[i]
        gradient[i] = k * twice(x[i])
    return (total, gradient)
"""


def square(x, k=1.0):
    """The sum of k x**2."""
    return k * (x * x).sum()


def build_square() -> FakeBuild:
    """`value_and_grad(square)`."""
    return FakeBuild(lambda request: (SQUARE, tuple_of(FLOAT, request.specs[0])))
