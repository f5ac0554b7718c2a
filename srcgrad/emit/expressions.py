"""Values as Python expressions.

In: an atom. Out: its `Text`: a constant, a variable's name, or the folded expression that stands for it. An operation
whose text may give a wider type than the IR says (Numba's int32 + int32 is an int64, `math.exp` of a float32 is a
Python float when not compiled) is wrapped in the dtype.
"""

from __future__ import annotations

import math

from srcgrad.emit.folding import Folding
from srcgrad.emit.naming import Names
from srcgrad.emit.templates import NATURAL, binary_operator, dtype_text, keeps_dtype, template
from srcgrad.emit.text import Level, Text, apply
from srcgrad.ir.nodes import Atom, Const, Dim, Let, Load, Sym
from srcgrad.ir.types import Scalar

_COMMUTATIVE = frozenset("+*&|^")


def constant(const: Const) -> Text:
    """A constant: plain for Python's own types, else wrapped in its dtype."""
    value, dtype = const.value, const.type.dtype
    if isinstance(value, float) and not math.isfinite(value):
        name = "math.nan" if math.isnan(value) else "math.inf"
        plain = Text(f"-{name}", Level.UNARY) if value < 0 else Text(name)
    elif isinstance(value, bool):
        plain = Text(repr(value))
    else:
        negative = value < 0 or (value == 0 and math.copysign(1.0, value) < 0)
        plain = Text(repr(value), Level.UNARY if negative else Level.NUMBER)
    return plain if dtype in NATURAL else Text(f"{dtype_text(dtype)}({plain})")


class Expressions:
    """Renders the values of one function."""

    def __init__(self, folding: Folding, names: Names) -> None:
        self._folding = folding
        self.names = names

    def text(self, atom: Atom) -> Text:
        """An operand, as it stands in a larger expression."""
        if isinstance(atom, Const):
            return constant(atom)
        statement = self._folding.expression(atom)
        return Text(self.names[atom]) if statement is None else self.value(statement)

    def expression(self, atom: Atom) -> Let | Dim | Load | None:
        """The statement printed in place of the atom, if any."""
        return self._folding.expression(atom)

    def __call__(self, atom: Atom) -> str:
        return self.text(atom).text

    def value(self, statement: Let | Dim | Load) -> Text:
        """The right-hand side of a statement."""
        match statement:
            case Let(result=result):
                assert isinstance(result.type, Scalar)
                source, in_dtype = self.operation(statement)
                text = apply(source, *map(self.text, statement.arguments))
                return text if in_dtype else Text(f"{dtype_text(result.type.dtype)}({text})")
            case Dim(array=array, axis=axis):
                return Text(f"{self.names[array]}.shape[{axis}]")
            case Load(array=array, index=index):
                return Text(self.loaded(array, index))

    def operation(self, let: Let) -> tuple[str, bool]:
        """The template of an operation, and whether it computes in the dtype of the result by itself."""
        assert isinstance(let.result.type, Scalar)
        source = template(let.op, let.arguments)
        return source, keeps_dtype(source, let.result.type.dtype)

    def loaded(self, array: Sym, index: tuple[Atom, ...]) -> str:
        """The value of an element."""
        return self.element(array, index)

    def negated(self, atom: Atom) -> Atom | None:
        """What `atom` is the negative of, where it is printed so: adding `-a` is subtracting `a`."""
        statement = self._folding.expression(atom)
        is_negative = isinstance(statement, Let) and statement.op.source == "-{0}" and self._is_plain(statement)
        return statement.arguments[0] if is_negative else None  # type: ignore[union-attr]

    def _negated(self, statement: Let) -> Atom | None:
        return self.negated(statement.arguments[1]) if statement.op.source == "{0} + {1}" else None

    def _is_plain(self, statement: Let) -> bool:
        assert isinstance(statement.result.type, Scalar)
        return keeps_dtype(statement.op.source, statement.result.type.dtype)

    def element(self, array: Sym, index: tuple[Atom, ...]) -> str:
        """`array[index]`."""
        subscripts = self._folding.subscripts
        texts = [apply(subscripts.template(atom), self.text(atom)).text for atom in index]
        return f"{self.names[array]}[{', '.join(texts) or '()'}]"

    def offset(self, atom: Atom, delta: int) -> Text:
        """`atom + delta`, with constants added up."""
        if isinstance(atom, Const):
            return constant(Const(int(atom.value) + delta, atom.type))
        statement = self._folding.expression(atom)
        if isinstance(statement, Let) and statement.op.name in ("add", "sub"):
            left, right = statement.arguments
            if isinstance(right, Const):
                more = int(right.value)
                return self.offset(left, delta + (more if statement.op.name == "add" else -more))
        if delta == 0:
            return self.text(atom)
        return apply(f"{{0}} {'+' if delta > 0 else '-'} {abs(delta)}", self.text(atom))

    def sum(self, a: Atom, b: Atom) -> Text:
        """`a + b`, with a constant added up."""
        if isinstance(a, Const):
            return self.offset(b, int(a.value))
        if isinstance(b, Const):
            return self.offset(a, int(b.value))
        return apply("{0} + {1}", self.text(a), self.text(b))

    def update(self, target: str, value: Let | Dim | Load) -> str | None:
        """`target op= operand` for a value that is `target op operand`, if it is one."""
        if not isinstance(value, Let) or not isinstance(value.result.type, Scalar):
            return None
        source, in_dtype = self.operation(value)
        operator = binary_operator(source)
        if operator is None or not in_dtype:
            return None
        first, second = (self.text(a).text for a in value.arguments)
        negated = self._negated(value)
        if first == target and negated is not None:
            return f"{target} -= {self.text(negated)}"
        if first == target:
            return f"{target} {operator}= {second}"
        if second == target and operator in _COMMUTATIVE:
            return f"{target} {operator}= {first}"
        return None
