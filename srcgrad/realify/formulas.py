"""What operations on complex numbers are in real arithmetic.

In: the operands as `Complex` (or `Real`, where the operation has real ones). Out: the result. Derivatives follow from
these formulas by the rules of the real operations; so each is written such that its partial derivatives are right
wherever it has any, on the branch cuts (where sqrt, log and their kind follow the sign of zero) from the side the value
is taken from. Kahan, "Branch cuts for complex elementary functions, or: Much ado about nothing's sign bit" (1987), for
the inverse functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from srcgrad.realify.parts import Complex, Real

Value = Complex | Real
FORMULAS: dict[str, Callable[..., Value]] = {}


def formula(*names: str) -> Callable[[Callable], Callable]:
    """Register what the operations of these names are."""

    def register(function: Callable) -> Callable:
        for name in names:
            assert name not in FORMULAS
            FORMULAS[name] = function
        return function

    return register


# -- parts ----------------------------------------------------------------------------------------------------------


@formula("real")
def real(z: Complex) -> Real:
    return z.re


@formula("imag")
def imag(z: Complex) -> Real:
    return z.im


@formula("complex")
def from_parts(x: Real, y: Real) -> Complex:
    return Complex(x, y)


@formula("conj")
def conj(z: Complex) -> Complex:
    return z.conj()


@formula("magnitude")
def magnitude(z: Complex) -> Real:
    return z.re.op("abs") if z.is_real else z.re.op("hypot", z.im)


@formula("angle")
def angle(z: Complex) -> Real:
    return z.im.op("atan2", z.re)


# -- arithmetic -----------------------------------------------------------------------------------------------------

formula("add")(lambda z, w: z + w)
formula("plus")(lambda z, w: z.each("plus", w))
formula("sub")(lambda z, w: z - w)
formula("mul")(lambda z, w: z * w)
formula("neg")(lambda z: -z)
formula("stop_gradient")(lambda z: z.each("stop_gradient"))
formula("hold")(lambda z: z.each("hold"))
formula("held")(lambda z: z.each("held"))
formula("with_tangent")(lambda z, w: Complex(z.re.op("with_tangent", w.re), z.im.op("with_tangent", w.im)))
formula("select")(lambda c, z, w: z.select(c, w))
formula("eq")(lambda z, w: z.re.is_("eq", w.re).op("and_", z.im.is_("eq", w.im)))
formula("ne")(lambda z, w: z.re.is_("ne", w.re).op("or_", z.im.is_("ne", w.im)))
formula("isnan")(lambda z: z.re.op("isnan").op("or_", z.im.op("isnan")))
formula("isinf")(lambda z: z.re.op("isinf").op("or_", z.im.op("isinf")))
formula("isfinite")(lambda z: z.re.op("isfinite").op("and_", z.im.op("isfinite")))


@formula("div")
def divided(z: Complex, w: Complex) -> Complex:
    """Both parts of the divisor are divided by the larger one first, lest a square overflows. The quotient does not
    depend on this scale, so nothing is lost by holding it constant."""
    if w.is_real:
        return Complex(z.re / w.re, z.im / w.re)
    larger = w.re.op("abs").op("maximum", w.im.op("abs"))
    scale = (larger.like(1.0) / larger).op("stop_gradient")
    c, d = w.re * scale, w.im * scale
    factor = scale / (c * c + d * d)
    return Complex((z.re * c + z.im * d) * factor, (z.im * c - z.re * d) * factor)


@formula("reciprocal", "inverse")
def reciprocal(z: Complex) -> Complex:
    return divided(Complex(z.re.like(1.0), z.re.like(0.0)), z)


@formula("square")
def square(z: Complex) -> Complex:
    return Complex(z.re * z.re - z.im * z.im, (z.re * z.im) * 2.0)


def whole_power(z: Complex, exponent: int) -> Complex:
    """`z ** exponent` by repeated squaring."""
    if exponent < 0:
        return reciprocal(whole_power(z, -exponent))
    result = Complex(z.re.like(1.0), z.re.like(0.0))
    for bit in f"{exponent:b}":
        result = square(result) if not result.re.is_const(1.0) else result
        if bit == "1":
            result = result * z
    return result


@formula("pow")
def power(z: Complex, w: Complex) -> Complex:
    """`exp(w log z)`; of zero 1, 0 or NaN. At zero the derivative is 0 where the real part of the exponent is above 1
    (or the exponent is 0), else NaN."""
    zero = z.re.is_("eq", 0.0).op("and_", z.im.is_("eq", 0.0))
    safe = Complex(zero.select(z.re.like(1.0), z.re), zero.select(z.re.like(0.0), z.im))
    trivial = w.re.is_("eq", 0.0).op("and_", w.im.is_("eq", 0.0))
    at_zero = trivial.select(z.re.like(1.0), w.re.is_("gt", 0.0).select(z.re.like(0.0), math.nan))
    smooth = w.re.is_("gt", 1.0).op("or_", trivial)
    kink = (z.re * z.re + z.im * z.im).op("sqrt")  # 0 there, with a derivative that is NaN
    bent = smooth.select(at_zero, at_zero + kink)
    return Complex(bent, z.re.like(0.0)).select(zero, exp(w * log(safe)))


# -- elementary functions -------------------------------------------------------------------------------------------


@formula("exp")
def exp(z: Complex) -> Complex:
    size = z.re.op("exp")
    if z.is_real:
        return Complex(size, z.im)
    return Complex(size * z.im.op("cos"), size * z.im.op("sin"))


@formula("exp2")
def exp2(z: Complex) -> Complex:
    return exp(z.scaled(math.log(2.0)))


@formula("expm1")
def expm1(z: Complex) -> Complex:
    half = (z.im * 0.5).op("sin")
    re = z.re.op("expm1") * z.im.op("cos") - (half * half) * 2.0
    return Complex(re, z.re.op("exp") * z.im.op("sin"))


@formula("log")
def log(z: Complex) -> Complex:
    return Complex(z.re.op("hypot", z.im).op("log"), angle(z))


@formula("log2")
def log2(z: Complex) -> Complex:
    return log(z).scaled(1.0 / math.log(2.0))


@formula("log10")
def log10(z: Complex) -> Complex:
    return log(z).scaled(1.0 / math.log(10.0))


@formula("log1p")
def log1p(z: Complex) -> Complex:
    re = (z.re * (z.re + 2.0) + z.im * z.im).op("log1p") * 0.5
    return Complex(re, z.im.op("atan2", z.re + 1.0))


@formula("sqrt")
def sqrt(z: Complex) -> Complex:
    """The root with a real part that is not negative. Its larger part is computed from sums of numbers of one sign, the
    smaller one by division."""
    right = z.re.is_("ge", 0.0)
    size = right.select(z.re, -z.re)  # not abs, whose derivative on the imaginary axis is neither side's
    large = (size * 0.5 + z.re.op("hypot", z.im) * 0.5).op("sqrt")
    divisor = large.is_("eq", 0.0).select(large.like(1.0), large)
    small = z.im / (divisor * 2.0)
    side = z.im.like(1.0).op("copysign", z.im)
    return Complex(right.select(large, small * side), right.select(small, large * side))


@formula("sign")
def sign(z: Complex) -> Complex:
    size = magnitude(z)
    zero = size.is_("eq", 0.0)
    safe = zero.select(size.like(1.0), size)
    return Complex(zero.select(z.re.like(0.0), z.re / safe), zero.select(z.re.like(0.0), z.im / safe))


@formula("sin")
def sin(z: Complex) -> Complex:
    return Complex(z.re.op("sin") * z.im.op("cosh"), z.re.op("cos") * z.im.op("sinh"))


@formula("cos")
def cos(z: Complex) -> Complex:
    return Complex(z.re.op("cos") * z.im.op("cosh"), -(z.re.op("sin") * z.im.op("sinh")))


@formula("sinh")
def sinh(z: Complex) -> Complex:
    return Complex(z.re.op("sinh") * z.im.op("cos"), z.re.op("cosh") * z.im.op("sin"))


@formula("cosh")
def cosh(z: Complex) -> Complex:
    return Complex(z.re.op("cosh") * z.im.op("cos"), z.re.op("sinh") * z.im.op("sin"))


@formula("tanh")
def tanh(z: Complex) -> Complex:
    u, v = z.re.op("tanh"), z.im.op("tan")
    divisor = (u * u) * (v * v) + 1.0
    return Complex(u * (v * v + 1.0) / divisor, v * ((u.like(1.0) - u) * (u + 1.0)) / divisor)


@formula("tan")
def tan(z: Complex) -> Complex:
    return tanh(z.times_i()).over_i()


@formula("asin")
def asin(z: Complex) -> Complex:
    left, right = sqrt((-z).plus(1.0)), sqrt(z.plus(1.0))
    return Complex(z.re.op("atan2", (left * right).re), (left.conj() * right).im.op("asinh"))


@formula("acos")
def acos(z: Complex) -> Complex:
    left, right = sqrt((-z).plus(1.0)), sqrt(z.plus(1.0))
    return Complex(left.re.op("atan2", right.re) * 2.0, (right.conj() * left).im.op("asinh"))


@formula("asinh")
def asinh(z: Complex) -> Complex:
    return asin(z.times_i()).over_i()


@formula("acosh")
def acosh(z: Complex) -> Complex:
    left, right = sqrt(z.plus(-1.0)), sqrt(z.plus(1.0))
    return Complex((left.conj() * right).re.op("asinh"), left.im.op("atan2", right.re) * 2.0)


@formula("atanh")
def atanh(z: Complex) -> Complex:
    away, y = z.re.like(1.0) - z.re, z.im
    re = (z.re * 4.0 / (away * away + y * y)).op("log1p") * 0.25
    return Complex(re, (y * 2.0).op("atan2", away * (z.re + 1.0) - y * y) * 0.5)


@formula("atan")
def atan(z: Complex) -> Complex:
    return atanh(z.times_i()).over_i()
