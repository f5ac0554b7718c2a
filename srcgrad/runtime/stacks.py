"""Stacks of numbers that functions hand on to one another, for generated code.

`new(np.float64)` is a list in plain Python. In compiled code it is memory that grows, with its length and its room in
front: `append` and `pop` are a few instructions where they stand. (Numba's lists, which do more at each of these, take
18 ns in a recursive function, and this 2 ns.)
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import intrinsic, overload, overload_method, register_model

_WORD = ir.IntType(64)
_HEADER = 16  # bytes: the length and the room, in elements
_FIRST_ROOM = 512


def new(dtype: Any) -> list:
    """An empty stack."""
    return []


class StackType(types.Type):
    """A stack of numbers of one type."""

    def __init__(self, dtype: types.Type) -> None:
        self.dtype = dtype
        super().__init__(name=f"srcgrad_stack({dtype})")


@register_model(StackType)
class StackModel(models.StructModel):
    def __init__(self, manager: Any, kind: StackType) -> None:
        super().__init__(manager, kind, [("meminfo", types.MemInfoPointer(types.voidptr))])


@overload(new)
def _new(dtype):
    return lambda dtype: _make(dtype)  # type: ignore[call-arg]


@overload_method(StackType, "append")
def _append(stack, value):
    return lambda stack, value: _push(stack, value)  # type: ignore[call-arg]


@overload_method(StackType, "pop")
def _pop_last(stack):
    return lambda stack: _pop(stack)  # type: ignore[call-arg]


# -- machine code -----------------------------------------------------------------------------------------------------


class _Native:
    """A stack while code for it is written."""

    def __init__(self, context: Any, builder: Any, kind: StackType, value: Any) -> None:
        self._context, self._builder, self._kind = context, builder, kind
        self._meminfo = cgutils.create_struct_proxy(kind)(context, builder, value=value).meminfo

    def _words(self) -> Any:
        data = self._context.nrt.meminfo_data(self._builder, self._meminfo)
        return self._builder.bitcast(data, _WORD.as_pointer())

    @property
    def length_place(self) -> Any:
        return self._words()

    @property
    def room_place(self) -> Any:
        return self._builder.gep(self._words(), [_WORD(1)])

    def element(self, index: Any) -> Any:
        """Where an element lies."""
        first = self._builder.gep(self._words(), [_WORD(_HEADER // 8)])
        kind = self._context.get_data_type(self._kind.dtype)
        return self._builder.gep(self._builder.bitcast(first, kind.as_pointer()), [index])

    def grow(self, room: Any) -> None:
        """Twice the room."""
        builder = self._builder
        doubled = builder.shl(room, _WORD(1))
        size = builder.add(builder.mul(doubled, _WORD(item_size(self._context, self._kind))), _WORD(_HEADER))
        self._context.nrt.meminfo_varsize_realloc(builder, self._meminfo, size=size)
        builder.store(doubled, self.room_place)


def item_size(context: Any, kind: StackType) -> int:
    """Bytes of an element."""
    return int(context.get_abi_sizeof(context.get_data_type(kind.dtype)))


@intrinsic
def _make(typing, dtype):
    kind = StackType(dtype.instance_type if isinstance(dtype, types.NumberClass) else dtype.dtype)

    def lower(context, builder, signature, arguments):
        size = _HEADER + _FIRST_ROOM * item_size(context, kind)
        made = cgutils.create_struct_proxy(kind)(context, builder)
        made.meminfo = context.nrt.meminfo_new_varsize(builder, size=_WORD(size))
        native = _Native(context, builder, kind, made._getvalue())
        builder.store(_WORD(0), native.length_place)
        builder.store(_WORD(_FIRST_ROOM), native.room_place)
        return made._getvalue()

    return kind(dtype), lower


@intrinsic
def _push(typing, stack, value):
    def lower(context, builder, signature, arguments):
        kind, value_type = signature.args
        native = _Native(context, builder, kind, arguments[0])
        added = context.cast(builder, arguments[1], value_type, kind.dtype)
        length, room = builder.load(native.length_place), builder.load(native.room_place)
        with builder.if_then(builder.icmp_signed("==", length, room), likely=False):
            native.grow(room)
        context.pack_value(builder, kind.dtype, added, native.element(length))
        builder.store(builder.add(length, _WORD(1)), native.length_place)
        return context.get_dummy_value()

    return types.none(stack, value), lower


@intrinsic
def _pop(typing, stack):
    def lower(context, builder, signature, arguments):
        native = _Native(context, builder, signature.args[0], arguments[0])
        last = builder.sub(builder.load(native.length_place), _WORD(1))
        builder.store(last, native.length_place)
        return context.unpack_value(builder, signature.return_type, native.element(last))

    return stack.dtype(stack), lower
