"""Numba's passes for generated code, without what it does in vain there.

Generated code has no closures, no comprehensions, no array expressions and nothing to inline. Looking for them takes
time that grows with the square of the number of loops: a tenth to a third of the time to compile long functions. And
what an operation on two numbers is, is asked as often as it occurs: most of the time that inferring types takes.

Numba counts a reference to each array and list that a function is given, on entry and at its end: atomically, which is
most of what a recursive call costs. Whoever calls holds these references already, until the call is over.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from numba.core import ir, lowering, typed_passes, types, untyped_passes
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


class BorrowingLower(lowering.Lower):
    """Numba's lowering without the counts of references to arguments that keep their names."""

    def lower(self) -> None:
        assigned = [s for block in self.func_ir.blocks.values() for s in block.body if isinstance(s, ir.Assign)]
        times = Counter(s.target.name for s in assigned)
        once = [s for s in assigned if times[s.target.name] == 1]
        self._borrowed = {s.target.name for s in once if isinstance(s.value, ir.Arg)}
        self._borrowed |= {s.target.name for s in once if self._is_method_of_borrowed(s)}
        self._counts = True
        super().lower()

    def _is_method_of_borrowed(self, s: Any) -> bool:
        """Is it `argument.method`, on the way to a call?"""
        if not (isinstance(s.value, ir.Expr) and s.value.op == "getattr" and s.value.value.name in self._borrowed):
            return False
        return isinstance(self.fndesc.typemap[s.target.name], types.BoundFunction)

    def lower_assign(self, ty: Any, inst: Any) -> Any:
        self._counts = inst.target.name not in self._borrowed
        try:
            return super().lower_assign(ty, inst)
        finally:
            self._counts = True

    def incref(self, typ: Any, val: Any) -> None:
        if self._counts:
            super().incref(typ, val)

    def delvar(self, name: str) -> None:
        if name not in self._borrowed:
            super().delvar(name)


@register_pass(mutates_CFG=True, analysis_only=False)
class BorrowingLowering(typed_passes.NativeLowering):
    """Lowering by the above."""

    _name = "borrowing_lowering"

    @property
    def lowering_class(self) -> Any:
        return BorrowingLower


_IN_PLACE_OF = {
    typed_passes.NopythonTypeInference: RememberingTypeInference, typed_passes.NativeLowering: BorrowingLowering,
}  # fmt: skip


class GeneratedCodeCompiler(CompilerBase):
    """Numba's default compiler with fewer passes, and with other ones in the place of some."""

    def define_pipelines(self) -> list[PassManager]:
        manager: Any = DefaultPassBuilder.define_nopython_pipeline(self.state)
        lean = PassManager("generated code")
        kept = [(kind, text) for kind, text in manager.passes if kind not in _NOT_NEEDED]
        lean.passes = [(_IN_PLACE_OF.get(kind, kind), text) for kind, text in kept]
        lean.finalize()
        return [lean]
