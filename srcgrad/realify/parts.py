"""Real and complex numbers that write their arithmetic into the IR: the notation of `formulas`."""

from __future__ import annotations

from dataclasses import dataclass

from srcgrad.ir.build import Builder, const_like
from srcgrad.ir.nodes import Atom, Const
from srcgrad.ir.types import Scalar


@dataclass(frozen=True)
class Real:
    """A floating atom (or a truth value), with operators. An operand that is known to be 0 or 1 costs nothing."""

    builder: Builder
    atom: Atom

    def op(self, name: str, *others: Real | float) -> Real:
        """`name(self, *others)`; numbers become constants of this value's type."""
        return Real(self.builder, self.builder.op(name, self.atom, *(self.like(o).atom for o in others)))

    def like(self, value: Real | float) -> Real:
        if isinstance(value, Real):
            return value
        assert isinstance(self.atom.type, Scalar)
        return Real(self.builder, const_like(value, self.atom.type))

    def is_const(self, value: float) -> bool:
        return isinstance(self.atom, Const) and self.atom.value == value

    def __add__(self, other: Real | float) -> Real:
        other = self.like(other)
        if other.is_const(0.0):
            return self
        return other if self.is_const(0.0) else self.op("add", other)

    def __sub__(self, other: Real | float) -> Real:
        other = self.like(other)
        if other.is_const(0.0):
            return self
        return -other if self.is_const(0.0) else self.op("sub", other)

    def __mul__(self, other: Real | float) -> Real:
        other = self.like(other)
        for a, b in ((self, other), (other, self)):
            if a.is_const(0.0):
                return a
            if a.is_const(1.0):
                return b
        return self.op("mul", other)

    def __truediv__(self, other: Real | float) -> Real:
        other = self.like(other)
        return self if other.is_const(1.0) or self.is_const(0.0) else self.op("div", other)

    def __neg__(self) -> Real:
        return self.like(-self.atom.value) if isinstance(self.atom, Const) else self.op("neg")

    def is_(self, name: str, other: Real | float) -> Real:
        """A comparison: `x.is_("eq", 0.0)`."""
        return self.op(name, other)

    def select(self, yes: Real, no: Real | float) -> Real:
        """`yes if self else no`, for a truth value."""
        return Real(self.builder, self.builder.op("select", self.atom, yes.atom, yes.like(no).atom))


@dataclass(frozen=True)
class Complex:
    """`re + im j`."""

    re: Real
    im: Real

    @property
    def is_real(self) -> bool:
        """Is the imaginary part known to be 0?"""
        return self.im.is_const(0.0)

    def each(self, name: str, *others: Complex) -> Complex:
        """An operation that goes part by part."""
        return Complex(
            self.re.op(name, *(o.re for o in others)), self.im.op(name, *(o.im for o in others))
        )

    def __add__(self, other: Complex) -> Complex:
        return Complex(self.re + other.re, self.im + other.im)

    def __sub__(self, other: Complex) -> Complex:
        return Complex(self.re - other.re, self.im - other.im)

    def __mul__(self, other: Complex) -> Complex:
        return Complex(
            self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re
        )

    def __neg__(self) -> Complex:
        return Complex(-self.re, -self.im)

    def scaled(self, factor: Real | float) -> Complex:
        return Complex(self.re * factor, self.im * factor)

    def conj(self) -> Complex:
        return Complex(self.re, -self.im)

    def times_i(self) -> Complex:
        return Complex(-self.im, self.re)

    def over_i(self) -> Complex:
        return Complex(self.im, -self.re)

    def plus(self, number: float) -> Complex:
        return Complex(self.re + number, self.im)

    def select(self, condition: Real, other: Complex) -> Complex:
        """This one if the condition holds, else the other."""
        return Complex(condition.select(self.re, other.re), condition.select(self.im, other.im))
