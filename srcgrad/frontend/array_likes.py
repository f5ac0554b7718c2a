"""What NumPy takes for an array: list comprehensions whose length is known at run time.

In: the evaluated arguments of a call of one of NumPy's functions. Out: the same, with arrays.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from srcgrad.frontend.context import Arguments, Context
from srcgrad.frontend.values import Generator, Static, Value

_TAKE_COMPREHENSIONS = (np.array, np.asarray, np.asanyarray)


def with_arrays(ctx: Context, target: Any, arguments: Arguments) -> Arguments:
    """The arguments for `target`, with an array in the place of each comprehension."""

    def array(value: Value) -> Value:
        is_list = isinstance(value, Generator) and isinstance(value.source, ast.ListComp)
        return ctx.call(Static(np.array), Arguments((value,))) if is_list else value

    knows = any(target is function for function in _TAKE_COMPREHENSIONS)
    if knows or not any(isinstance(value, Generator) for value in arguments.positional):
        return arguments
    return Arguments(tuple(map(array, arguments.positional)), arguments.keywords)
