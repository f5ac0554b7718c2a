"""Forward mode: the tangent of each statement, beside the primal.

In: a function and the parameters that move. Out: a function over the same parameters and one tangent per moving
parameter, which returns the primal results followed by the tangents of the floating ones. Array tangents live in
shadow memory that is carried like the primal's, exactly as in reverse mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from srcgrad.adjoint.again import refuse_unknown
from srcgrad.adjoint.partials import CHOOSING, contribution, formula_environment, zero
from srcgrad.analysis.activity import carries_derivative, find_activity
from srcgrad.ir.build import Builder, clear_elements, const_like
from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Block,
    Call,
    Callee,
    Const,
    Copy,
    External,
    For,
    Function,
    If,
    Let,
    Load,
    NewStack,
    Pop,
    Product,
    Push,
    Reshape,
    Statement,
    Store,
    Sym,
    View,
    While,
)  # fmt: skip
from srcgrad.ir.types import Array, Scalar
from srcgrad.ops.formula import names_in


def forward_mode(function: Function, wrt: Sequence[Sym], *, name: str, strong_zero: bool = False) -> Function:
    """The tangent of `function` as the parameters `wrt` move. With `strong_zero`, a zero tangent times an infinite
    partial is zero."""
    refuse_unknown(function, wrt, function.body.results)
    activity = find_activity(function, wrt, function.body.results)
    return _Tangent({}, activity, strong_zero).function(function, wrt, name)


def is_floating(atom: Atom) -> bool:
    """Could this value have a tangent at all?"""
    return carries_derivative(atom) if isinstance(atom, Sym) else atom.type.is_float


class _Tangent:
    """Writes the tangent of one function; `moves` says which symbols have one (the others' is zero)."""

    def __init__(self, callees: dict[Callee, Callee], moves: Callable[[Atom], bool], strong_zero: bool) -> None:
        self._strong_zero = strong_zero
        self._dots: dict[Sym, Atom] = {}
        self._callees = callees
        self._moves = moves

    def function(self, function: Function, wrt: Sequence[Sym], name: str) -> Function:
        builder = Builder()
        tangents = tuple(Sym(f"{parameter.hint}_dot", parameter.type) for parameter in wrt)
        self._dots.update(zip(wrt, tangents, strict=True))
        for parameter in function.params:
            if self._moves(parameter) and parameter not in self._dots and isinstance(parameter.type, Array):
                self._dots[parameter] = builder.alloc_like(parameter, 0.0, f"{parameter.hint}_dot")
        self._statements(builder, function.body)
        tangent_results = tuple(self._result_dot(builder, r) for r in function.body.results if is_floating(r))
        results = (*function.body.results, *tangent_results)
        helpers = tuple(self._helper(helper) for helper in function.helpers)
        params = (*function.params, *tangents)
        return replace(
            function, name=name, params=params, body=builder.finish(results), helpers=helpers, callee=None
        )

    def _helper(self, helper: Function) -> Function:
        """The tangent of a recursive function: all its floating parameters move."""
        assert helper.callee is not None
        writer = _Tangent(self._callees, is_floating, self._strong_zero)
        wrt = tuple(filter(is_floating, helper.params))
        tangent = writer.function(replace(helper, helpers=()), wrt, f"{helper.name}_dot")
        return replace(tangent, callee=self._callee(helper.callee))

    def _callee(self, callee: Callee) -> Callee:
        if callee not in self._callees:
            parameters = (*callee.parameters, *filter(_moving_type, callee.parameters))
            results = (*callee.results, *filter(_moving_type, callee.results))
            self._callees[callee] = Callee(f"{callee.name}_dot", parameters, results)
        return self._callees[callee]

    def _result_dot(self, builder: Builder, atom: Atom) -> Atom:
        if isinstance(atom.type, Array) and atom not in self._dots:
            assert isinstance(atom, Sym)
            return builder.alloc_like(atom, 0.0, f"{atom.hint}_dot")
        return self._dot(atom)

    def _dot(self, atom: Atom) -> Atom:
        if isinstance(atom, Sym) and atom in self._dots:
            return self._dots[atom]
        assert isinstance(atom.type, Scalar), f"{atom} has no tangent"
        return zero(atom.type)

    def _new(self, symbols: Sequence[Sym]) -> tuple[Sym, ...]:
        """Symbols for the tangents of those symbols that move."""
        found = tuple(symbol for symbol in symbols if self._moves(symbol))
        for symbol in found:
            self._dots[symbol] = Sym(f"{symbol.hint}_dot", symbol.type)
        return tuple(self._dots[symbol] for symbol in found)  # type: ignore[misc]

    def _statements(self, builder: Builder, block: Block) -> None:
        for statement in block.statements:
            builder.span = statement.span
            self._statement(builder, statement)

    def _block(self, block: Block, owners: Sequence[Sym]) -> Block:
        """A branch; it also yields the tangents of those results of its `If` that move."""
        builder = Builder()
        self._statements(builder, block)
        dots = tuple(self._dot(a) for a, owner in zip(block.results, owners, strict=True) if self._moves(owner))
        return builder.finish((*block.results, *dots))

    def _statement(self, builder: Builder, statement: Statement) -> None:
        match statement:
            case If():
                then, orelse = (self._block(b, statement.results) for b in (statement.then, statement.orelse))
                results = (*statement.results, *self._new(statement.results))
                builder.emit(replace(statement, results=results, then=then, orelse=orelse))
            case For() | While():
                self._loop(builder, statement)
            case Call():
                self._call(builder, statement)
            case Let():
                builder.emit(statement)
                self._let(builder, statement)
            case Store(value=value, array=array):
                # the tangent first: its value may be read from the memory that the primal store changes
                if self._moves(array):
                    builder.store(self._array_dot(array), statement.index, self._dot(value), statement.accumulate)
                builder.emit(statement)
            case Product():
                builder.emit(statement)
                self._product(builder, statement)
            case External():
                builder.emit(statement)
                self._external(builder, statement)
            case _:
                builder.emit(statement)
                self._memory(builder, statement)

    def _product(self, builder: Builder, statement: Product) -> None:
        if not self._moves(statement.array):
            return
        dot, marks = self._array_dot(statement.array), (statement.transposed, statement.conjugated)
        if self._moves(statement.left):
            builder.product(dot, self._array_dot(statement.left), statement.right, *marks)
        if self._moves(statement.right):
            builder.product(dot, statement.left, self._array_dot(statement.right), *marks)

    def _external(self, builder: Builder, statement: External) -> None:
        """What is linear does to the tangent what it does to the value; all else is constant."""
        if statement.procedure.transpose is not None and self._moves(statement.inputs[-1]):
            inputs = (*statement.factors, self._array_dot(statement.inputs[-1]))
            builder.external(statement.procedure, tuple(map(self._array_dot, statement.outputs)), inputs)
            return
        for array in filter(self._moves, statement.outputs):
            clear_elements(builder, self._array_dot(array))

    def _call(self, builder: Builder, statement: Call) -> None:
        dots = (self._result_dot(builder, a) for a in statement.arguments if is_floating(a))
        arguments = (*statement.arguments, *dots)
        floating = [r for r in statement.results if is_floating(r)]
        tangents = [Sym(f"{r.hint}_dot", r.type) for r in floating]
        self._dots.update(zip(floating, tangents, strict=True))
        results = (*statement.results, *tangents)
        callee = self._callee(statement.callee)
        builder.emit(replace(statement, callee=callee, arguments=arguments, results=results))

    def _array_dot(self, array: Sym) -> Sym:
        dot = self._dot(array)
        assert isinstance(dot, Sym)
        return dot

    def _memory(self, builder: Builder, statement: Statement) -> None:
        match statement:
            case Load(result=result, array=array, index=index) if self._moves(result):
                self._dots[result] = builder.load(self._array_dot(array), index, f"{result.hint}_dot")
            case Alloc(result=result, shape=shape) if self._moves(result):
                self._dots[result] = builder.alloc(shape, result.type.dtype, 0.0, f"{result.hint}_dot")  # type: ignore[union-attr]
            case Copy(result=result, array=array) if self._moves(result):
                self._dots[result] = self._copy_dot(builder, result, array)
            case View(result=result, array=array, entries=entries, permutation=permutation) if self._moves(result):
                self._dots[result] = builder.view(self._array_dot(array), entries, permutation, f"{result.hint}_dot")
            case Reshape(result=result, array=array, shape=shape) if self._moves(result):
                self._dots[result] = builder.reshape(self._array_dot(array), shape, f"{result.hint}_dot")
            case NewStack(result=result) if self._moves(result):
                self._dots[result] = builder.new_stack(result.type.element, f"{result.hint}_dot")  # type: ignore[union-attr]
            case Push(stack=stack, value=value) if self._moves(stack):
                builder.push(self._array_dot(stack), self._dot(value))
            case Pop(result=result, stack=stack) if self._moves(result):
                self._dots[result] = builder.pop(self._array_dot(stack), f"{result.hint}_dot")

    def _copy_dot(self, builder: Builder, result: Sym, array: Sym) -> Sym:
        """The tangent of a copy; what is copied may not move, although the copy does later."""
        hint = f"{result.hint}_dot"
        if array in self._dots:
            return builder.copy(self._array_dot(array), hint)
        return builder.alloc_like(array, 0.0, hint)

    def _loop(self, builder: Builder, loop: For | While) -> None:
        initial = (*loop.initial, *self._moving_slots(loop, loop.initial))
        parameters = (*loop.parameters, *self._new(loop.parameters))
        body_builder = Builder()
        self._statements(body_builder, loop.body)
        yields = self._moving_slots(loop, loop.body.results)
        body = body_builder.finish((*loop.body.results, *yields))
        results = (*loop.results, *self._new(loop.results))
        builder.emit(replace(loop, initial=initial, parameters=parameters, body=body, results=results))

    def _moving_slots(self, loop: For | While, atoms: Sequence[Atom]) -> tuple[Atom, ...]:
        return tuple(self._dot(a) for a, p in zip(atoms, loop.parameters, strict=True) if self._moves(p))

    def _let(self, builder: Builder, statement: Let) -> None:
        result = statement.result
        if not self._moves(result):
            return
        assert isinstance(result.type, Scalar)
        total: Atom | None = None
        for argument, formula in zip(statement.arguments, statement.op.partials, strict=True):
            dot = self._dots.get(argument) if isinstance(argument, Sym) else None
            if formula is None or dot is None or isinstance(dot, Const):
                continue
            environment = formula_environment(statement, formula, lambda atom: atom, names_in(formula))
            dot = builder.cast(dot, result.type)
            term = contribution(builder, formula, environment, dot)
            if statement.op.name in CHOOSING:  # the tangent of what was not chosen may be NaN
                weight = contribution(builder, formula, environment, const_like(1.0, result.type))
                term = self._unless_zero(builder, weight, term)
            elif statement.op.singular and self._strong_zero:
                term = self._unless_zero(builder, dot, term)
            total = term if total is None else builder.op("add", total, term, hint=f"{result.hint}_dot")
        if total is not None:
            self._dots[result] = total

    def _unless_zero(self, builder: Builder, factor: Atom, product: Atom) -> Atom:
        """A product that is zero where a factor is, whatever the other one is."""
        assert isinstance(factor.type, Scalar) and isinstance(product.type, Scalar)
        silent = builder.op("eq", factor, zero(factor.type))
        return builder.op("select", silent, zero(product.type), product)


def _moving_type(type_: object) -> bool:
    return bool(getattr(getattr(type_, "element", type_), "is_float", getattr(type_, "is_float", False)))

