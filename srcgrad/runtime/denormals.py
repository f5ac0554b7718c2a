"""Numbers too small for full precision, taken for zero while a function runs: what `fastmath` allows.

Processors calculate with such numbers a hundred times slower than with others. In: nothing. Out: `flush()` gives the
state of the processor's arithmetic as it was, which `restore` puts back. Only x86-64 is told to; elsewhere, and in
plain Python, both do nothing.
"""

from __future__ import annotations

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

_IS_X86 = llvm.get_process_triple().startswith("x86_64")
_FLUSH = 0x8000 | 0x0040  # results that are too small, and operands that are
_STATE = ir.IntType(32)


def flush():
    """Take denormal numbers for zero from now on, in this thread."""
    return 0


def restore(state):
    """Calculate as before."""


@overload(flush)
def _flush():
    return lambda: _set_flush()  # type: ignore[call-arg]


@overload(restore)
def _restore(state):
    return lambda state: _set_state(state)  # type: ignore[call-arg]


def _call(builder, name, place):
    kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{name}")
    builder.call(function, [builder.bitcast(place, cgutils.voidptr_t)])


@intrinsic
def _set_flush(typing):
    def lower(context, builder, signature, arguments):
        if not _IS_X86:
            return _STATE(0)
        place = cgutils.alloca_once(builder, _STATE)
        _call(builder, "stmxcsr", place)
        before = builder.load(place)
        builder.store(builder.or_(before, _STATE(_FLUSH)), place)
        _call(builder, "ldmxcsr", place)
        return before

    return types.int32(), lower


@intrinsic
def _set_state(typing, state):
    def lower(context, builder, signature, arguments):
        if _IS_X86:
            place = cgutils.alloca_once(builder, _STATE)
            builder.store(arguments[0], place)
            _call(builder, "ldmxcsr", place)
        return context.get_dummy_value()

    return types.none(types.int32), lower
