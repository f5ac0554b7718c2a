"""The dialects of code for a GPU: what a thread does, and the function of the host.

In: values and statements. Out: their text. Threads calculate with functions of their own (`device.operations`); the
host, which runs in plain Python, allocates, launches and reads single elements through `dev`, the device.
"""

from __future__ import annotations

from srcgrad.device import operations
from srcgrad.emit.expressions import Expressions, constant
from srcgrad.emit.statements import Dialect, Simple
from srcgrad.emit.subscripts import Subscripts
from srcgrad.emit.templates import dtype_text
from srcgrad.emit.uses import Uses
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Callee,
    Copy,
    External,
    Function,
    Kernel,
    Let,
    Product,
    Reinterpret,
    Reshape,
    Statement,
    Store,
    Sym,
    View,
)  # fmt: skip
from srcgrad.ir.types import Array, Scalar
from srcgrad.ir.visit import walk


class _ThreadExpressions(Expressions):
    def operation(self, let: Let) -> tuple[str, bool]:
        return operations.template(let)


class _ThreadSimple(Simple):
    def store(self, store: Store) -> str:
        if not store.atomic:
            return super().store(store)
        index = ", ".join(map(self._text, store.index))
        where = index if len(store.index) == 1 else f"({index})"
        return f"atomic.add({self._names[store.array]}, {where}, {self._text(store.value)})"


THREAD = Dialect(_ThreadExpressions, _ThreadSimple)


_DIVISIONS = {
    "div": "np.divide({0}, {1})", "inverse": "np.divide(1.0, {0})", "mod": "np.mod({0}, {1})",
    "floordiv": "np.floor_divide({0}, {1})",
}  # fmt: skip
"""Where the host, in plain Python, would raise what compiled code does not."""


class _HostExpressions(Expressions):
    def operation(self, let: Let) -> tuple[str, bool]:
        type_ = let.result.type
        if let.op.name in _DIVISIONS and isinstance(type_, Scalar) and type_.dtype.kind == "f":
            return _DIVISIONS[let.op.name], type_.dtype.itemsize == 8
        return super().operation(let)

    def loaded(self, array: Sym, index: tuple[Atom, ...]) -> str:
        return f"dev.item({', '.join([self.names[array], *map(self, index)])})"


class _HostSimple(Simple):
    def line(self, statement: Statement) -> str:
        names = self._names
        match statement:
            case Copy(result=result, array=array):
                return f"{names[result]} = dev.copy({names[array]})"
            case Reshape(result=result, array=array, shape=lengths):
                sizes = f"({', '.join(map(self._text, lengths))}{',' * (len(lengths) == 1)})"
                return f"{names[result]} = {names[array]}.reshape({sizes})"
            case Reinterpret(result=result, array=array):
                function = "as_complex" if result.type.dtype.kind == "c" else "as_parts"  # type: ignore[union-attr]
                return f"{names[result]} = dev.{function}({names[array]})"
            case External(procedure=procedure, outputs=outputs, inputs=inputs):
                arrays = ", ".join(names[a] for a in (*inputs, *outputs))
                return f"dev.on_host(lapack.{procedure.name}, {arrays})"
            case _:
                return super().line(statement)

    def store(self, store: Store) -> str:
        index = f"({', '.join(map(self._text, store.index))}{',' * (len(store.index) == 1)})"
        name = "increase" if store.accumulate else "put"
        return f"dev.{name}({self._names[store.array]}, {index}, {self._text(store.value)})"

    def product(self, product: Product) -> str:
        pairs = product.array.type.ndim == 3  # type: ignore[union-attr]
        arrays = (product.array, product.left, product.right)
        target, *factors = (f"dev.as_complex({self._names[a]})" if pairs else self._names[a] for a in arrays)
        marks = zip(factors, product.transposed, product.conjugated, strict=True)
        texts = [f"dev.conj({a}{'.T' * t})" if c else a + ".T" * t for a, t, c in marks]
        return f"dev.{'add_product' if product.accumulate else 'product'}({', '.join([target, *texts])})"

    def alloc(self, alloc: Alloc) -> str:
        assert isinstance(alloc.result.type, Array)
        sizes = [self._text(n) for n in alloc.shape]
        shape = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
        dtype = dtype_text(alloc.result.type.dtype)
        if alloc.fill is None:
            return f"dev.empty({shape}, {dtype})"
        return f"dev.full({shape}, {constant(alloc.fill)}, {dtype})"

    def _zero_dimensional(self, base: str, view: View) -> str:
        if not view.entries:
            return base
        index = [self._text(entry) for entry in view.entries]  # type: ignore[arg-type]
        index[-1] += f":{self._text.offset(view.entries[-1], 1)}"  # type: ignore[arg-type]
        return f"{base}[{', '.join(index)}].reshape(())"


HOST = Dialect(_HostExpressions, _HostSimple)


def description(kernel: Kernel) -> tuple[int, bool, tuple[str, ...]]:
    """What the device has to know of a kernel: how many indices it has, whether it has slots, and what it folds."""
    return len(kernel.counts), kernel.slots is not None, tuple("last" if f is None else f.value for f in kernel.folds)


def least_given(function: Function) -> dict[Callee, dict[int, int]]:
    """For each kernel that a function launches, the values that its parameters, by position, are never below."""
    host = Subscripts(function, Uses(function))
    found: dict[Callee, dict[int, int]] = {}
    for s in walk(function.body):
        if isinstance(s, Kernel):
            numbers = len(s.counts) + (s.slots is not None)
            first = numbers + len(s.initial)
            lows = dict.fromkeys(range(numbers), 0)
            for k, atom in enumerate(s.arguments, first):
                low = host.low(atom) if isinstance(atom.type, Scalar) and atom.type.is_int else None
                lows.update({} if low is None else {k: low})
            known = found.get(s.callee, lows)
            found[s.callee] = {k: min(low, known[k]) for k, low in lows.items() if k in known}
    return found
