"""The exceptions that compiled code raises, and those that the user's function raises in their place.

Compiled code raises builtin exceptions with one text, a template, and the run-time numbers that belong into it. From
these a `Raised` makes what the user's `raise` would have made: the class, and the arguments with numbers in the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Template:
    """An argument with run-time numbers: a template for `str.format`, and the dtypes of what goes into it, `None` for
    one of Python's numbers."""

    text: str
    dtypes: tuple[np.dtype | None, ...]
    is_number: bool = False  # the argument is the one number itself, not a text

    def fill(self, values: Iterator[Any]) -> Any:
        numbers = [_as(dtype, next(values)) for dtype in self.dtypes]
        return numbers[0] if self.is_number else self.text.format(*numbers)


def _as(dtype: np.dtype | None, value: Any) -> Any:
    """Numba hands out every number as Python's."""
    return value if dtype is None else dtype.type(value)


Argument = Template | object


@dataclass(frozen=True, eq=False)
class Raised:
    """`exception(*arguments, **keywords)`; `exception` is a class, or the very exception to raise."""

    exception: Any
    arguments: tuple[Argument, ...] = ()
    keywords: tuple[tuple[str, Argument], ...] = ()

    def make(self, values: tuple) -> BaseException:
        """The user's exception, given the run-time numbers."""
        if isinstance(self.exception, BaseException):
            return self.exception
        numbers = iter(values)
        positional = [_filled(a, numbers) for a in self.arguments]
        made: BaseException = self.exception(*positional, **{name: _filled(a, numbers) for name, a in self.keywords})
        return made


def _filled(argument: Argument, numbers: Iterator[Any]) -> Any:
    return argument.fill(numbers) if isinstance(argument, Template) else argument


Key = tuple[type[BaseException], str]


def as_the_users(error: BaseException, raised: Mapping[Key, Raised]) -> BaseException | None:
    """The exception that the user's function raises where compiled code raised `error`; None if that is the same."""
    found = raised.get((type(error), error.args[0] if error.args else ""))
    try:
        return found.make(error.args[1:]) if found else None
    except (TypeError, ValueError, LookupError, StopIteration):  # a class that does not take its own arguments
        return None
