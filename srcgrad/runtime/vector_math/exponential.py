"""Formulas of the exponential function and the hyperbolic functions made from it.

In: `Machine` and argument. Out: the result. The argument is reduced to r = x - k log(2), |r| <= log(2) / 2; then
e**x = 2**k e**r, and e**r = 1 + r + r*r q(r) with a polynomial q. Where an error of one unit would be too much for
what follows, the sum is held as a pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from srcgrad.runtime.vector_math.machine import Machine, Value

_LOG2_E = 1.4426950408889634
_LN_2 = (0.6931471805599453, 2.3190468138462996e-17)
_LN_2_SINGLE = (0.6931471824645996, -1.9046542121259336e-09)

# Minimax: (e**r - 1 - r) / r**2, for the error relative to e**r ...
_EXP = (
    0.5000000000000014, 0.16666666666666685, 0.04166666666650061, 0.008333333333315639, 0.0013888888951076091,
    0.00019841269899935874, 2.4801485566458937e-05, 2.7557231254198692e-06, 2.7632897534815937e-07,
    2.5113307537580485e-08,
)  # fmt: skip
_EXP_SINGLE = (0.5, 0.16666509211063385, 0.04166644811630249, 0.0083699319511652, 0.001393660088069737)
# ... and relative to e**r - 1.
_EXPM1 = (
    0.5, 0.16666666666666677, 0.04166666666666668, 0.008333333333321166, 0.001388888888887721, 0.00019841269887783388,
    2.480158734156551e-05, 2.7557242150808573e-06, 2.7557258005144805e-07, 2.510986940170429e-08, 2.09199842043527e-09,
)  # fmt: skip
_EXPM1_SINGLE = (
    0.5, 0.1666666716337204, 0.04166647046804428, 0.008333193138241768, 0.0013934571761637926, 0.00019957420590799302,
)  # fmt: skip
# Minimax: (2**r - 1) / r.
_EXP2 = (
    0.6931471805599453, 0.24022650695910136, 0.055504108664822936, 0.009618129107592436, 0.0013333558146164316,
    0.00015403530459038014, 1.5252734037022652e-05, 1.3215434398018847e-06, 1.0177985498407719e-07,
    7.0739247003618156e-09, 4.465566876693066e-10,
)  # fmt: skip
_EXP2_SINGLE = (
    0.6931471824645996, 0.24022650718688965, 0.05550358071923256, 0.009618077427148819, 0.0013391643296927214,
    0.00015456226537935436,
)  # fmt: skip


class Power(NamedTuple):
    """The numbers k and k/2, rounded, as they stand in the last bits of a number that was shifted."""

    shifted: Value
    half_shifted: Value


def _shift(m: Machine) -> float:
    """Adding this rounds to an integer, which then stands in the last bits."""
    return 1.5 * 2.0**m.mantissa


def power_of_two(m: Machine, exponent: Value, less: int = 0) -> Value:
    """2**(exponent - less), in the last bits of an integer."""
    return m.of_bits((exponent << m.mantissa) + ((m.bias - less) << m.mantissa))


def scale(m: Machine, y: Value, power: Power) -> Value:
    """y * 2**k in two steps, neither of which overflows; only the second can round."""
    half = m.bits(power.half_shifted)
    return (y * power_of_two(m, half)) * power_of_two(m, m.bits(power.shifted) - half)


def _reduced(m: Machine, x: Value) -> tuple[Power, Value, Value]:
    """2**k, r, and the error of r.

    The first difference is exact: both terms are multiples of the last place of log(2), or of half of that.
    """
    first, second = m.pick(_LN_2, _LN_2_SINGLE)
    shift = _shift(m)
    shifted = m.fma(x, _LOG2_E, shift)
    k = shifted - shift
    rest = m.fma(-k, first, x)
    r = m.fma(-k, second, rest)
    error = m.fma(-k, second, rest - r)
    return Power(shifted, m.fma(x, 0.5 * _LOG2_E, shift)), r, error


def _clamped(m: Machine, x: Value) -> Value:
    """Beyond, e**x is 0 or infinite; k stays small enough for `scale`."""
    return m.minimum(m.maximum(x, m.pick(-746.0, -104.5)), m.pick(710.0, 89.0))


def _exp_of_reduced(m: Machine, r: Value, error: Value, coefficients: Sequence[float] = ()) -> tuple[Value, Value]:
    """e**(r + error), to be added up; the error is below the last place of r or of 1."""
    square = r * r
    high, low = m.fast_two_sum(1.0, r)
    coefficients = coefficients or m.pick(_EXP, _EXP_SINGLE)
    return high, low + m.fma(square, m.polynomial(r, coefficients, square), error)


def exp(m: Machine, x: Value) -> Value:
    power, r, _ = _reduced(m, _clamped(m, x))
    square = r * r
    tail = square * m.polynomial(r, m.pick(_EXP, _EXP_SINGLE), square)
    return scale(m, 1.0 + (r + tail), power)


def exp_pair(m: Machine, x: Value, low: Value) -> tuple[Power, Value, Value]:
    """e**(x + low) as 2**k and a pair; x is small enough for `scale`."""
    power, r, error = _reduced(m, x)
    r, error = m.fast_two_sum(r, error + low)
    return power, *m.fast_two_sum(*_exp_of_reduced(m, r, error, m.pick(_EXPM1, _EXPM1_SINGLE)))


def exp2_of_pair(m: Machine, x: Value, low: Value) -> Value:
    """2**(x + low), rounded almost correctly, for x small enough for `scale`."""
    shift = _shift(m)
    shifted = x + shift
    rest = x - (shifted - shift)
    first, second = m.pick(_LN_2, _LN_2_SINGLE)
    r, error = m.two_product(rest, m.value(first))
    error = m.fma(low, first, m.fma(rest, second, error))
    high, low = _exp_of_reduced(m, *m.fast_two_sum(r, error))
    return scale(m, high + low, Power(shifted, m.fma(x, 0.5, shift)))


def exp2(m: Machine, x: Value) -> Value:
    x = m.minimum(m.maximum(x, m.pick(-1080.0, -160.0)), m.pick(1030.0, 130.0))
    shift = _shift(m)
    shifted = x + shift
    r = x - (shifted - shift)
    y = m.fma(r, m.polynomial(r, m.pick(_EXP2, _EXP2_SINGLE)), 1.0)
    return scale(m, y, Power(shifted, m.fma(x, 0.5, shift)))


def _expm1_pair(m: Machine, x: Value, less: int) -> tuple[Value, Value]:
    """(e**x - 1) / 2**less as a pair."""
    power, r, error = _reduced(m, x)
    square = r * r
    tail = m.fma(square, m.polynomial(r, m.pick(_EXPM1, _EXPM1_SINGLE), square), error)
    factor = power_of_two(m, m.bits(power.shifted), less)
    start, lost = m.fast_two_sum(-(2.0**-less), factor)  # nothing that matters is lost where the factor is larger
    high, low = m.fast_two_sum(start, factor * r)
    return m.fast_two_sum(high, m.fma(factor, tail, low + lost))


def _where_small(m: Machine, x: Value, y: Value) -> Value:
    """y, but x where the two are equal to the last place; this keeps the sign of -0, and subnormal numbers."""
    return m.select(abs(x) < m.pick(2.0**-54, 2.0**-25), x, y)


def expm1(m: Machine, x: Value) -> Value:
    bounded = m.minimum(m.maximum(x, m.pick(-40.0, -20.0)), m.pick(710.0, 89.0))
    high, _ = _expm1_pair(m, bounded, 1)  # halved: 2**k may exceed the largest number
    return _where_small(m, x, high + high)


def tanh(m: Machine, x: Value) -> Value:
    """-t / (2 + t) for t = e**(-2 |x|) - 1."""
    size = m.minimum(abs(x), m.pick(20.0, 10.0))
    high, low = _expm1_pair(m, size * -2.0, 0)
    divisor, divisor_low = m.fast_two_sum(2.0, high)
    quotient, correction = m.quotient(high, low, divisor, divisor_low + low)
    return _where_small(m, x, m.copysign(quotient + correction, x))


def sinh(m: Machine, x: Value) -> Value:
    """g + g / (1 + 2 g) for g = (e**|x| - 1) / 2; all halved, because g may exceed the largest number."""
    size = m.minimum(abs(x), m.pick(710.5, 89.5))
    high, low = _expm1_pair(m, size, 2)
    y = high + (high / m.fma(high, 4.0, 1.0) + low)
    return _where_small(m, x, m.copysign(y + y, x))


def cosh(m: Machine, x: Value) -> Value:
    """g + 1 / (4 g) for g = e**|x| / 2; all halved, because g may exceed the largest number."""
    power, r, error = _reduced(m, m.minimum(abs(x), m.pick(710.5, 89.5)))
    high, low = _exp_of_reduced(m, r, error)
    half = (high + low) * power_of_two(m, m.bits(power.shifted), 2)
    y = half + 0.0625 / half
    return y + y


def expit(m: Machine, x: Value) -> Value:
    """1 / (1 + e**-x), or where that would overflow, e**x / (1 + e**x)."""
    power, r, error = _reduced(m, m.maximum(-abs(x), m.pick(-746.0, -104.5)))
    high, low = _exp_of_reduced(m, r, error)
    y = scale(m, high + low, power)
    divisor, divisor_low = m.fast_two_sum(1.0, y)
    quotient, correction = m.quotient(m.select(x < 0.0, y, 1.0), 0.0, divisor, divisor_low)
    return quotient + correction
