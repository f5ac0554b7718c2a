"""Everything that relies on Numba's internals: typed dispatch from Python, and calls from the user's `@njit` code.

`FastTable` is Numba's C dispatcher without the rest of Numba: it looks at the types of the arguments and jumps to the
machine code that was registered for them, else calls back. `NjitDispatcher` is what `@njit` code sees of one of our
objects: asked for a signature of Numba types, it has a function made for it and lends that function's compile
result, so the call is a direct one. Written against Numba 0.68.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba import _dispatcher
from numba.core import errors as numba_errors
from numba.core import sigutils, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher
from numba.core.typeconv.rules import default_type_manager
from numba.core.typing.typeof import Purpose
from numba.np.numpy_support import as_dtype

from srcgrad.errors import SrcgradError
from srcgrad.infer.signature import Leaf, Node, Spec, Static, describe
from srcgrad.ir.types import PY_BOOL, PY_COMPLEX, PY_FLOAT, PY_INT, Array, Layout, Scalar

lock = global_compiler_lock  # one lock for Numba and us: two locks, taken in either order, would deadlock


def numba_type(value: Any) -> types.Type:
    """The Numba type of a run-time value; `pyobject` for what Numba does not know."""
    try:
        return numba.typeof(value, Purpose.argument) or types.pyobject
    except (numba_errors.NumbaError, ValueError):
        return types.pyobject


# -- from Python ----------------------------------------------------------------------------------------------------


class FastTable(_dispatcher.Dispatcher):
    """Machine code by the exact types of the arguments; a call that finds none goes to `otherwise(*args)`."""

    def __init__(self, names: Sequence[str], otherwise: Callable[..., Any]) -> None:
        self._can_compile = True
        self._enable_sysmon = False
        self._otherwise = otherwise
        self._registered: set[tuple] = set()
        pointer = default_type_manager.get_pointer()
        super().__init__(pointer, len(names), True, tuple(names), (), False, False, True)

    def register(self, entry: Any, values: Sequence[Any]) -> None:
        """Let calls with arguments of these types go to the code that `entry` has for them."""
        signature = tuple(map(numba_type, values))
        compiled = getattr(entry, "overloads", {}).get(signature)
        if compiled is not None and signature not in self._registered:
            self._registered.add(signature)
            codes = [kind._code for kind in signature]  # type: ignore[attr-defined]
            self._insert(codes, compiled.entry_point, False)  # type: ignore[attr-defined]

    def typeof_pyval(self, value: Any) -> types.Type:
        """For the C code, where it cannot tell the type by itself. Numba takes masked arrays and foreign byte orders
        for plain arrays: here they are of no type, which leads to the checks."""
        if isinstance(value, np.ndarray) and not (type(value) is np.ndarray and value.flags.behaved):
            return types.pyobject
        return numba_type(value)

    def _compile_for_args(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """For the C code, where no registered code fits: what to call instead."""
        return self._otherwise


# -- from @njit code ------------------------------------------------------------------------------------------------


class NjitDispatcher(CPUDispatcher):
    """One of our objects as `@njit` code sees it. `make(specs, types)` gives the compiled function for argument
    types: one spec and one type for each parameter."""

    def __init__(
        self, fun: FunctionType, signature: inspect.Signature, make: Callable[[tuple[Spec, ...]], CPUDispatcher]
    ) -> None:
        super().__init__(fun, targetoptions={"nopython": True})
        self._compiler.pysig = signature  # type: ignore[attr-defined]
        self.srcgrad_object: Any = None
        self._make = make

    def compile(self, sig: Any) -> Any:
        """Numba's hook: the entry point for a signature, made if need be."""
        with lock:
            args, _ = sigutils.normalize_signature(sig)
            args = tuple(args)
            existing = self.overloads.get(args)
            if existing is not None:
                return existing.entry_point  # type: ignore[attr-defined]
            try:
                function = self._make(tuple(map(spec_of_type, args)))
            except SrcgradError as error:
                raise numba_errors.TypingError(str(error)) from error
            function.compile(args)
            lent: Any = function.overloads[args]
            self.add_overload(lent)
            return lent.entry_point

    def _make_finalizer(self) -> Callable[..., None]:
        """The compile results are lent: their owner takes them away."""
        return _nothing


def _nothing(*_: object) -> None:
    return None


_NUMBERS = (types.Float, types.Complex, types.Integer, types.Boolean)
_LAYOUTS = {"C": Layout.C, "F": Layout.F, "A": Layout.ANY}


def spec_of_type(kind: types.Type) -> Spec:
    """The spec of an argument that has a Numba type. `@njit` code has one type for Python's and NumPy's numbers:
    float64, int64 and bool scalars count as Python's."""
    match kind:
        case types.Omitted():
            return describe(kind.value)
        case types.NoneType():
            return Static(None)
        case types.StringLiteral():
            return Static(kind.literal_value)
        case types.Dispatcher():
            return Static(getattr(kind.dispatcher, "srcgrad_object", None) or kind.dispatcher.py_func)
        case types.NamedTuple() | types.NamedUniTuple():
            return Node(kind.instance_class, tuple(kind.fields), tuple(map(spec_of_type, kind.types)))
        case types.BaseTuple():
            items: tuple = tuple(kind.types)  # type: ignore[attr-defined]
            return Node(tuple, tuple(range(len(items))), tuple(map(spec_of_type, items)))
    kind = types.unliteral(kind)
    match kind:
        case types.Boolean():
            return Leaf(PY_BOOL)
        case types.Float() | types.Complex() | types.Integer() if kind != types.float16:
            dtype = as_dtype(kind)
            weak = {np.dtype(np.float64): PY_FLOAT, np.dtype(np.complex128): PY_COMPLEX, np.dtype(np.int64): PY_INT}
            return Leaf(weak.get(dtype, Scalar(dtype)))
        case types.Array() if isinstance(kind.dtype, _NUMBERS) and kind.dtype != types.float16:
            return Leaf(Array(as_dtype(kind.dtype), kind.ndim, _LAYOUTS[kind.layout]))
    advice = " (a string must be a literal)" if isinstance(kind, types.UnicodeType) else ""
    raise numba_errors.TypingError(f"srcgrad cannot differentiate with an argument of type {kind}{advice}")
