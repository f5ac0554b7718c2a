"""Generated modules compiled for the CPU with Numba.

In: the text of a module and the options. Out: its entry point as a Numba dispatcher. Every function of the module is
replaced by its compiled self in the module's own globals, so the functions call one another compiled. The options
are spelled out, `fastmath=False` included, so that nothing leaks in from a caller or out to a callee.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from types import FunctionType, ModuleType
from typing import Any

import numba

from srcgrad.backend import loader
from srcgrad.backend.numba_passes import GeneratedCodeCompiler
from srcgrad.config import Options
from srcgrad.emit import PARALLEL
from srcgrad.runtime import thread_pool
from srcgrad.runtime import threads as in_blocks

_FAST = ("arcp", "contract", "nsz", "reassoc")  # reordering only: NaN and infinity keep their meaning
_MARK = "__srcgrad_compiled__"


def jit_options(options: Options) -> dict[str, Any]:
    """The arguments of `numba.njit` for these options."""
    return {
        "error_model": "numpy",
        "fastmath": set(_FAST) if options.fastmath else False,
        "nogil": options.nogil,
        "boundscheck": options.boundscheck,
        "cache": options.cache,
        "parallel": False,
    }


def compile_module(name: str, text: str, options: Options, threads: bool = True) -> ModuleType:
    """The module with all its functions compiled (lazily, by Numba, for the types they are called with). Without
    `threads`, its parallel loops run in one: the same numbers, compiled in less time."""
    settings = jit_options(options)
    constants = {"threads": threads, "least_work": in_blocks.LEAST_WORK} if options.parallel else {}
    module = loader.load(name, text, {**settings, **constants})
    if not getattr(module, _MARK, False):
        own = [(key, value) for key, value in vars(module).items() if _defined_here(value, module)]
        parallel = getattr(module, PARALLEL, ())
        if parallel and threads:
            thread_pool.prepare()
        if _call_themselves(dict(own)):  # read back from Numba's cache, they crash
            settings["cache"] = False
        for key, value in own:
            if key in parallel:
                setattr(module, key, numba.njit(**{**settings, "parallel": threads})(value))
            else:
                setattr(module, key, numba.njit(**settings, pipeline_class=GeneratedCodeCompiler)(value))
        setattr(module, _MARK, True)
    return module


def compile_closure(name: str, text: str, values: dict[str, Any], options: Options) -> Any:
    """The function that the module's `bind(**values)` returns, compiled. The values are constants of its code, which
    Numba's disk cache cannot know about, so it is not cached; it is small."""
    module = loader.load(name, text, {})
    return numba.njit(**{**jit_options(options), "cache": False})(module.bind(**values))


def _call_themselves(functions: dict[str, FunctionType]) -> bool:
    """Does any of them call itself, be it by way of others?"""
    calls = {name: set(function.__code__.co_names) & set(functions) for name, function in functions.items()}
    try:
        TopologicalSorter(calls).prepare()
    except CycleError:
        return True
    return False


def _defined_here(value: object, module: ModuleType) -> bool:
    return isinstance(value, FunctionType) and value.__module__ == module.__name__
