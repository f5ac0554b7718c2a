"""Formulas of sin, cos and tan.

In: `Machine` and argument. Out: the result. The argument is reduced to r = x - k pi/2, |r| <= pi/4, held as a pair;
polynomials give sin(r) and cos(r), and k says which of them, with which sign, is wanted. Beyond `_bound` this reduction
would lose digits, and `huge_angles` is called; the C library's own functions lose digits next to multiples of pi/2.
"""

from __future__ import annotations

from srcgrad.runtime.vector_math.huge_angles import reduced as reduced_if_huge
from srcgrad.runtime.vector_math.machine import Machine, Value

# pi/2 as a sum: each number is the rest rounded to the precision.
_HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
_HALF_PI_SINGLE = (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15)
_TWO_OVER_PI = 0.6366197723675814

# Minimax for r*r in [0, (pi/4)**2]: (sin(r)/r - 1) / r**2 and (cos(r) - 1 + r**2/2) / r**4.
_SIN = (
    -0.1666666666666663, 0.008333333333321749, -0.0001984126982924189, 2.7557313487940243e-06,
    -2.5050725298554436e-08, 1.5894852964236194e-10,
)  # fmt: skip
_SIN_SINGLE = (-0.16666653752326965, 0.008332105353474617, -0.00019507652905303985)
_COS = (
    0.04166666666666659, -0.0013888888888872186, 2.4801587288295284e-05, -2.75573140150519e-07,
    2.08756780693815e-09, -1.1357335617918617e-11,
)  # fmt: skip
_COS_SINGLE = (0.04166664555668831, -0.0013887304812669754, 2.4431425117654726e-05)


def _bound(m: Machine) -> float:
    """Up to here, k is small enough for the error of x * 2/pi not to matter when it is rounded."""
    return m.pick(2.0**30, 2.0**16)


def _reduced(m: Machine, x: Value) -> tuple[Value, Value, Value]:
    """r as a pair, and an integer with the last two bits of k.

    The first difference is exact: both terms are multiples of half a unit in the last place of 1, and it is below 1.
    The second is by `fast_two_sum`: its first term is a multiple of the unit in the last place of the second.
    """
    first, second, third = m.pick(_HALF_PI, _HALF_PI_SINGLE)
    shift = 1.5 * 2.0**m.mantissa  # adding it rounds to an integer, which then stands in the last bits
    shifted = m.fma(x, _TWO_OVER_PI, shift)
    k = shifted - shift
    rest = m.fma(-k, first, x)
    product = k * second
    product_error = m.fma(k, second, -product)
    high = rest - product
    low = ((rest - high) - product) - m.fma(k, third, product_error)
    return high, low, m.bits(shifted)


def _sin_and_cos(m: Machine, high: Value, low: Value) -> tuple[tuple[Value, Value], tuple[Value, Value]]:
    """The two functions of a pair, as sums of two terms that are still to be added up."""
    square = high * high
    half = square * 0.5
    near_one = 1.0 - half
    cubic = m.polynomial(square, m.pick(_SIN, _SIN_SINGLE)) * (square * high)
    sin_low = m.fma(low, near_one, cubic)
    quartic = m.polynomial(square, m.pick(_COS, _COS_SINGLE)) * square
    cos_low = ((1.0 - near_one) - half) + m.fma(quartic, square, -(high * low))
    return (high, sin_low), (near_one, cos_low)


def _sine(m: Machine, high: Value, low: Value, quadrant: Value) -> Value:
    """The sine of the pair plus `quadrant` times pi/2."""
    sin, cos = _sin_and_cos(m, high, low)
    size = m.select((quadrant & 1) == 0, sin[0] + sin[1], cos[0] + cos[1])
    sign = (quadrant & 2) << (m.mantissa + 10 if m.double else m.mantissa + 7)
    return m.of_bits(m.bits(size) ^ sign)


def _huge_sin(m: Machine, x: Value) -> Value:
    return _sine(m, *reduced_if_huge(m, x))


def sin(m: Machine, x: Value) -> Value:
    usual = m.select(x == 0.0, x, _sine(m, *_reduced(m, x)))  # keeps the sign of -0
    return m.rarely(abs(x) > _bound(m), usual, "sin", _huge_sin, x)


def _cosine(m: Machine, high: Value, low: Value, quadrant: Value) -> Value:
    return _sine(m, high, low, quadrant + 1)


def _huge_cos(m: Machine, x: Value) -> Value:
    return _cosine(m, *reduced_if_huge(m, x))


def cos(m: Machine, x: Value) -> Value:
    return m.rarely(abs(x) > _bound(m), _cosine(m, *_reduced(m, x)), "cos", _huge_cos, x)


def _tangent(m: Machine, high: Value, low: Value, quadrant: Value) -> Value:
    """The tangent of r, or -1 / it where k is odd; both as the quotient of sums."""
    sin, cos = _sin_and_cos(m, high, low)
    sin, cos = m.fast_two_sum(*sin), m.fast_two_sum(*cos)
    even = (quadrant & 1) == 0
    quotient, correction = m.quotient(
        *(m.select(even, a, -b) for a, b in zip(sin, cos)), *(m.select(even, b, a) for a, b in zip(sin, cos))
    )
    return quotient + correction


def _huge_tan(m: Machine, x: Value) -> Value:
    return _tangent(m, *reduced_if_huge(m, x))


def tan(m: Machine, x: Value) -> Value:
    usual = m.select(abs(x) < m.pick(2.0**-28, 2.0**-13), x, _tangent(m, *_reduced(m, x)))
    return m.rarely(abs(x) > _bound(m), usual, "tan", _huge_tan, x)
