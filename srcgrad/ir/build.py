"""Makers: the one way passes write IR.

A `Builder` appends statements to the innermost open block and hands back the symbols they define. It computes
result types from the operation table and inserts nothing on its own: what is asked for is what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Const,
    Copy,
    Dim,
    External,
    For,
    If,
    Let,
    Load,
    NewStack,
    Pop,
    Product,
    Push,
    Reshape,
    Slice,
    Statement,
    Store,
    Sym,
    View,
    definitions,
)  # fmt: skip
from srcgrad.ir.types import BOOL, INT64, Array, Layout, Scalar, Stack, Type, real_dtype, stack_element, stack_of
from srcgrad.ops.procedures import Procedure
from srcgrad.ops.registry import Op, Result, by_name
from srcgrad.span import NOWHERE, Span


def int_const(value: int) -> Const:
    return Const(int(value), INT64)


def bool_const(value: bool) -> Const:
    return Const(bool(value), BOOL)


def const_like(value: complex | float | int, scalar: Scalar) -> Const:
    """`value` as a constant of the given scalar type."""
    if scalar.is_complex:
        return Const(complex(value), scalar)
    assert not isinstance(value, complex)
    converted = float(value) if scalar.is_float else bool(value) if scalar.is_bool else int(value)
    return Const(converted, scalar)


def result_type(op: Op, arguments: tuple[Atom, ...]) -> Scalar:
    """The type of `op(*arguments)`, from the operation's record."""
    types = [argument.type for argument in arguments if isinstance(argument.type, Scalar)]
    weak = all(t.weak for t in types)
    match op.result:
        case Result.BOOL:
            return Scalar(np.dtype(np.bool_), weak)
        case Result.INT:
            return Scalar(np.dtype(np.int64), weak)
        case Result.NAMED:
            return Scalar(np.dtype(op.name))
        case Result.FLOAT:
            return types[0]
        case Result.REAL:
            return Scalar(real_dtype(types[0].dtype), weak)
        case Result.COMPLEX:
            return Scalar(np.result_type(types[0].dtype, np.complex64), weak)
        case Result.SAME:
            same = types[1:] if op.arity == 3 else types
            return Scalar(same[-1].dtype, all(t.weak for t in same))


