"""One compiled variant of a transform: for one structure of arguments and their types.

In: a `Built` from the pipeline and its request. Out: something to run on leaves, from Python (`run`) or, through a
small generated function with the user's parameters, from `@njit` code (`njit_function`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from srcgrad.analysis.facts import WIDE
from srcgrad.backend import cpu
from srcgrad.backend.arguments import leaf_names
from srcgrad.backend.compiling import compiling
from srcgrad.backend.device.modules import Entry
from srcgrad.backend.njit_wrapper import Shape, make_wrapper
from srcgrad.backend.parameters import Parameters
from srcgrad.backend.with_threads import WithThreads
from srcgrad.config import Options, Target, Transform
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.frontend.elementwise import SHAPES_DIFFER
from srcgrad.infer.raised import as_the_users
from srcgrad.infer.signature import Leaf, Node, Spec, is_plain, leaves, unflatten
from srcgrad.ir.types import Scalar
from srcgrad.pipeline import Built
from srcgrad.transforms import Request


class Specialisation:
    """Compiled code for the specs of one request. `result` is `built.result`, or has the gradient in a tuple of one
    where the user asked for that (`wrap`)."""

    def __init__(self, request: Request, built: Built, parameters: Parameters, wrap: bool = False) -> None:
        self.request = request
        self.built = built
        self.result = _wrapped(built.result, request) if wrap else built.result
        self.entry = _entry(built, request.options)
        self.specs = request.specs[len(parameters.prefix):]
        self.flat = all(isinstance(spec, Leaf) for spec in self.specs)
        self.leaf_names = tuple(n for p, spec in zip(parameters.names, self.specs) for n in leaf_names(spec, p))
        self._boxes = tuple(map(_box, leaves(self.result)))
        self._as_it_is = is_plain(self.result) and self.result == built.result
        self._direct = self._as_it_is and not any(self._boxes)
        self._njit_function: Any = None
        self.is_compiled = False

    def suits_fast_table(self) -> bool:
        """Whether a call may go from the types of the arguments straight to machine code: arguments and results need
        no rearranging, and nothing has to be checked or read at the call."""
        options = self.request.options
        plain = options.target is Target.CPU and not options.parallel
        return plain and self._direct and self.flat and not self.built.captured_arrays and not self.built.written

    @property
    def only_wide(self) -> bool:
        """Whether it calculates in float64, int64 and bool only. Then it makes no difference that Numba's types do
        not tell Python's numbers, which give way to narrower types, from NumPy's."""
        return self.built.code.facts.only_wide

    @property
    def compares_lengths(self) -> bool:
        """Whether lengths that differ are an error, one of 1 included."""
        return not self.built.code.facts.raised.isdisjoint(SHAPES_DIFFER)

    def captured_arrays(self) -> list[Any]:
        """The hidden arguments, as they are now."""
        return [captured.read() for captured in self.built.captured_arrays]

    def holds(self) -> bool:
        """Whether the constants this code was compiled for are still what they were."""
        return all(captured.holds() for captured in (*self.built.captured, *self.built.captured_arrays))

    def call(self, leaves: list) -> Any:
        """What the entry point returns. The first call compiles it."""
        if self.is_compiled:
            return self.entry(*leaves)
        with compiling():
            result = self.entry(*leaves)
        self.is_compiled = True
        return result

    def run(self, leaves: list) -> Any:
        """As `call`; an exception is the user's."""
        try:
            return self.call(leaves)
        except Exception as error:
            theirs = as_the_users(error, dict(self.built.raised))
            if theirs is None:
                raise
            raise theirs from None

    def finish(self, raw: Any) -> Any:
        """The result the user sees, from what the entry point returned."""
        if self._direct:
            return raw
        pairs = zip(_flat(raw), self._boxes, strict=True)
        return unflatten(self.result, iter([box(value) if box else value for value, box in pairs]))

    def njit_function(self) -> Any:
        """A compiled function with the user's parameters, for calls from `@njit` code: the entry point itself where
        that has the same arguments and results."""
        if self.request.options.target is Target.CUDA:
            raise ArgumentError(
                Diagnostic(
                    "what is compiled for target='cuda' cannot be called from @njit code",
                    why="it launches kernels, which Python does",
                    advice="call it from Python, or leave the target out",
                )
            )
        if self._njit_function is None:
            entry = self.entry.threaded if isinstance(self.entry, WithThreads) else self.entry
            if self._as_it_is and self.flat and not self.built.captured_arrays:
                self._njit_function = entry
            else:
                wanted = Shape(self.specs, self.built.result, self.result)
                arrays = self.captured_arrays()
                self._njit_function = make_wrapper(entry, wanted, arrays, self.request.options)
        return self._njit_function


def _entry(built: Built, options: Options) -> Callable[..., Any]:
    if options.target is Target.CUDA:
        return Entry(built.entry, built.source, options)
    if options.parallel:
        return WithThreads(built, options)
    return getattr(cpu.compile_module(built.entry, built.source, options), built.entry)


def _wrapped(result: Spec, request: Request) -> Spec:
    """`result` with its one gradient in a tuple."""
    if request.transform is Transform.GRAD and not request.has_aux:
        return _tuple(result)
    assert isinstance(result, Node)
    first, second = result.children
    if request.transform is Transform.GRAD:
        return _tuple(_tuple(first), second)
    return _tuple(first, _tuple(second))


def _tuple(*children: Spec) -> Node:
    return Node(tuple, tuple(range(len(children))), children)


def _flat(raw: Any) -> Iterator[Any]:
    if isinstance(raw, tuple):
        for item in raw:
            yield from _flat(item)
    else:
        yield raw


def _box(leaf: Leaf) -> Callable[[Any], Any] | None:
    """Numba hands out every number as Python's: what makes narrow ones NumPy's again."""
    if isinstance(leaf.type, Scalar) and leaf.type.dtype not in WIDE:
        return leaf.type.dtype.type
    return None
