"""The verifier: every stage's contract with the next one.

In: a `Function`. Out: nothing, or an `InternalError` that lists all violations of the invariants of `ir.nodes`:
definition and scope, types, the shape of control flow, parameters left unwritten, helpers present.
A violation is a bug in srcgrad, never in the user's program.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from srcgrad.errors import Diagnostic, InternalError
from srcgrad.ir.build import result_type
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
    Statement,
    Store,
    Sym,
    View,
    While,
    operands,
)  # fmt: skip
from srcgrad.ir.param_writes import written_params
from srcgrad.ir.types import BOOL, INT64, Array, Scalar, Stack, Type, real_dtype, same_value_type
from srcgrad.ops.registry import Op, Operands
from srcgrad.span import NOWHERE, Span


def verify(function: Function) -> None:
    """Check a function and its helpers. Raises `InternalError` with one diagnostic per violation."""
    callees = {h.callee: h for h in (function, *function.helpers) if h.callee is not None}
    problems: list[Diagnostic] = []
    for each in (function, *function.helpers):
        checker = _Checker(each, callees)
        checker.function()
        problems.extend(checker.problems)
    for helper in function.helpers:
        if helper.callee is None:
            problems.append(Diagnostic(f"{function.name}: helper {helper.name} has no callee"))
        problems.extend(
            Diagnostic(f"{function.name}: helper {helper.name} has helpers of its own") for _ in helper.helpers[:1]
        )
    if problems:
        raise InternalError(*problems)


def operand_problem(op: Op, arguments: tuple[Atom, ...]) -> str | None:
    """What is wrong with applying `op` to `arguments`, in words, or `None`."""
    types = [a.type for a in arguments]
    if len(types) != op.arity:
        return f"takes {op.arity} operands, got {len(types)}"
    scalars = [t for t in types if isinstance(t, Scalar)]
    if len(scalars) != len(types):
        return "takes scalars only"
    kinds = "".join(t.dtype.kind for t in scalars).replace("u", "i")
    equal = len({t.dtype for t in scalars}) <= 1
    match op.operands:
        case Operands.ANY:
            right = True
        case Operands.SAME:
            right = equal
        case Operands.FLOAT:
            right = equal and set(kinds) <= {"f", "c"}
        case Operands.INT:
            right = equal and set(kinds) <= {"i"}
        case Operands.BOOL:
            right = set(kinds) <= {"b"}
        case Operands.FLOAT_INT:
            right = kinds in ("fi", "ci")
        case Operands.COMPLEX:
            right = kinds == "c"
        case Operands.PARTS:
            right = equal and kinds == "ff"
        case Operands.BOOL_SAME_SAME:
            right = kinds[0] == "b" and scalars[1].dtype == scalars[2].dtype
    return None if right else f"needs {op.operands.value}, got {', '.join(map(str, types))}"


def _is_cast(op: Op) -> bool:
    """Casts are the operations on any scalar that are named after a dtype."""
    if op.operands is not Operands.ANY:
        return False
    try:
        return np.dtype(op.name).name == op.name
    except TypeError:
        return False


class _Checker:
    """Walks one function with the set of symbols in scope; collects problems."""

    def __init__(self, function: Function, callees: dict[Callee, Function]) -> None:
        self.of = function
        self.callees = callees
        self.problems: list[Diagnostic] = []
        self.defined: set[Sym] = set()  # anywhere so far: each symbol once
        self.scope: set[Sym] = set()  # visible here
        self.trail: list[Sym] = []  # what entered the scope, in order, so that leaving a block can undo it
        self.span: Span = NOWHERE

    def require(self, condition: bool, message: str) -> None:
        if not condition:
            self.problems.append(Diagnostic(f"{self.of.name}: {message}", self.span))

    def function(self) -> None:
        for param in self.of.params:
            self.define(param)
        self.block(self.of.body)
        callee = self.of.callee
        if callee is not None:
            self.types("parameters of its callee", self.of.params, callee.parameters)
            self.types("results of its callee", self.of.body.results, callee.results)
        else:
            for param, span in written_params(self.of):
                self.span = span
                self.require(False, f"parameter {param} is stored into")

    # -- names and types --------------------------------------------------------------------------------------

    def define(self, symbol: Sym) -> None:
        self.require(symbol not in self.defined, f"{symbol} is defined twice")
        self.defined.add(symbol)
        self.scope.add(symbol)
        self.trail.append(symbol)

    def use(self, atom: Atom) -> None:
        if isinstance(atom, Sym):
            self.require(atom in self.scope, f"{atom} is used where it is not defined")
        else:
            self.require(isinstance(atom, Const), f"{atom!r} is not an atom")
            if isinstance(atom, Const):
                kind = {bool: "b", int: "iu", float: "f", complex: "c"}.get(type(atom.value), "")
                self.require(atom.type.dtype.kind in kind, f"constant {atom.value!r} of type {atom.type}")

    def types(self, what: str, atoms: Iterable[Atom], expected: Iterable[Atom | Type]) -> None:
        """`atoms` agree in number and type with `expected` (types, or atoms for theirs)."""
        got = [a.type for a in atoms]
        want = [e.type if isinstance(e, (Sym, Const)) else e for e in expected]
        same = len(got) == len(want) and all(map(same_value_type, got, want))
        self.require(same, f"{what}: got {_list(got)}, expected {_list(want)}")

    def integers(self, what: str, atoms: Iterable[Atom]) -> None:
        for atom in atoms:
            self.require(isinstance(atom.type, Scalar) and atom.type.is_int, f"{what} is {atom.type}, not an integer")

    def array(self, atom: Atom, what: str) -> Array | None:
        if isinstance(atom.type, Array):
            return atom.type
        self.require(False, f"{what} of {atom!r}, which is {atom.type} and not an array")
        return None

    # -- structure --------------------------------------------------------------------------------------------

    def block(self, block: Block, *bound: Sym) -> None:
        """Check a nested block in its own scope, in which `bound` is defined."""
        mark = len(self.trail)
        for symbol in bound:
            self.define(symbol)
        for statement in block.statements:
            self.statement(statement)
        for atom in block.results:
            self.use(atom)
        self.scope.difference_update(self.trail[mark:])
        del self.trail[mark:]

    def statement(self, s: Statement) -> None:
        self.span = s.span
        for atom in operands(s):
            self.use(atom)
        match s:
            case (
                Let() | Dim() | Load() | Store() | Product() | External() | Alloc() | Copy() | View() | Reshape()
                | Reinterpret()
            ):  # fmt: skip
                self.memory(s)
            case If() | For() | While():
                self.control(s)
            case _:
                self.effect(s)

    def memory(
        self, s: Let | Dim | Load | Store | Product | External | Alloc | Copy | View | Reshape | Reinterpret
    ) -> None:
        match s:
            case Let():
                self.let(s)
            case Dim(result=result, array=array, axis=axis):
                base = self.array(array, "dim")
                self.require(base is None or 0 <= axis < base.ndim, f"dim {axis} of {array.type}")
                self.types("result of dim", (result,), (INT64,))
            case Load(result=result, array=array, index=index):
                if (base := self.element(array, index, "load")) is not None:
                    self.types("result of load", (result,), (base.element,))
            case Store(array=array, index=index, value=value):
                if (base := self.element(array, index, "store")) is not None:
                    self.types("stored value", (value,), (base.element,))
            case Product(array=array, left=left, right=right):
                types = [each.type for each in (array, left, right)]
                ranks = {t.ndim for t in types if isinstance(t, Array) and t.is_inexact}
                matrices = all(isinstance(t, Array) for t in types) and ranks in ({2}, {3})
                self.require(matrices, f"product of {_list(types)}, which are not matrices of floats")
                self.require(len({t.dtype for t in types if isinstance(t, Array)}) == 1, "product of several dtypes")
            case External(procedure=procedure, outputs=outputs, inputs=inputs):
                arrays = all(isinstance(each.type, Array) for each in (*outputs, *inputs))
                self.require(arrays, f"{procedure.name} of {_list([each.type for each in inputs])}")
                self.require(len(outputs) == procedure.outputs, f"{procedure.name} with {len(outputs)} outputs")
            case Alloc(result=result, shape=shape, fill=fill):
                self.integers("extent", shape)
                base = self.array(result, "alloc")
                if base is not None:
                    self.require(base.ndim == len(shape), f"alloc of {base} with {len(shape)} extents")
                    self.types("fill", () if fill is None else (fill,), () if fill is None else (base.element,))
            case Copy(result=result, array=array):
                self.array(array, "copy")
                self.types("result of copy", (result,), (array,))
            case View():
                self.view(s)
            case Reshape(result=result, array=array, shape=shape):
                self.integers("extent", shape)
                base, made = self.array(array, "reshape"), self.array(result, "reshape")
                if base is not None and made is not None:
                    fits = (made.dtype, made.ndim) == (base.dtype, len(shape))
                    self.require(fits, f"reshape of {base} with {len(shape)} extents as {made}")
            case Reinterpret(result=result, array=array):
                self.reinterpreted(self.array(result, "reinterpret"), self.array(array, "reinterpret"))
        if not isinstance(s, (Store, Product, External)):
            self.define(s.result)

    def let(self, s: Let) -> None:
        problem = operand_problem(s.op, s.arguments)
        self.require(problem is None, f"{s.op.name} {problem}")
        if problem is None:
            expected = Scalar(np.dtype(s.op.name)) if _is_cast(s.op) else result_type(s.op, s.arguments)
            self.types(f"result of {s.op.name}", (s.result,), (expected,))

    def element(self, array: Sym, index: tuple[Atom, ...], what: str) -> Array | None:
        self.integers(f"{what} subscript", index)
        base = self.array(array, what)
        if base is not None:
            self.require(base.ndim == len(index), f"{what} of {base} with {len(index)} subscripts")
        return base

    def view(self, s: View) -> None:
        base, result = self.array(s.array, "view"), self.array(s.result, "view")
        self.integers("view bound", operands(s)[1:])
        kept = sum(isinstance(entry, Slice) for entry in s.entries)
        self.require(sorted(s.permutation) == list(range(kept)), f"permutation {s.permutation} of {kept} dimensions")
        if base is not None and result is not None:
            of_parts = base.is_complex and len(s.entries) == base.ndim + 1
            dtype = real_dtype(base.dtype) if of_parts else base.dtype
            self.require(len(s.entries) == base.ndim or of_parts, f"view of {base} with {len(s.entries)} entries")
            self.require(result.ndim == kept, f"view keeps {kept} dimensions but its result is {result}")
            self.require(result.dtype == dtype, f"view of {base} as {result}")

    def reinterpreted(self, result: Array | None, base: Array | None) -> None:
        if result is not None and base is not None:
            numbers, parts = (base, result) if base.is_complex else (result, base)
            same = real_dtype(numbers.dtype) == parts.dtype and numbers.ndim + 1 == parts.ndim and numbers.is_complex
            self.require(same, f"{base} as {result}")

    def control(self, s: If | For | While) -> None:
        match s:
            case If(results=results, condition=condition, then=then, orelse=orelse):
                self.types("condition of if", (condition,), (BOOL,))
                for block in (then, orelse):
                    self.block(block)
                    self.types("yield of if", block.results, results)
            case For():
                self.types("bounds of for", (s.start, s.stop, s.step), (INT64,) * 3)
                self.require(not (isinstance(s.step, Const) and s.step.value == 0), "for with step 0")
                self.types("index of for", (s.index,), (INT64,))
                self.carried(s)
                self.block(s.body, s.index, *s.parameters)
            case While():
                self.types("trips and counter of while", (s.trips, s.counter), (INT64,) * 2)
                self.carried(s)
                self.block(s.condition, s.counter, *s.parameters)
                self.types("condition of while", s.condition.results, (BOOL,))
                self.defined -= {s.counter, *s.parameters}  # bound in both blocks
                self.block(s.body, s.counter, *s.parameters)
        for result in s.results:
            self.define(result)
        if isinstance(s, While):
            self.define(s.trips)

    def carried(self, s: For | While) -> None:
        self.types("initial values of loop", s.initial, s.parameters)
        self.types("yield of loop", s.body.results, s.parameters)
        self.types("results of loop", s.results, s.parameters)

    def effect(self, s: Statement) -> None:
        match s:
            case NewStack(result=result):
                self.require(isinstance(result.type, Stack), f"new stack of type {result.type}")
                self.define(result)
            case Push(stack=stack, value=value):
                self.require(isinstance(stack.type, Stack), f"push onto {stack.type}")
                if isinstance(stack.type, Stack):
                    self.types("pushed value", (value,), (stack.type.element,))
            case Pop(result=result, stack=stack):
                self.require(isinstance(stack.type, Stack), f"pop from {stack.type}")
                if isinstance(stack.type, Stack):
                    self.types("popped value", (result,), (stack.type.element,))
                self.define(result)
            case Raise(exception=exception):
                is_exception = isinstance(exception, type) and issubclass(exception, BaseException)
                self.require(is_exception, f"raise of {exception!r}")
            case Print() | Barrier():
                pass
            case Call(results=results, callee=callee, arguments=arguments):
                self.require(callee in self.callees, f"no helper for the call of {callee.name}")
                self.types(f"arguments of {callee.name}", arguments, callee.parameters)
                self.types(f"results of {callee.name}", results, callee.results)
                for result in results:
                    self.define(result)
            case Launch(results=results, callee=callee, initial=initial, arguments=arguments):
                self.require(callee in self.callees, f"no helper for the launch of {callee.name}")
                self.require(s.atomic is None or s.atomic in self.callees, f"no atomic helper like {callee.name}")
                self.types("extent, work, additions of a launch", (s.count, s.work, s.additions), (INT64,) * 3)
                self.types(f"arguments of {callee.name}", (*initial, *arguments), callee.parameters[2:])
                self.types(f"results of {callee.name}", results, callee.results)
                self.require(len(s.folds) == len(results) == len(initial), "a launch folds each of its results")
                added = [arguments[k].type for k in s.sums if k < len(arguments)]
                are_arrays = len(added) == len(s.sums) and all(isinstance(t, Array) for t in added)
                self.require(are_arrays, "a launch adds to arrays")
                for result in results:
                    self.define(result)
            case Kernel(results=results, callee=callee, counts=counts, initial=initial, arguments=arguments):
                self.require(callee in self.callees, f"no helper for the kernel {callee.name}")
                self.require(1 <= len(counts) <= 6, "a kernel has one to six indices")
                self.types("extents of a kernel", counts, (INT64,) * len(counts))
                first = len(counts) + (s.slots is not None)
                self.types(f"arguments of {callee.name}", (*initial, *arguments), callee.parameters[first:])
                self.types(f"results of {callee.name}", results, callee.results)
                self.require(len(s.folds) == len(results) == len(initial), "a kernel folds each of its results")
                for result in results:
                    self.define(result)
            case _:
                self.require(False, f"{type(s).__name__} is not a statement")


def _list(types: list[Type]) -> str:
    return "(" + ", ".join(map(str, types)) + ")"
