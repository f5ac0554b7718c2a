"""Numba's passes for generated code: those that look for constructs which generated code has none of are left out.

Generated code has no closures, no comprehensions, no array expressions and nothing to inline. Looking for them takes
time that grows with the square of the number of loops: a tenth to a third of the time to compile long functions.
"""

from __future__ import annotations

from typing import Any

from numba.core import typed_passes, untyped_passes
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager

_NOT_NEEDED = {
    untyped_passes.InlineClosureLikes,
    untyped_passes.InlineInlinables,
    typed_passes.InlineOverloads,
    typed_passes.NopythonRewrites,
}


class GeneratedCodeCompiler(CompilerBase):
    """Numba's default compiler with fewer passes."""

    def define_pipelines(self) -> list[PassManager]:
        manager: Any = DefaultPassBuilder.define_nopython_pipeline(self.state)
        lean = PassManager("generated code")
        lean.passes = [(kind, text) for kind, text in manager.passes if kind not in _NOT_NEEDED]
        lean.finalize()
        return [lean]
