"""Statements as lines of Python.

In: the blocks of one function, with folding and names. Out: its lines. Everything that is not control flow is one line;
`control.py` prints branches and loops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from srcgrad.emit.expressions import Expressions, constant
from srcgrad.emit.launches import in_parallel
from srcgrad.emit.templates import dtype_text
from srcgrad.emit.text import apply
from srcgrad.emit.uses import SliceForm, Uses
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Call,
    Callee,
    Const,
    Copy,
    Dim,
    External,
    Kernel,
    Launch,
    Let,
    Load,
    NewStack,
    Pop,
    Print,
    Product,
    Push,
    Raise,
    Reinterpret,
    Reshape,
    Slice,
    Statement,
    Store,
    View,
)  # fmt: skip
from srcgrad.ir.types import Array, Layout, Scalar, Stack


class Simple:
    """Prints the statements without nested blocks. Other dialects override what they say differently."""

    def __init__(self, expressions: Expressions, uses: Uses, callees: Mapping[Callee, str]) -> None:
        self._text = expressions
        self._callees = callees
        self._names = expressions.names
        self._uses = uses

    def line(self, statement: Statement) -> str:
        """The text of a statement."""
        text, names = self._text, self._names
        match statement:
            case Let() | Dim() | Load():
                return self.assign(names[statement.result], statement)
            case Store():
                return self.store(statement)
            case Product():
                return self.product(statement)
            case External(procedure=procedure, outputs=outputs, inputs=inputs):
                return f"lapack.{procedure.name}({', '.join(names[a] for a in (*inputs, *outputs))})"
            case Alloc(result=result):
                return f"{names[result]} = {self.alloc(statement)}"
            case Copy(result=result, array=array):
                return f"{names[result]} = {names[array]}.copy()"
            case View(result=result):
                return f"{names[result]} = {self._view(statement)}"
            case Reshape(result=result, array=array, shape=lengths):
                sizes = f"({', '.join(map(text, lengths))}{',' * (len(lengths) == 1)})"
                if array.type.layout is Layout.C:  # type: ignore[union-attr]
                    return f"{names[result]} = {names[array]}.reshape({sizes})"
                return f"{names[result]} = mem.reshaped({names[array]}, {sizes})"
            case Reinterpret(result=result, array=array):
                function = "as_complex" if result.type.dtype.kind == "c" else "as_parts"  # type: ignore[union-attr]
                return f"{names[result]} = mem.{function}({names[array]})"
            case NewStack(result=result):
                assert isinstance(result.type, Stack)
                if isinstance(result.type.element, Scalar) and self._uses.is_handed_on(result):
                    return f"{names[result]} = stacks.new({dtype_text(result.type.element.dtype)})"
                return f"{names[result]} = [{_representative(result.type.element)}] * 0"
            case Push(stack=stack, value=value):
                return f"{names[stack]}.append({text(value)})"
            case Pop(result=result, stack=stack):
                pop = f"{names[stack]}.pop()"
                return f"{names[result]} = {pop}" if self._uses.needed(result) else pop
            case Raise(exception=exception, message=message, values=values):
                items = [repr(message), *map(text, values)] if message or values else []
                return f"raise {exception.__name__}({', '.join(items)})"
            case Print(items=items):
                return f"print({', '.join(repr(i) if isinstance(i, str) else text(i) for i in items)})"
            case Call(arguments=arguments):
                return self._call(statement, arguments)
            case Launch(count=count, work=work, initial=initial, arguments=arguments):
                additions = (statement.additions,) if statement.sums else ()
                return self._call(statement, (count, work, *additions, *initial, *arguments))
            case Kernel():
                return self._kernel(statement)
            case _:
                raise TypeError(f"not a simple statement: {statement!r}")

    def assign(self, target: str, value: Let | Dim | Load) -> str:
        """`target = value`, or `target op= operand`."""
        return self._text.update(target, value) or f"{target} = {self._text.value(value)}"

    # -- memory ---------------------------------------------------------------------------------------------------

    def product(self, product: Product) -> str:
        names, arrays = self._names, (product.array, product.left, product.right)
        pairs = product.array.type.ndim == 3  # type: ignore[union-attr]
        matrices = [f"mem.as_complex({names[a]})" if pairs else names[a] for a in arrays]
        marks = zip(matrices[1:], product.transposed, product.conjugated, strict=True)
        factors = ", ".join(a + ".T" * t + ".conj()" * c for a, t, c in marks)
        function = "add_product" if product.accumulate else "product"
        return f"{'complex_blas' if pairs else 'blas'}.{function}({matrices[0]}, {factors})"

    def store(self, store: Store) -> str:
        if store.atomic:
            index = ", ".join(map(self._text, store.index)) + "," * (len(store.index) == 1)
            return f"atomics.add({self._names[store.array]}, ({index}), {self._text(store.value)})"
        element = self._text.element(store.array, store.index)
        if store.accumulate:
            negated = self._text.negated(store.value)
            sign, value = ("+", store.value) if negated is None else ("-", negated)
            return f"{element} {sign}= {self._text(value)}"
        new = self._text.expression(store.value)
        if isinstance(new, Let):
            old = self._text.expression(new.arguments[0])
            if isinstance(old, Load) and old.array is store.array and old.index == store.index:
                update = self._text.update(element, new)
                if update is not None:
                    return update
        return f"{element} = {self._text(store.value)}"

    def alloc(self, alloc: Alloc) -> str:
        assert isinstance(alloc.result.type, Array)
        sizes = [self._text(n) for n in alloc.shape]
        shape = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
        dtype = alloc.result.type.dtype
        more = "" if dtype.name == "float64" else f", dtype={dtype_text(dtype)}"
        module = "mem" if alloc.shape else "np"
        if alloc.fill is None:
            return f"{module}.empty({shape}{more})"
        if _is_positive_zero(alloc.fill):
            return f"{module}.zeros({shape}{more})"
        return f"np.full({shape}, {constant(alloc.fill)}{more})"

    def _view(self, view: View) -> str:
        base = self._names[view.array]
        kept = [k for k, entry in enumerate(view.entries) if isinstance(entry, Slice)]
        if not kept:
            return self._zero_dimensional(base, view)
        forms = [self._uses.slice_form(view, k) for k in kept]
        entries = [self._entry(view, k) for k in range(len(view.entries))]
        while len(entries) > 1 and entries[-1] == ":":
            entries.pop()
        plain = entries == [":"] and view.permutation != tuple(range(len(kept)))
        text = base if plain else f"{base}[{', '.join(entries)}]"
        if SliceForm.BACKWARD in forms:
            text += f"[{', '.join('::-1' if form is SliceForm.BACKWARD else ':' for form in forms)}]"
        if view.permutation == tuple(range(len(kept))):
            return text
        if view.permutation == tuple(reversed(range(len(kept)))):
            return f"{text}.T"
        return f"{text}.transpose({', '.join(map(str, view.permutation))})"

    def _zero_dimensional(self, base: str, view: View) -> str:
        """A subscript on every dimension would load the element: take a stretch of one and drop its dimension."""
        if not view.entries:
            return base
        index = [self._text(entry) for entry in view.entries[:-1] if not isinstance(entry, Slice)]
        last = view.entries[-1]
        assert not isinstance(last, Slice)
        last_text = self._text(last)
        index.append(f"{last_text}:{self._text.offset(last, 1)}")
        return f"np.lib.stride_tricks.as_strided({base}[{', '.join(index)}], shape=(), strides=())"

    def _entry(self, view: View, axis: int) -> str:
        entry = view.entries[axis]
        if not isinstance(entry, Slice):
            return self._text(entry)
        form = self._uses.slice_form(view, axis)
        if form in (SliceForm.WHOLE, SliceForm.REVERSED):
            return form.value
        start, length, step = map(self._text.text, (entry.start, entry.length, entry.step))
        begin = "" if start.text == "0" else start.text
        if form is SliceForm.UNIT:
            stop = self._text.sum(entry.start, entry.length)
            return f"{begin}:{stop}"
        if form is SliceForm.FORWARD:
            stop = apply("{0} * {1}" if not begin else "{2} + {0} * {1}", length, step, start)
            return f"{begin}:{stop}:{step}"
        if form is SliceForm.BACKWARD:
            assert isinstance(entry.step, Const)
            stride = constant(Const(-entry.step.value, entry.step.type))
            last = apply("{0} - ({1} - 1) * {2}", start, length, stride)
            return f"{last}:{self._text.offset(entry.start, 1)}:{stride}"
        stop = apply("{0} + {1} * {2}", start, length, step)
        size = f"{self._names[view.array]}.shape[{axis}]"  # a stop before the first element must not wrap around
        return f"{begin}:{stop} if {stop} >= 0 else {stop} - {size}:{step}"

    # -- calls ----------------------------------------------------------------------------------------------------

    def _call(self, call: Call | Launch, arguments: tuple[Atom, ...]) -> str:
        name = self._callees[call.callee]
        function = in_parallel(name) if isinstance(call, Launch) else name
        return self._results(call, f"{function}({', '.join(map(self._text, arguments))})")

    def _kernel(self, kernel: Kernel) -> str:
        """`loop_1((n, m), [slots,] initial..., arguments...)`."""
        counts = ", ".join(map(self._text, kernel.counts))
        slots = () if kernel.slots is None else (kernel.slots,)
        arguments = ", ".join(map(self._text, (*slots, *kernel.initial, *kernel.arguments)))
        extents = f"({counts},)" if len(kernel.counts) == 1 else f"({counts})"
        return self._results(kernel, f"{self._callees[kernel.callee]}({extents}{', ' * bool(arguments)}{arguments})")

    def _results(self, call: Call | Launch | Kernel, text: str) -> str:
        if not any(map(self._uses.needed, call.results)):
            return text
        targets = [self._names[r] if self._uses.needed(r) else "_" for r in call.results]
        return f"{', '.join(targets)} = {text}"


@dataclass(frozen=True)
class Dialect:
    """How values and simple statements are written."""

    expressions: type[Expressions] = Expressions
    simple: type[Simple] = Simple


PLAIN = Dialect()


def _representative(element: Scalar | Array) -> str:
    """A value of the type a stack holds: `[value] * 0` tells Numba the type of an empty list. (A comprehension would
    do so too, but makes Numba remove "dead" stores, and it takes a store through a popped reference for dead.)"""
    dtype = dtype_text(element.dtype)
    if isinstance(element, Scalar):
        return f"{dtype}(0)"
    if element.ndim == 0:
        return f"np.empty((), dtype={dtype})"
    zeros = "0" if element.ndim == 1 else f"({', '.join('0' * element.ndim)})"
    strided = ", ".join(["::1"] * element.ndim)  # a slice with a step has unknown layout: any array may be pushed
    return f"np.empty({zeros}, dtype={dtype})[{strided}]"


def _is_positive_zero(fill: Const) -> bool:
    return fill.value == 0 and math.copysign(1.0, fill.value) > 0
