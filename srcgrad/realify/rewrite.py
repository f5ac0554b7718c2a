"""Complex values taken apart: a function over complex numbers becomes one over their real and imaginary parts.

In: the IR the frontend makes. Out: the same function with two real symbols for each complex scalar, and one more
dimension, the last, of length 2, for each complex array: memory stays as it is. Everything that follows (derivatives,
fusion, code) is real, but for products of matrices and for procedures, which take pairs for complex numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast as typed

from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.ir.build import Builder, const_like, int_const, nest
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
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
    Let,
    Load,
    Print,
    Raise,
    Reshape,
    Slice,
    Statement,
    Store,
    Sym,
    View,
    While,
    blocks,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Array, Layout, Scalar, Type, real_dtype
from srcgrad.ir.visit import inner_symbols, map_atoms, walk
from srcgrad.realify.formulas import FORMULAS, power, whole_power
from srcgrad.realify.parts import Complex, Real

_LARGEST_POWER = 1024


def is_complex(type_: Type) -> bool:
    return isinstance(type_, Scalar | Array) and type_.is_complex


def has_complex(function: Function) -> bool:
    """Does a function (or a helper of it) compute with complex numbers?"""
    return any(
        is_complex(atom.type)
        for each in (function, *function.helpers)
        for atom in (*each.params, *each.body.results, *_atoms(each.body))
    )


def _atoms(block: Block) -> Iterable[Atom]:
    for statement in walk(block):
        yield from definitions(statement)
        yield from inner_symbols(statement)
        yield from operands(statement)
        for inner in blocks(statement):
            yield from inner.results


def part_type(type_: Scalar) -> Scalar:
    """The type of the parts of a complex number."""
    return Scalar(real_dtype(type_.dtype), type_.weak)


def pair_type(type_: Array) -> Array:
    """The type of complex memory as pairs of real numbers."""
    layout = Layout.C if type_.layout is Layout.C else Layout.ANY
    return Array(real_dtype(type_.dtype), type_.ndim + 1, layout)


def parts_of(type_: Type) -> tuple[Type, ...]:
    """The real types that stand for a type."""
    if not is_complex(type_):
        return (type_,)
    if isinstance(type_, Array):
        return (pair_type(type_),)
    return (part_type(typed(Scalar, type_)),) * 2


def realify(function: Function) -> Function:
    """The function over the parts of its parameters; itself where it has no complex values."""
    if not has_complex(function):
        return function
    callees = {helper.callee: _callee(helper.callee) for helper in function.helpers if helper.callee is not None}
    helpers = tuple(replace(_Rewriter(callees).function(helper), helpers=()) for helper in function.helpers)
    return replace(_Rewriter(callees).function(function), helpers=helpers)


def _callee(callee: Callee) -> Callee:
    flat = (tuple(part for t in types for part in parts_of(t)) for types in (callee.parameters, callee.results))
    return Callee(callee.name, *flat)


class _Rewriter:
    """Rewrites one function. `of` has what stands for each symbol that is not itself any more."""

    def __init__(self, callees: dict[Callee, Callee]) -> None:
        self.builder = Builder()
        self.of: dict[Sym, tuple[Atom, ...]] = {}
        self.callees = callees

    def function(self, function: Function) -> Function:
        params = self.new(function.params)
        for statement in function.body.statements:
            self.statement(statement)
        body = self.builder.finish(self.atoms(function.body.results))
        hints = tuple(
            hint for atom, hint in zip(function.body.results, function.result_hints) for hint in _hints(atom.type, hint)
        )
        callee = None if function.callee is None else self.callees[function.callee]
        return replace(function, params=params, body=body, result_hints=hints, callee=callee)

    # -- symbols ------------------------------------------------------------------------------------------------

    def new(self, symbols: tuple[Sym, ...]) -> tuple[Sym, ...]:
        """The symbols that stand for these, from now on."""
        for symbol in symbols:
            if is_complex(symbol.type) and symbol not in self.of:
                hints = _hints(symbol.type, symbol.hint)
                self.of[symbol] = tuple(map(Sym, hints, parts_of(symbol.type)))
        return typed("tuple[Sym, ...]", self.atoms(symbols))

    def atoms(self, atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
        return tuple(part for atom in atoms for part in self.parts(atom))

    def parts(self, atom: Atom) -> tuple[Atom, ...]:
        if isinstance(atom, Const):
            if not atom.type.is_complex:
                return (atom,)
            value = complex(atom.value)
            return tuple(const_like(part, part_type(atom.type)) for part in (value.real, value.imag))
        return self.of.get(atom, (atom,))

    def array(self, symbol: Sym) -> Sym:
        (found,) = self.parts(symbol)
        assert isinstance(found, Sym)
        return found

    def value(self, atom: Atom) -> Complex | Real:
        parts = [Real(self.builder, part) for part in self.parts(atom)]
        return Complex(*parts) if len(parts) == 2 else parts[0]

    def bind(self, symbol: Sym, value: Complex | Real) -> None:
        """Let a symbol stand for a computed value; it gives the value its name."""
        parts = (value.re, value.im) if isinstance(value, Complex) else (value,)
        self.of[symbol] = tuple(part.atom for part in parts)
        for atom, hint in zip(self.of[symbol], _hints(symbol.type, symbol.hint)):
            if isinstance(atom, Sym) and atom.hint == "t":
                object.__setattr__(atom, "hint", hint)

    # -- statements ---------------------------------------------------------------------------------------------

    def block(self, block: Block) -> Block:
        with self.builder.block() as statements:
            for statement in block.statements:
                self.statement(statement)
            results = self.atoms(block.results)
        return Block(tuple(statements), results)

    def statement(self, s: Statement) -> None:
        self.builder.span = s.span
        match s:
            case Let():
                self.let(s)
            case If() | For() | While():
                self.builder.emit(self.control(s))
            case Call(results=results, callee=callee, arguments=arguments):
                inner = self.atoms(arguments)
                self.builder.emit(Call(self.new(results), self.callees[callee], inner, s.span))
            case Raise(values=values):
                self.builder.emit(replace(s, values=self.atoms(values)))
            case Print(items=items):
                shown = (self.shown(i) if not isinstance(i, str) else (i,) for i in items)
                self.builder.emit(Print(tuple(part for parts in shown for part in parts), s.span))
            case _:
                self.memory(s)

    def shown(self, atom: Atom) -> tuple[str | Atom, ...]:
        parts = self.parts(atom)
        return (parts[0], "+ 1j *", parts[1]) if len(parts) == 2 else parts

    def let(self, s: Let) -> None:
        if not any(is_complex(a.type) for a in (s.result, *s.arguments)):
            arguments = self.atoms(s.arguments)
            self.builder.emit(s if arguments == s.arguments else replace(s, arguments=arguments))
            return
        values = [self.value(a) for a in s.arguments]
        if s.op.name in ("complex128", "complex64"):
            self.bind(s.result, self.cast(values[0], typed(Scalar, s.result.type)))
        elif s.op.name == "powi":
            self.bind(s.result, self.power(typed(Complex, values[0]), s.arguments[1]))
        elif s.op.name in FORMULAS:
            self.bind(s.result, FORMULAS[s.op.name](*values))
        else:
            raise Unsupported(
                Diagnostic(
                    f"{s.op.name} is not compiled for complex numbers", s.span, "", "there is no formula for its parts",
                    "apply it to z.real and z.imag",
                )
            )  # fmt: skip

    def cast(self, value: Complex | Real, target: Scalar) -> Complex:
        kind = part_type(target)
        if isinstance(value, Real):
            re = Real(self.builder, self.builder.cast(value.atom, kind))
            return Complex(re, re.like(0.0))
        re, im = (Real(self.builder, self.builder.cast(part.atom, kind)) for part in (value.re, value.im))
        return Complex(re, im)

    def power(self, base: Complex, exponent: Atom) -> Complex:
        if isinstance(exponent, Const) and abs(exponent.value) <= _LARGEST_POWER:
            return whole_power(base, int(exponent.value))
        kind = typed(Scalar, base.re.atom.type)
        return power(base, self.cast(Real(self.builder, exponent), Scalar(kind.dtype)))

    def control(self, s: If | For | While) -> Statement:
        if isinstance(s, If):
            then, orelse = self.block(s.then), self.block(s.orelse)
            (condition,) = self.parts(s.condition)
            return If(self.new(s.results), condition, then, orelse, s.span)
        initial, parameters = self.atoms(s.initial), self.new(s.parameters)
        if isinstance(s, For):
            start, stop, step = self.atoms((s.start, s.stop, s.step))
            inside = self.block(s.body)
            results = self.new(s.results)
            return For(results, s.index, start, stop, step, parameters, initial, inside, s.reverse, s.span)
        test, inside = self.block(s.condition), self.block(s.body)
        return While(self.new(s.results), s.trips, s.counter, parameters, initial, test, inside, s.span)

    # -- memory -------------------------------------------------------------------------------------------------

    def memory(self, s: Statement) -> None:
        match s:
            case Load(result=result, array=array, index=index) if is_complex(result.type):
                place, at = self.array(array), self.atoms(index)
                hints = _hints(result.type, result.hint)
                loaded = [self.builder.load(place, (*at, int_const(k)), hints[k]) for k in range(2)]
                self.of[result] = tuple(loaded)
            case Store(array=array, index=index, value=value) if is_complex(array.type):
                place, at = self.array(array), self.atoms(index)
                for k, part in enumerate(self.parts(value)):
                    self.builder.store(place, (*at, int_const(k)), part, s.accumulate)
            case External() if any(is_complex(array.type) for array in (*s.outputs, *s.inputs)):
                self.external(s)
            case Alloc(result=result) if is_complex(result.type):
                self.alloc(s)
            case Copy(result=result, array=array) if is_complex(result.type):
                (new,) = self.new((result,))
                self.builder.emit(Copy(new, self.array(array), s.span))
            case View(array=array) if is_complex(array.type):
                self.view(s)
            case Reshape(result=result, array=array, shape=shape) if is_complex(array.type):
                (new,) = self.new((result,))
                self.builder.emit(Reshape(new, self.array(array), (*self.atoms(shape), int_const(2)), s.span))
            case Dim(array=array):
                self.builder.emit(replace(s, array=self.array(array)))
            case _:
                assert not any(is_complex(d.type) for d in definitions(s)), s
                self.builder.emit(map_atoms(s, lambda atom: self.parts(atom)[0], lambda block: block))

    def external(self, s: External) -> None:
        assert s.procedure.of_parts is not None
        outputs, inputs = (tuple(map(self.array, arrays)) for arrays in (s.outputs, s.inputs))
        self.builder.external(s.procedure.of_parts, outputs, inputs, s.derived)

    def alloc(self, s: Alloc) -> None:
        (new,) = self.new((s.result,))
        shape = (*self.atoms(s.shape), int_const(2))
        fills = None if s.fill is None else typed("tuple[Const, ...]", self.parts(s.fill))
        if fills is None or repr(fills[0].value) == repr(fills[1].value):
            self.builder.emit(Alloc(new, shape, None if fills is None else fills[0], s.span))
            return
        self.builder.emit(Alloc(new, shape, None, s.span))

        def fill(index: tuple[Sym, ...]) -> None:
            for k, part in enumerate(fills):
                self.builder.store(new, (*index, int_const(k)), part)

        nest(self.builder, self.atoms(s.shape), fill)

    def view(self, s: View) -> None:
        (new,) = self.new((s.result,))
        whole = Slice(int_const(0), int_const(2), int_const(1))
        if len(s.entries) > typed(Array, s.array.type).ndim:  # of the real, or the imaginary parts
            self.builder.emit(View(new, self.array(s.array), s.entries, s.permutation, s.span))
            return
        permutation = (*s.permutation, len(s.permutation))
        self.builder.emit(View(new, self.array(s.array), (*s.entries, whole), permutation, s.span))


def _hints(type_: Type, hint: str) -> tuple[str, ...]:
    return (f"{hint}_re", f"{hint}_im") if isinstance(type_, Scalar) and type_.is_complex else (hint,)