class Builder:
    """Writes statements into a stack of open blocks."""

    def __init__(self) -> None:
        self._open: list[list[Statement]] = [[]]
        self.span: Span = NOWHERE

    # -- blocks ---------------------------------------------------------------------------------------------

    def emit(self, statement: Statement) -> None:
        """Append a statement as it is."""
        self._open[-1].append(statement)

    def extend(self, statements: Iterable[Statement]) -> None:
        self._open[-1].extend(statements)

    def last(self) -> Statement | None:
        """The newest statement of the innermost open block."""
        return self._open[-1][-1] if self._open[-1] else None

    def replace_last(self, statement: Statement) -> None:
        """Put another statement where the newest one is."""
        self._open[-1][-1] = statement

    @contextmanager
    def block(self) -> Iterator[list[Statement]]:
        """Collect what is emitted inside the `with` into the yielded list, apart from the enclosing block."""
        statements: list[Statement] = []
        self._open.append(statements)
        try:
            yield statements
        finally:
            self._open.pop()

    def finish(self, results: tuple[Atom, ...] = ()) -> Block:
        """The outermost block, closed with `results`."""
        return Block(tuple(self._open[0]), results)

    def written(self) -> dict[Sym, Statement]:
        """What defines each symbol defined so far in the open blocks (not in those closed and nested)."""
        return {symbol: s for statements in self._open for s in statements for symbol in definitions(s)}

    # -- scalars --------------------------------------------------------------------------------------------

    def op(self, op: Op | str, *arguments: Atom, hint: str = "t") -> Sym:
        """`op(*arguments)` on operands whose types already agree."""
        record = by_name(op) if isinstance(op, str) else op
        result = Sym(hint, result_type(record, arguments))
        self.emit(Let(result, record, arguments, self.span))
        return result

    def moved(self, atom: Atom, distance: int) -> Atom:
        """An integer and a constant more: the same atom where that is none."""
        return self.op("add", atom, int_const(distance)) if distance else atom

    def cast(self, atom: Atom, target: Scalar, hint: str = "t") -> Atom:
        """`atom` as `target`: the same atom when only weakness differs, a constant when it is one."""
        source = atom.type
        assert isinstance(source, Scalar), f"cannot cast {atom}"
        if isinstance(atom, Const) and not (source.is_inexact and not target.is_inexact):
            return const_like(atom.value, target)
        if source.dtype == target.dtype:
            return atom
        result = Sym(hint, target)
        self.emit(Let(result, by_name(target.dtype.name), (atom,), self.span))
        return result

    # -- memory ---------------------------------------------------------------------------------------------

    def dim(self, array: Sym, axis: int, hint: str = "n") -> Sym:
        result = Sym(hint, INT64)
        self.emit(Dim(result, array, axis, self.span))
        return result

    def load(self, array: Sym, index: tuple[Atom, ...], hint: str = "t") -> Sym:
        assert isinstance(array.type, Array)
        result = Sym(hint, array.type.element)
        self.emit(Load(result, array, index, self.span))
        return result

    def store(self, array: Sym, index: tuple[Atom, ...], value: Atom, accumulate: bool = False) -> None:
        self.emit(Store(array, index, value, accumulate, self.span))

    def product(
        self, array: Sym, left: Sym, right: Sym, transposed: tuple[bool, bool] = (False, False),
        conjugated: tuple[bool, bool] = (False, False),
    ) -> None:  # fmt: skip
        """`array += left @ right`."""
        self.emit(Product(array, left, right, transposed, conjugated, self.span))

    def external(
        self, procedure: Procedure, outputs: tuple[Sym, ...], inputs: tuple[Sym, ...], derived: bool = False
    ) -> None:
        """Fill the outputs."""
        self.emit(External(procedure, outputs, inputs, self.span, derived))

    def alloc(self, shape: tuple[Atom, ...], dtype: np.dtype, fill: complex | None, hint: str = "a") -> Sym:
        """Fresh C-ordered memory, filled with a constant or (fill=None) left as it is."""
        result = Sym(hint, Array(np.dtype(dtype), len(shape), Layout.C))
        constant = None if fill is None else const_like(fill, Scalar(np.dtype(dtype)))
        self.emit(Alloc(result, shape, constant, self.span))
        return result

    def alloc_like(self, array: Sym, fill: float | int | None, hint: str = "a", dtype: np.dtype | None = None) -> Sym:
        """Fresh memory of the shape of `array`."""
        assert isinstance(array.type, Array)
        shape = tuple(self.dim(array, axis) for axis in range(array.type.ndim))
        return self.alloc(shape, dtype or array.type.dtype, fill, hint)

    def copy(self, array: Sym, hint: str = "a") -> Sym:
        assert isinstance(array.type, Array)
        result = Sym(hint, Array(array.type.dtype, array.type.ndim, Layout.C))
        self.emit(Copy(result, array, self.span))
        return result

    def view(
        self, array: Sym, entries: tuple[Atom | Slice, ...], permutation: tuple[int, ...], hint: str = "v"
    ) -> Sym:
        assert isinstance(array.type, Array)
        result = Sym(hint, Array(array.type.dtype, len(permutation), Layout.ANY))
        self.emit(View(result, array, entries, permutation, self.span))
        return result

    def reshape(self, array: Sym, shape: tuple[Atom, ...], hint: str = "v") -> Sym:
        assert isinstance(array.type, Array)
        layout = Layout.C if array.type.layout is Layout.C else Layout.ANY
        result = Sym(hint, Array(array.type.dtype, len(shape), layout))
        self.emit(Reshape(result, array, shape, self.span))
        return result

    def new_stack(self, element: Type, hint: str = "stack") -> Sym:
        result = Sym(hint, stack_of(element))
        self.emit(NewStack(result, self.span))
        return result

    def push(self, stack: Sym, value: Atom) -> None:
        self.emit(Push(stack, value, self.span))

    def pop(self, stack: Sym, hint: str = "t") -> Sym:
        assert isinstance(stack.type, Stack)
        result = Sym(hint, stack_element(stack.type))
        self.emit(Pop(result, stack, self.span))
        return result

    # -- control flow ---------------------------------------------------------------------------------------

    def if_(self, condition: Atom, then: Block, orelse: Block, hints: tuple[str, ...]) -> tuple[Sym, ...]:
        results = tuple(Sym(hint, atom.type) for hint, atom in zip(hints, then.results, strict=True))
        self.emit(If(results, condition, then, orelse, self.span))
        return results

    @contextmanager
    def loop(
        self, start: Atom, stop: Atom, hint: str = "i", reverse: bool = False, parallel: bool = False
    ) -> Iterator[Sym]:  # fmt: skip
        """A unit-step loop that carries nothing; the `with` body is the loop's body."""
        index = Sym(hint, INT64)
        with self.block() as statements:
            yield index
        body = Block(tuple(statements))
        self.emit(For((), index, start, stop, int_const(1), (), (), body, reverse, self.span, parallel))


def nest(builder: Builder, lengths: Sequence[Atom], body: Callable[[tuple[Sym, ...]], None]) -> None:
    """`for i in range(n0): for j in range(n1): ... body((i, j, ...))`."""

    def level(index: tuple[Sym, ...]) -> None:
        if len(index) == len(lengths):
            body(index)
            return
        with builder.loop(int_const(0), lengths[len(index)], "ijklmn"[len(index) % 6]) as i:
            level((*index, i))

    level(())


def folded(
    builder: Builder, lengths: Sequence[Atom], initial: Atom,
    step: Callable[[Builder, tuple[Sym, ...], Atom], Atom], hint: str = "acc",
) -> Atom:  # fmt: skip
    """What `step(builder, (i, j, ...), so_far)` makes of `initial` over all of a nest of loops."""

    def level(index: tuple[Sym, ...], so_far: Atom) -> Atom:
        if len(index) == len(lengths):
            return step(builder, index, so_far)
        i, parameter, result = Sym("ijklmn"[len(index) % 6], INT64), Sym(hint, initial.type), Sym(hint, initial.type)
        with builder.block() as statements:
            body = level((*index, i), parameter)
        start, stop, one = int_const(0), lengths[len(index)], int_const(1)
        block = Block(tuple(statements), (body,))
        builder.emit(For((result,), i, start, stop, one, (parameter,), (so_far,), block, span=builder.span))
        return result

    return level((), initial)


def clear_elements(builder: Builder, target: Sym) -> None:
    """`target[...] = 0`."""
    assert isinstance(target.type, Array)
    shape = [builder.dim(target, axis) for axis in range(target.type.ndim)]
    nothing = const_like(0.0, target.type.element)
    nest(builder, shape, lambda index: builder.store(target, index, nothing))


def add_elementwise(builder: Builder, target: Sym, source: Sym) -> None:
    """`target += source`, as a loop nest over the elements of two arrays of one shape."""
    assert isinstance(target.type, Array)
    shape = [builder.dim(target, axis) for axis in range(target.type.ndim)]
    nest(builder, shape, lambda index: builder.store(target, index, builder.load(source, index), accumulate=True))
