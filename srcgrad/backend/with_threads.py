"""Code with parallel loops, compiled with threads when there is work for them.

In: a `Built` and the options. Out: a callable on leaves. Unless the arguments are large, the code is compiled without
threads first, which takes less time: it gives the same numbers, and says when there was work for threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from srcgrad.backend import cpu
from srcgrad.backend.compiling import compiling
from srcgrad.config import Options
from srcgrad.pipeline import Built
from srcgrad.runtime import thread_pool

_LARGE = 2000  # elements, or the value of an integer: loops as long may be worth threads


class WithThreads:
    """Calls the code that is right for the arguments."""

    def __init__(self, built: Built, options: Options) -> None:
        self._built, self._options = built, options
        self._wants_threads = self._has_threads = False

    @cached_property
    def threaded(self) -> Any:
        """The entry point that starts threads: the one to call from compiled code."""
        return getattr(self._module(threads=True), self._built.entry)

    @cached_property
    def _alone(self) -> Any:
        return getattr(self._module(threads=False), self._built.entry)

    def _module(self, threads: bool) -> Any:
        return cpu.compile_module(self._built.entry, self._built.source, self._options, threads)

    def __call__(self, *leaves: Any) -> Any:
        if self._has_threads:
            with thread_pool.permitted():
                return self.threaded(*leaves)
        if not self._wants_threads and not _are_large(leaves):
            result = self._alone(*leaves)
            self._wants_threads = thread_pool.was_of_use()
            return result
        with compiling():
            entry = self.threaded  # which starts the threads, and knows then who may use them
            with thread_pool.permitted():
                result = entry(*leaves)
        self._has_threads = True
        return result


def _are_large(leaves: Sequence[Any]) -> bool:
    sizes = (leaf.size if isinstance(leaf, np.ndarray) else leaf for leaf in leaves)
    return any(isinstance(size, (int, np.integer)) and size >= _LARGE for size in sizes)
