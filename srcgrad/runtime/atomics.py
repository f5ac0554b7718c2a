"""Additions that threads of the CPU may make to one element at the same time, for generated code.

In: an array of floating-point numbers, a subscript (a tuple) and a value. Out: nothing. x86 and ARM add atomically by
comparing and exchanging: 5 to 9 ns for each thread, where a plain addition takes about one (`threads.ATOMIC_COST`).
"""

from __future__ import annotations

from numba.core import cgutils, types
from numba.extending import intrinsic, overload
from numba.np import arrayobj


def add(array, index, value):
    """`array[index] += value`, at once."""
    array[index] += value


@overload(add)
def _add(array, index, value):
    if isinstance(array, types.Array) and isinstance(array.dtype, types.Float):
        return lambda array, index, value: _add_at(array, index, value)  # type: ignore[call-arg]


@intrinsic
def _add_at(typing, array, index, value):
    def lower(context, builder, signature, arguments):
        array_type, index_type, value_type = signature.args
        native = arrayobj.make_array(array_type)(context, builder, arguments[0])
        places = cgutils.unpack_tuple(builder, arguments[1], len(index_type))
        places = [
            context.cast(builder, place, kind, types.intp) for place, kind in zip(places, index_type, strict=True)
        ]  # fmt: skip
        pointer = cgutils.get_item_pointer(context, builder, array_type, native, places, wraparound=True)
        added = context.cast(builder, arguments[2], value_type, array_type.dtype)
        builder.atomic_rmw("fadd", pointer, added, "monotonic")
        return context.get_dummy_value()

    return types.none(array, index, value), lower
