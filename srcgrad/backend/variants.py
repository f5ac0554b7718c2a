"""The specialisations of one transform of one function: found by the arguments of a call, made where missing.

In: argument values (or their specs, from `@njit` code). Out: a `Specialisation` and the leaves to run it on.
Constants that code was compiled for (globals, closure variables, attributes) are compared before a specialisation is
used again: code for a value that has changed is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from operator import attrgetter, is_, itemgetter
from types import MappingProxyType, MethodType
from typing import Any

import numpy as np

from srcgrad import pipeline
from srcgrad.analysis.early import early_failure
from srcgrad.backend import arguments
from srcgrad.backend.compiling import compiling
from srcgrad.backend.device.arrays import on_device
from srcgrad.backend.njit_call import lock
from srcgrad.backend.parameters import Parameters
from srcgrad.backend.specialisation import Specialisation
from srcgrad.backend.store import remembered
from srcgrad.frontend.elementwise import SHAPES_DIFFER
from srcgrad.infer.captured import Captured, Kind
from srcgrad.infer.raised import as_the_users
from srcgrad.infer.signature import Spec, Static, describe, flatten, leaves, with_units
from srcgrad.pipeline import Built
from srcgrad.transforms import Request

Build = Callable[[Request], Built]
Comparison = tuple[Callable[[Any], Iterable[Any]], Any, tuple]
Conversions = tuple[tuple[int, Callable[[Any], Any]], ...]


def as_function(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself, where `fun` is a bound method."""
    return fun.__func__ if isinstance(fun, MethodType) else fun


class Variants:
    """All compiled variants of one transform of one function. `recipe` is a request whose specs are to be filled in;
    `wrap` puts the gradient of a single argument in a tuple."""

    def __init__(self, recipe: Request, parameters: Parameters, wrap: bool = False, build: Build | None = None) -> None:
        self._recipe = recipe
        self._parameters = parameters
        self._wrap = wrap
        self._build = build
        self.last: Specialisation | None = None
        self._by_key: dict[Any, tuple[Specialisation, Conversions]] = {}
        self._by_specs: dict[Any, Specialisation] = {}
        self._quick: tuple[Comparison, ...] = ()
        self._slow: tuple[Captured, ...] = ()
        self.units = False  # whether dimensions of length 1 are told apart
        self.watches = False  # whether there is anything to compare before a call

    # -- lookup -----------------------------------------------------------------------------------------------------

    def find(self, values: tuple, argnums: tuple[int, ...] | None = None) -> tuple[Specialisation, list, bool]:
        """The specialisation for these arguments (`values` without a bound object), its leaves (captured arrays
        included), and whether the leaves are the values as they came. `argnums=None` takes those of the recipe."""
        key: tuple = (argnums, *map(arguments.key_of, values))
        if self.units:
            key = (key, *map(arguments.units_key, values))
        entry = self._by_key.get(key)
        if entry is None:
            entry = self._by_key[key] = self._describe(values, argnums)
        specialisation, conversions = entry
        found = list(values) if specialisation.flat else self._flatten(values, specialisation)
        built = specialisation.built
        captured = specialisation.captured_arrays() if built.captured_arrays else []
        if built.written:
            names = (*specialisation.leaf_names, *map(str, built.captured_arrays))
            arguments.check_overlap(found + captured, built.written, names)
        for position, convert in conversions:
            found[position] = convert(found[position])
        found += map(_prepared, captured)
        return specialisation, found, not conversions

    def _flatten(self, values: tuple, specialisation: Specialisation) -> list:
        specs = specialisation.request.specs[len(self._parameters.prefix):]
        return [leaf for value, spec in zip(values, specs) for leaf in flatten(value, spec)]

    def _describe(self, values: tuple, argnums: tuple[int, ...] | None) -> tuple[Specialisation, Conversions]:
        """The slow door: check and describe the arguments."""
        for value, name in zip(values, self._parameters.names):
            arguments.check(value, name)
        specs = tuple(map(describe, values))
        if not self.units:
            specialisation = self.for_specs(specs, argnums)
            self.units = self._repeats(specialisation, values)
        if self.units:
            specs = tuple(map(with_units, specs, values))
            specialisation = self.for_specs(specs, argnums)
        found = [arguments.conversion(leaf) for value, spec in zip(values, specs) for leaf in flatten(value, spec)]
        return specialisation, tuple((k, convert) for k, convert in enumerate(found) if convert is not None)

    def _repeats(self, specialisation: Specialisation, values: tuple) -> bool:
        """Would the code fail because a length of 1 was not repeated? If that is seen before it is compiled, it need
        not be (else see `learns_units`)."""
        if specialisation.is_compiled or not specialisation.compares_lengths or not _has_units(values):
            return False
        leaves = [*self._flatten(values, specialisation), *specialisation.captured_arrays()]
        if any(on_device(leaf) is not None for leaf in leaves):
            return False
        return early_failure(specialisation.built.code.checks(), leaves) in SHAPES_DIFFER

    def for_specs(self, specs: tuple[Spec, ...], argnums: tuple[int, ...] | None = None) -> Specialisation:
        """The specialisation for these specs (one per parameter), made if need be."""
        with lock:
            key = (argnums, specs)
            specialisation = self._by_specs.get(key)
            if specialisation is None:
                specialisation = self._by_specs[key] = self._make(specs, argnums)
                self._watch()
            self.last = specialisation
            return specialisation

    def _make(self, specs: tuple[Spec, ...], argnums: tuple[int, ...] | None) -> Specialisation:
        positions = self._recipe.argnums if argnums is None else argnums
        for position in positions:
            arguments.check_differentiable(specs[position], self._parameters.names[position])
        prefix = self._parameters.prefix
        request = replace(
            self._recipe,
            specs=(*map(Static, prefix), *specs),
            argnums=tuple(position + len(prefix) for position in positions),
        )
        with compiling():
            built = self._build(request) if self._build else pipeline.build(request, remembered)
        return Specialisation(request, built, self._parameters, self._wrap)

    def learns_units(self, error: Exception, values: tuple) -> bool:
        """Did a call fail because a length of 1 in an argument was not repeated? Then such lengths are told apart from
        now on, and the call should be made again."""
        failed = isinstance(error, ValueError) and error.args[:1] in [(text,) for text in SHAPES_DIFFER]
        if not failed or self.units or not _has_units(values):
            return False
        self.units = True
        return True

    def as_the_users(self, error: Exception) -> BaseException | None:
        """The user's exception for one that the code of some variant raised; None if that is the same."""
        raised = {k: v for each in self._by_specs.values() for k, v in each.built.raised}
        return as_the_users(error, raised)

    # -- constants --------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Collect what is to be compared before each call."""
        every: dict[Any, Captured] = {}
        for specialisation in self._by_specs.values():
            built = specialisation.built
            for captured in (*built.captured, *built.captured_arrays):
                if captured.kind is Kind.ITEM and type(captured.holder) is tuple and _cannot_change(captured):
                    continue  # cannot change
                key = (captured.kind, id(captured.holder), repr(captured.name), id(captured.value))
                every.setdefault(key, captured)
        groups: dict[object, list[Captured]] = {}
        for captured in every.values():
            groups.setdefault(_place(captured), []).append(captured)
        self._slow = tuple(groups.pop(None, ()))
        self._quick = tuple(map(_comparison, groups.values()))
        self.watches = bool(every)

    def drop_stale(self) -> bool:
        """Forget the code that was compiled for constants that have changed; whether there was any."""
        try:
            for read, holder, values in self._quick:
                if not all(map(is_, read(holder), values)):
                    break
            else:
                if not self._slow or all(captured.holds() for captured in self._slow):
                    return False
        except LookupError:
            pass  # one is gone: the full comparison below will say so
        with lock:
            kept = {key: found for key, found in self._by_specs.items() if found.holds()}
            if len(kept) == len(self._by_specs):
                return False
            self._by_specs = kept
            self._by_key = {}
            self._watch()
            return True


