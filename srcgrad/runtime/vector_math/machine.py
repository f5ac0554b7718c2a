"""A notation for straight-line floating-point code in LLVM.

In: a formula, a Python function of a `Machine` and of `Value`s that computes with operators (`+ - * /`, comparisons)
and with the machine's instructions (`select`, `fma`). Out: LLVM code of it, in double or in single precision. The
formulas have no branches, so that a caller's loop still consists of one block when LLVM vectorises it; the one
exception is `Machine.rarely`. But for `sum_in_any_order`, no instruction has `fastmath` flags: the error terms would
be simplified to 0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm
import numpy as np

_ARITHMETIC = {
    "f": {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"},
    "i": {"+": "add", "-": "sub", "*": "mul", "&": "and", "|": "or", "^": "xor", "<<": "shl", ">>": "lshr"},
    "b": {"&": "and", "|": "or", "^": "xor"},
}
# A comparison with NaN is false, that by != is true.
_COMPARISON = {
    "f": {"<": "fcmp olt", "<=": "fcmp ole", ">": "fcmp ogt", ">=": "fcmp oge", "==": "fcmp oeq", "!=": "fcmp une"},
    "i": {"<": "icmp slt", "<=": "icmp sle", ">": "icmp sgt", ">=": "icmp sge", "==": "icmp eq", "!=": "icmp ne"},
}
# Newer LLVM writes all pointer types as `ptr`.
_OPAQUE_POINTERS = llvm.llvm_version_info[0] > 16
# Older LLVM knows these names; newer translates them.
_PURE = "noinline nounwind readnone willreturn"
Number = int | float


class Value:
    """A value in the code: of kind f (floating point), i (an integer as wide) or b (a truth value)."""

    __slots__ = ("kind", "machine", "name")

    def __init__(self, machine: Machine, kind: str, name: str) -> None:
        self.machine, self.kind, self.name = machine, kind, name

    def _with(self, operator: str, other: Operand, swapped: bool = False) -> Value:
        right = self.machine.value(other, self.kind)
        first, second = (right, self) if swapped else (self, right)
        comparison = _COMPARISON.get(self.kind, {}).get(operator)
        instruction = comparison or _ARITHMETIC[self.kind][operator]
        kind = "b" if comparison else self.kind
        return self.machine.emit(kind, f"{instruction} {self.machine.types[self.kind]} {first.name}, {second.name}")

    def __add__(self, other: Operand) -> Value:
        return self._with("+", other)

    def __radd__(self, other: Number) -> Value:
        return self._with("+", other, True)

    def __sub__(self, other: Operand) -> Value:
        return self._with("-", other)

    def __rsub__(self, other: Number) -> Value:
        return self._with("-", other, True)

    def __mul__(self, other: Operand) -> Value:
        return self._with("*", other)

    def __rmul__(self, other: Number) -> Value:
        return self._with("*", other, True)

    def __truediv__(self, other: Operand) -> Value:
        return self._with("/", other)

    def __rtruediv__(self, other: Number) -> Value:
        return self._with("/", other, True)

    def __and__(self, other: Operand) -> Value:
        return self._with("&", other)

    def __or__(self, other: Operand) -> Value:
        return self._with("|", other)

    def __xor__(self, other: Operand) -> Value:
        return self._with("^", other)

    def __lshift__(self, other: int) -> Value:
        return self._with("<<", other)

    def __rshift__(self, other: int) -> Value:
        return self._with(">>", other)

    def __lt__(self, other: Operand) -> Value:
        return self._with("<", other)

    def __le__(self, other: Operand) -> Value:
        return self._with("<=", other)

    def __gt__(self, other: Operand) -> Value:
        return self._with(">", other)

    def __ge__(self, other: Operand) -> Value:
        return self._with(">=", other)

    def __eq__(self, other: object) -> Value:  # type: ignore[override]
        return self._with("==", other)  # type: ignore[arg-type]

    def __ne__(self, other: object) -> Value:  # type: ignore[override]
        return self._with("!=", other)  # type: ignore[arg-type]

    __hash__ = None  # type: ignore[assignment]

    def __neg__(self) -> Value:
        if self.kind == "i":
            return self._with("-", 0, True)
        return self.machine.emit("f", f"fneg {self.machine.types['f']} {self.name}")

    def __invert__(self) -> Value:
        return self._with("^", True if self.kind == "b" else -1)

    def __abs__(self) -> Value:
        return self.machine.call("fabs", self)


Operand = Value | int | float
Formula = Callable[..., Value]  # of the machine and of as many values as the function has arguments


class Machine:
    """Writes the code of one function, in double or in single precision.

    `declared` collects the text of what the code uses; `mantissa` is the number of bits of the fraction, `bias` what
    is added to the exponent before it is stored.
    """

    def __init__(self, double: bool, declared: dict[str, str]) -> None:
        self.double = double
        self.types = {"f": "double", "i": "i64", "b": "i1"} if double else {"f": "float", "i": "i32", "b": "i1"}
        self.suffix = "f64" if double else "f32"
        self.lines: list[str] = []
        self.block = "entry"
        self.declared = declared
        self.mantissa = 52 if double else 23
        self.bias = 1023 if double else 127

    # Values

    def sum_in_any_order(self, x: Value, y: Value) -> Value:
        """x + y, with the one flag that lets LLVM change the order of a sum; infinities and NaN stay what they are."""
        return self.emit("f", f"fadd reassoc {self.types['f']} {x.name}, {y.name}")

    def emit(self, kind: str, instruction: str) -> Value:
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = {instruction}")
        return Value(self, kind, name)

    def value(self, operand: Operand, kind: str = "f") -> Value:
        """A constant of the kind; a value as it is."""
        if isinstance(operand, Value):
            assert operand.kind == kind and operand.machine is self
            return operand
        if kind == "b":
            return Value(self, kind, "true" if operand else "false")
        if kind == "i":
            return Value(self, kind, str(int(operand)))
        with np.errstate(over="ignore"):
            number = float(operand) if self.double else float(np.float32(operand))
        return Value(self, kind, f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}")

    def pick(self, double: Any, single: Any) -> Any:
        """What differs between the precisions: constants, coefficients."""
        return double if self.double else single

    # Instructions

    def call(self, intrinsic: str, *arguments: Operand) -> Value:
        kind = self.types["f"]
        name = f"@llvm.{intrinsic}.{self.suffix}"
        self.declared[name] = f"declare {kind} {name}({', '.join([kind] * len(arguments))})"
        texts = ", ".join(f"{kind} {self.value(argument).name}" for argument in arguments)
        return self.emit("f", f"call {kind} {name}({texts})")

    def fma(self, x: Operand, y: Operand, z: Operand) -> Value:
        """x*y + z, rounded once."""
        return self.call("fma", x, y, z)

    def sqrt(self, x: Operand) -> Value:
        return self.call("sqrt", x)

    def copysign(self, size: Operand, sign: Operand) -> Value:
        return self.call("copysign", size, sign)

    def select(self, condition: Value, yes: Operand, no: Operand) -> Value:
        kind = next((v.kind for v in (yes, no) if isinstance(v, Value)), "f")
        name = self.types[kind]
        first, second = self.value(yes, kind), self.value(no, kind)
        return self.emit(kind, f"select i1 {condition.name}, {name} {first.name}, {name} {second.name}")

    def minimum(self, x: Value, bound: Operand) -> Value:
        """x, or the bound where x is larger; NaN stays."""
        return self.select(x > bound, bound, x)

    def maximum(self, x: Value, bound: Operand) -> Value:
        """x, or the bound where x is smaller; NaN stays."""
        return self.select(x < bound, bound, x)

    def bits(self, x: Value) -> Value:
        return self.emit("i", f"bitcast {self.types['f']} {x.name} to {self.types['i']}")

    def of_bits(self, x: Value) -> Value:
        return self.emit("f", f"bitcast {self.types['i']} {x.name} to {self.types['f']}")

    def is_nan(self, x: Value) -> Value:
        return x != x

    def polynomial(self, x: Value, coefficients: Sequence[float], square: Value | None = None) -> Value:
        """Coefficients from the constant one on. Estrin's scheme: its depth is the logarithm of the degree."""
        level: list[Operand] = list(coefficients)
        power = x
        while len(level) > 1:
            pairs = [self.fma(power, level[k + 1], level[k]) for k in range(0, len(level) - 1, 2)]
            level = [*pairs, *level[len(level) & ~1 :]]
            if len(level) > 1:
                power = square if square is not None and power is x else power * power
        return self.value(level[0])

    def entry(self, name: str, table: Sequence[float], index: Value) -> Value:
        """An element of a constant table."""
        kind, full = self.types["f"], f"srcgrad_{name}_{self.suffix}"
        values = ", ".join(f"{kind} {self.value(number).name}" for number in table)
        array = f"[{len(table)} x {kind}]"
        self.declared[full] = f"@{full} = linkonce_odr unnamed_addr constant {array} [{values}]"
        whole, part = ("ptr", "ptr") if _OPAQUE_POINTERS else (f"{array}*", f"{kind}*")
        place = self.emit("address", f"getelementptr {array}, {whole} @{full}, i64 0, {self.types['i']} {index.name}")
        return self.emit("f", f"load {kind}, {part} {place.name}")

    def rarely(self, condition: Value, usual: Value, name: str, formula: Formula, x: Value) -> Value:
        """`usual`, but where the condition holds, the formula of x, evaluated in double precision.

        A branch of the scalar code. A loop with it is vectorised all the same, because the function called is given
        vector variants under a mask (see `_rare_functions`), which return at once where the mask is empty.
        """
        exact = f"srcgrad_rare_{name}_f64"
        self.declared[exact] = _definition(exact, formula, 1, True, _PURE, self.declared)
        called = f"srcgrad_rare_{name}_masked_{self.suffix}"
        self.declared[called] = _rare_functions(called, exact, self.double)
        kind = self.types["f"]
        count, before = len(self.lines), self.block
        self.lines.append(f"  br i1 {condition.name}, label %rare{count}, label %join{count}")
        self.lines.append(f"rare{count}:")
        result = self.emit("f", f"call {kind} @{called}({kind} {x.name})")
        self.lines.append(f"  br label %join{count}")
        self.lines.append(f"join{count}:")
        self.block = f"join{count}"
        return self.emit("f", f"phi {kind} [ {usual.name}, %{before} ], [ {result.name}, %rare{count} ]")

    # Pairs: a number as the sum of two, the second at most half a unit in the last place of the first

    def fast_two_sum(self, x: Operand, y: Value) -> tuple[Value, Value]:
        """x + y exactly, if |x| >= |y| or x = 0."""
        x = self.value(x)
        high = x + y
        return high, y - (high - x)

    def two_sum(self, x: Value, y: Value) -> tuple[Value, Value]:
        """x + y exactly."""
        high = x + y
        part = high - x
        return high, (x - (high - part)) + (y - part)

    def two_product(self, x: Value, y: Value) -> tuple[Value, Value]:
        """x * y exactly."""
        high = x * y
        return high, self.fma(x, y, -high)

    def quotient(self, high: Value, low: Operand, divisor: Value, divisor_low: Operand) -> tuple[Value, Value]:
        """The quotient of pairs, and its correction from the remainder."""
        inverse = 1.0 / divisor
        quotient = high * inverse
        remainder = self.fma(-quotient, divisor, high) + self.fma(-quotient, divisor_low, low)
        return quotient, remainder * inverse


