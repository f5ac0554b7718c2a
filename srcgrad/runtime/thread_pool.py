"""May a loop of generated code start threads here and now? Numba's threading layers end the process where they may not.

- GNU's OpenMP, in a process that was forked from one that has used it;
- the work queue (what Numba has where there is neither TBB nor OpenMP), while it is at work for another thread, and
  inside of a loop that it runs already.

In: nothing. Out: `may_start()`, for compiled code: it reads two words at an address that it knows by name. The work
queue may be used by the thread that holds `permitted()` only; everybody else runs the blocks one after the other, which
gives the same numbers. `note_use()` sets a third word: code that was compiled without threads says that it had work for
them.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload
from numba.np.ufunc import parallel

_ALWAYS, _NEVER, _WITH_PERMISSION = 0, 1, 2
_SYMBOL = "srcgrad_thread_pool"
_words = (ctypes.c_int64 * 3)(_ALWAYS, 0, 0)  # which of these holds, the thread that has permission, any use
_lock = threading.RLock()
_layer: str | None = None

llvm.add_symbol(_SYMBOL, ctypes.addressof(_words))
llvm.add_symbol("srcgrad_this_thread", ctypes.cast(ctypes.pythonapi.PyThread_get_thread_ident, ctypes.c_void_p).value)


def prepare() -> None:
    """Start Numba's threads, and find out what they are, before code that uses them runs."""
    global _layer
    with _lock:
        if _layer is None:
            parallel._launch_threads()
            _layer = numba.threading_layer()
            _words[0] = _WITH_PERMISSION if _layer == "workqueue" else _ALWAYS


def _after_fork() -> None:
    """In the child: the threads of the parent are not there, and OpenMP does not start new ones."""
    global _lock
    _lock = threading.RLock()  # whoever held it is not there either
    if _layer == "omp":
        _words[0] = _NEVER


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def permitted() -> Iterator[None]:
    """While this holds, the calling thread may use the work queue; others wait."""
    if _words[0] != _WITH_PERMISSION:
        yield
        return
    with _lock:
        before, _words[1] = _words[1], threading.get_ident()
        try:
            yield
        finally:
            _words[1] = before


def was_of_use() -> bool:
    """Has any code had work for several threads since this was asked last?"""
    found, _words[2] = bool(_words[2]), 0
    return found


def note_use() -> None:
    """Say that there is work for several threads."""
    _words[2] = 1


@overload(note_use)
def _note_use():
    return lambda: _set_used()  # type: ignore[call-arg]


def may_start() -> bool:
    """Whether compiled code may start threads; plain Python has none to start."""
    return True


@overload(may_start)
def _may_start():
    return lambda: _state_allows()  # type: ignore[call-arg]


def _word(builder: ir.IRBuilder, place: int) -> ir.Value:
    """Where compiled code finds a word."""
    state = builder.module.globals.get(_SYMBOL)
    if state is None:
        state = ir.GlobalVariable(builder.module, ir.ArrayType(ir.IntType(64), len(_words)), _SYMBOL)
        state.linkage = "external"
    return cgutils.gep_inbounds(builder, state, 0, place)


@intrinsic
def _set_used(typing):
    def lower(context, builder, signature, arguments):
        builder.store(ir.IntType(64)(1), _word(builder, 2))
        return context.get_dummy_value()

    return types.none(), lower


@intrinsic
def _state_allows(typing):
    def lower(context, builder, signature, arguments):
        word = ir.IntType(64)
        mode, owner = (builder.load(_word(builder, k)) for k in (0, 1))
        identity = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(word, []), "srcgrad_this_thread"
        )  # fmt: skip
        owns = builder.icmp_signed("==", owner, builder.call(identity, []))
        with_permission = builder.and_(builder.icmp_signed("==", mode, word(_WITH_PERMISSION)), owns)
        return builder.or_(builder.icmp_signed("==", mode, word(_ALWAYS)), with_permission)

    return types.boolean(), lower
