"""Making a formula a function that Numba can call.

In: a plain function and the formula it stands for. Out: the same function, which Numba now types and lowers.

The formula's code is linked as a library of its own instead of being written into the caller, because Numba adds the
caller's `fastmath` flags to every instruction of the caller. It is generated once per process and precision, in a few
milliseconds; Numba compiles nothing for it and keeps nothing of it in its cache: a cached caller contains it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import lower_builtin, type_callable

from srcgrad.runtime.vector_math.machine import Formula, module_text

Plain = TypeVar("Plain", bound=Callable)


@cache
def _library(codegen: Any, name: str, formula: Formula, arity: int, double: bool) -> Any:
    """The compiled code of the formula."""
    library = codegen.create_library(name)
    module = llvm.parse_assembly(module_text(name, formula, arity, double))
    module.verify()
    library.add_llvm_module(module)
    library.finalize()
    return library


def _lower(public: Callable, formula: Formula, arity: int, double: bool) -> None:
    name = f"srcgrad.vector_math.{public.__name__}.{'f64' if double else 'f32'}"
    number = ir.DoubleType() if double else ir.FloatType()
    kind = types.float64 if double else types.float32

    @lower_builtin(public, *[kind] * arity)
    def lower(context, builder, sig, args):
        context.active_code_library.add_linking_library(_library(context.codegen(), name, formula, arity, double))
        function = builder.module.globals.get(name)
        if function is None:
            function = ir.Function(builder.module, ir.FunctionType(number, [number] * arity), name)
        return builder.call(function, args)


def _result_type(arguments: Sequence[Any]) -> Any:
    """float32 if all arguments are; float64 of other numbers; None of anything else."""
    if all(a == types.float32 for a in arguments):
        return types.float32
    if all(isinstance(a, types.Float | types.Integer | types.Boolean) for a in arguments):
        return types.float64
    return None


def compiled(formula: Formula, arity: int = 1) -> Callable[[Plain], Plain]:
    """Decorates the plain function that Numba is to compile as the formula."""

    def register(public: Plain) -> Plain:
        @type_callable(public)
        def typing(context):
            def unary(x):
                kind = _result_type([x])
                return None if kind is None else signature(kind, kind)

            def binary(x, y):
                kind = _result_type([x, y])
                return None if kind is None else signature(kind, kind, kind)

            return unary if arity == 1 else binary

        for double in (True, False):
            _lower(public, formula, arity, double)
        return public

    return register