def module_text(name: str, formula: Formula, arity: int, double: bool) -> str:
    """The code of the formula as a function to be inlined, and of all it uses."""
    declared: dict[str, str] = {}
    definition = _definition(name, formula, arity, double, "alwaysinline nounwind", declared)
    return "\n".join([definition, *declared.values()]) + "\n"


def _definition(
    name: str, formula: Formula, arity: int, double: bool, attributes: str, declared: dict[str, str]
) -> str:
    machine = Machine(double, declared)
    kind = machine.types["f"]
    result = formula(machine, *[Value(machine, "f", f"%x{k}") for k in range(arity)])
    parameters = ", ".join(f"{kind} %x{k}" for k in range(arity))
    head = f"define {kind} @{name}({parameters}) {attributes} {{"
    return "\n".join([head, "entry:", *machine.lines, f"  ret {kind} {result.name}", "}"])


# Rare cases

_VARIANT = """
define <{n} x {t}> @{name}_v{n}(<{n} x {t}> %x, <{n} x i1> %mask) noinline nounwind readnone willreturn {{
entry:
  %word = bitcast <{n} x i1> %mask to i{n}
  %none = icmp eq i{n} %word, 0
  br i1 %none, label %done, label %loop
loop:
  %k = phi i32 [ 0, %entry ], [ %k.next, %next ]
  %sum = phi <{n} x {t}> [ zeroinitializer, %entry ], [ %sum.next, %next ]
  %wanted = extractelement <{n} x i1> %mask, i32 %k
  br i1 %wanted, label %one, label %next
one:
  %item = extractelement <{n} x {t}> %x, i32 %k
  %found = call {t} @{name}({t} %item)
  %with = insertelement <{n} x {t}> %sum, {t} %found, i32 %k
  br label %next
next:
  %sum.next = phi <{n} x {t}> [ %sum, %loop ], [ %with, %one ]
  %k.next = add i32 %k, 1
  %more = icmp ult i32 %k.next, {n}
  br i1 %more, label %loop, label %done
done:
  %result = phi <{n} x {t}> [ zeroinitializer, %entry ], [ %sum.next, %next ]
  ret <{n} x {t}> %result
}}
"""
_SCALAR = {
    True: """
define double @{name}(double %x) noinline nounwind readnone willreturn {variants} {{
  %y = call double @{exact}(double %x)
  ret double %y
}}
""",
    False: """
define float @{name}(float %x) noinline nounwind readnone willreturn {variants} {{
  %wide = fpext float %x to double
  %y = call double @{exact}(double %wide)
  %short = fptrunc double %y to float
  ret float %short
}}
""",
}


def _rare_functions(name: str, exact: str, double: bool) -> str:
    """The scalar function, and its masked vector variants for the vectoriser (LLVM's VFABI names them).

    LLVM before 20 does not vectorise calls under a mask; there, loops with the function remain scalar.
    """
    if llvm.llvm_version_info[0] < 20:
        return _SCALAR[double].format(name=name, exact=exact, variants="")
    number, widths = ("double", (2, 4, 8)) if double else ("float", (4, 8, 16))
    names = ",".join(f"_ZGV_LLVM_M{n}v_{name}({name}_v{n})" for n in widths)
    scalar = _SCALAR[double].format(name=name, exact=exact, variants=f'"vector-function-abi-variant"="{names}"')
    variants = "".join(_VARIANT.format(n=n, t=number, name=name) for n in widths)
    used = ", ".join(f"ptr @{name}_v{n}" for n in widths)  # no call names them until the vectoriser has run
    kept = f'@llvm.compiler.used = appending global [{len(widths)} x ptr] [{used}], section "llvm.metadata"'
    return f"{scalar}{variants}\n{kept}"