def _cannot_change(captured: Captured) -> bool:
    return captured.is_fixed and not isinstance(captured.found, np.ndarray)


def _place(captured: Captured) -> object:
    """What is read in one go with a captured value, to compare it by identity: the same part of other functions, the
    other items of a mapping or list. None where its contents count, or it is read in another way."""
    if not captured.is_fixed or captured.kind is Kind.RESULT:
        return None
    if captured.kind is Kind.PART:
        return captured.name
    holder = _holder(captured)
    if not isinstance(holder, (dict, list, MappingProxyType)):
        return None
    try:
        return (captured.kind, id(captured.holder)) if holder[captured.name] is captured.found else None
    except LookupError:
        return None


def _holder(captured: Captured) -> Any:
    is_attribute = captured.kind is Kind.ATTRIBUTE
    return getattr(captured.holder, "__dict__", None) if is_attribute else captured.holder


def _comparison(group: list[Captured]) -> Comparison:
    """How to read a group of values in one go, and what they were."""
    found = tuple(c.found for c in group)
    if group[0].kind is Kind.PART:
        return partial(map, attrgetter(group[0].name)), tuple(c.holder for c in group), found
    names = [c.name for c in group]  # a getter gives a tuple for two names or more
    return itemgetter(*names, names[0]), _holder(group[0]), (*found, found[0])


def _has_units(values: tuple) -> bool:
    """Has any array a dimension of length 1?"""
    return any(map(_has_unit, map(arguments.units_key, values)))


def _has_unit(key: Any) -> bool:
    return any(map(_has_unit, key)) if isinstance(key, tuple) else key is not None


def _prepared(value: Any) -> Any:
    convert = arguments.conversion(value)
    return value if convert is None else convert(value)


def differentiable_positions(specs: tuple[Spec, ...]) -> tuple[int, ...]:
    """The arguments that contain a floating-point or complex number."""
    return tuple(k for k, spec in enumerate(specs) if any(leaf.type.is_inexact for leaf in leaves(spec)))
