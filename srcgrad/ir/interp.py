"""The reference interpreter: runs any IR function on NumPy values, one statement at a time.

In: a `Function` and its arguments. Out: the tuple of its results. It is the independent oracle of the compiler: it
shares nothing with `emit`, so when the two differ it says which stage broke a program.

Scalars are NumPy scalars of exactly the dtype of their symbol, arrays are ndarrays (references: a `View` is a NumPy
view), stacks are Python lists. Memory that `Alloc` leaves uninitialised is filled with NaN or a garbage pattern, so
that reading it shows. Floating-point warnings are silent: the meaning is IEEE arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from srcgrad.errors import Diagnostic, InternalError
from srcgrad.ir.fold import Fold
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Barrier,
    Block,
    Call,
    Callee,
    Const,
    Copy,
    Dim,
    External,
    For,
    Function,
    If,
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
    Store,
    Sym,
    View,
    While,
)  # fmt: skip
from srcgrad.ir.types import Array, Scalar, Type

Env = dict[Sym, Any]


def run(function: Function, *arguments: Any) -> tuple:
    """The results of `function` on `arguments` (one per parameter).

    Scalars are converted to the declared dtype, arrays and stacks are passed as they are. Raises what the program
    raises, and `InternalError` when the IR itself is malformed (an undefined symbol, a missing helper, ...)."""
    with np.errstate(all="ignore"):
        return _Machine(function).call(function, arguments)


_BLOCKS = 3  # into which a launch is divided


def _fail(message: str) -> InternalError:
    return InternalError(Diagnostic(f"interpreter: {message}"))


def _as_scalar(value: Any, dtype: np.dtype) -> np.generic:
    if getattr(value, "dtype", None) == dtype and isinstance(value, np.generic):
        return value
    return dtype.type(value)


def _accept(value: Any, type_: Type, name: str) -> Any:
    """An argument as the parameter's type."""
    if isinstance(type_, Scalar):
        return _as_scalar(value, type_.dtype)
    if isinstance(type_, Array):
        if not isinstance(value, np.ndarray) or (value.dtype, value.ndim) != (type_.dtype, type_.ndim):
            got = f"{value.dtype}, {value.ndim}-d" if isinstance(value, np.ndarray) else type(value).__name__
            raise _fail(f"parameter {name} is {type_}, got {got}")
    elif not isinstance(value, list):
        raise _fail(f"parameter {name} is a stack, got {type(value).__name__}")
    return value


