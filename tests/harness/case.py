"""One program at one point: the values of its parameters, and the plain-Python function over them.

Defaults are filled in, and what is bound to `*args`, `**kwargs` or keyword-only parameters is one value per
parameter, as the pipeline's requests have it.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.differences import copy_tree, evaluate, float_leaves, float_vector, written_leaves
from srcgrad.infer.signature import Spec, describe, flatten, leaves
from srcgrad.ir.types import real_dtype
from tests.harness.registry import Program, floating_positions


@dataclass(frozen=True)
class Case:
    """`call(*values)` runs the program; `argnums` are the differentiated positions in `values`."""

    name: str
    function: Callable
    values: tuple
    argnums: tuple[int, ...]
    rtol: float | None = None
    atol: float | None = None

    @functools.cached_property
    def python(self) -> Callable:
        """The plain function behind a jitted one."""
        return getattr(self.function, "py_func", self.function)

    @functools.cached_property
    def prefix(self) -> tuple:
        """The object of a bound method."""
        return (self.python.__self__,) if isinstance(self.python, types.MethodType) else ()

    @functools.cached_property
    def recipe(self) -> Callable:
        """The function that the compiler reads: its parameters begin with the object of a bound method."""
        return self.python.__func__ if isinstance(self.python, types.MethodType) else self.python

    @functools.cached_property
    def specs(self) -> tuple[Spec, ...]:
        return tuple(map(describe, self.values))

    @functools.cached_property
    def all_specs(self) -> tuple[Spec, ...]:
        """Those of the values, and of the object before them."""
        return (*map(describe, self.prefix), *self.specs)

    def call(self, *values: Any) -> Any:
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        for value, parameter in zip(values, inspect.signature(self.python).parameters.values(), strict=True):
            match parameter.kind:
                case parameter.VAR_POSITIONAL:
                    positional.extend(value)
                case parameter.KEYWORD_ONLY:
                    keywords[parameter.name] = value
                case parameter.VAR_KEYWORD:
                    keywords.update(value)
                case _:
                    positional.append(value)
        return self.function(*positional, **keywords)

    @functools.cached_property
    def written(self) -> tuple[int, ...]:
        """The leaves a procedure writes."""
        with np.errstate(all="ignore"):
            return written_leaves(self.call, self.values)

    @functools.cached_property
    def out(self) -> Any:
        """What plain Python returns (or, for a procedure, the arrays it writes)."""
        with np.errstate(all="ignore"):
            return evaluate(self.call, self.values, self.written)

    def fresh(self) -> tuple:
        return copy_tree(self.values)

    def leaves(self, values: tuple | None = None) -> list[Any]:
        """The leaves of all arguments."""
        values = self.fresh() if values is None else values
        return [leaf for value, spec in zip(values, self.specs) for leaf in flatten(value, spec)]

    @functools.cached_property
    def gradient_leaves(self) -> list[Any]:
        """The floating leaves that are differentiated."""
        return [leaf for k in self.argnums for leaf in float_leaves(self.values[k], self.specs[k])]

    @functools.cached_property
    def mask(self) -> np.ndarray:
        """Which floating numbers of the arguments are differentiated."""
        marks = [np.full(float_vector(v).shape, k in self.argnums) for k, v in enumerate(self.values)]
        return np.concatenate([np.zeros(0, bool), *marks])

    @functools.cached_property
    def narrow(self) -> bool:
        """Whether float32 takes part."""
        return any(real_dtype(leaf.type.dtype) == np.float32 for leaf in leaves(describe((self.values, self.out))))

    def tolerances(self, wide: float, narrow: float) -> tuple[float, float]:
        default = narrow if self.narrow else wide
        return self.rtol or default, self.atol or default


@functools.cache
def cases(program: Program) -> tuple[Case, ...]:
    """A case per argument set of a corpus program."""
    return tuple(make_case(program.name, program.function, args, program) for args in program.argument_sets())


def make_case(name: str, function: Callable, args: tuple, program: Program | None = None) -> Case:
    bound = inspect.signature(getattr(function, "py_func", function)).bind(*args)
    bound.apply_defaults()
    values = tuple(bound.arguments.values())
    argnums = program.argnums if program is not None and program.argnums is not None else floating_positions(values)
    rtol, atol = (program.rtol, program.atol) if program is not None else (None, None)
    return Case(name, function, values, argnums, rtol, atol)
