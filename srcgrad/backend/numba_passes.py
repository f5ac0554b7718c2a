"""Numba's passes for generated code, without what it does in vain there.

Generated code has no closures, no comprehensions, no array expressions and nothing to inline. Looking for them takes
time that grows with the square of the number of loops: a tenth to a third of the time to compile long functions. And
what an operation on two numbers is, is asked as often as it occurs: most of the time that inferring types takes.
"""

from __future__ import annotations

from typing import Any

from numba.core import typed_passes, types, untyped_passes
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager, register_pass

_NOT_NEEDED = {
    untyped_passes.InlineClosureLikes,
    untyped_passes.InlineInlinables,
    typed_passes.InlineOverloads,
    typed_passes.NopythonRewrites,
}


class _Remembering:
    """A typing context that is asked once for each function and the types of its arguments."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._signatures: dict[Any, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_function_type(self, func: Any, args: tuple, kws: Any) -> Any:
        if isinstance(func, types.Dispatcher | types.RecursiveCall):  # what it returns may not be known yet
            return self._context.resolve_function_type(func, args, kws)
        key = (func, tuple(args), tuple(sorted(dict(kws or {}).items())))
        found = self._signatures.get(key)
        if found is None:
            found = self._signatures[key] = self._context.resolve_function_type(func, args, kws)
        return found


@register_pass(mutates_CFG=True, analysis_only=False)
class RememberingTypeInference(typed_passes.NopythonTypeInference):
    """Numba's type inference with a context that remembers what it was asked."""

    _name = "remembering_type_inference"

    def run_pass(self, state: Any) -> bool:
        context = state.typingctx
        state.typingctx = _Remembering(context)
        try:
            return bool(super().run_pass(state))
        finally:
            state.typingctx = context


class GeneratedCodeCompiler(CompilerBase):
    """Numba's default compiler with fewer passes."""

    def define_pipelines(self) -> list[PassManager]:
        manager: Any = DefaultPassBuilder.define_nopython_pipeline(self.state)
        lean = PassManager("generated code")
        inference = typed_passes.NopythonTypeInference
        kept = [(kind, text) for kind, text in manager.passes if kind not in _NOT_NEEDED]
        lean.passes = [(RememberingTypeInference if kind is inference else kind, text) for kind, text in kept]
        lean.finalize()
        return [lean]