def _garbage(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """What uninitialised memory holds: NaN, or an integer that no program computes."""
    if dtype.kind in "fc":
        return np.full(shape, np.nan, dtype)
    if dtype.kind == "b":
        return np.ones(shape, dtype)
    return np.frombuffer(b"\x5a" * (dtype.itemsize * int(np.prod(shape))), dtype).reshape(shape).copy()


def _slice(start: int, length: int, step: int) -> slice:
    if length == 0:
        return slice(0, 0)
    stop = start + length * step
    return slice(start, stop if stop >= 0 else None, step)


def _matrix(array: np.ndarray) -> np.ndarray:
    """The matrix that an array is: one of three dimensions has pairs of the parts of complex numbers."""
    return array[..., 0] + 1j * array[..., 1] if array.ndim == 3 else array


class _Machine:
    """Dispatches on the class of a statement; `helpers` maps a callee to its function."""

    def __init__(self, function: Function) -> None:
        self.helpers: dict[Callee, Function] = {h.callee: h for h in (function, *function.helpers) if h.callee}
        self.execute: dict[type, Callable[[Any, Env], None]] = {
            Let: self.let, Dim: self.dim, Load: self.load, Store: self.store, Product: self.product,
            External: self.external, Alloc: self.alloc, Copy: self.copy, View: self.view, Reshape: self.reshape,
            Reinterpret: self.reinterpret, If: self.if_, For: self.for_, While: self.while_,
            NewStack: self.new_stack, Push: self.push, Pop: self.pop, Raise: self.raise_, Print: self.print_,
            Barrier: self.barrier, Call: self.call_, Launch: self.launch, Kernel: self.kernel,
        }  # fmt: skip

    def call(self, function: Function, arguments: tuple) -> tuple:
        if len(arguments) != len(function.params):
            raise _fail(f"{function.name} takes {len(function.params)} arguments, got {len(arguments)}")
        env = {p: _accept(value, p.type, p.hint) for p, value in zip(function.params, arguments)}
        return self.block(function.body, env)

    def block(self, block: Block, env: Env) -> tuple:
        execute = self.execute
        for statement in block.statements:
            execute[type(statement)](statement, env)
        return tuple(self.value(atom, env) for atom in block.results)

    def value(self, atom: Atom, env: Env) -> Any:
        if isinstance(atom, Const):
            return atom.type.dtype.type(atom.value)
        try:
            return env[atom]
        except KeyError:
            raise _fail(f"{atom} is used before it is defined") from None

    def index(self, atoms: tuple[Atom, ...], env: Env) -> tuple:
        return tuple(self.value(atom, env) for atom in atoms)

    # -- scalars and memory -----------------------------------------------------------------------------------

    def let(self, s: Let, env: Env) -> None:
        value = s.op.evaluate(*[self.value(atom, env) for atom in s.arguments])
        assert isinstance(s.result.type, Scalar)
        env[s.result] = _as_scalar(value, s.result.type.dtype)

    def dim(self, s: Dim, env: Env) -> None:
        env[s.result] = np.int64(self.value(s.array, env).shape[s.axis])

    def load(self, s: Load, env: Env) -> None:
        value = self.value(s.array, env)[self.index(s.index, env)]
        if not isinstance(value, np.generic):
            raise _fail(f"{len(s.index)} subscripts do not select one element of {s.array}")
        env[s.result] = value

    def store(self, s: Store, env: Env) -> None:
        array, index = self.value(s.array, env), self.index(s.index, env)
        if len(index) != array.ndim:
            raise _fail(f"{len(index)} subscripts do not select one element of {s.array}")
        value = self.value(s.value, env)
        array[index] = array[index] + value if s.accumulate else value

    def product(self, s: Product, env: Env) -> None:
        factors = [_matrix(self.value(each, env)) for each in (s.left, s.right)]
        factors = [each.T if t else each for each, t in zip(factors, s.transposed, strict=True)]
        left, right = (each.conj() if c else each for each, c in zip(factors, s.conjugated, strict=True))
        array, product = self.value(s.array, env), left @ right
        value = product if array.ndim == 2 else np.stack((product.real, product.imag), axis=-1)
        array[...] = array + value if s.accumulate else value

    def external(self, s: External, env: Env) -> None:
        s.procedure.evaluate(*[self.value(array, env) for array in (*s.inputs, *s.outputs)])

    def alloc(self, s: Alloc, env: Env) -> None:
        shape = tuple(int(n) for n in self.index(s.shape, env))
        dtype = s.result.type.dtype  # type: ignore[union-attr]
        env[s.result] = _garbage(shape, dtype) if s.fill is None else np.full(shape, s.fill.value, dtype)

    def copy(self, s: Copy, env: Env) -> None:
        env[s.result] = self.value(s.array, env).copy(order="C")

    def view(self, s: View, env: Env) -> None:
        entries: list[Any] = [
            _slice(*(int(self.value(atom, env)) for atom in (e.start, e.length, e.step)))
            if isinstance(e, Slice)
            else int(self.value(e, env))
            for e in s.entries
        ]
        array = self.value(s.array, env)
        if len(entries) > array.ndim:
            array = (array.real, array.imag)[entries.pop()]
        kept = array[(*entries, Ellipsis)]  # with an ellipsis NumPy always gives a view
        env[s.result] = kept.transpose(s.permutation)

    def reshape(self, s: Reshape, env: Env) -> None:
        array = self.value(s.array, env)
        env[s.result] = array.view()
        env[s.result].shape = tuple(int(n) for n in self.index(s.shape, env))  # fails rather than copy

    def reinterpret(self, s: Reinterpret, env: Env) -> None:
        array = self.value(s.array, env)
        dtype = s.result.type.dtype  # type: ignore[union-attr]
        if dtype.kind == "c":
            env[s.result] = array.view(dtype)[..., 0]
        else:
            env[s.result] = as_strided(array.real, (*array.shape, 2), (*array.strides, dtype.itemsize))

    # -- control flow -----------------------------------------------------------------------------------------

    def if_(self, s: If, env: Env) -> None:
        values = self.block(s.then if self.value(s.condition, env) else s.orelse, env)
        env.update(zip(s.results, values, strict=True))

    def for_(self, s: For, env: Env) -> None:
        indices = range(*(int(self.value(atom, env)) for atom in (s.start, s.stop, s.step)))
        values = self.index(s.initial, env)
        for i in reversed(indices) if s.reverse else indices:
            env[s.index] = np.int64(i)
            env.update(zip(s.parameters, values, strict=True))
            values = self.block(s.body, env)
        env.update(zip(s.results, values, strict=True))

    def while_(self, s: While, env: Env) -> None:
        values, trips = self.index(s.initial, env), 0
        while True:
            env[s.counter] = np.int64(trips)
            env.update(zip(s.parameters, values, strict=True))
            (condition,) = self.block(s.condition, env)
            if not condition:
                break
            values = self.block(s.body, env)
            trips += 1
        env[s.trips] = np.int64(trips)
        env.update(zip(s.results, values, strict=True))

    # -- stacks, effects and calls ----------------------------------------------------------------------------

    def new_stack(self, s: NewStack, env: Env) -> None:
        env[s.result] = []

    def push(self, s: Push, env: Env) -> None:
        self.value(s.stack, env).append(self.value(s.value, env))

    def pop(self, s: Pop, env: Env) -> None:
        stack = self.value(s.stack, env)
        if not stack:
            raise _fail(f"pop from the empty stack {s.stack}")
        env[s.result] = stack.pop()

    def raise_(self, s: Raise, env: Env) -> None:
        values = self.index(s.values, env)
        raise s.exception(s.message, *values) if s.message or values else s.exception()

    def barrier(self, s: Barrier, env: Env) -> None:
        """One iteration after the other, nobody ever comes to where all wait: `device.phases` takes barriers out."""
        raise _fail("a barrier cannot be interpreted")

    def print_(self, s: Print, env: Env) -> None:
        print(*(item if isinstance(item, str) else self.value(item, env) for item in s.items))

    def call_(self, s: Call, env: Env) -> None:
        helper = self.helpers.get(s.callee)
        if helper is None:
            raise _fail(f"no helper for the call of {s.callee.name}")
        values = self.call(helper, self.index(s.arguments, env))
        env.update(zip(s.results, values, strict=True))

    def launch(self, s: Launch, env: Env) -> None:
        """The blocks run from the last to the first: what needs the others in order does not come out right."""
        helper = self.helpers[s.callee]
        count = max(int(self.value(s.count, env)), 0)
        initial, arguments = self.index(s.initial, env), self.index(s.arguments, env)
        starts = [
            value if fold.neutral is None else type(value)(fold.neutral) for fold, value in zip(s.folds, initial)
        ]
        bounds = [np.int64(k * count // _BLOCKS) for k in range(_BLOCKS + 1)]
        blocks = reversed(list(pairwise(bounds)))
        parts = []
        added: list[tuple[np.ndarray, np.ndarray]] = []
        for first, last in blocks:
            own = list(arguments)
            for position in s.sums:
                own[position] = np.zeros_like(own[position])
                added.append((arguments[position], own[position]))
            parts.append(self.call(helper, (first, last, *starts, *own)))
        for target, own_sums in reversed(added):
            target += own_sums
        for k, (result, fold, value) in enumerate(zip(s.results, s.folds, initial)):
            for part in reversed(parts):
                value = _folded(fold, value, part[k])
            env[result] = value

    def kernel(self, s: Kernel, env: Env) -> None:
        """The threads run from the last to the first."""
        helper = self.helpers[s.callee]
        counts = [max(int(value), 0) for value in self.index(s.counts, env)]
        values, arguments = list(self.index(s.initial, env)), self.index(s.arguments, env)
        starts = [_start(fold, value) for fold, value in zip(s.folds, values)]
        for number, place in reversed(list(enumerate(np.ndindex(*counts)))):
            slot = () if s.slots is None else (np.int64(number % int(self.value(s.slots, env))),)
            given = self.call(helper, (*map(np.int64, place), *slot, *starts, *arguments))
            values = [part if fold is None else _folded(fold, v, part) for fold, v, part in zip(s.folds, values, given)]
        env.update(zip(s.results, values, strict=True))


def _start(fold: Fold | None, value: Any) -> Any:
    return value if fold is None or fold.neutral is None else type(value)(fold.neutral)


def _folded(fold: Fold, total: Any, part: Any) -> Any:
    match fold:
        case Fold.SUM:
            return total + part
        case Fold.PRODUCT:
            return total * part
        case Fold.MAXIMUM:
            return np.maximum(total, part)
        case Fold.MINIMUM:
            return np.minimum(total, part)
        case Fold.GREATEST:
            return part if part > total else total
        case Fold.LEAST:
            return part if part < total else total
