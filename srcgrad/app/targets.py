"""From what stands on the command line to a function and its arguments.

In: `path/to/file.py:function` or `package.module:function`, and the text of an argument list. Out: the function, and
the arguments as Python values. What goes wrong raises `TargetError`, whose text is for the user.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np


class TargetError(Exception):
    """The function or its arguments could not be had; the message says why."""


@dataclass(frozen=True)
class Arguments:
    """A call's arguments."""

    positional: tuple[Any, ...]
    keyword: dict[str, Any]


@dataclass(frozen=True)
class Target:
    """A function named on the command line, and the module it came from."""

    function: Callable[..., Any]
    module: ModuleType

    def arguments(self, text: str) -> Arguments:
        """`text` as the arguments of a call, e.g. `np.ones(3), rate=2.0`; it may use `np`, `math` and whatever
        the function's module defines."""
        names = {"np": np, "numpy": np, "math": math, **vars(self.module)}
        try:
            positional, keyword = eval(f"__collect({text})", {**names, "__collect": _collect})
        except SyntaxError as error:
            raise TargetError(f"--args is not a list of arguments: {text!r} ({error.msg})") from error
        except Exception as error:
            raise TargetError(f"--args could not be evaluated: {text!r}: {type(error).__name__}: {error}") from error
        return Arguments(positional, keyword)


def _collect(*positional: Any, **keyword: Any) -> tuple[tuple, dict]:
    return positional, keyword


def find(text: str) -> Target:
    """The function that `text` names: `file.py:name`, `module:name`, with dots in `name` for attributes."""
    place, colon, name = text.rpartition(":")
    if not colon or not place or not name:
        raise TargetError(f"{text!r} names no function: write path/to/file.py:function or module:function")
    module = _file_module(Path(place)) if place.endswith(".py") else _named_module(place)
    try:
        function = reduce(getattr, name.split("."), module)
    except AttributeError:
        raise TargetError(_no_such_function(module, place, name)) from None
    if not callable(function):
        raise TargetError(f"{name} in {place} is not a function but {type(function).__name__}")
    return Target(function, module)


def _file_module(path: Path) -> ModuleType:
    """The file as a module, imported the way `python file.py` would: its own folder comes first on the path."""
    if not path.is_file():
        raise TargetError(f"there is no file {path}")
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_of_{path.resolve().parent.name}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise TargetError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise TargetError(f"{path} could not be imported: {type(error).__name__}: {error}") from error
    return module


def _named_module(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise TargetError(f"there is no module {error.name}; a file is named with its .py") from error
    except Exception as error:
        raise TargetError(f"{name} could not be imported: {type(error).__name__}: {error}") from error


def _no_such_function(module: ModuleType, place: str, name: str) -> str:
    functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
    near = difflib.get_close_matches(name, functions, n=3)
    if near:
        return f"{place} has no function {name}; did you mean {' or '.join(near)}?"
    return f"{place} has no function {name}; it has {', '.join(sorted(functions)) or 'none'}"
